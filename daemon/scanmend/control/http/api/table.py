"""The operations of ``/api/v1``: what may be asked of a running daemon, and told to it, over HTTP."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from io import BufferedReader
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from scanmend.control.controls import Controls
from scanmend.control.documents import CURSOR
from scanmend.control.http.api import reviews
from scanmend.control.http.api.openapi import document
from scanmend.control.http.api.operations import Asked, Operation, serve
from scanmend.control.http.api.problems import Problem
from scanmend.control.values import Document, DocumentList, DocumentQuery, Now, Retried, State

MAX_DOCUMENTS = 500
"""Most documents of one answer."""
CHUNK_BYTES = 1 << 16
"""How much of a file is sent at a time."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _written_out(value: object) -> object:
    """Refuse a number of seconds, which a date is not."""
    if isinstance(value, str) and value[4:5] != "-":
        raise ValueError("is no date or moment; write it as 2026-11-28 or 2026-11-28T09:30:00+01:00")
    return value


Moment = Annotated[
    datetime,
    BeforeValidator(_written_out),
    Field(description="A date or moment in ISO 8601; without a zone, local time"),
]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]


class DocumentsAsked(_Closed):
    """Which documents are asked for."""

    folder: ShortText | None = None
    state: tuple[State, ...] = ()
    name: ShortText | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_DOCUMENTS)] = 50
    after: Annotated[str, Field(pattern=CURSOR)] | None = None


class RetrySome(_Closed):
    """Documents to be given back to work, by their ids."""

    ids: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=1000)]


class RetryAll(_Closed):
    """All quarantined documents are to be given back to work."""

    all: Literal[True]


class FolderAsked(_Closed):
    """One folder, by its name."""

    folder: ShortText


def _documents(controls: Controls, asked: Asked) -> DocumentList:
    q: DocumentsAsked = asked.query
    try:
        since, until = (moment.timestamp() if moment else None for moment in (q.since, q.until))
        return controls.documents(DocumentQuery(q.folder, q.state, q.name, since, until, q.limit, q.after))
    except (ValueError, OverflowError) as e:
        raise Problem("invalid", str(e), "see /api/v1/openapi.json for what is taken", where="query") from e


def _download(file: BufferedReader, name: str, media_type: str) -> Response:
    """Send an open file as a download: a browser never shows it in place, whatever is in it."""
    size = file.seek(0, 2)
    file.seek(0)
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
        "Content-Length": str(size),
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return StreamingResponse(_chunks(file, size), headers=headers, media_type=media_type)


def _chunks(file: BufferedReader, size: int) -> Iterator[bytes]:
    """Yield just the bytes that were announced; a file that is cut off meanwhile ends the connection."""
    with file:
        while size > 0:
            chunk = file.read(min(CHUNK_BYTES, size))
            if not chunk:
                raise OSError("the file became shorter while it was sent")
            size -= len(chunk)
            yield chunk


def _output(controls: Controls, asked: Asked) -> Response:
    file, known = controls.open_output(asked.path["id"], asked.path["name"])
    return _download(file, known.name, known.media_type)


def _source(controls: Controls, asked: Asked) -> Response:
    file, name = controls.open_source(asked.path["id"])
    return _download(file, name, "application/octet-stream")


def _retry(controls: Controls, asked: Asked) -> Retried:
    return controls.retry(None if isinstance(asked.body, RetryAll) else asked.body.ids)


def _told(tell: Callable[[Controls, Any], None]) -> Callable[[Controls, Asked], None]:
    """Return what answers an operation that only tells the daemon something."""

    def answer(controls: Controls, asked: Asked) -> None:
        tell(controls, asked.body)

    return answer


def _ready(controls: Controls, _asked: Asked) -> dict[str, str]:
    if trouble := controls.trouble():
        raise Problem("not-ready", trouble, "ask again in a moment", headers={"Retry-After": "1"})
    return {"status": "ready"}


async def _events(_controls: Controls, request: Request) -> Response:
    answer: Response = await request.app.state.feed.respond(request)
    return answer


async def _openapi(_controls: Controls, _request: Request) -> Response:
    return Response(document(OPERATIONS), media_type="application/json")


_ID = {"id": "20261128-093011-4f2a1c-9b7e30"}
_FOLDER = {"folder": "invoices"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET", "/status", "status", "What scanmend status --json prints", lambda c, _: c.status(), dict[str, Any]
    ),
    Operation("GET", "/now", "now", "What happens at this moment", lambda c, _: c.now(), Now),
    Operation(
        "GET", "/documents", "documents", "Documents, newest first", _documents, DocumentList, query=DocumentsAsked
    ),
    Operation(
        "GET", "/documents/{id}", "document", "One document with all that is known of it",
        lambda c, a: c.document(a.path["id"]), Document, problems=("unknown-document",), path_examples=_ID,
    ),
    Operation(
        "GET", "/documents/{id}/outputs/{name}", "output", "Download an output", _output,
        media_type="application/octet-stream", problems=("unknown-document", "unknown-output"),
        path_examples={**_ID, "name": "invoice.txt"},
    ),
    Operation(
        "GET", "/documents/{id}/source", "source", "Download the scan", _source,
        media_type="application/octet-stream", problems=("unknown-document", "unknown-scan"), path_examples=_ID,
    ),
    Operation(
        "POST", "/retry", "retry", "Give quarantined documents back to work", _retry, Retried,
        body=RetrySome | RetryAll, problems=("unknown-document",), body_example={"ids": [_ID["id"]]},
    ),
    Operation(
        "POST", "/unload", "unload", "Have the models end as soon as no document needs them",
        _told(lambda c, _: c.unload()), status=202,
    ),
    Operation(
        "POST", "/pause", "pause", "Take nothing more from an inbox, over restarts too",
        _told(lambda c, body: c.pause(body.folder)), status=204, body=FolderAsked, problems=("unknown-folder",),
        body_example=_FOLDER,
    ),
    Operation(
        "POST", "/resume", "resume", "Take files from an inbox again",
        _told(lambda c, body: c.resume(body.folder)), status=204, body=FolderAsked, problems=("unknown-folder",),
        body_example=_FOLDER,
    ),
    Operation("POST", "/rescan", "rescan", "Have every inbox listed now", _told(lambda c, _: c.rescan()), status=202),
    Operation(
        "POST", "/reload", "reload", "Have the configuration read again; status tells what came of it",
        _told(lambda c, _: c.reload()), status=202,
    ),
    Operation(
        "GET", "/events", "events", "Hear of changes, as server-sent events", None,
        media_type="text/event-stream", problems=("busy",), endpoint=_events,
    ),
    *reviews.OPERATIONS,
    Operation("GET", "/openapi.json", "openapi", "This document", None, dict[str, Any], endpoint=_openapi),
    Operation(
        "GET", "/livez", "livez", "Whether the daemon answers", lambda _c, _a: {"status": "live"}, dict[str, str],
        absolute=True,
    ),
    Operation(
        "GET", "/readyz", "readyz", "Whether the daemon works: its loop came round of late", _ready, dict[str, str],
        problems=("not-ready",), absolute=True,
    ),
)  # fmt: skip
"""All of it: routes and OpenAPI document are made from this table."""


def routes(controls: Controls) -> list[Route]:
    """Return the routes of the API over these controls."""
    return list(_routes(OPERATIONS, controls))


def _routes(operations: Iterable[Operation], controls: Controls) -> Iterator[Route]:
    for operation in operations:
        yield Route(operation.full_path, partial(_serve, operation, controls), methods=[operation.method])


async def _serve(operation: Operation, controls: Controls, request: Request) -> Response:
    return await serve(operation, controls, request)
