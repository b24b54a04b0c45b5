"""An index of the names of documents, in a file of its own beside the ledger: which rows may have a part of a name.

It is made of the ledger when it is asked, and can be removed at any time: nothing else depends on it, and no document
is recorded more slowly for it. SQLite's FTS5 keeps for each three letters the rows that have them; a row that has all
of a text's may have the text. Rows are not removed with their documents: what is found is looked up in the ledger. It
is made again once half of it is of documents that were forgotten.
"""

import sqlite3
import threading
import time
import unicodedata
from contextlib import suppress
from pathlib import Path

import structlog

from scanmend.errors import StorageError
from scanmend.ledger.sqlite import Database

FILE = "names.sqlite"
"""Its name in the state folder."""
BATCH = 5000
"""Names that are added in one transaction, in some 50 ms."""
MAX_AT_ONCE = 20_000
"""Names that are added while somebody waits; of more, some first, and the rest by ``catch_up``."""
GRAM = 3
"""Letters that the index knows: of shorter texts it knows nothing."""

_TABLE = "CREATE VIRTUAL TABLE names USING fts5(name, content='', detail=none, tokenize='trigram')"

log = structlog.get_logger()


def name_key(name: str) -> str:
    """Return a name as it is compared: without case, and with accents in one character."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def has_name(relative: bytes, key: str) -> bool:
    """Whether a path has a text, as ``name_key`` has it; a function of the ledger's SQL."""
    return key in name_key(relative.decode("utf-8", "replace"))


class NameIndex:
    """See the module; safe to share between threads, and with other processes."""

    def __init__(self, ledger: Database) -> None:
        """``ledger``: open for reading; its file is told by its inode, so that the index of another is made again."""
        self._ledger = ledger
        self._path = ledger.path.with_name(FILE)
        self._lock = threading.Lock()
        self._filling = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._ends: threading.Event | None = None
        """Ends the thread that adds names; None where there is none."""
        self.is_possible = True
        """False where this SQLite has no index of three letters."""

    def close(self) -> None:
        """Add no more names, and close the file; it opens again when it is asked."""
        if self._ends is not None:
            self._ends.set()
            with self._filling:  # the batch in work
                pass
        self._shut()

    def _shut(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def rows(self, name: str, limit: int, below: int = 1 << 62) -> list[int] | None:
        """Return the latest rows, descending, that may have the text, and are below a row.

        None where the index cannot tell: the text is too short, the index is not made yet, or cannot be.
        """
        key = name_key(name)
        if len(key) < GRAM or not self.is_possible or self._left() > MAX_AT_ONCE or self.catch_up(MAX_AT_ONCE) > 0:
            return None
        grams = {key[i : i + GRAM] for i in range(len(key) - GRAM + 1)}
        wanted = " AND ".join('"' + gram.replace('"', '""') + '"' for gram in sorted(grams) if "\0" not in gram)
        query = "SELECT rowid FROM names WHERE names MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
        try:
            with self._lock:
                return [row[0] for row in self._opened().execute(query, (wanted, below, limit))]
        except sqlite3.Error as e:
            self._forget(e)
            return None

    def catch_up(self, most: int | None = None) -> int:
        """Add names that the ledger has got since, so many at most; return how many are left to be added then."""
        if not self.is_possible:
            return 0
        with self._filling:
            try:
                return self._catch_up(most)
            except sqlite3.Error as e:
                self._forget(e)
                return 1

    def catch_up_later(self) -> None:
        """Add what is missing in a thread of its own, where that is more than somebody should wait for."""
        if not (self.is_possible and self._ends is None):
            return
        if self._left() > MAX_AT_ONCE:
            self._ends = threading.Event()
            threading.Thread(target=self._catch_up_all, args=(self._ends,), name="names", daemon=True).start()

    def _catch_up_all(self, ends: threading.Event) -> None:
        """Add all names, a batch at a time with a pause as long as it took, until ``close``."""
        try:
            left = 1
            while left and not ends.is_set():
                began = time.monotonic()
                left = self.catch_up(BATCH)
                ends.wait(time.monotonic() - began)
        except StorageError as e:
            log.debug("names.unmade", error=str(e))
        self._ends = None

    def _left(self) -> int:
        """Return how many names are missing, at most."""
        try:
            with self._lock:
                last = self._opened().execute("SELECT last FROM made").fetchone()[0]
        except sqlite3.Error as e:
            self._forget(e)
            return 0
        return int(self._ledger.query("SELECT coalesce(max(rowid), 0) FROM document")[0][0]) - int(last)

    def _catch_up(self, most: int | None) -> int:
        with self._lock:
            last, last_id, rows = self._opened().execute("SELECT last, last_id, rows FROM made").fetchone()
        top = int(self._ledger.query("SELECT coalesce(max(rowid), 0) FROM document")[0][0])
        known = int(self._ledger.query("SELECT total(documents) FROM tally")[0][0])
        if rows > 2 * known + BATCH:
            raise sqlite3.DatabaseError("most of it is of documents that were forgotten")
        there = self._ledger.query("SELECT id FROM document WHERE rowid = ?", (last,))
        if last and (not there or there[0][0] != last_id):
            last = max(0, last - BATCH)  # claims that came to nothing were forgotten, and others have their rows
        done = 0
        while last < top and (most is None or done < most):
            found = self._ledger.query(
                "SELECT rowid, relative, id FROM document WHERE rowid > ? ORDER BY rowid LIMIT ?", (last, BATCH)
            )
            if not found:
                break
            keys = [(row[0], name_key(row[1].decode("utf-8", "replace"))) for row in found]
            last, last_id, done = found[-1][0], found[-1][2], done + len(found)
            with self._lock:
                db = self._opened()
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    db.executemany("INSERT INTO names (rowid, name) VALUES (?, ?)", keys)
                    db.execute("UPDATE made SET last = ?, last_id = ?, rows = rows + ?", (last, last_id, len(keys)))
        return max(0, top - int(last))

    def _opened(self) -> sqlite3.Connection:
        """Return the open file, made where it is missing or of another ledger; sqlite3.Error."""
        if self._db is not None:
            return self._db
        ledger = str(self._ledger.path.stat().st_ino)
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=OFF")  # what a power cut damages is made again
            made = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'made'").fetchone()
            if made and db.execute("SELECT ledger FROM made").fetchone() != (ledger,):
                raise sqlite3.DatabaseError("it is of another ledger")
            if not made:
                try:
                    db.execute(_TABLE)
                except sqlite3.OperationalError as e:
                    self.is_possible = False
                    log.debug("names.not_possible", error=str(e))
                    raise
                db.execute("CREATE TABLE made (ledger TEXT, last INTEGER, last_id TEXT, rows INTEGER)")
                db.execute("INSERT INTO made VALUES (?, 0, '', 0)", (ledger,))
        except BaseException:
            db.close()
            raise
        self._db = db
        return db

    def _forget(self, error: sqlite3.Error) -> None:
        """Remove the index, to be made again, unless somebody else only has it locked."""
        self._shut()
        if isinstance(error, sqlite3.OperationalError) and self.is_possible:
            return
        log.info("names.made_again", reason=str(error))
        for end in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self._path}{end}").unlink()
