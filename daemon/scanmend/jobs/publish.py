"""The outputs of a document appear in its outbox, all under one name that was free; the record last."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from scanmend.assembly.parts import Part
from scanmend.assembly.rules import PATCH
from scanmend.config.schema import Folder
from scanmend.config.splitting import template_of
from scanmend.document import DocumentField, Fingerprint, printable
from scanmend.errors import StorageError
from scanmend.fs import atomic, free_name
from scanmend.intake.inbox import MAX_SUFFIX_CHARS
from scanmend.jobs.claimed_source import NAMES_TRIED, ClaimedSource, archive_name
from scanmend.jobs.write_outputs import document_id
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.parts import PartRow
from scanmend.naming.template import Facts
from scanmend.outputs import fields_table, record

_part = TypeAdapter(Part)


@dataclass(frozen=True, slots=True)
class Named:
    """One document of a source that is split or names its documents, with the name that was chosen for it."""

    id: str
    part: Part
    outbox: Path
    stem: Path
    """Name of its outputs below the outbox, without a suffix."""

    @property
    def is_published(self) -> bool:
        """Whether its record, which comes last, is out."""
        return self.record.get("id") == self.id

    @property
    def record(self) -> dict[str, Any]:
        """The record that lies under its name but for its pages; empty where there is none."""
        return _record_at(self.outbox, self.stem)


def free_output_stem(ledger: Ledger, folder: Folder, relative: Path, wanted: Path | None = None) -> Path:
    """Return the name of a source's outputs and of itself in the archive, without suffix, that nobody has there yet.

    It is relative to both folders. Neither a file in the outbox has it, nor one in the archive where sources may go
    there, nor a document in work that will write there. ``wanted``: the name, where it is not that of the source.
    """
    suffixes = [f".{name}" for name in folder.outputs]
    if folder.original != "keep" and len(relative.suffix) <= MAX_SUFFIX_CHARS:
        suffixes.append(relative.suffix)
    return next(
        stem
        for stem in free_name.candidates(wanted or relative.with_suffix(""), suffixes)
        if not _has_outputs(folder, stem)
        and not _is_archived(folder, stem, relative)
        and not ledger.holds_name(folder.outbox, stem)
    )


def begun_output_stem(ledger: Ledger, folder: Folder, relative: Path) -> Path | None:
    """Return the name under which a daemon that died had begun to publish a source; None where none had.

    There lie outputs without a record. Where they are not what is made of the source now, another name is taken.
    """
    if "json" not in folder.outputs:
        return None
    for stem in free_name.candidates(relative.with_suffix(""), [f".{name}" for name in folder.outputs]):
        if not _has_outputs(folder, stem):
            return None
        if not _record_at(folder.outbox, stem) and not ledger.holds_name(folder.outbox, stem):
            return stem
    return None


def with_free_archive_name(source: ClaimedSource) -> ClaimedSource:
    """Give a document that has no outputs yet another name, where somebody took its own in the archive meanwhile."""
    folder, entry = source.folder, source.entry
    if not _is_archived(folder, entry.stem, entry.relative) or _has_outputs(folder, entry.stem):
        return source
    stem = free_output_stem(source.ledger, folder, entry.relative, _wanted(source))
    return renamed(source, stem)


def renamed(source: ClaimedSource, stem: Path) -> ClaimedSource:
    """Give a source, and its document where it makes only one, another name."""
    source.record("working", stem=stem)
    rows = source.ledger.parts.of(source.entry.id)
    if len(rows) == 1:
        source.ledger.parts.rename(source.entry.id, 1, source.folder.outbox, stem)
    return replace(source, entry=replace(source.entry, stem=stem))


def _wanted(source: ClaimedSource) -> Path | None:
    """Return the name that was chosen for the only document of a source; None where that is the name of the source."""
    rows = source.ledger.parts.of(source.entry.id)
    return rows[0].stem if len(rows) == 1 else None


def documents_of(source: ClaimedSource) -> tuple[Named, ...]:
    """Return the documents that were chosen for a source, in order; none where they are not all known."""
    rows = source.ledger.parts.of(source.entry.id)
    parts = [_part.validate_json(row.plan) for row in rows if row.plan]
    if not parts or len(parts) != parts[0].of:
        return ()
    named = zip(parts, rows, strict=True)
    return tuple(Named(document_id(source.entry.id, part), part, row.outbox, row.stem) for part, row in named)


def choose_documents(
    source: ClaimedSource, parts: Sequence[Part], fields: Sequence[tuple[DocumentField, ...]]
) -> tuple[Named, ...]:
    """Return the documents of a source with their names, which are chosen once, and kept over crashes and retries.

    Where nothing is out yet and the folder parts sources in another way by now, they are chosen again.
    ``fields``: what was found in each, as names may tell it. A name that a lost ledger had chosen is kept, too, where
    the document's record was found.
    """
    known = documents_of(source)
    if known and tuple(one.part for one in known) == tuple(parts):
        return known
    rows = source.ledger.parts.of(source.entry.id)
    found = {row.number: row.stem for row in rows if not row.plan}
    stems = list(_free_stems(source, parts, fields, found))
    outbox = source.folder.outbox
    rows = [part_row(part, outbox, stem, complete=True) for part, stem in zip(parts, stems, strict=True)]
    source.ledger.parts.choose(source.entry.id, rows)
    return documents_of(source)


def part_row(part: Part, outbox: Path, stem: Path, complete: bool) -> PartRow:  # noqa: FBT001 -- one of two forms
    """Return a part as the ledger keeps it; only its name where not all parts of its source are known."""
    return PartRow(part.number, _part.dump_json(part).decode() if complete else "", outbox, stem)


def _free_stems(
    source: ClaimedSource,
    parts: Sequence[Part],
    fields: Sequence[tuple[DocumentField, ...]],
    found: Mapping[int, Path],
) -> Iterator[Path]:
    """Yield a name for each part that nobody has in the outbox, nor another part."""
    ledger, folder, entry = source.ledger, source.folder, source.entry
    template = template_of(folder.output_name)
    counted = iter(ledger.parts.count(folder.name, len(parts)) if template and "counter" in template.tokens else ())
    taken = set(found.values())
    for part, known in zip(parts, fields, strict=True):
        number = next(counted, 1)
        if part.number in found:
            yield found[part.number]
            continue
        if template:
            facts = facts_of(folder.name, entry.relative, entry.fingerprint, part, number, known)
            wanted = entry.stem.with_name(template.render(facts))
        elif part.of == 1:
            yield entry.stem
            continue
        else:
            wanted = entry.stem.with_name(f"{entry.stem.name}-{part.number}")
        if part.of == 1:
            yield wanted if wanted == entry.stem else free_output_stem(ledger, folder, entry.relative, wanted)
            continue
        stem = free_part_stem(source, wanted, taken)
        taken.add(stem)
        yield stem


def facts_of(
    folder: str,
    relative: Path,
    fingerprint: Fingerprint,
    part: Part,
    counter: int,
    fields: Sequence[DocumentField] = (),
) -> Facts:
    """Return what the name of a document may say; ``folder``: name of the configured one."""
    try:
        scanned = datetime.fromtimestamp(fingerprint.mtime_ns / 1e9)  # noqa: DTZ006 -- as people here see it
    except (OverflowError, ValueError, OSError):  # a broken clock set the file's time
        scanned = datetime.fromtimestamp(0)  # noqa: DTZ006
    barcode = part.separator.value if part.separator and part.separator.kind != PATCH else None
    values = {field.name: field.value for field in fields}
    return Facts(printable(relative.stem), folder, scanned, barcode, counter, part.pages, part.number, part.of, values)


def free_part_stem(source: ClaimedSource, wanted: Path, taken: set[Path]) -> Path:
    """Return a name for one of several documents of a source that no file in the outbox has, nor a document in work."""
    folder = source.folder
    return next(
        stem
        for stem in free_name.candidates(wanted, [f".{name}" for name in folder.outputs])
        if stem not in taken and not _has_outputs(folder, stem) and not source.ledger.holds_name(folder.outbox, stem)
    )


def publish_part(
    source: ClaimedSource, document: Named, files: Mapping[str, Path], keep: Callable[[Path], None] = lambda _stem: None
) -> Path:
    """Let the files of one of several documents appear, unless they are out; return their name; StorageError.

    When a stranger took the name meanwhile, they appear under the next free one, which the ledger learns before.
    ``keep(stem)`` is called before they appear under a name.
    """
    if document.is_published:
        return document.stem
    folder, stem = source.folder, document.stem
    for _ in range(NAMES_TRIED):
        if document.outbox != folder.outbox or stem != document.stem:
            source.ledger.parts.rename(source.entry.id, document.part.number, folder.outbox, stem)
        keep(stem)
        try:
            _publish_as(folder, stem, files)
        except FileExistsError:
            stem = free_part_stem(source, stem, set())
        else:
            return stem
    raise StorageError(f"{folder.outbox}: no free name for {printable(document.stem)} after {NAMES_TRIED} tries")


def published_record(entry: Entry) -> dict[str, Any]:
    """Return the record that lies under the document's name but for its pages; empty where there is none."""
    return _record_at(entry.outbox, entry.stem)


