"""Where the scan of a document in review lies by now, told by its content."""

import os
from collections.abc import Iterator
from pathlib import Path

from scanmend.errors import StorageError
from scanmend.fs.safe_open import open_source
from scanmend.ledger.entry import Entry
from scanmend.review.bundle import Bundle, FileDigest


def find_scan(bundle: Bundle, entry: Entry | None) -> Path | None:
    """Return where the scan lies, a copy of its own first; None where it is not to be found.

    ``entry``: the document as the ledger has it, where it does.
    """
    told = bundle.facts.record
    for path in _candidates(bundle, entry):
        if _has_size(path, told["size"]) and _digest_of(path) == told["sha256"]:
            return path
    return None


def _candidates(bundle: Bundle, entry: Entry | None) -> Iterator[Path]:
    facts = bundle.facts
    yield bundle.own_source()
    if entry is not None and entry.put_away is not None:
        yield entry.put_away
    if archived := facts.record["archived_as"]:
        yield Path(archived)
    yield Path(facts.inbox, facts.relative)


def _has_size(path: Path, size: int) -> bool:
    try:
        with open_source(path) as file:
            return os.fstat(file.fileno()).st_size == size
    except OSError:
        return False


def _digest_of(path: Path) -> str:
    try:
        digest = FileDigest.of(path)
    except StorageError:  # it is out of reach, as if it were not there
        return ""
    return digest.sha256 if digest else ""
