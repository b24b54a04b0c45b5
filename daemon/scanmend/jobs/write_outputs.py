"""A source becomes output files: text is written here, formats that show the pages are made in a page process."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scanmend import __version__
from scanmend.config.schema import Settings
from scanmend.document import DocumentField, DocumentWarning, Fingerprint, printable
from scanmend.errors import DocumentError, StorageError
from scanmend.jobs.checkpoint import Checkpoint
from scanmend.jobs.pipeline import Converted, Pipeline, read_settings_of
from scanmend.language.installed import AUTO
from scanmend.outputs import fields_table, md, record, txt
from scanmend.outputs.page_file import PageFile
from scanmend.outputs.record import Record
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.protocol import COMPOSED_OUTPUTS

ONE_DAY = timedelta(days=1)
"""A document may be of tomorrow: where it was written, the day may have begun earlier."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be converted, and what its record says of where it comes from."""

    path: Path
    """Where it lies now."""
    id: str
    folder: str
    """Name of the configured folder."""
    relative: Path
    """Where it lay, relative to the inbox."""
    fingerprint: Fingerprint
    """Its state before it is read."""
    attempt: int = 1
    """1-based."""
    original: str = "keep"
    """What becomes of it: ``archive``, ``delete`` or ``keep``."""
    archived_as: Path | None = None
    """Where it goes when it is archived; None where it stays in any case."""
    notices: Callable[[], tuple[DocumentWarning, ...]] = tuple
    """What else the record has to say of the file as it is written."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """A source, converted and written."""

    files: Mapping[str, Path]
    """By suffix, in the order in which they are to be published: the record last."""
    record: Record
    converted: Converted


def make_outputs(
    pipeline: Pipeline, source: SourceFile, settings: Settings, checkpoint: Checkpoint, work: Path
) -> Outputs:
    """Convert a source and make its outputs in the folder ``work``, in which the pages lie, too.

    DocumentError, TransientError, Postponed, Stopping.
    """
    pages = PageFile(work / "pages")
    converted = pipeline.convert(source.path, settings, checkpoint, pages)
    checkpoint.writing()
    made = record_of(source, converted, settings, checkpoint.duplicate_of(converted.inspection.sha256))
    made = replace(made, fields=fields_of(converted, settings))
    files, made = write_outputs(settings, made, pages, source.path, work, pipeline.pool)
    return Outputs(files, made, converted)


def fields_of(converted: Converted, settings: Settings) -> tuple[DocumentField, ...]:
    """Return the facts that a folder wants of a document; none where it wants none."""
    if not settings.fields:
        return ()
    from scanmend.fields.configured import wanted  # noqa: PLC0415 -- an idle daemon does without
    from scanmend.fields.extract import extract_fields  # noqa: PLC0415

    languages, today = tuple(converted.tally.languages), converted.started.date() + ONE_DAY
    return extract_fields(converted.pages, wanted(settings.fields), languages, today)


def record_of(source: SourceFile, converted: Converted, settings: Settings, duplicate_of: str | None = None) -> Record:
    """Return everything the ``.json`` output says of a document; ``duplicate_of``: id of one with the same content."""
    return Record(
        id=source.id,
        source=source.relative.name,
        relative=source.relative,
        sha256=converted.inspection.sha256,
        size=source.fingerprint.size,
        modified_ns=source.fingerprint.mtime_ns,
        folder=source.folder,
        model=converted.model,
        strategy=converted.tally.strategy or settings.strategy,
        prompt_sha256=hashlib.sha256(settings.prompt.encode()).hexdigest(),
        languages=tuple(converted.tally.languages) if settings.languages == AUTO else settings.languages,
        started=converted.started.isoformat(timespec="milliseconds"),
        finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
        timings={
            "ocr_s": converted.tally.ocr_s,
            "correct_s": converted.tally.correct_s,
            "total_s": converted.seconds,
        },
        pages=converted.pages,
        version=__version__,
        attempt=source.attempt,
        duplicate_of=duplicate_of,
        uncorrected=converted.uncorrected or None,
        warnings=(*converted.warnings, *source.notices()),
        original=source.original,
        archived_as=source.archived_as,
        numbers=converted.tally.numbers,
    )


def write_outputs(
    settings: Settings, made: Record, pages: PageFile, source: Path, work: Path, pool: PagePool
) -> tuple[dict[str, Path], Record]:
    """Make files in ``work``; return them by suffix, in the order in which they are to be published: the record last.

    An output that cannot be made becomes a warning of the record, which is returned, too; where none can be made that
    shows the text, DocumentError. ``pages``: those of the record. However long the document, one page at a time is in
    memory. DocumentError, OcrError, StorageError, Stopping.
    """
    wanted: list[str] = sorted(settings.outputs, key=lambda name: name == "json")
    targets = {name: work / f"out.{name}" for name in wanted}
    composed = {name: target for name, target in targets.items() if name in COMPOSED_OUTPUTS}
    if composed:
        limits, facts = read_settings_of(settings).limits, document_facts(made)
        warnings = pool.compose(source, pages.path, composed, facts, limits, settings.page_limit_s).result()
        made = replace(made, warnings=(*made.warnings, *warnings))
        missing = {name for name, target in composed.items() if not target.exists()}
        if missing and missing >= set(wanted) - {"json"}:
            raise DocumentError("; ".join(warning.text for warning in warnings))
    renderers: dict[str, Callable[[], Iterator[bytes]]] = {
        "txt": lambda: txt.render(made.pages),
        "md": lambda: md.render(made.pages),
        "csv": lambda: fields_table.table(record.head_of(made)),
        "json": lambda: record.render(made),
    }
    for name, target in targets.items():
        if name in renderers:
            _write(target, renderers[name]())
    return {f".{name}": target for name, target in targets.items() if target.exists()}, made


def rewrite_record(outputs: Outputs, archived_as: Path) -> None:
    """Write the record again, where there is one, with another name of the source in the archive; StorageError."""
    if target := outputs.files.get(".json"):
        _write(target, record.render(replace(outputs.record, archived_as=archived_as)))


def document_facts(made: Record) -> dict[str, Any]:
    """Return what formats that show the pages say of a document beside its pages."""
    accepted = rejected = 0
    for page in made.pages:
        accepted += sum(edit.accepted for edit in page.edits)
        rejected += sum(not edit.accepted for edit in page.edits)
    return {
        "source": printable(made.source),
        "title": printable(Path(made.source).stem),
        "sha256": made.sha256,
        "languages": list(made.languages),
        "pages": len(made.pages),
        "accepted": accepted,
        "rejected": rejected,
        "numbers": asdict(made.numbers),
        "model": printable(made.model["name"]) if made.model else None,
        "fields": [record.field_fields(field) for field in made.fields],
        "warnings": [printable(_with_page(warning)) for warning in made.warnings],
    }


def _with_page(warning: DocumentWarning) -> str:
    return warning.text if warning.page is None else f"page {warning.page}: {warning.text}"


def _write(target: Path, parts: Iterator[bytes]) -> None:
    """Write a file piece by piece; StorageError."""
    try:
        with target.open("wb") as file:
            file.writelines(parts)
    except OSError as e:
        raise StorageError(f"{target} cannot be written: {e.strerror}") from e
