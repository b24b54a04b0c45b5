"""The ``.json`` output: what was read, what was changed and why; docs/record.md describes every field."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scanmend.assembly.parts import Dropped, Part
from scanmend.document import (
    NO_NUMBERS,
    Archival,
    CorrectedPage,
    DocumentField,
    DocumentWarning,
    Edit,
    FieldValue,
    Mark,
    Member,
    NumberCounts,
    SecondReading,
    printable,
    row_numbers,
)
from scanmend.outputs.page_file import Pages
from scanmend.outputs.word_boxes import placed_words

SCHEMA = 1
"""Version of the record's fields: goes up when one changes its meaning or goes away, not when one is added."""

_PAGES_KEY = b',\n  "pages": ['
"""The text in a record with which its pages begin."""
_HEAD_BYTES = 1 << 16
"""Bytes that are read in search of it at first; facts of a document may take more."""
_MAX_HEAD_BYTES = 1 << 22
"""Most bytes that are read in search of it beyond these."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One decision of a person that stands in the outputs."""

    place: str
    """Id of the place, unique and always the same within the document."""
    page: int
    """1-based number of its page; of a field, that of its likeliest value."""
    choice: str
    """``accept``, ``take``, ``type`` or ``skip``."""
    before: str
    """The text as the machine published it."""
    after: str
    """The text as it is published now."""
    by: str
    """The name that the person gave; anybody can give any."""
    at: str
    """When it was decided, ISO 8601 with zone."""


@dataclass(frozen=True, slots=True)
class EditCounts:
    """How many edits of a document were accepted and rejected."""

    accepted: int = 0
    rejected: int = 0

    @classmethod
    def of(cls, pages: Iterable[CorrectedPage]) -> "EditCounts":
        """Count those of these pages."""
        counts = Counter(edit.accepted for page in pages for edit in page.edits)
        return cls(counts[True], counts[False])


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
    edits: EditCounts = EditCounts()
    """How many edits of all pages were accepted and rejected."""
    numbers: NumberCounts = NO_NUMBERS
    """How many numbers of all pages are agreed, disputed, single and confirmed."""
    review: tuple[Reviewed, ...] = ()
    """What a person decided since; empty as the machine publishes it."""
    part: Part | None = None
    """Which pages of the source it has; None where the folder neither splits nor drops pages nor names documents."""
    fields: tuple[DocumentField, ...] = ()
    """The facts that the folder wants, found or not."""
    members: tuple[Member, ...] = ()
    """The files that the source was joined from; none where it is one file."""
    archival: Archival | None = None
    """Whether the ``pdf`` output is archival; None where the folder does not ask for that."""
    daemon: str | None = None
    """Name of the daemon that made it; None where a command did."""

    @property
    def goes_to_archive(self) -> bool:
        """Whether the source is archived; one with warnings is not deleted, and one whose inbox is gone cannot stay."""
        never_deleted = self.original == "delete" and bool(self.warnings)
        return self.original == "archive" or never_deleted or any(w.code == "inbox_gone" for w in self.warnings)


def render(record: Record) -> Iterator[bytes]:
    """Yield the record as JSON in UTF-8, page by page; names and texts may hold any characters."""
    yield _bytes(_json(head_of(record)).removesuffix("\n}")) + _PAGES_KEY
    origins = _origins(record.members)
    for i, page in enumerate(record.pages):
        fields = _page(page, origins.get(page.page.number))
        yield _bytes((",\n    " if i else "\n    ") + _json(fields).replace("\n", "\n    "))
    rest = {
        "warnings": [warning_fields(warning) for warning in record.warnings],
        "review": [_reviewed_fields(one) for one in record.review],
        "dropped": [_dropped_fields(one) for one in (record.part.dropped if record.part else ())],
    }
    # behind the pages, as ``head`` reads only so much in search of them
    yield b"\n  ]," + _bytes(_json(rest).removeprefix("{")) + b"\n"


def head_of(record: Record) -> dict[str, Any]:
    """Return the fields of a record that come before its pages."""
    return {
        "schema": SCHEMA,
        "scanmend": record.version,
        "daemon": printable(record.daemon) if record.daemon else None,
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
        "timings": {stage: _rounded(seconds) for stage, seconds in record.timings.items()},
        "attempt": record.attempt,
        "duplicate_of": record.duplicate_of,
        "uncorrected": record.uncorrected,
        "archived_as": printable(record.archived_as) if record.archived_as and record.goes_to_archive else None,
        "edits": asdict(record.edits),
        "numbers": asdict(record.numbers),
        "fields": [field_fields(field) for field in record.fields],
        "part": _part_fields(record.part) if record.part else None,
        "sources": [_member_fields(member) for member in record.members],
        "archival": _archival_fields(record.archival) if record.archival else None,
    }


def _member_fields(member: Member) -> dict[str, Any]:
    return {
        "file": printable(member.name),
        "sha256": member.sha256,
        "size": member.size,
        "modified_ns": member.modified_ns,
        "pages": list(member.pages),
    }


def _origins(members: Iterable[Member]) -> dict[int, tuple[str, int]]:
    """Return of each page of a joined source, by its number, the name of the file and the page of it."""
    return {number: (printable(member.name), page) for member in members for page, number in enumerate(member.pages, 1)}


def warning_fields(warning: DocumentWarning) -> dict[str, Any]:
    """Return a warning as the record's fields."""
    return {"code": warning.code, "page": warning.page, "text": printable(warning.text)}


def _archival_fields(archival: Archival) -> dict[str, Any]:
    return {
        "conformance": archival.conformance,
        "checks": [
            {"validator": printable(one.validator), "result": one.result, "said": printable(one.said) or None}
            for one in archival.checks
        ],
    }


