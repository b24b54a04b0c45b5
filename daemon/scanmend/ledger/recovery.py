"""Opening the ledger for the daemon: one that is damaged is renamed, and an empty one takes its place."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import structlog

from scanmend.errors import LedgerDamaged, StorageError
from scanmend.fs.rename import rename_to_free_name, sync
from scanmend.ledger.ledger import KEPT_FINISHED, Ledger

DAMAGED_PREFIX = "ledger-damaged-"
"""Beginning of the file name of a damaged ledger that was set aside; date and time of day follow."""
_FILES = ("", "-wal", "-shm")
"""SQLite keeps a database in up to three files."""

log = structlog.get_logger()


def open_ledger(path: Path, remembered: int = KEPT_FINISHED) -> Ledger:
    """Open the ledger after checking it; a damaged one is set aside, and a new one created. StorageError.

    Only for the process that holds the lock of the state folder. ``remembered``: see ``Ledger``.
    """
    try:
        return _checked(path, remembered)
    except LedgerDamaged as e:
        aside = _set_aside(path)
        log.warning("ledger.set_aside", reason=str(e), file=str(aside), meaning="a new one is made from the folders")
        return _checked(path, remembered)


def damaged_ledgers(state_dir: Path) -> list[Path]:
    """Return the damaged ledgers that were set aside in the state folder."""
    return sorted(p for p in state_dir.glob(f"{DAMAGED_PREFIX}*") if p.suffix == ".sqlite")


def names_in_damaged_ledgers(state_dir: Path) -> dict[str, Path]:
    """Return what damaged ledgers still hold of where files were in their inbox, by id: hints that may be wrong."""
    hints: dict[str, Path] = {}
    for file in damaged_ledgers(state_dir):
        with suppress(sqlite3.Error):
            hints.update(_names(file))
    return hints


def _names(file: Path) -> Iterator[tuple[str, Path]]:
    """Yield id and name of each unfinished document, until the damage raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        for id_, relative in db.execute("SELECT id, relative FROM document WHERE state != 'done'"):
            if isinstance(id_, str) and isinstance(relative, bytes):
                yield id_, Path(os.fsdecode(relative))


def _checked(path: Path, remembered: int) -> Ledger:
    ledger = Ledger(path, remembered=remembered)
    try:
        ledger.check()
    except BaseException:
        ledger.close()
        raise
    return ledger


def _set_aside(path: Path) -> Path:
    """Rename the files of the ledger, its journal first, which would else be taken for that of the new one."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (path.with_name(f"{DAMAGED_PREFIX}{stamp}{end}.sqlite") for end in ("", *(f"-{n}" for n in range(2, 100))))
    aside = next(name for name in names if not os.path.lexists(name))
    try:
        for suffix in reversed(_FILES):
            with suppress(FileNotFoundError):
                rename_to_free_name(Path(f"{path}{suffix}"), Path(f"{aside}{suffix}"))
        sync(path.parent)
    except OSError as e:
        raise StorageError(f"the damaged ledger {path} cannot be set aside: {e.strerror}; move it away") from e
    return aside
