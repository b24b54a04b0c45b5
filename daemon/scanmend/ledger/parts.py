"""Names and pages of the documents that sources make, chosen once: a table of the ledger, and a counter by folder."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanmend.ledger.sqlite import Database

PART_SCHEMA = """CREATE TABLE part (
  document TEXT NOT NULL REFERENCES document(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,     -- from 1
  plan TEXT NOT NULL,          -- which pages of the source it has, as jobs write it
  outbox BLOB NOT NULL,
  stem BLOB NOT NULL,          -- name of its outputs below the outbox, without a suffix
  PRIMARY KEY (document, number)
) STRICT;
CREATE INDEX part_name ON part(outbox, stem);
CREATE TABLE counter (
  folder TEXT PRIMARY KEY,
  last INTEGER NOT NULL        -- number that was given to a document last
) STRICT"""
"""The statements that make the tables."""
PART_COLUMNS = {"part": {"document", "number", "plan", "outbox", "stem"}, "counter": {"folder", "last"}}


@dataclass(frozen=True, slots=True)
class PartRow:
    """One document that a source makes."""

    number: int
    """1-based."""
    plan: str
    """Which pages it has, in the words of whoever wrote it."""
    outbox: Path
    stem: Path


class PartTable:
    """The documents of all sources; as safe to share as the database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, id_: str) -> list[PartRow]:
        """Return what was chosen for a source, in order; empty where nothing was yet."""
        query = "SELECT number, plan, outbox, stem FROM part WHERE document = ? ORDER BY number"
        return [_row(row) for row in self._db.query(query, (id_,))]

    def choose(self, id_: str, rows: Iterable[PartRow]) -> None:
        """Remember the documents of a source, all of them or none, in place of what was known before."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM part WHERE document = ?", (id_,))
            for row in rows:
                values = (id_, row.number, row.plan, os.fsencode(row.outbox), os.fsencode(row.stem))
                db.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?)", values)

    def rename(self, id_: str, number: int, outbox: Path, stem: Path) -> None:
        """Give a document of a source another name."""
        values = (os.fsencode(outbox), os.fsencode(stem), id_, number)
        self._db.run("UPDATE part SET outbox = ?, stem = ? WHERE document = ? AND number = ?", values)

    def holds_name(self, outbox: Path, stem: Path, active: Sequence[str]) -> bool:
        """Whether a source in one of these states has, or will have, a document under this name."""
        query = (
            "SELECT state FROM part JOIN document ON document.id = part.document "
            "WHERE part.outbox = ? AND part.stem = ?"
        )
        rows = self._db.query(query, (os.fsencode(outbox), os.fsencode(stem)))
        return any(row["state"] in active for row in rows)

    def count(self, folder: str, documents: int) -> range:
        """Return the numbers of so many new documents of a folder; none is ever given twice."""
        with self._db.transaction() as db:
            row = db.execute("SELECT last FROM counter WHERE folder = ?", (folder,)).fetchone()
            last = row[0] if row else 0
            query = "INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET last = excluded.last"
            db.execute(query, (folder, last + documents))
        return range(last + 1, last + documents + 1)


def _row(row: sqlite3.Row) -> PartRow:
    outbox, stem = (Path(os.fsdecode(row[key])) for key in ("outbox", "stem"))
    return PartRow(row["number"], row["plan"], outbox, stem)