def _reviewed_fields(one: Reviewed) -> dict[str, Any]:
    return {**asdict(one), "place": printable(one.place), "by": printable(one.by)}


def field_fields(field: DocumentField) -> dict[str, Any]:
    """Return a fact as the record's fields."""
    chosen = field.chosen or FieldValue("", "", 0)
    return {
        "name": field.name,
        "type": field.type,
        "required": field.required,
        "value": chosen.value or None,
        "text": chosen.text or None,
        "currency": chosen.currency or None,
        "page": chosen.page or None,
        "boxes": [list(box) for box in chosen.boxes],
        "confidence": chosen.confidence if field.chosen else None,
        "state": chosen.state or None,
        "checks": list(chosen.checks),
        "doubt": field.doubt or None,
        "chosen_by": field.chosen_by,
        "by": printable(field.by) or None,
        "others": [
            {"value": other.value, "text": other.text, "page": other.page, "confidence": other.confidence}
            | {"boxes": [list(box) for box in other.boxes]}
            for other in field.others
        ],
    }


def head(path: Path) -> dict[str, Any]:
    """Return the fields of a record file without its pages, which are not read; empty where it is not a record."""
    try:
        with path.open("rb") as file:
            begin = file.read(_HEAD_BYTES)
            if _PAGES_KEY not in begin:
                begin += file.read(_MAX_HEAD_BYTES)
            fields = json.loads(begin.partition(_PAGES_KEY)[0] + b"\n}")
    except (OSError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) and fields.get("schema") == SCHEMA else {}


def numbers_of(head: Mapping[str, Any]) -> NumberCounts:
    """Return what a record's ``head`` says of its numbers; none counted where it is empty or of an older scanmend."""
    counts = head.get("numbers")
    known = counts if isinstance(counts, dict) else {}
    return NumberCounts(*(n if type(n := known.get(state)) is int else 0 for state in asdict(NO_NUMBERS)))


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, indent=2, allow_nan=False)


def _bytes(text: str) -> bytes:
    """Encode as UTF-8; lone surrogates, which OCR and models may yield but UTF-8 cannot hold, become ``?``."""
    return text.encode("utf-8", "replace")


def _page(page: CorrectedPage, origin: tuple[str, int] | None) -> dict[str, Any]:
    return {
        "number": page.page.number,
        "from": {"file": origin[0], "page": origin[1]} if origin else None,
        "raw": page.page.raw,
        "corrected": page.corrected,
        "mean_confidence": _rounded(page.page.mean_confidence),
        "width": page.page.width,
        "height": page.page.height,
        "dpi": page.page.dpi,
        "origin": page.page.origin,
        "turned": page.page.turned,
        "steps": list(page.page.steps),
        "languages": list(page.page.languages),
        "skipped": page.skipped or None,
        "model_cut": page.model_cut,
        "second_reader": _second_reader(page.page.second),
        "marks": [mark_fields(mark) for mark in page.page.marks or ()],
        "numbers": _numbers(page),
        "edits": edits_fields(page),
    }


def _second_reader(reading: SecondReading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "lines": reading.found,
        "read": reading.read,
        "seconds": _rounded(reading.seconds),
        "problem": printable(reading.problem) or None,
    }


def _part_fields(part: Part) -> dict[str, Any]:
    separator = part.separator
    return {
        "number": part.number,
        "of": part.of,
        "separator": {"page": separator.page, "kind": separator.kind, "value": printable(separator.value)}
        if separator
        else None,
    }


def _dropped_fields(dropped: Dropped) -> dict[str, Any]:
    return {"page": dropped.page, "why": dropped.why, "marks": [mark_fields(mark) for mark in dropped.marks]}


def mark_fields(mark: Mark) -> dict[str, Any]:
    """Return a barcode or patch code as the record's fields."""
    return {"kind": mark.kind, "value": printable(mark.value), "box": list(mark.box)}


def _numbers(page: CorrectedPage) -> list[dict[str, Any]]:
    rows = row_numbers(placed_words(page)) if page.numbers else []
    return [
        {
            "text": number.text,
            "other": number.other or None,
            "line": rows[number.line],
            "box": list(number.box) if number.box else None,
            "state": number.state,
            "chosen_by": number.chosen_by or None,
        }
        for number in page.numbers
    ]


def edits_fields(page: CorrectedPage) -> list[dict[str, Any]]:
    """Return the edits of a page as the record's fields, in which lines and words are those of ``raw``, from 1.

    A line that an edit inserts is none of them: it has no word, and the line of the row above it.
    """
    lines = page.page.lines
    rows = row_numbers(line.words for line in lines)
    return [
        _edit_fields(edit, rows[edit.line], edit.word + 1 if lines[edit.line].words else None) for edit in page.edits
    ]


def _edit_fields(edit: Edit, line: int, word: int | None) -> dict[str, Any]:
    return {
        "kind": edit.kind,
        "raw": edit.raw,
        "new": edit.new,
        "line": line,
        "word": word,
        "count": edit.count,
        "box": list(edit.box) if edit.box else None,
        "proposer": edit.proposer,
        "verdict": edit.verdict,
        "reason": edit.reason,
        "gain": _rounded(edit.gain),
        "optical": _rounded(edit.optical),
        "margin": _rounded(edit.margin),
    }


def _rounded(value: float | None) -> float | None:
    """Round to three places; None for infinities and NaN, which JSON does not have."""
    return round(value, 3) if value is not None and math.isfinite(value) else None
