"""The ledger: what is known of every document, in SQLite (WAL), so that a crash anywhere costs nothing.

States and what moves a document on::

    claiming ──► waiting ──► working ──► published ──► done
                    ▲           │            (outputs are out; the source still has to be put away)
                    └── backoff ┴──► failing ──► quarantined ──► returning ──► waiting (scanmend retry)
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from pydantic import TypeAdapter, ValidationError

from scanmend.document import CorrectedPage, Fingerprint, Page
from scanmend.errors import LedgerDamaged, StorageError

VERSION = 1
LOCKED_S = 30.0
"""How long another process or thread is waited for that has the database locked."""
REMEMBERED = 50_000
"""Finished documents that are kept at least: some 30 MiB, checked within half a second when the daemon starts."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
FARTHEST_S = 7200.0
"""No document is put off for so long."""
ACTIVE = ("claiming", "waiting", "working", "published", "failing", "returning")

_RESTING = "state IN ('waiting', 'published', 'failing')"

_SCHEMA = """
CREATE TABLE document (
  id TEXT PRIMARY KEY,
  folder TEXT NOT NULL,
  inbox BLOB NOT NULL,         -- paths are bytes: a file name need not be Unicode
  relative BLOB NOT NULL,
  stem BLOB NOT NULL,
  outbox BLOB NOT NULL,
  inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due REAL NOT NULL DEFAULT 0, -- wall clock, seconds; not before then
  original TEXT NOT NULL,      -- archive, delete or keep
  put_away BLOB,               -- where the source went, or is going
  sha256 TEXT,
  pages INTEGER,
  error TEXT,
  claimed REAL NOT NULL, changed REAL NOT NULL
) STRICT;
CREATE INDEX document_state ON document(state);
CREATE INDEX document_source ON document(inbox, relative);
CREATE INDEX document_file ON document(inbox, inode);
CREATE INDEX document_content ON document(sha256, claimed);
CREATE INDEX document_name ON document(outbox, stem);
CREATE TABLE page (
  document TEXT NOT NULL REFERENCES document(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  read TEXT,                   -- Page as JSON, until it is corrected
  corrected TEXT,              -- CorrectedPage as JSON
  PRIMARY KEY (document, number)
) STRICT;
"""

