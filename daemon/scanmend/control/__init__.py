"""What may be asked of a running daemon, and told to it, from outside its loop.

1. ``controls.Controls`` is all of it as one Protocol: how things are, which documents there are, what is to be done.
   ``values`` has the frozen values it answers with. The web page and the HTTP API know nothing else of the daemon.
2. ``daemon_controls.DaemonControls`` is the one over a running ``Service``. It is called from other threads, so it
   reads what the loop has reported last and the ledger, and otherwise only asks: the loop alone decides.
3. ``status`` puts together what ``scanmend status`` shows, ``retry`` gives documents back to work, with or without a
   daemon; ``samples`` remembers an hour of memory; ``client`` asks a daemon over its socket, ``review_link`` about
   documents in review.

``control.http`` serves it. This room may import service and whatever stands before it; web, commands and cli this one.
"""
