"""The HTTP side of ``control``: versioned JSON routes, who may use them, and the thread that serves them.

1. ``sockets`` opens what is listened on: the Unix socket of commands, descriptors that systemd passed, ``web.listen``.
2. ``server`` runs uvicorn on them, in one thread with its own event loop, and starts it again after a crash.
3. ``gate`` stands before every route: known host, token or cookie (``auth``), same site, size of bodies, headers;
   ``login`` gives the cookie.
4. ``app`` puts together the routes of ``/api/v1`` (``api``), of the pages, and ``events``, which tells open pages of
   changes.

Starlette and uvicorn are imported here and in ``web`` only, and only once there is something to serve.
It imports control, control.http.api, config, metrics and review.doubt; cli and commands may import it.
"""
