"""The application that the server runs: the API, the pages that are handed in, and the gate before both."""

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scanmend.control.controls import Controls
from scanmend.control.http import login
from scanmend.control.http.api import table
from scanmend.control.http.api.problems import Problem
from scanmend.control.http.events import ChangeFeed
from scanmend.control.http.gate import Gate, Rules
from scanmend.control.values import Unknown
from scanmend.errors import ScanmendError
from scanmend.metrics.exposition import CONTENT_TYPE
from scanmend.review.doubt.decisions import DecisionRefused, NotInReview

REMEDIES = {
    "document": "GET /api/v1/documents lists them",
    "folder": "GET /api/v1/now lists them",
    "output": "GET /api/v1/documents/{id} lists them",
    "scan": "GET /api/v1/documents/{id} says what is known of it",
}
"""By kind of what there is not, where to look for what there is."""


def create_app(
    controls: Controls,
    rules: Rules | None = None,
    metrics: Callable[[], bytes] = bytes,
    pages: Sequence[BaseRoute] = (),
    login_page: login.LoginPage = login.plain_page,
) -> Starlette:
    """Return the application.

    ``metrics`` returns what ``/metrics`` shows; ``pages``: routes of the web page, below which nothing of the API may
    lie.
    """
    rules = rules or Rules()
    app = Starlette(
        routes=[*table.routes(controls), _metrics_route(metrics), *login.routes(rules, login_page), *pages],
        middleware=[Middleware(Gate, rules=rules)],
        exception_handlers={
            Problem: _problem,
            Unknown: _unknown,
            NotInReview: _not_in_review,
            DecisionRefused: _refused,
            ScanmendError: _scanmend_error,
            HTTPException: _http_error,
        },
    )
    app.state.feed = ChangeFeed(controls)
    return app


def _metrics_route(render: Callable[[], bytes]) -> Route:
    def metrics(_request: Request) -> Response:  # no coroutine, so it runs on a thread of its own: it asks the ledger
        return Response(render(), media_type=CONTENT_TYPE)

    return Route("/metrics", metrics, methods=["GET"])


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 -- registered for it
    return error.response(request.url.path)


def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, Unknown)  # noqa: S101 -- registered for it
    return Problem(f"unknown-{error.what}", str(error), REMEDIES[error.what]).response(request.url.path)


def _not_in_review(request: Request, error: Exception) -> Response:
    return Problem("not-in-review", str(error), "GET /api/v1/reviews lists them").response(request.url.path)


def _refused(request: Request, error: Exception) -> Response:
    remedy = "GET /api/v1/reviews/{id} has the places and their readings"
    return Problem("refused", str(error), remedy).response(request.url.path)


def _scanmend_error(request: Request, error: Exception) -> Response:
    what, _, remedy = str(error).rpartition("; ")
    return Problem("storage", what or remedy, remedy or "see the daemon's log").response(request.url.path)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for it
    remedy = "see /api/v1/openapi.json for what there is"
    code = {404: "unknown-path", 405: "wrong-method"}.get(error.status_code, "bad-request")
    return Problem(code, str(error.detail), remedy, headers=error.headers).response(request.url.path)
