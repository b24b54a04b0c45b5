"""How a handler is called: in a thread, with the fields of a form; what it cannot do becomes a page that says so."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from scanmend.control.values import Unknown
from scanmend.errors import ScanmendError, StorageError
from scanmend.review.doubt.decisions import DecisionRefused
from scanmend.web.frame import Frame
from scanmend.web.templates import render

MAX_FIELDS = 20
"""Fields of a form that are read; none of ours has more than five."""
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
"""Of every page: never kept, and a form that it sends tells its origin, by which others' forms are refused."""
_STATUS: tuple[tuple[type[ScanmendError], int, str], ...] = (
    (Unknown, 404, "There is nothing here"),
    (DecisionRefused, 409, "That cannot be done"),
    (StorageError, 503, "Not just now"),
    (ScanmendError, 500, "That did not work"),
)
"""By error: the status of the answer, and its title; the first that fits."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser asks for."""

    path: Mapping[str, str]
    """Parts of the address that are variable."""
    query: Mapping[str, str]
    form: Mapping[str, str]
    """Fields of the form that it sends."""
    cookies: Mapping[str, str]


Handler = Callable[[Asked], Response]


def get(path: str, handler: Handler) -> Route:
    """Return the route of a view."""
    return Route(path, _endpoint(handler), methods=["GET"])


def post(path: str, handler: Handler) -> Route:
    """Return the route of an action."""
    return Route(path, _endpoint(handler), methods=["POST"])


def page(template: str, frame: Frame, status: int = 200, /, **values: Any) -> Response:
    """Return a template as an answer."""
    body = render(template, frame=frame, **values)
    return Response(body, status, media_type="text/html", headers=HEADERS)


def problem(status: int, title: str, message: str) -> Response:
    """Say what went wrong, in the frame of the page."""
    return page("problem.html", Frame("", title, time.time(), 0, 0), status, message=message)


def back(address: str) -> Response:
    """Send the browser to a page, which it asks for with GET, so that reloading it repeats nothing."""
    return RedirectResponse(address, 303, headers=HEADERS)


def _endpoint(handler: Handler) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace") if request.method == "POST" else ""
        try:
            form = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace"))
        except ValueError:
            return problem(400, "That cannot be understood", "The form has too many fields.")
        asked = Asked(request.path_params, request.query_params, form, request.cookies)
        try:
            return await run_in_threadpool(handler, asked)
        except ScanmendError as e:
            status, title = next((status, title) for kind, status, title in _STATUS if isinstance(e, kind))
            return problem(status, title, str(e))

    return answer
