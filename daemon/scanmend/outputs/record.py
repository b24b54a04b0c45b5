"""The ``.json`` output: what was read, what was changed and why; docs/record.md describes every field."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanmend.document import CorrectedPage, Edit, printable
from scanmend.outputs.page_file import Pages

SCHEMA = 1
"""Goes up when a field changes its meaning or goes away; new fields may come at any time."""


_PAGES_KEY = b',\n  "pages": ['
"""Where the pages begin, and the longest part of a record."""
_MAX_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is known about one finished document."""

    id: str
    source: str
    """Name of the file as it was scanned."""
    relative: Path
    """Where it lay, relative to the inbox."""
    sha256: str
    """Of the source file, hexadecimal."""
    size: int
    """Bytes of the source file."""
    modified_ns: int
    """When the source file was changed last by its own account, in nanoseconds since 1970."""
    folder: str
    """Name of the configured folder."""
    model: Mapping[str, Any] | None
    """What ``ModelSlot.identity`` says; None where no model was asked."""
    strategy: str
    prompt_sha256: str
    languages: tuple[str, ...]
    started: str
    """ISO 8601 with zone, as ``finished``."""
    finished: str
    timings: Mapping[str, float]
    """Seconds: ``ocr_s``, ``correct_s``, ``total_s``."""
    pages: Pages
    version: str
    """Of scanmend."""
    attempt: int = 1
    """1-based."""
    duplicate_of: str | None = None
    """Id of an earlier document with the same content."""
    uncorrected: str | None = None
    """Why pages came out as they were read, because the model failed; None when none did."""


def render(record: Record) -> Iterator[bytes]:
    """Yield the record as JSON in UTF-8, page by page; any name and any text can be in it."""
    head = {
        "schema": SCHEMA,
        "scanmend": record.version,
        "id": record.id,
        "source": printable(record.source),
        "relative": printable(record.relative),
        "sha256": record.sha256,
        "size": record.size,
        "modified_ns": record.modified_ns,
        "folder": record.folder,
        "model": {k: printable(v) if isinstance(v, str) else v for k, v in record.model.items()}
        if record.model
        else None,
        "strategy": record.strategy,
        "prompt_sha256": record.prompt_sha256,
        "languages": list(record.languages),
        "started": record.started,
        "finished": record.finished,
        "timings": {stage: _number(seconds) for stage, seconds in record.timings.items()},
        "attempt": record.attempt,
        "duplicate_of": record.duplicate_of,
        "uncorrected": record.uncorrected,
    }
    yield _bytes(_json(head).removesuffix("\n}")) + _PAGES_KEY
    for i, page in enumerate(record.pages):
        yield _bytes((",\n    " if i else "\n    ") + _json(_page(page)).replace("\n", "\n    "))
    yield b"\n  ]\n}\n"


def head(path: Path) -> dict[str, Any]:
    """Return the fields of a record file but for its pages, which are not read; empty where it is no record."""
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_MAX_HEAD_BYTES).partition(_PAGES_KEY)[0] + b"\n}")
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) and told.get("schema") == SCHEMA else {}


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, indent=2, allow_nan=False)


def _bytes(text: str) -> bytes:
    """Text from elsewhere may hold half a surrogate pair, which UTF-8 has no bytes for."""
    return text.encode("utf-8", "replace")


def _page(page: CorrectedPage) -> dict[str, Any]:
    return {
        "number": page.page.number,
        "raw": page.page.raw,
        "corrected": page.corrected,
        "mean_confidence": _number(page.page.mean_confidence),
        "width": page.page.width,
        "height": page.page.height,
        "dpi": page.page.dpi,
        "origin": page.page.origin,
        "turned": page.page.turned,
        "steps": list(page.page.steps),
        "languages": list(page.page.languages),
        "skipped": page.skipped or None,
        "edits": [edit_fields(edit) for edit in page.edits],
    }


def edit_fields(edit: Edit) -> dict[str, Any]:
    """What the record says of one edit; line and word are 1-based there."""
    return {
        "raw": edit.raw,
        "new": edit.new,
        "line": edit.line + 1,
        "word": edit.word + 1,
        "count": edit.count,
        "box": list(edit.box) if edit.box else None,
        "proposer": edit.proposer,
        "verdict": edit.verdict,
        "reason": edit.reason,
        "gain": _number(edit.gain),
    }


def _number(value: float | None) -> float | None:
    """Round to three places; JSON has no infinities."""
    return round(value, 3) if value is not None and math.isfinite(value) else None
