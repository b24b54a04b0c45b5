"""The outputs of a document appear in its outbox, all under one name that was free; the record last."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scanmend.config.schema import Folder
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.fs import atomic, free_name
from scanmend.intake.inbox import MAX_SUFFIX_CHARS
from scanmend.jobs.claimed_source import NAMES_TRIED, ClaimedSource, archive_name
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.outputs import fields_table, record


def free_output_stem(ledger: Ledger, folder: Folder, relative: Path) -> Path:
    """Return the name of a source's outputs and of itself in the archive, without suffix, that nobody has there yet.

    It is relative to both folders. Neither a file in the outbox has it, nor one in the archive where sources may go
    there, nor a document in work that will write there.
    """
    suffixes = [f".{name}" for name in folder.outputs]
    if folder.original != "keep" and len(relative.suffix) <= MAX_SUFFIX_CHARS:
        suffixes.append(relative.suffix)
    return next(
        stem
        for stem in free_name.candidates(relative.with_suffix(""), suffixes)
        if not _has_outputs(folder, stem)
        and not _is_archived(folder, stem, relative)
        and not ledger.holds_name(folder.outbox, stem)
    )


def with_free_archive_name(source: ClaimedSource) -> ClaimedSource:
    """Give a document that has no outputs yet another name, where somebody took its own in the archive meanwhile."""
    folder, entry = source.folder, source.entry
    if not _is_archived(folder, entry.stem, entry.relative) or _has_outputs(folder, entry.stem):
        return source
    stem = free_output_stem(source.ledger, folder, entry.relative)
    source.record("working", stem=stem)
    return replace(source, entry=replace(entry, stem=stem))


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
            stem = free_output_stem(source.ledger, folder, source.entry.relative)
            source.record("working", stem=stem)
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


def _has_outputs(folder: Folder, stem: Path) -> bool:
    return any(os.path.lexists(folder.outbox / stem.with_name(f"{stem.name}.{name}")) for name in folder.outputs)


def _is_archived(folder: Folder, stem: Path, relative: Path) -> bool:
    return folder.original != "keep" and os.path.lexists(folder.archive / archive_name(stem, relative))


def _record_at(outbox: Path, stem: Path) -> dict[str, Any]:
    return record.head(outbox / stem.with_name(stem.name + ".json"))
