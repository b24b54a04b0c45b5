"""The ledger: the state of every document, in SQLite (WAL), so that a crash anywhere costs no work.

States, and how a document gets from one to the next::

    claiming ──► waiting ──► working ──► published ──► done
                    ▲           │            (outputs are out; the source still has to be put away)
                    └── backoff ┴──► failing ──► quarantined ──► returning ──► waiting (scanmend retry)
"""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scanmend.document import CorrectedPage, Fingerprint, NumberCounts, Page
from scanmend.ledger.confirmed import CONFIRMED_COLUMNS, CONFIRMED_SCHEMA, ConfirmedWords
from scanmend.ledger.entry import COLUMNS, Entry, from_row, to_row, to_sql
from scanmend.ledger.listing import LISTING_COLUMNS, LISTING_SCHEMA, Wanted, newest
from scanmend.ledger.names import has_name
from scanmend.ledger.parts import PART_COLUMNS, PART_SCHEMA, PartTable
from scanmend.ledger.reviews import REVIEW_COLUMNS, REVIEW_SCHEMA, ReviewTable
from scanmend.ledger.sqlite import Database, Schema

KEPT_FINISHED = 50_000
"""How many finished documents are kept where the configuration does not say: some 30 MiB."""
MAX_PRUNED = 10_000
"""Most documents that are forgotten at a time: within a second, while nothing else is written."""
MAX_DELAY_S = 7200.0
"""Longer than any document is put off; a later due time shows that the clock was put back since."""
ACTIVE = ("claiming", "waiting", "working", "published", "failing", "returning")
"""States of documents that still have something before them."""

_OPEN = "state != 'done'"
"""Written out wherever only such states are asked for, so that indexes of open documents are used."""
_UNATTENDED = "state IN ('waiting', 'published', 'failing')"
"""Documents that nobody works on just now, and that have to go on."""

VERSION = 7
_INDEXES = """CREATE INDEX document_open ON document(state) WHERE state != 'done';
CREATE INDEX document_source ON document(inbox, relative) WHERE original = 'keep';
CREATE INDEX document_file ON document(inbox, inode) WHERE original = 'keep';
CREATE INDEX document_kept ON document(inbox, claimed) WHERE original = 'keep' AND state = 'done';
CREATE INDEX document_old ON document(claimed) WHERE original != 'keep' AND state = 'done';
CREATE INDEX document_content ON document(sha256, claimed);
CREATE INDEX document_name ON document(outbox, stem) WHERE state != 'done';
CREATE INDEX document_warned ON document(changed) WHERE warnings IS NOT NULL AND state = 'done'"""
"""Most are of few documents only: a query has to say which, in the words of the index, to be answered from it."""
_OLD_INDEXES = ("state", "source", "file", "content", "name", "listing")
_FILLED = """INSERT INTO tally SELECT folder, state, count(*), count(error) FROM document GROUP BY folder, state"""
_UPGRADES = {
    1: "ALTER TABLE document ADD COLUMN warnings TEXT",
    2: "ALTER TABLE document ADD COLUMN numbers TEXT",
    3: "CREATE INDEX document_listing ON document(changed, id, folder, state, relative)",
    4: f"{REVIEW_SCHEMA};\n{CONFIRMED_SCHEMA}",
    5: PART_SCHEMA,
    6: "".join(f"DROP INDEX IF EXISTS document_{name};\n" for name in _OLD_INDEXES)
    + f"{_INDEXES};\n{LISTING_SCHEMA};\n{_FILLED}",
}
"""What makes of a ledger of that version one of the next."""
_SCHEMA = f"""
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
  claimed REAL NOT NULL, changed REAL NOT NULL,
  warnings TEXT,               -- DocumentWarnings as JSON
  numbers TEXT                 -- NumberCounts as JSON
) STRICT;
{_INDEXES};
{LISTING_SCHEMA};
CREATE TABLE page (
  document TEXT NOT NULL REFERENCES document(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  read TEXT,                   -- Page as JSON, until it is corrected
  corrected TEXT,              -- CorrectedPage as JSON
  PRIMARY KEY (document, number)
) STRICT;
{REVIEW_SCHEMA};
{CONFIRMED_SCHEMA};
{PART_SCHEMA}
"""

_PAGE = {"document", "number", "read", "corrected"}
_TABLES = {"document": COLUMNS, "page": _PAGE, **REVIEW_COLUMNS, **CONFIRMED_COLUMNS, **PART_COLUMNS, **LISTING_COLUMNS}
_page = TypeAdapter(Page)
_corrected = TypeAdapter(CorrectedPage)