def publish(source: ClaimedSource, files: Mapping[str, Path], on_rename: Callable[[Path], None]) -> None:
    """Let files, given by suffix, appear in this order under the document's name; StorageError.

    When a stranger took that name meanwhile, they appear under the next free one, which the ledger learns before;
    ``on_rename(stem)`` is to write it into the files that mention it.
    """
    folder, stem = source.folder, source.entry.stem
    for _ in range(NAMES_TRIED):
        try:
            _publish_as(folder, stem, files)
        except FileExistsError:
            stem = free_output_stem(source.ledger, folder, source.entry.relative, _wanted(source))
            renamed(source, stem)
            on_rename(stem)
        else:
            return
    raise StorageError(f"{folder.outbox}: no free name for {printable(source.entry.stem)} after {NAMES_TRIED} tries")


def add_to_fields_table(folder: Folder, head: Mapping[str, Any]) -> None:
    """Add a published document to the folder's table of fields, unless it is there already; StorageError.

    ``head``: its record but for the pages. It comes before the ledger's ``published``: a crash in between finds the id.
    """
    if folder.fields_csv and head.get("fields"):
        fields_table.append(folder.fields_csv, head, folder.output_access)


def _publish_as(folder: Folder, stem: Path, files: Mapping[str, Path]) -> None:
    """Let files appear under a name, none of them where a stranger has one of the names: FileExistsError."""
    targets = {folder.outbox / stem.with_name(stem.name + suffix): data for suffix, data in files.items()}
    written: list[Path] = []
    try:
        for target in targets:
            # Before the record: another daemon may have taken back what was the same as ours.
            again = [t for t in written if not t.exists()] if len(written) + 1 == len(targets) else []
            for missing in (*again, target):
                atomic.publish(missing, targets[missing], root=folder.outbox, access=folder.output_access)
            written.append(target)
    except FileExistsError:
        if not _record_at(folder.outbox, stem):  # else another daemon's, of which these may be, too
            for target in written:
                target.unlink(missing_ok=True)
        raise


def _has_outputs(folder: Folder, stem: Path) -> bool:
    return any(os.path.lexists(folder.outbox / stem.with_name(f"{stem.name}.{name}")) for name in folder.outputs)


def _is_archived(folder: Folder, stem: Path, relative: Path) -> bool:
    return folder.original != "keep" and os.path.lexists(folder.archive / archive_name(stem, relative))


def _record_at(outbox: Path, stem: Path) -> dict[str, Any]:
    return record.head(outbox / stem.with_name(stem.name + ".json"))
