"""The queue of documents in review, a table of the ledger: which are open, most doubtful first."""

import os
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from scanmend.ledger.sqlite import Database

KEPT_EXPIRED = 10_000
"""How many documents whose review is over are remembered: some 2 MiB."""

State = Literal["open", "decided", "outdated", "expired"]
"""Places are left to decide; none is; the outputs or the scan are gone or changed; its bundle was removed."""

REVIEW_SCHEMA = """CREATE TABLE review (
  id TEXT PRIMARY KEY,
  folder TEXT NOT NULL,
  relative BLOB NOT NULL,      -- name of the scan below its inbox
  doubt REAL NOT NULL,         -- how many wrong places are to be expected
  places INTEGER NOT NULL,
  decided INTEGER NOT NULL,
  state TEXT NOT NULL,
  pending INTEGER NOT NULL,    -- 1 where the journal has steps that the outputs do not have yet
  added REAL NOT NULL,
  expires REAL NOT NULL        -- wall clock, seconds
) STRICT;
CREATE INDEX review_queue ON review(state, doubt, id);
CREATE INDEX review_pending ON review(id) WHERE pending = 1;
CREATE INDEX review_expires ON review(expires) WHERE state != 'expired'"""
"""The statements that make the table."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One document in review."""

    id: str
    folder: str
    relative: Path
    doubt: float
    places: int
    decided: int
    state: State
    pending: bool
    added: float
    """Wall clock in seconds, as ``expires``."""
    expires: float


REVIEW_COLUMNS = {"review": {f.name for f in fields(ReviewRow)}}


class ReviewTable:
    """The documents in review; as safe to share as the database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, row: ReviewRow) -> None:
        """Add a document, or change what is known of it; StorageError."""
        values = {f.name: getattr(row, f.name) for f in fields(row)}
        values |= {"relative": os.fsencode(row.relative), "pending": int(row.pending)}
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self._db.run(f"INSERT OR REPLACE INTO review ({names}) VALUES ({marks})", values)  # noqa: S608 -- names are ours

    def get(self, id_: str) -> ReviewRow | None:
        """Return one document; None where it is not in review."""
        return next(iter(self._rows("WHERE id = ?", (id_,))), None)

    def queue(self, state: State, after: tuple[float, str] | None, limit: int) -> list[ReviewRow]:
        """Return documents of a state, most doubtful first; ``after``: doubt and id of the last one already seen."""
        here, values = ("AND (doubt, id) < (?, ?) ", after) if after else ("", ())
        return self._rows(f"WHERE state = ? {here}ORDER BY doubt DESC, id DESC LIMIT ?", (state, *values, limit))

    def counts(self) -> dict[str, int]:
        """Return how many documents are in each state."""
        return {row[0]: row[1] for row in self._db.query("SELECT state, count(*) FROM review GROUP BY state")}

    def pending(self) -> list[ReviewRow]:
        """Return the documents with steps that their outputs do not have yet."""
        return self._rows("WHERE pending = 1 ORDER BY id", ())

    def mark_pending(self, id_: str) -> None:
        """Note that the journal of a document has a step that its outputs do not have."""
        self._db.run("UPDATE review SET pending = 1 WHERE id = ?", (id_,))

    def try_outdated_again(self) -> None:
        """Note that outputs which could not be written are to be tried again."""
        self._db.run("UPDATE review SET pending = 1 WHERE state = 'outdated'", ())

    def over(self, now: float, most: int) -> list[ReviewRow]:
        """Return the documents whose bundle is to be removed: their time is over, or there are more than ``most``."""
        late = self._rows("WHERE state != 'expired' AND expires < ? AND pending = 0", (now,))
        known = self._db.query("SELECT count(*) FROM review WHERE state != 'expired'")[0][0]
        oldest = "WHERE state != 'expired' AND pending = 0 ORDER BY state = 'open', added LIMIT ?"
        surplus = self._rows(oldest, (known - most,)) if known > most else []
        return list({row.id: row for row in (*late, *surplus)}.values())

    def expire(self, id_: str) -> None:
        """Note that the bundle of a document is gone, and forget the oldest of those."""
        with self._db.transaction() as db:
            db.execute("UPDATE review SET state = 'expired', pending = 0, expires = ? WHERE id = ?", (time.time(), id_))
            db.execute(
                "DELETE FROM review WHERE id IN (SELECT id FROM review WHERE state = 'expired' "
                "ORDER BY expires DESC LIMIT -1 OFFSET ?)",
                (KEPT_EXPIRED,),
            )

    def _rows(self, clauses: str, values: Sequence[object]) -> list[ReviewRow]:
        query = f"SELECT * FROM review {clauses}"  # noqa: S608 -- clauses are ours, values are bound
        return [_row(row) for row in self._db.query(query, tuple(values))]


def _row(row: sqlite3.Row) -> ReviewRow:
    values = {key: row[key] for key in row.keys()}  # noqa: SIM118 -- not a dict
    return ReviewRow(**values | {"relative": Path(os.fsdecode(row["relative"])), "pending": bool(row["pending"])})