@dataclass(frozen=True, slots=True)
class FolderCount:
    """How many documents of one folder are in one state."""

    folder: str
    state: str
    documents: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """What came to its end in one folder within some time."""

    folder: str
    done: int
    pages: int
    uncorrected: int
    disputed: int
    """Numbers of the finished documents that both readers read differently."""
    quarantined: int


class Ledger:
    """The documents of one state folder; safe to share between threads, and with other processes."""

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        remembered: int = KEPT_FINISHED,
        database: type[Database] = Database,
    ) -> None:
        """Open or create; LedgerDamaged where that shows at once, StorageError when it is from a newer scanmend."""
        self._finished = 0
        self.remembered = remembered
        """How many finished documents to keep."""
        self.db = database(
            path,
            Schema(VERSION, _SCHEMA, _TABLES, _UPGRADES, {"has_name": has_name}),
            read_only=read_only,
        )
        self.reviews = ReviewTable(self.db)
        self.confirmed = ConfirmedWords(self.db)
        self.parts = PartTable(self.db)
        self.path = path

    def check(self) -> None:
        """Read the whole file; LedgerDamaged when it is not as SQLite writes it: see ``Database``."""
        self.db.check()

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def add(self, entry: Entry) -> None:
        """Record a document about to be claimed."""
        row = {**to_row(entry), "changed": time.time()}
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        self.db.run(f"INSERT INTO document ({names}) VALUES ({marks})", row)  # noqa: S608 -- names are ours

    def move(self, id_: str, state: str, **changes: Any) -> None:
        """Set the state of a document, and other columns with it, in one transaction."""
        row = {key: to_sql(value) for key, value in changes.items()}
        settings = "".join(f", {key} = :{key}" for key in row)
        query = f"UPDATE document SET state = :state, changed = :now{settings} WHERE id = :id"  # noqa: S608 -- names are ours
        self.db.run(query, {**row, "state": state, "now": time.time(), "id": id_})

    def finish(self, id_: str, uncorrected: str = "") -> None:
        """Mark done, and forget its pages, which the record has. ``uncorrected``: why some were not corrected."""
        with self.db.transaction() as db:
            db.execute("DELETE FROM page WHERE document = ?", (id_,))
            db.execute(
                "UPDATE document SET state = 'done', error = ?, changed = ? WHERE id = ?",
                (to_sql(uncorrected) or None, time.time(), id_),
            )
        self._finished += 1
        if self._finished % max(1, min(self.remembered // 50, MAX_PRUNED // 10)) == 0:
            self.prune()

    def set_numbers(self, id_: str, numbers: NumberCounts) -> None:
        """Note how sure the numbers of a finished document are by now."""
        self.db.run("UPDATE document SET numbers = ? WHERE id = ?", (to_sql(numbers), id_))

    def prune(self) -> int:
        """Forget finished documents beyond the latest ``remembered``, so that the file does not grow for ever.

        Those whose source stays in the inbox are kept, too. Returns how many were forgotten, ``MAX_PRUNED`` at most.
        """
        among = "FROM document WHERE original != 'keep' AND state = 'done'"
        query = f"DELETE FROM document WHERE rowid IN (SELECT rowid {among} ORDER BY claimed LIMIT ?)"  # noqa: S608 -- ours
        with self.db.transaction() as db:
            surplus = int(db.execute(f"SELECT count(*) {among}").fetchone()[0]) - self.remembered
            return db.execute(query, (min(surplus, MAX_PRUNED),)).rowcount if surplus > 0 else 0

    def drop(self, id_: str) -> None:
        """Forget a document that was to be claimed and could not be."""
        self.db.run("DELETE FROM document WHERE id = ?", (id_,))

    def get(self, id_: str) -> Entry | None:
        """Return one document."""
        return next(self._entries("id = ?", (id_,)), None)

    def put_off(self, limit: int) -> list[Entry]:
        """Return documents that wait for another attempt, oldest first."""
        return list(
            self._entries(f"{_UNATTENDED} AND {_OPEN} AND error IS NOT NULL", (), f"claimed, id LIMIT {int(limit)}")
        )

    def in_state(self, *states: str, limit: int = -1) -> list[Entry]:
        """Return the documents in any of these states, oldest first, so many at most."""
        open_ = "" if "done" in states else f" AND {_OPEN}"
        return list(
            self._entries(
                f"state IN ({', '.join('?' * len(states))}){open_}", states, f"claimed, id LIMIT {int(limit)}"
            )
        )

    def due(
        self, now: float, limit: int, inboxes: Iterable[Path] | None = None, most_pages: int | None = None
    ) -> list[Entry]:
        """Return documents that wait, or still have to be put away, and whose due time has come; longest due first.

        ``inboxes``: only documents of these, since a folder may be gone from the configuration. ``most_pages``: none
        that waits and is known to have more. A due time later than ``MAX_DELAY_S`` from now was set before the clock
        was put back, and counts as come.
        """
        among, values = _among(inboxes)
        if most_pages is not None:
            among += " AND (state != 'waiting' OR pages IS NULL OR pages <= ?)"
            values = (*values, most_pages)
        where = f"{_UNATTENDED} AND {_OPEN}{among} AND (due <= ? OR due > ?)"
        return list(self._entries(where, (*values, now, now + MAX_DELAY_S), f"due, id LIMIT {int(limit)}"))

    def holds_name(self, outbox: Path, stem: Path) -> bool:
        """Whether an active document will write under this name."""
        marks = ", ".join("?" * len(ACTIVE))
        query = f"SELECT 1 FROM document WHERE outbox = ? AND stem = ? AND state IN ({marks}) AND {_OPEN}"  # noqa: S608 -- only marks
        if self.db.query(query, (os.fsencode(outbox), os.fsencode(stem), *ACTIVE)):
            return True
        return self.parts.holds_name(outbox, stem, ACTIVE)

    def kept(self, inbox: Path, relative: Path, fingerprint: Fingerprint | None = None) -> Entry | None:
        """Return the latest document whose source stays in its inbox, under this name.

        With the fingerprint it is also found where the source has another name by now, as a newer file took its own.
        """
        f = fingerprint or Fingerprint(-1, -1, -1)
        kept = "original = 'keep' AND +state IN ('published', 'done')"  # +: not by an index of states, most are done
        where = (
            f"rowid IN (SELECT rowid FROM document WHERE inbox = ? AND relative = ? AND {kept} UNION ALL "  # noqa: S608 -- ours
            f"SELECT rowid FROM document WHERE inbox = ? AND inode = ? AND size = ? AND mtime_ns = ? AND {kept})"
        )
        here = os.fsencode(inbox)
        values = (here, os.fsencode(relative), here, f.inode, f.size, f.mtime_ns)
        order = "(size, mtime_ns) = (?, ?) DESC, claimed DESC LIMIT 1"
        return next(self._entries(where, (*values, f.size, f.mtime_ns), order), None)

    def same_content(self, sha256: str, but: str) -> str | None:
        """Return the id of the first finished document with the same content, other than ``but``."""
        query = "SELECT id FROM document WHERE sha256 = ? AND id != ? AND +state = 'done' ORDER BY claimed LIMIT 1"
        rows = self.db.query(query, (sha256, but))
        return str(rows[0][0]) if rows else None

    def old_kept(self, inbox: Path) -> list[Entry]:
        """Return finished documents beyond the latest ``remembered`` whose source stayed in the inbox."""
        order = f"claimed DESC LIMIT -1 OFFSET {int(self.remembered)}"
        return list(self._entries("inbox = ? AND original = 'keep' AND state = 'done'", (os.fsencode(inbox),), order))

    def counts(self) -> dict[str, int]:
        """Return how many documents are in each state."""
        query = "SELECT state, sum(documents) FROM tally WHERE documents > 0 GROUP BY state"
        return {row[0]: row[1] for row in self.db.query(query)}

    def counts_by_folder(self) -> list[FolderCount]:
        """Return how many documents that are not done each folder has in each state."""
        query = f"SELECT folder, state, documents FROM tally WHERE documents > 0 AND {_OPEN} ORDER BY folder, state"  # noqa: S608 -- ours
        return [FolderCount(*row) for row in self.db.query(query)]

    def left_behind(self, inboxes: Iterable[Path]) -> dict[Path, int]:
        """Return how many documents in work are of each inbox other than these."""
        marks = ", ".join("?" * len(ACTIVE))
        query = f"SELECT inbox, count(*) FROM document WHERE state IN ({marks}) AND {_OPEN} GROUP BY inbox"  # noqa: S608 -- marks
        counts = {Path(os.fsdecode(row[0])): int(row[1]) for row in self.db.query(query, ACTIVE)}
        return {inbox: count for inbox, count in counts.items() if inbox not in set(inboxes)}

    def counts_since(self, when: float) -> list[DayCount]:
        """Return what came to its end in each folder since then, in seconds of the wall clock."""
        done = "sum(state = 'done'), coalesce(sum(pages) FILTER (WHERE state = 'done'), 0)"
        numbers = "coalesce(sum(json_extract(numbers, '$.disputed')) FILTER (WHERE state = 'done'), 0)"
        columns = f"folder, {done}, sum(state = 'done' AND error IS NOT NULL), {numbers}, sum(state = 'quarantined')"
        known = "tally CROSS JOIN document INDEXED BY document_list USING (folder, state)"  # CROSS: in this order
        ended = "state IN ('done', 'quarantined') AND changed >= ?"
        query = f"SELECT {columns} FROM {known} WHERE {ended} GROUP BY folder"  # noqa: S608 -- all of it is ours
        return [DayCount(*row) for row in self.db.query(query, (when,))]

    def last_done(self) -> dict[str, float]:
        """Return when each folder's latest document was done, in seconds of the wall clock, as far as it is known."""
        last = "(SELECT max(changed) FROM document WHERE folder = tally.folder AND state = 'done')"
        query = f"SELECT folder, {last} FROM tally WHERE state = 'done' AND documents > 0"  # noqa: S608 -- ours
        return {row[0]: row[1] for row in self.db.query(query)}

    def uncorrected(self) -> int:
        """Return how many documents are done with pages that no model corrected, since it failed."""
        return int(self.db.query("SELECT total(failed) FROM tally WHERE state = 'done'")[0][0])

    def warned(self, limit: int = 20) -> list[Entry]:
        """Return the documents finished last with warnings, latest first."""
        return list(self._entries("warnings IS NOT NULL AND state = 'done'", (), f"changed DESC LIMIT {int(limit)}"))

    def recent(self, limit: int = 10) -> list[Entry]:
        """Return the documents finished last, latest first."""
        return newest(self.db, Wanted(states=("done",)), limit)

    def save_page(self, id_: str, page: Page) -> None:
        """Keep a page that OCR has read."""
        query = "INSERT INTO page (document, number, read) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self.db.run(query, (id_, page.number, _page.dump_json(page).decode()))

    def save_corrected(self, id_: str, page: CorrectedPage) -> None:
        """Keep a corrected page, in place of what OCR has read."""
        query = (
            "INSERT INTO page (document, number, corrected) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET read = NULL, corrected = excluded.corrected"
        )
        self.db.run(query, (id_, page.page.number, _corrected.dump_json(page).decode()))

    def read_page(self, id_: str, number: int) -> Page | CorrectedPage | None:
        """Return the page as it is corrected, else as OCR has read it, else None."""
        rows = self.db.query("SELECT read, corrected FROM page WHERE document = ? AND number = ?", (id_, number))
        if not rows:
            return None
        row = rows[0]
        try:
            return _corrected.validate_json(row["corrected"]) if row["corrected"] else _page.validate_json(row["read"])
        except ValidationError:  # a flipped byte that SQLite does not see, or a page of another version
            self.db.run("DELETE FROM page WHERE document = ? AND number = ?", (id_, number))
            return None

    def finished_pages(self, id_: str) -> dict[int, str]:
        """Return ``{number: "read" or "corrected"}`` of the pages that need not be done again."""
        query = "SELECT number, corrected IS NOT NULL FROM page WHERE document = ?"
        return {row[0]: "corrected" if row[1] else "read" for row in self.db.query(query, (id_,))}

    def forget_pages(self, id_: str) -> None:
        """Forget all pages of a document, and what documents they make, so that they are done again."""
        with self.db.transaction() as db:
            db.execute("DELETE FROM page WHERE document = ?", (id_,))
            db.execute("DELETE FROM part WHERE document = ?", (id_,))

    def _entries(self, where: str, values: Iterable[Any] = (), order: str = "claimed, id") -> Iterator[Entry]:
        query = f"SELECT * FROM document WHERE {where} ORDER BY {order}"  # noqa: S608 -- clauses are ours, values are bound
        yield from (from_row(row) for row in self.db.query(query, tuple(values)))


def _among(inboxes: Iterable[Path] | None) -> tuple[str, tuple[object, ...]]:
    if inboxes is None:
        return "", ()
    values = tuple(os.fsencode(path) for path in inboxes)
    return f" AND inbox IN ({', '.join('?' * len(values))})", values
