"""The ledger's SQLite file: opened, checked, written in transactions; damage is told apart from passing trouble."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from scanmend.errors import LedgerDamaged, StorageError

LOCKED_S = 30.0
"""How long to wait for another process or thread that has locked the database."""
MAX_CHECKED_BYTES = 1 << 26
"""Longest file, in bytes, of which indexes are compared with tables at each start: some 90,000 documents."""
_DAMAGE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables that this version of scanmend works with."""

    version: int
    """Kept in the file as ``user_version``."""
    statements: str
    """SQL that creates the tables; each statement ends with a semicolon at the end of a line."""
    columns: Mapping[str, set[str]]
    """The names of each table's columns."""
    upgrades: Mapping[int, str]
    """By an older version, the statements that make the next one of it, parted like ``statements``."""
    functions: Mapping[str, Callable[..., int | str | None]] = field(default_factory=dict)
    """Functions of two values that queries may call, by name."""


class Database:
    """One open file; safe to share between threads, and with other processes."""

    def __init__(self, path: Path, schema: Schema, *, read_only: bool) -> None:
        """Open or create; LedgerDamaged where that shows at once, StorageError when it is from a newer scanmend."""
        self._lock = threading.RLock()
        self._schema = schema
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
                for name, function in schema.functions.items():
                    self._db.create_function(name, 2, function, deterministic=True)
                self._prepare(read_only=read_only)
            except BaseException:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as e:
            if _is_damage(e):
                raise _damage(path, str(e)) from e
            raise StorageError(f"the ledger {path} cannot be opened: {e}; check the folder and its disk") from e

    def check(self) -> None:
        """Read the whole file; LedgerDamaged when it is not as SQLite writes it (10,000 documents: 25 ms).

        Of one longer than ``MAX_CHECKED_BYTES`` every page is looked at, but not whether its indexes fit its tables:
        that takes seven times as long (a million documents: 1 s instead of 7 s of one core).
        """
        try:
            with self._lock:
                size = self.path.stat().st_size
                check = "integrity_check" if size <= MAX_CHECKED_BYTES else "quick_check"
                found = self._db.execute(f"PRAGMA {check}(1)").fetchone()[0]
        except (sqlite3.Error, OSError) as e:
            if _is_damage(e):
                raise _damage(self.path, str(e)) from e
            raise StorageError(f"the ledger {self.path} cannot be checked: {e}") from e
        if found != "ok":
            raise _damage(self.path, str(found).replace("\n", " "))

    def _prepare(self, *, read_only: bool) -> None:
        self._refuse_others()
        if not read_only:
            self._write_ahead()
            for pragma in ("synchronous=FULL", "foreign_keys=ON", "journal_size_limit=4194304"):
                self._db.execute(f"PRAGMA {pragma}")
            with self.transaction():  # another process may be creating the tables just now
                if self._version() == 0:
                    for statement in self._schema.statements.split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version={self._schema.version}")
                while (version := self._version()) in self._schema.upgrades:
                    for statement in self._schema.upgrades[version].split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version={version + 1}")
        if (version := self._version()) != self._schema.version:
            remedy = (
                "start the daemon, which brings it up to date" if version < self._schema.version else "upgrade scanmend"
            )
            raise StorageError(
                f"the ledger {self.path} has version {version}, this scanmend knows {self._schema.version}; {remedy}"
            )
        for table, wanted in self._schema.columns.items():
            has = {row[0] for row in self._db.execute("SELECT name FROM pragma_table_info(?)", (table,))}
            if has != wanted:
                raise _damage(self.path, f"its table {table} has other columns")

    def _refuse_others(self) -> None:
        """Raise LedgerDamaged where another program made this database, and leave it as it is."""
        self._db.execute("BEGIN")  # another process may be creating the tables just now
        try:
            if self._version() == 0 and self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise _damage(self.path, "it is a database of something else")
        finally:
            self._db.execute("COMMIT")

    def _write_ahead(self) -> None:
        """Turn on the write-ahead log; SQLite does not wait for others that do so in a new file at the same time."""
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
        """Run one statement that changes something, in a transaction of its own; StorageError."""
        with self.transaction():
            self._db.execute(query, values)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all that is changed within, or nothing; StorageError."""
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
    return code is not None and code & 0xFF in _DAMAGE_CODES


def _damage(path: Path, why: str) -> LedgerDamaged:
    return LedgerDamaged(
        f"the ledger {path} is damaged: {why}; the daemon sets it aside when it starts, and makes a new one of what "
        "the folders tell"
    )


def _quoted(path: Path) -> str:
    return quote_from_bytes(os.fsencode(path.absolute()))
