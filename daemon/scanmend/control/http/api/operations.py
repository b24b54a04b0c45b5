"""What an operation of the API is: one line of the table that its routes and its OpenAPI document are made from."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from scanmend.control.controls import Controls
from scanmend.control.http.api.problems import Problem

PREFIX = "/api/v1"
"""Where this version of the API begins; it changes when a field goes away or changes its meaning."""
MAX_BODY_BYTES = 64 * 1024
"""Largest body of a request, in bytes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose parts have been checked."""

    path: Mapping[str, str]
    """The variable parts of the path, by name."""
    query: Any
    """Value of the operation's ``query`` type; None where it has none."""
    body: Any
    """Value of the operation's ``body`` type; None where it has none."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    """Below ``PREFIX``, with variable parts in braces; as it stands where it is ``absolute``."""
    name: str
    summary: str
    answer: Callable[[Controls, Asked], Any] | None
    """Called in a thread; returns a value of ``result``, or a Response. None where ``endpoint`` answers."""
    result: Any = None
    """Type of the answer; None where it is no JSON or has no content."""
    status: int = 200
    query: type[BaseModel] | None = None
    body: Any = None
    """Type of the body of the request."""
    media_type: str = "application/json"
    problems: tuple[str, ...] = ()
    """Codes of the errors that are this operation's own."""
    path_examples: Mapping[str, str] = field(default_factory=dict)
    body_example: Any = None
    absolute: bool = False
    endpoint: Callable[[Controls, Request], Awaitable[Response]] | None = None
    """For an operation that answers in its own way, in the event loop."""

    @property
    def full_path(self) -> str:
        """The whole path."""
        return self.path if self.absolute else PREFIX + self.path


async def serve(operation: Operation, controls: Controls, request: Request) -> Response:
    """Check the parts of a request, and answer it; Problem."""
    if operation.endpoint is not None:
        return await operation.endpoint(controls, request)
    query = _query(operation.query, request.query_params)
    body = _body(operation.body, request.headers.get("content-type"), await request.body())
    answer = operation.answer
    assert answer is not None  # noqa: S101 -- one of the two is given
    asked = Asked(request.path_params, query, body)
    return await run_in_threadpool(lambda: _response(operation, answer(controls, asked)))


def _response(operation: Operation, value: Any) -> Response:
    if isinstance(value, Response):
        return value
    if operation.result is None:
        return Response(status_code=operation.status)
    return Response(adapter(operation.result).dump_json(value), operation.status, media_type=operation.media_type)


_adapters: dict[Any, TypeAdapter[Any]] = {}


def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return pydantic's adapter of a type, made once and only when it is needed."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def _query(kind: type[BaseModel] | None, given: QueryParams) -> Any:
    if kind is None:
        if given:
            raise Problem("invalid", f"there is no parameter {min(given)} here", "leave it out", where="query")
        return None
    lists = {name for name, one in kind.model_fields.items() if get_origin(one.annotation) is tuple}
    values = {key: given.getlist(key) if key in lists else given[key] for key in given}
    if twice := [key for key in given if key not in lists and len(given.getlist(key)) > 1]:
        raise Problem("invalid", "it is given twice", "give it once", where=f"query.{twice[0]}")
    try:
        return kind.model_validate(values)
    except ValidationError as e:
        raise _invalid(e, "query") from e


def _body(kind: Any, content_type: str | None, data: bytes) -> Any:
    if kind is None and data.strip() in (b"", b"{}"):
        return None
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise Problem("not-json", "the body is not said to be JSON", "send Content-Type: application/json")
    if kind is None:
        raise Problem("invalid", "this operation takes no body", "leave it out, or send {}", where="body")
    try:
        return adapter(kind).validate_json(data)
    except ValidationError as e:
        raise _invalid(e, "body") from e


def _invalid(error: ValidationError, part: str) -> Problem:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join([part, *(str(one) for one in first["loc"])])
    return Problem("invalid", f"{where}: {first['msg']}", "see /api/v1/openapi.json for what is taken", where=where)
