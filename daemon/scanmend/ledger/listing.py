"""The documents that a person looks for: filtered, newest first, page by page, and counted; quick with 50,000 of them.

All of it is answered from one index that has every column which is filtered by, so that no document's row is read but
those that are returned.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from scanmend.ledger.entry import Entry, from_row
from scanmend.ledger.sqlite import Database

_INDEX = "document INDEXED BY document_listing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents are looked for; what is None or empty does not narrow the choice."""

    folder: str | None = None
    states: Sequence[str] = ()
    name: str | None = None
    """Part of the path below the inbox, in upper or lower case."""
    since: float | None = None
    """Changed at this moment or later; wall clock in seconds."""
    until: float | None = None
    """Changed before this moment."""


def newest(db: Database, wanted: Wanted, limit: int, before: tuple[float, str] | None = None) -> list[Entry]:
    """Return the documents changed last, latest first; StorageError.

    ``before``: ``changed`` and id of the last document of the answer that this one continues.
    """
    where, values = _conditions(wanted)
    if before is not None:
        where, values = f"{where} AND (changed, id) < (?, ?)", [*values, *before]
    ids = f"SELECT id FROM {_INDEX} WHERE {where} ORDER BY changed DESC, id DESC LIMIT {int(limit)}"  # noqa: S608 -- clauses are ours
    query = f"SELECT * FROM document WHERE id IN ({ids}) ORDER BY changed DESC, id DESC"  # noqa: S608 -- the same
    return [from_row(row) for row in db.query(query, values)]


def count(db: Database, wanted: Wanted) -> int:
    """Return how many documents there are; StorageError."""
    where, values = _conditions(wanted)
    return int(db.query(f"SELECT count(*) FROM {_INDEX} WHERE {where}", values)[0][0])  # noqa: S608 -- clauses are ours


def counts_by_folder(db: Database) -> dict[tuple[str, str], int]:
    """Return how many documents there are by folder and state; StorageError."""
    query = f"SELECT folder, state, count(*) FROM {_INDEX} WHERE changed > -1 GROUP BY folder, state"  # noqa: S608 -- ours
    return {(row[0], row[1]): int(row[2]) for row in db.query(query)}


def pages_finished(db: Database, since: float, interval_s: float) -> dict[int, int]:
    """Return the pages of documents finished since then, by the number of the interval since 1970; StorageError."""
    query = (
        "SELECT CAST(changed / ? AS INTEGER), sum(pages) FROM document "
        "WHERE id IN (SELECT id FROM document INDEXED BY document_listing WHERE changed >= ? AND +state = 'done') "
        "GROUP BY 1"
    )
    return {int(row[0]): int(row[1] or 0) for row in db.query(query, (interval_s, since))}


def _conditions(wanted: Wanted) -> tuple[str, list[object]]:
    where, values = ["changed > -1"], list[object]()
    for clause, value in (("folder = ?", wanted.folder), ("changed >= ?", wanted.since), ("changed < ?", wanted.until)):
        if value is not None:
            where.append(clause)
            values.append(value)
    if wanted.states:
        where.append(f"state IN ({', '.join('?' * len(wanted.states))})")
        values += wanted.states
    if wanted.name:
        patterns = _patterns(wanted.name)
        where.append("(" + " OR ".join(["CAST(relative AS TEXT) LIKE ? ESCAPE '\\'"] * len(patterns)) + ")")
        values += patterns
    return " AND ".join(where), values


def _patterns(part: str) -> list[str]:
    """Return patterns of LIKE, which takes A for a, but not Ä for ä, nor an Ä in one character for one in two."""
    ways = {unicodedata.normalize(form, way) for way in (part.lower(), part.upper()) for form in ("NFC", "NFD")}
    different = {
        way.encode("utf-8", "replace").lower(): way for way in sorted(ways)
    }  # of bytes: lower() of ASCII alone
    escaped = (way.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for way in different.values())
    return [f"%{way}%" for way in escaped]
