"""A source becomes output files: text is written here, formats that show the pages are made in a page process."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from scanmend import __version__
from scanmend.assembly.groups import fronts_first, in_order
from scanmend.assembly.parts import Part, SeenPage, parts_of
from scanmend.config.schema import Settings
from scanmend.document import CorrectedPage, DocumentField, DocumentWarning, Fingerprint, Member, printable
from scanmend.errors import DocumentError, StorageError
from scanmend.jobs.checkpoint import Checkpoint
from scanmend.jobs.pipeline import MODEL_FAILED, Converted, Pipeline, Tally, read_settings_of
from scanmend.language.installed import AUTO
from scanmend.outputs import fields_table, md, record, txt
from scanmend.outputs.page_file import PageFile, Pages
from scanmend.outputs.record import EditCounts, Record
from scanmend.pageworkers.archival import make_archival, validator_of
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.protocol import COMPOSED_OUTPUTS

JOINED_FILE = "joined.pdf"
"""Name of the file in that folder which several files are joined in."""
PAGES_FILE = "pages"
"""Name of the ``PageFile`` in the folder in which outputs are made."""
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
    files: tuple[Path, ...] = ()
    """Files that it is to be joined from; none where it is one file already."""
    members: tuple[Member, ...] = ()
    """What it was joined from."""
    daemon: str | None = None
    """Name of the daemon that converts it; None without a daemon."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """A source, converted and written."""

    files: Mapping[str, Path]
    """By suffix, in the order in which they are to be published: the record last."""
    record: Record
    converted: Converted
    before_composing: Record
    """The record without what was noticed while outputs were composed: what making them again begins with."""


Planned = Callable[[SourceFile, Sequence[Part], Sequence[tuple[DocumentField, ...]]], SourceFile]
"""Hears which documents a source makes, and which facts each has; returns the source as they are to know it."""


def make_outputs(
    pipeline: Pipeline,
    source: SourceFile,
    settings: Settings,
    checkpoint: Checkpoint,
    work: Path,
    planned: Planned = lambda source, _parts, _fields: source,
    known: tuple[Part, ...] | None = None,
) -> tuple[Outputs, ...]:
    """Convert a source and make the outputs of each of its documents in the folder ``work``, in which the pages lie.

    All are made before any is published, so that what is wrong with one is known before the others are out.
    ``planned`` is called where the folder's settings assemble documents, or did so when the source was begun; elsewhere
    the source is one document. ``known``: the documents that were chosen then, where one is out already; empty where
    none is, so that they may be chosen anew; None where none were chosen.
    DocumentError, TransientError, Postponed, Stopping.
    """
    source = joined(source, settings, pipeline.pool, work)
    pages = PageFile(work / PAGES_FILE)
    converted = pipeline.convert(source.path, settings, checkpoint, pages)
    checkpoint.writing()
    duplicate_of = checkpoint.duplicate_of(converted.inspection.sha256)
    if not settings.is_assembled and known is None:
        first = record_of(source, converted, settings, duplicate_of)
        found = pipeline.choose_fields(fields_of_converted(converted, settings), pages, settings)
        first = replace(first, fields=found)
        files, made = write_outputs(settings, first, pages, source.path, work, pipeline.pool)
        return (Outputs(files, made, converted, first),)
    parts = known or parts_seen(pages, settings)
    documents = list(parted(parts, converted, pages, work))
    fields = [
        pipeline.choose_fields(fields_of_converted(own, settings), own_pages, settings)
        for _, own_pages, own in documents
    ]
    source = planned(source, parts, fields)
    out = []
    for (part, own_pages, own), found in zip(documents, fields, strict=True):
        first = record_of(replace(source, id=document_id(source.id, part)), own, settings, duplicate_of, part)
        first = replace(first, fields=found)
        files, made = write_outputs(settings, first, own_pages, source.path, own_pages.path.parent, pipeline.pool)
        out.append(Outputs(files, made, own, first))
    return tuple(out)


def joined(source: SourceFile, settings: Settings, pool: PagePool, work: Path) -> SourceFile:
    """Return the source as one file, made in the folder ``work`` where it is several; DocumentError, TransientError."""
    if not source.files:
        return source
    collate = settings.gathered is not None and settings.gathered.collate
    files = fronts_first(source.files) if collate else in_order(source.files)
    target, limits = work / JOINED_FILE, read_settings_of(settings).limits
    members, noted = pool.join(files, target, limits, settings.page_limit_s, collate=collate)
    return replace(source, path=target, members=members, notices=lambda: (*noted, *source.notices()))


def fields_of(
    pages: Iterable[CorrectedPage], settings: Settings, languages: Sequence[str], read: date
) -> tuple[DocumentField, ...]:
    """Return the facts that a folder wants of a document; none where it wants none.

    ``languages``: those of the document. ``read``: the day on which it was.
    """
    if not settings.fields:
        return ()
    from scanmend.fields.configured import wanted  # noqa: PLC0415 -- an idle daemon does without
    from scanmend.fields.extract import extract_fields  # noqa: PLC0415

    return extract_fields(pages, wanted(settings.fields), tuple(languages), read + ONE_DAY)


def fields_of_converted(converted: Converted, settings: Settings) -> tuple[DocumentField, ...]:
    """Return the facts that a folder wants of what was converted; none where it wants none."""
    return fields_of(converted.pages, settings, tuple(converted.tally.languages), converted.started.date())


def parts_seen(pages: Pages, settings: Settings) -> tuple[Part, ...]:
    """Return the documents that the pages of a source make with these settings; DocumentError where none would."""
    seen = (SeenPage(page.page.number, page.page.origin == "blank", page.page.marks or ()) for page in pages)
    return parts_of(seen, settings.split, settings.blank_pages)


def whole_of(made: Sequence[Outputs]) -> Outputs:
    """Return what is true of a source over all documents that it makes; its files and pages are those of the first."""
    first, tally = made[0], Tally()
    if len(made) == 1:
        return first
    for own in (outputs.converted.tally for outputs in made):
        tally.ocr_s += own.ocr_s
        tally.correct_s += own.correct_s
        tally.edits += own.edits
        tally.rejected += own.rejected
        tally.numbers += own.numbers
    warnings = tuple(dict.fromkeys(warning for outputs in made for warning in outputs.record.warnings))
    why = next((o.converted.uncorrected for o in made if o.converted.uncorrected), "")
    converted = replace(first.converted, tally=tally, uncorrected=why)
    return replace(first, converted=converted, record=replace(first.record, warnings=warnings, numbers=tally.numbers))


def document_id(source_id: str, part: Part) -> str:
    """Return the id of a document: that of its source, with its number where it is one of several."""
    return source_id if part.of == 1 else f"{source_id}-{part.number}"


def source_id(id_: str, part: Part | None) -> str:
    """Return the id of the source of a document that is one of several; empty where it is all of its source."""
    return id_.removesuffix(f"-{part.number}") if part is not None and part.of > 1 else ""


def pages_path(work: Path, part: Part | None) -> Path:
    """Return where the pages of a document lie in the folder in which the outputs of its source are made."""
    return work / PAGES_FILE if part is None else work / f"part-{part.number}" / PAGES_FILE


def parted(
    parts: tuple[Part, ...], converted: Converted, pages: PageFile, work: Path
) -> Iterator[tuple[Part, PageFile, Converted]]:
    """Yield each part with its pages, in a folder of its own, and what the conversion says of these."""
    own = [PageFile(pages_path(work, part)) for part in parts]
    tallies = [Tally() for _ in parts]
    failed = ["" for _ in parts]
    index = {page: i for i, part in enumerate(parts) for page in part.pages}
    for page_file in own:
        page_file.path.parent.mkdir()
    for page in pages:
        if (i := index.get(page.page.number)) is not None:
            tallies[i].add(page, own[i])
            failed[i] = failed[i] or (converted.uncorrected if page.skipped.startswith(MODEL_FAILED) else "")
    for part, page_file, tally, why in zip(parts, own, tallies, failed, strict=True):
        tally.warnings += [
            DocumentWarning(
                "separator_without_pages",
                f"a separator with {printable(one.value)!r} is on this page of the source, and no page follows it that "
                "makes a document; look whether sheets are missing",
                one.page,
            )
            for one in part.unfilled
        ]
        model = converted.model if tally.asked else None
        yield part, page_file, replace(converted, pages=page_file, tally=tally, uncorrected=why, model=model)


def record_of(
    source: SourceFile,
    converted: Converted,
    settings: Settings,
    duplicate_of: str | None = None,
    part: Part | None = None,
) -> Record:
    """Return everything the ``.json`` output says of a document.

    ``duplicate_of``: id of one with the same content. ``part``: which pages of the source it has, where that was asked.
    """
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
        edits=EditCounts(converted.tally.edits, converted.tally.rejected),
        numbers=converted.tally.numbers,
        part=part,
        members=source.members,
        daemon=source.daemon,
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
        if settings.pdf and settings.pdf.archival and "pdf" in composed and composed["pdf"].exists():
            validator, count = validator_of(settings.pdf.validator), facts["pages"]
            archival, further = make_archival(pool, composed["pdf"], validator, count, limits, settings.page_limit_s)
            made, warnings = replace(made, archival=archival), (*warnings, *further)
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
    return {
        "source": printable(made.source),
        "title": printable(Path(made.source).stem),
        "sha256": made.sha256,
        "languages": list(made.languages),
        "pages": len(made.pages),
        **asdict(made.edits),
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
