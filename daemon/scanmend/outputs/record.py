"""The ``.json`` output: what was read, what was changed and why; docs/record.md describes every field."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanmend.document import CorrectedPage, DocumentWarning, Edit, printable
from scanmend.outputs.page_file import Pages

SCHEMA = 1
"""Version of the record's fields: goes up when one changes its meaning or goes away, not when one is added."""

_PAGES_KEY = b',\n  "pages": ['
"""The text in a record with which its pages begin."""
_MAX_HEAD_BYTES = 1 << 16
"""Most bytes that are read in search of it."""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is known about one finished document."""

    id: str
    """The document's id, unique over all daemons."""
    source: str
    """Name of the file as it was scanned."""
    relative: Path
    """The file's path as it was scanned, relative to the inbox."""
    sha256: str
    """SHA-256 of the source file, hexadecimal."""
    size: int
    """Bytes of the source file."""
    modified_ns: int
    """When the source file was changed last by its own account, in nanoseconds since 1970."""
    folder: str
    """Name of the configured folder."""
    model: Mapping[str, Any] | None
    """Identity of the language model, from ``ModelSlot.identity``; None where no model was asked."""
    strategy: str
    """``rescore``, ``rewrite``, ``both``, ``off``, or ``auto`` where no page needed the model."""
    prompt_sha256: str
    """SHA-256 of the folder's prompt, hexadecimal."""
    languages: tuple[str, ...]
    """Languages that Tesseract was asked for, by its names; with ``languages: auto``, those detected."""
    started: str
    """When this attempt began, ISO 8601 with zone."""
    finished: str
    """When the text was ready, ISO 8601 with zone."""
    timings: Mapping[str, float]
    """Seconds: ``ocr_s``, ``correct_s``, ``total_s``."""
    pages: Pages
    version: str
    """Version of scanmend."""
    attempt: int = 1
    """1-based number of the attempt that succeeded."""
    duplicate_of: str | None = None
    """Id of an earlier document with the same content."""
    uncorrected: str | None = None
    """Why pages came out as they were read, because the model failed; None when none did."""
    warnings: tuple[DocumentWarning, ...] = ()
    """What was not read, not kept or not made."""
    original: str = "keep"
    """What was to become of the source: ``archive``, ``delete`` or ``keep``."""
    archived_as: Path | None = None
    """Where the source goes when it is archived."""

    @property
    def goes_to_archive(self) -> bool:
        """Whether the source is archived; one with warnings is not deleted, and one whose inbox is gone cannot stay."""
        never_deleted = self.original == "delete" and bool(self.warnings)
        return self.original == "archive" or never_deleted or any(w.code == "inbox_gone" for w in self.warnings)


def render(record: Record) -> Iterator[bytes]:
    """Yield the record as JSON in UTF-8, page by page; names and texts may hold any characters."""
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
        "archived_as": printable(record.archived_as) if record.archived_as and record.goes_to_archive else None,
    }
    yield _bytes(_json(head).removesuffix("\n}")) + _PAGES_KEY
    for i, page in enumerate(record.pages):
        yield _bytes((",\n    " if i else "\n    ") + _json(_page(page)).replace("\n", "\n    "))
    warnings = _json({"warnings": [warning_fields(warning) for warning in record.warnings]})
    # behind the pages, as ``head`` reads only so much in search of them
    yield b"\n  ]," + _bytes(warnings.removeprefix("{")) + b"\n"


def warning_fields(warning: DocumentWarning) -> dict[str, Any]:
    """Return a warning as the record's fields."""
    return {"code": warning.code, "page": warning.page, "text": printable(warning.text)}


def head(path: Path) -> dict[str, Any]:
    """Return the fields of a record file without its pages, which are not read; empty where it is not a record."""
    try:
        with path.open("rb") as file:
            fields = json.loads(file.read(_MAX_HEAD_BYTES).partition(_PAGES_KEY)[0] + b"\n}")
    except (OSError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) and fields.get("schema") == SCHEMA else {}


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, indent=2, allow_nan=False)


def _bytes(text: str) -> bytes:
    """Encode as UTF-8; lone surrogates, which OCR and models may yield but UTF-8 cannot hold, become ``?``."""
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
    """Return an edit as the record's fields, in which line and word are 1-based."""
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
    """Round to three places; None for infinities and NaN, which JSON does not have."""
    return round(value, 3) if value is not None and math.isfinite(value) else None