_page = TypeAdapter(Page)
_corrected = TypeAdapter(CorrectedPage)


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as the ledger knows it."""

    id: str
    folder: str
    inbox: Path
    relative: Path
    stem: Path
    outbox: Path
    fingerprint: Fingerprint
    state: str
    attempts: int
    due: float
    """Wall clock in seconds: not to be tried before."""
    original: str
    put_away: Path | None
    sha256: str | None
    pages: int | None
    error: str | None
    claimed: float
    changed: float


class Ledger:
    """The documents of one state folder; safe to share between threads, and with other processes."""

    def __init__(self, path: Path, *, read_only: bool = False, remembered: int = REMEMBERED) -> None:
        """Open or create; LedgerDamaged where that shows at once, StorageError when it is from a newer scanmend."""
        self._lock = threading.RLock()
        self._finished = 0
        self._remembered = remembered
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
            with self._transaction():  # another process may be creating the tables just now
                if self._version() == 0:
                    for statement in _SCHEMA.split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version={VERSION}")
        if (version := self._version()) != VERSION:
            raise StorageError(
                f"the ledger {self.path} has version {version}, this scanmend knows {VERSION}; upgrade scanmend"
            )
        for table, wanted in _COLUMNS.items():
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

    def add(self, entry: Entry) -> None:
        """Record a document about to be claimed."""
        row = {**_row(entry), "changed": time.time()}
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        self._run(f"INSERT INTO document ({names}) VALUES ({marks})", row)  # noqa: S608 -- names are ours

    def move(self, id_: str, state: str, **changes: Any) -> None:
        """Set the state of a document, and other columns with it, in one transaction."""
        row = {key: _stored(value) for key, value in changes.items()}
        settings = "".join(f", {key} = :{key}" for key in row)
        query = f"UPDATE document SET state = :state, changed = :now{settings} WHERE id = :id"  # noqa: S608 -- names are ours
        self._run(query, {**row, "state": state, "now": time.time(), "id": id_})

    def finish(self, id_: str, uncorrected: str = "") -> None:
        """Mark done; its pages live on in the record only. ``uncorrected``: why some of them were not corrected."""
        with self._transaction():
            self._db.execute("DELETE FROM page WHERE document = ?", (id_,))
            self._db.execute(
                "UPDATE document SET state = 'done', error = ?, changed = ? WHERE id = ?",
                (_stored(uncorrected) or None, time.time(), id_),
            )
        self._finished += 1
        if self._finished % max(1, self._remembered // 50) == 0:
            self.prune()

    def prune(self) -> int:
        """Forget finished documents beyond the latest ``remembered``, so that the file does not grow for ever.

        Not those whose source stays in the inbox. Returns how many were forgotten.
        """
        query = (
            "DELETE FROM document WHERE id IN (SELECT id FROM document WHERE state = 'done' AND original != 'keep' "
            "ORDER BY claimed DESC LIMIT -1 OFFSET ?)"
        )
        with self._transaction():
            return self._db.execute(query, (self._remembered,)).rowcount

    def drop(self, id_: str) -> None:
        """Forget a claim that never came about."""
        self._run("DELETE FROM document WHERE id = ?", (id_,))

    def get(self, id_: str) -> Entry | None:
        """Return one document."""
        return next(self._entries("id = ?", (id_,)), None)

    def in_state(self, *states: str) -> list[Entry]:
        """Documents in any of these states, oldest first."""
        return list(self._entries(f"state IN ({', '.join('?' * len(states))})", states))

    def due(
        self, now: float, limit: int, inboxes: Iterable[Path] | None = None, most_pages: int | None = None
    ) -> list[Entry]:
        """Documents that wait, or still have to be put away, and whose time has come; longest due first.

        Only those of these inboxes, where they are given: a folder may be gone from the configuration. Of those that
        wait, only such as are not known to have more than ``most_pages``, where that is given. A time beyond
        ``FARTHEST_S`` was set before the clock was put back, and counts as come.
        """
        among, values = _among(inboxes)
        if most_pages is not None:
            among += " AND (state != 'waiting' OR pages IS NULL OR pages <= ?)"
            values = (*values, most_pages)
        where = f"{_RESTING}{among} AND (due <= ? OR due > ?)"
        return list(self._entries(where, (*values, now, now + FARTHEST_S), f"due, id LIMIT {int(limit)}"))

    def holds_name(self, outbox: Path, stem: Path) -> bool:
        """Whether a document in work will write under this name."""
        marks = ", ".join("?" * len(ACTIVE))
        query = f"SELECT 1 FROM document WHERE outbox = ? AND stem = ? AND state IN ({marks})"  # noqa: S608 -- only marks
        return self._query(query, (os.fsencode(outbox), os.fsencode(stem), *ACTIVE)) != []

    def kept(self, inbox: Path, relative: Path, fingerprint: Fingerprint | None = None) -> Entry | None:
        """Return the latest document made of a source that stays in its inbox.

        With the fingerprint it is also found under another name, which it has where a newer file took its own.
        """
        f = fingerprint or Fingerprint(-1, -1, -1)
        where = (
            "((inbox = ? AND relative = ?) OR (inbox = ? AND inode = ? AND size = ? AND mtime_ns = ?)) "
            "AND original = 'keep' AND +state IN ('published', 'done')"  # +: not by the index of states, most are done
        )
        here = os.fsencode(inbox)
        values = (here, os.fsencode(relative), here, f.inode, f.size, f.mtime_ns)
        order = "(size, mtime_ns) = (?, ?) DESC, claimed DESC LIMIT 1"
        return next(self._entries(where, (*values, f.size, f.mtime_ns), order), None)

    def same_content(self, sha256: str, but: str) -> str | None:
        """Id of an earlier finished document with the same content."""
        query = "SELECT id FROM document WHERE sha256 = ? AND id != ? AND +state = 'done' ORDER BY claimed LIMIT 1"
        rows = self._query(query, (sha256, but))
        return str(rows[0][0]) if rows else None

    def old_kept(self, inbox: Path) -> list[Entry]:
        """Finished documents beyond the latest ``remembered`` whose source stayed in the inbox."""
        order = f"claimed DESC LIMIT -1 OFFSET {int(self._remembered)}"
        return list(self._entries("inbox = ? AND original = 'keep' AND +state = 'done'", (os.fsencode(inbox),), order))

    def counts(self) -> dict[str, int]:
        """How many documents are in each state."""
        return {row[0]: row[1] for row in self._query("SELECT state, count(*) FROM document GROUP BY state")}

    def uncorrected(self) -> int:
        """How many documents are done with pages that no model corrected, since it failed."""
        query = "SELECT count(*) FROM document WHERE state = 'done' AND error IS NOT NULL"
        return int(self._query(query)[0][0])

    def recent(self, limit: int = 10) -> list[Entry]:
        """The documents finished last, latest first."""
        return list(self._entries("state = 'done'", (), f"changed DESC LIMIT {int(limit)}"))

    def save_page(self, id_: str, page: Page) -> None:
        """Keep a page that OCR has read."""
        query = "INSERT INTO page (document, number, read) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._run(query, (id_, page.number, _page.dump_json(page).decode()))

    def save_corrected(self, id_: str, page: CorrectedPage) -> None:
        """Keep a page that is corrected; the OCR of it alone is needed no longer."""
        query = (
            "INSERT INTO page (document, number, corrected) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET read = NULL, corrected = excluded.corrected"
        )
        self._run(query, (id_, page.page.number, _corrected.dump_json(page).decode()))

    def read_page(self, id_: str, number: int) -> Page | CorrectedPage | None:
        """Return what is known of one page: corrected, read, or nothing."""
        rows = self._query("SELECT read, corrected FROM page WHERE document = ? AND number = ?", (id_, number))
        if not rows:
            return None
        row = rows[0]
        try:
            return _corrected.validate_json(row["corrected"]) if row["corrected"] else _page.validate_json(row["read"])
        except ValidationError:  # a flipped byte that SQLite does not see, or a page of another version
            self._run("DELETE FROM page WHERE document = ? AND number = ?", (id_, number))
            return None

    def finished_pages(self, id_: str) -> dict[int, str]:
        """``{number: "read" or "corrected"}`` of the pages that need not be done again."""
        query = "SELECT number, corrected IS NOT NULL FROM page WHERE document = ?"
        return {row[0]: "corrected" if row[1] else "read" for row in self._query(query, (id_,))}

    def forget_pages(self, id_: str) -> None:
        """Have every page done again."""
        self._run("DELETE FROM page WHERE document = ?", (id_,))

    def _entries(self, where: str, values: Iterable[Any] = (), order: str = "claimed, id") -> Iterator[Entry]:
        query = f"SELECT * FROM document WHERE {where} ORDER BY {order}"  # noqa: S608 -- clauses are ours, values are bound
        yield from (_entry(row) for row in self._query(query, tuple(values)))

    def _query(self, query: str, values: Any = ()) -> list[sqlite3.Row]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as e:
                raise StorageError(f"the ledger {self.path} cannot be used: {e}") from e

    def _run(self, query: str, values: Any) -> None:
        with self._transaction():
            self._db.execute(query, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:  # a full disk has ended it already
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as e:
                raise StorageError(f"the ledger {self.path} cannot be written: {e}") from e


_COLUMNS = {
    "document": {f.name for f in fields(Entry) if f.name != "fingerprint"} | {f.name for f in fields(Fingerprint)},
    "page": {"document", "number", "read", "corrected"},
}


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGE


def _damaged(path: Path, why: str) -> LedgerDamaged:
    return LedgerDamaged(
        f"the ledger {path} is damaged: {why}; the daemon sets it aside when it starts, and makes a new one of what "
        "the folders tell"
    )


def _among(inboxes: Iterable[Path] | None) -> tuple[str, tuple[object, ...]]:
    if inboxes is None:
        return "", ()
    values = tuple(os.fsencode(path) for path in inboxes)
    return f" AND inbox IN ({', '.join('?' * len(values))})", values


def _row(entry: Entry) -> dict[str, Any]:
    row = {f.name: getattr(entry, f.name) for f in fields(entry) if f.name != "fingerprint"}
    row |= {f.name: getattr(entry.fingerprint, f.name) for f in fields(entry.fingerprint)}
    return {key: _stored(value) for key, value in row.items()}


def _stored(value: object) -> object:
    """Paths as bytes; texts without lone surrogates, which a message that names a file may hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return os.fsencode(value) if isinstance(value, Path) else value


def _entry(row: sqlite3.Row) -> Entry:
    plain = {key: row[key] for key in row.keys() if key not in ("inode", "size", "mtime_ns")}  # noqa: SIM118 -- not a dict
    for key in ("inbox", "relative", "stem", "outbox", "put_away"):
        plain[key] = None if plain[key] is None else Path(os.fsdecode(plain[key]))
    return Entry(fingerprint=Fingerprint(row["inode"], row["size"], row["mtime_ns"]), **plain)


def _quoted(path: Path) -> str:
    return quote_from_bytes(os.fsencode(path.absolute()))
