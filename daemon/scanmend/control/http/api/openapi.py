"""The API described for programs: an OpenAPI 3.1 document, made from the table of operations and their types."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from scanmend import __version__
from scanmend.control.http.api.operations import Operation, adapter
from scanmend.control.http.api.problems import CODES, MEDIA_TYPE, ProblemDetails

ALWAYS = ("bad-request", "unknown-host", "token-missing", "token-wrong", "too-many-wrong-tokens", "storage", "internal")
"""Codes of errors that any operation may answer with."""
WHEN_UNSAFE = ("cross-site", "too-large", "not-json", "invalid")
"""And those of operations that change something."""
_REF = "#/components/schemas/{model}"


def document(operations: Iterable[Operation]) -> str:
    """Return the document as JSON."""
    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.full_path, {})[operation.method.lower()] = _operation(operation, schemas)
    _schema(ProblemDetails, schemas, "serialization")
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "scanmend",
                "version": __version__,
                "description": "A running scanmend daemon: what it does, and what it is to do. See docs/api.md.",
                "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
            },
            "paths": paths,
            "components": {
                "schemas": dict(sorted(schemas.items())),
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
            "security": [{}, {"token": []}],
        }
    )


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation, schemas)],
        "responses": {str(operation.status): _answer(operation, schemas), **_problems(operation)},
    }
    if operation.body is not None:
        content: dict[str, Any] = {"schema": _schema(operation.body, schemas, "validation")}
        if operation.body_example is not None:
            content["example"] = operation.body_example
        out["requestBody"] = {"required": True, "content": {"application/json": content}}
    return out


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            "example": example,
        }
        for name, example in operation.path_examples.items()
    ]


def _query_parameters(operation: Operation, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    whole = adapter(operation.query).json_schema(ref_template=_REF)
    schemas.update(whole.pop("$defs", {}))
    required = whole.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(schema)}
        for name, schema in whole["properties"].items()
    ]


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that may be left out, but not be null."""
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    kept = {key: value for key, value in schema.items() if key not in {"anyOf", "default", "title"}}
    return kept | (choices[0] if len(choices) == 1 else {})


def _answer(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"description": operation.summary}
    if operation.result is not None:
        content = {"schema": _schema(operation.result, schemas, "serialization")}
        out["content"] = {operation.media_type: content}
    elif operation.method == "GET":
        out["content"] = {operation.media_type: {"schema": {"type": "string"}}}
    return out


def _problems(operation: Operation) -> dict[str, Any]:
    codes = {*ALWAYS, *operation.problems, *(WHEN_UNSAFE if operation.method != "GET" else ()), "invalid"}
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(CODES[code][0], []).append(code)
    schema = {"$ref": _REF.format(model="ProblemDetails")}
    return {
        str(status): {
            "description": "; ".join(f"{code}: {CODES[code][1]}" for code in found),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status, found in sorted(by_status.items())
    }


def _schema(kind: Any, schemas: dict[str, Any], mode: Any) -> dict[str, Any]:
    """Return a type's schema; what it refers to goes among ``schemas``, and so does it itself where it has a name."""
    whole = adapter(kind).json_schema(mode=mode, ref_template=_REF)
    schemas.update(whole.pop("$defs", {}))
    title = whole.get("title")
    if not isinstance(kind, type) or title is None:
        return whole
    schemas[title] = whole
    return {"$ref": _REF.format(model=title)}
