"""The addresses of the page: one handler for each view and each action; an action is posted, and ends in a redirect."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from scanmend.control.controls import Controls
from scanmend.control.values import DocumentQuery, Unknown
from scanmend.errors import StorageError
from scanmend.web import done, failed, now
from scanmend.web.assets import assets
from scanmend.web.frame import Frame
from scanmend.web.templates import render

FOR_EVER = "public, max-age=31536000, immutable"
"""Of files whose address has their hash."""
FAILURES = 50
"""Failed documents on one page."""

Handler = Callable[[Request], Awaitable[Response]]


def routes(controls: Controls) -> list[BaseRoute]:
    """Return the routes of the page over a running daemon."""
    views = Views(controls)
    return [
        Route("/", _guarded(views, views.now)),
        Route("/done", _guarded(views, views.done)),
        Route("/failed", _guarded(views, views.failed)),
        Route("/unload", _guarded(views, views.unload), methods=["POST"]),
        Route("/folders/{name}/pause", _guarded(views, views.pause), methods=["POST"]),
        Route("/folders/{name}/resume", _guarded(views, views.resume), methods=["POST"]),
        Route("/retry", _guarded(views, views.retry_all), methods=["POST"]),
        Route("/retry/{id}", _guarded(views, views.retry), methods=["POST"]),
        Route("/static/{digest}/{name}", static),
        Route("/{rest:path}", _guarded(views, views.nothing)),
    ]


class Views:
    """The handlers; each may block, and is called in a thread of its own."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def now(self, request: Request) -> Response:  # noqa: ARG002 -- as every handler
        """Show what happens at this moment."""
        current = self._controls.now()
        return self._page(
            "now",
            "Now",
            summary=now.summary(current),
            troubles=now.troubles(current),
            plots=now.plot_cards(current),
            models=[(model, now.place(model), now.unload_at(model, current)) for model in current.models],
            model_state=current.model_state,
            downloads=current.downloads,
            folders=now.folder_cards(current),
            version=current.version,
            pid=current.pid,
            started=current.started,
        )

    def done(self, request: Request) -> Response:
        """Show documents, newest first, as the address asks for."""
        asked = done.Filter.of(request.query_params)
        try:
            found = self._controls.documents(asked.query)
        except ValueError:  # an ``after`` that nobody was given: from the beginning
            asked = done.Filter.of({**request.query_params, "after": ""})
            found = self._controls.documents(asked.query)
        return self._page(
            "done",
            done.STATES[asked.state][0],
            filter=asked,
            states=done.STATES,
            folders=[folder.name for folder in self._controls.now().folders],
            rows=[done.row(self._controls.document(row.id)) for row in found.documents],
            total=found.total,
            older=found.next,
        )

    def failed(self, request: Request) -> Response:
        """Show the documents in quarantine."""
        folder = request.query_params.get("folder") or None
        query = DocumentQuery(folder, ("quarantined",), limit=FAILURES, after=request.query_params.get("after"))
        found = self._controls.documents(query)
        return self._page(
            "failed",
            "Failed",
            failures=[failed.failure(row) for row in found.documents],
            total=found.total,
            folder=folder,
            older=failed.address(folder, found.next) if found.next else None,
        )

    def unload(self, request: Request) -> Response:  # noqa: ARG002 -- as every handler
        """Have the models' processes end."""
        self._controls.unload()
        return _back("/")

    def pause(self, request: Request) -> Response:
        """Have nothing more taken from the inbox of a folder."""
        self._controls.pause(request.path_params["name"])
        return _back("/")

    def resume(self, request: Request) -> Response:
        """End a pause."""
        self._controls.resume(request.path_params["name"])
        return _back("/")

    def retry(self, request: Request) -> Response:
        """Give one document back to work."""
        self._controls.retry([request.path_params["id"]])
        return _back("/failed")

    def retry_all(self, request: Request) -> Response:  # noqa: ARG002 -- as every handler
        """Give all documents in quarantine back to work."""
        self._controls.retry(None)
        return _back("/failed")

    def nothing(self, request: Request) -> Response:  # noqa: ARG002 -- as every handler
        """Say that there is no such page."""
        return self.problem(404, "There is nothing here", "This address is no page of scanmend.")

    def problem(self, status: int, title: str, message: str) -> Response:
        """Say what went wrong, in the frame of the page."""
        frame = Frame("", title, time.time(), 0, 0)
        return _html(render("problem.html", frame=frame, message=message), status)

    def _page(self, view: str, title: str, **values: Any) -> Response:
        return _html(render(f"{view}.html", frame=self._frame(view, title), **values))

    def _frame(self, view: str, title: str) -> Frame:
        quarantined = self._controls.documents(DocumentQuery(states=("quarantined",), limit=1)).total
        return Frame(view, title, time.time(), quarantined, 0)


async def static(request: Request) -> Response:
    """Send a style or script; its address changes with its content, so browsers need not ask again."""
    asset = assets().get(request.path_params["name"])
    if asset is None or request.path_params["digest"] != asset.digest:
        return Response("there is no such file", 404, media_type="text/plain")
    headers = {"Cache-Control": FOR_EVER, "ETag": f'"{asset.digest}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def _guarded(views: Views, handler: Callable[[Request], Response]) -> Handler:
    """Run a handler in a thread, and turn what it cannot do into a page that says so."""

    async def answer(request: Request) -> Response:
        try:
            return await run_in_threadpool(handler, request)
        except Unknown as e:
            return views.problem(404, "There is nothing here", str(e))
        except StorageError as e:
            return views.problem(503, "Not just now", str(e))

    return answer


def _html(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    kept = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", **(headers or {})}
    return Response(body, status, media_type="text/html", headers=kept)


def _back(address: str) -> Response:
    """Send the browser to a page, which it asks for with GET, so that reloading it repeats nothing."""
    return RedirectResponse(address, 303)
