"""The ledger's SQLite file: opened, proved sound, written in transactions; damage is told from passing trouble."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from scanmend.errors import LedgerDamaged, StorageError

LOCKED_S = 30.0
"""How long another process or thread is waited for that has the database locked."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables that a version of scanmend works with."""

    version: int
    schema: str
    """Statements that make the tables, each ended by a semicolon at the end of its line."""
    columns: Mapping[str, set[str]]
    """The names of each table's columns."""


class Database:
    """One open file; safe to share between threads, and with other processes."""

    def __init__(self, path: Path, layout: Layout, *, read_only: bool) -> None:
        """Open or create; LedgerDamaged where that shows at once, StorageError when it is from a newer scanmend."""
        self._lock = threading.RLock()
        self._layout = layout
        self.path = path
        try:
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            target = f"file:{_quoted(path)}?mode={'ro' if read_only else 'rwc'}"
            self._db = sqlite3.connect(
                target, uri=True, timeout=LOCKED_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._db.row_factory = sqlite3.Row
                self._prepare(read_only=read_only)
            except BaseException:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as e:
            if _is_damage(e):
                raise _damaged(path, str(e)) from e
            raise StorageError(f"the ledger {path} cannot be opened: {e}; check the folder and its disk") from e

    def check(self) -> None:
        """Go through the whole file; LedgerDamaged when it is not as SQLite writes it (10,000 documents: 25 ms)."""
        try:
            with self._lock:
                found = self._db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.Error as e:
            if _is_damage(e):
                raise _damaged(self.path, str(e)) from e
            raise StorageError(f"the ledger {self.path} cannot be checked: {e}") from e
        if found != "ok":
            raise _damaged(self.path, str(found).replace("\n", " "))

    def _prepare(self, *, read_only: bool) -> None:
        self._refuse_others()
        if not read_only:
            self._write_ahead()
            for pragma in ("synchronous=FULL", "foreign_keys=ON", "journal_size_limit=4194304"):
                self._db.execute(f"PRAGMA {pragma}")
            with self.transaction():  # another process may be creating the tables just now
                if self._version() == 0:
                    for statement in self._layout.schema.split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version={self._layout.version}")
        if (version := self._version()) != self._layout.version:
            raise StorageError(
                f"the ledger {self.path} has version {version}, this scanmend knows {self._layout.version}; "
                "upgrade scanmend"
            )
        for table, wanted in self._layout.columns.items():
            has = {row[0] for row in self._db.execute("SELECT name FROM pragma_table_info(?)", (table,))}
            if has != wanted:
                raise _damaged(self.path, f"its table {table} has other columns")

    def _refuse_others(self) -> None:
        """LedgerDamaged where another program made this database, which is not touched then."""
        self._db.execute("BEGIN")  # another process may be creating the tables just now
        try:
            if self._version() == 0 and self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise _damaged(self.path, "it is a database of something else")
        finally:
            self._db.execute("COMMIT")

    def _write_ahead(self) -> None:
        """Choose the journal; SQLite itself does not wait for others that do so in a new file at the same time."""
        limit = time.monotonic() + LOCKED_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as e:
                if e.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= limit:
                    raise
                time.sleep(0.01)
            else:
                return

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def query(self, query: str, values: Any = ()) -> list[sqlite3.Row]:
        """Return all rows; StorageError."""
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as e:
                raise StorageError(f"the ledger {self.path} cannot be used: {e}") from e

    def run(self, query: str, values: Any) -> None:
        """Change something, in a transaction of its own; StorageError."""
        with self.transaction():
            self._db.execute(query, values)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is changed within is written at once, or nothing; StorageError."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:  # a full disk has ended it already
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as e:
                raise StorageError(f"the ledger {self.path} cannot be written: {e}") from e


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGE


def _damaged(path: Path, why: str) -> LedgerDamaged:
    return LedgerDamaged(
        f"the ledger {path} is damaged: {why}; the daemon sets it aside when it starts, and makes a new one of what "
        "the folders tell"
    )


def _quoted(path: Path) -> str:
    return quote_from_bytes(os.fsencode(path.absolute()))
