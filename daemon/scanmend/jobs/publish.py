"""The outputs of a document appear in its outbox, all under one name that was free; the record last."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scanmend.config.schema import Folder
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.fs import atomic, free_name
from scanmend.jobs.claimed_source import NAMES_TRIED, ClaimedSource
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.outputs import record


def free_output_stem(ledger: Ledger, folder: Folder, relative: Path) -> Path:
    """Return the name for the outputs of a source, relative to the outbox and without suffix, that nobody has yet.

    Neither a file in the outbox, nor a document in work that will write there.
    """
    suffixes = [f".{name}" for name in folder.outputs]
    return free_name.free_stem(
        folder.outbox, relative.with_suffix(""), suffixes, lambda stem: ledger.holds_name(folder.outbox, stem)
    )


def published_record(entry: Entry) -> dict[str, Any]:
    """Return the record that lies under the document's name but for its pages; empty where there is none."""
    return _record_at(entry.outbox, entry.stem)


def publish(source: ClaimedSource, files: Mapping[str, Path]) -> None:
    """Let files, given by suffix, appear in this order under the document's name; StorageError.

    When a stranger took that name meanwhile, they appear under the next free one, which the ledger learns before.
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
        else:
            return
    raise StorageError(f"{folder.outbox}: no free name for {printable(source.entry.stem)} after {NAMES_TRIED} tries")


def _record_at(outbox: Path, stem: Path) -> dict[str, Any]:
    return record.head(outbox / stem.with_name(stem.name + ".json"))
