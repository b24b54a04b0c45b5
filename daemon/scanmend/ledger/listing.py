"""The documents that a person looks for: filtered, newest first, page by page, and counted; quick with a million.

How many documents there are of each folder and state is kept by triggers (``tally``), so no list counts them. Each of
these groups has its own run of ``document_list`` from the newest on; a list takes the head of each run that it wants,
and merges them. Names are looked for in the groups where few documents are, else through ``names``.
"""

import heapq
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scanmend.ledger.entry import Entry, from_row
from scanmend.ledger.names import NameIndex, name_key
from scanmend.ledger.sqlite import Database

MAX_COUNTED = 2000
"""Documents with a name that are counted, and put in order of their change; of more it is said that there are more."""
FEW = 20_000
"""So many documents are looked at one by one when a name is looked for: some 40 ms."""
LATEST = 100_000
"""Documents claimed last that are looked at where the index of names cannot help: some 200 ms."""
_HASH = re.compile(r"[0-9a-f]{8,64}")
_PLACE = "changed, id, folder, state"
_RUN = "document INDEXED BY document_list WHERE folder = ? AND state = ?"

LISTING_SCHEMA = """CREATE TABLE tally (
  folder TEXT NOT NULL,
  state TEXT NOT NULL,
  documents INTEGER NOT NULL,
  failed INTEGER NOT NULL,     -- of these with an error
  PRIMARY KEY (folder, state)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER document_added AFTER INSERT ON document BEGIN \
INSERT INTO tally VALUES (new.folder, new.state, 1, new.error IS NOT NULL) \
ON CONFLICT DO UPDATE SET documents = documents + 1, failed = failed + excluded.failed; END;
CREATE TRIGGER document_removed AFTER DELETE ON document BEGIN \
UPDATE tally SET documents = documents - 1, failed = failed - (old.error IS NOT NULL) \
WHERE folder = old.folder AND state = old.state; END;
CREATE TRIGGER document_changed AFTER UPDATE OF folder, state, error ON document BEGIN \
UPDATE tally SET documents = documents - 1, failed = failed - (old.error IS NOT NULL) \
WHERE folder = old.folder AND state = old.state; \
INSERT INTO tally VALUES (new.folder, new.state, 1, new.error IS NOT NULL) \
ON CONFLICT DO UPDATE SET documents = documents + 1, failed = failed + excluded.failed; END;
CREATE INDEX document_list ON document(folder, state, changed, id)"""
"""The counts, what keeps them, and the index of lists; each trigger is one line, as ``sqlite.Schema`` wants it."""
LISTING_COLUMNS = {"tally": {"folder", "state", "documents", "failed"}}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents are looked for; what is None or empty does not narrow the choice."""

    folder: str | None = None
    states: Sequence[str] = ()
    name: str | None = None
    """Part of the path below the inbox, in upper or lower case; or 8 digits or more that the SHA-256 begins with."""
    since: float | None = None
    """Changed at this moment or later; wall clock in seconds."""
    until: float | None = None
    """Changed before this moment."""


@dataclass(frozen=True, slots=True)
class Found:
    """Documents that were looked for."""

    entries: list[Entry]
    """Those of one page, and one more where there are further pages."""
    total: int
    """How many there are."""
    is_exact: bool = True
    """Whether ``total`` counts all; else there are at least so many."""


Position = tuple[float, str]
"""``changed`` and id of the last document of the answer that another continues."""


def find(
    db: Database, wanted: Wanted, limit: int, before: Position | None = None, names: NameIndex | None = None
) -> Found:
    """Return documents, those changed last first; StorageError.

    Where more than ``MAX_COUNTED`` have the name, those claimed last come first instead. ``names``: the index of names;
    without it all names are looked at, which takes some seconds for a million.
    """
    groups = _groups(db, wanted)
    if wanted.name is None:
        return Found(newest(db, wanted, limit, before), count(db, wanted))
    by_hash = _with_hash(db, wanted, wanted.name)
    if names is None or sum(groups.values()) <= FEW:
        return _page(_in_groups(db, wanted, groups) | by_hash, db, limit, before)
    rows = names.rows(wanted.name, MAX_COUNTED + 1)
    if rows is None:
        return _latest(db, wanted, limit, before)
    if len(rows) > MAX_COUNTED:
        return Found(_claimed_last(db, wanted, before, names, limit), MAX_COUNTED, is_exact=False)
    return _page(_matching(db, wanted, rows) | by_hash, db, limit, before)


def newest(db: Database, wanted: Wanted, limit: int, before: Position | None = None) -> list[Entry]:
    """Return the documents changed last, latest first, whatever name is wanted; StorageError."""
    where, values = _period(wanted)
    if before is not None:
        where, values = f"{where} AND (changed, id) < (?, ?)", [*values, *before]
    query = f"SELECT changed, id FROM {_RUN}{where} ORDER BY changed DESC, id DESC LIMIT ?"  # noqa: S608 -- ours
    heads = [(row[0], row[1]) for key in _groups(db, wanted) for row in db.query(query, (*key, *values, limit))]
    return _entries(db, heapq.nlargest(limit, heads))


def count(db: Database, wanted: Wanted) -> int:
    """Return how many documents there are, whatever name is wanted; StorageError."""
    groups = _groups(db, wanted)
    where, values = _period(wanted)
    if not where:
        return sum(groups.values())
    query = f"SELECT count(*) FROM {_RUN}{where}"  # noqa: S608 -- clauses are ours
    return sum(db.query(query, (*key, *values))[0][0] for key in groups)


def counts_by_folder(db: Database) -> dict[tuple[str, str], int]:
    """Return how many documents there are by folder and state; StorageError."""
    return _groups(db, Wanted())


def pages_finished(db: Database, since: float, interval_s: float) -> dict[int, int]:
    """Return the pages of documents finished since then, by the number of the interval since 1970; StorageError."""
    query = f"SELECT CAST(changed / ? AS INTEGER), sum(pages) FROM {_RUN} AND changed >= ? GROUP BY 1"  # noqa: S608 -- ours
    sums: dict[int, int] = {}
    for key in _groups(db, Wanted(states=("done",))):
        for interval, pages in db.query(query, (interval_s, *key, since)):
            sums[int(interval)] = sums.get(int(interval), 0) + int(pages or 0)
    return sums


def _groups(db: Database, wanted: Wanted) -> dict[tuple[str, str], int]:
    """Return how many documents each folder has in each state, as far as these are wanted."""
    rows = db.query("SELECT folder, state, documents FROM tally WHERE documents > 0")
    return {
        (row[0], row[1]): int(row[2])
        for row in rows
        if wanted.folder in (None, row[0]) and (not wanted.states or row[1] in wanted.states)
    }


def _period(wanted: Wanted) -> tuple[str, list[object]]:
    """Return conditions on the moment of change, and their values."""
    bounds = (("changed >= ?", wanted.since), ("changed < ?", wanted.until))
    given = [(clause, value) for clause, value in bounds if value is not None]
    return "".join(f" AND {clause}" for clause, _ in given), [value for _, value in given]


def _in_groups(db: Database, wanted: Wanted, groups: dict[tuple[str, str], int]) -> set[Position]:
    """Return the documents with a name, each looked at."""
    where, values = _period(wanted)
    query = f"SELECT changed, id FROM {_RUN}{where} AND has_name(relative, ?)"  # noqa: S608 -- clauses are ours
    key = name_key(wanted.name or "")
    return {(row[0], row[1]) for group in groups for row in db.query(query, (*group, *values, key))}


def _with_hash(db: Database, wanted: Wanted, text: str) -> set[Position]:
    """Return documents whose content has a hash that begins with the text; none where the text is no such beginning."""
    if not _HASH.fullmatch(text.lower()):
        return set()
    query = f"SELECT {_PLACE} FROM document WHERE sha256 >= ? AND sha256 < ? LIMIT ?"  # noqa: S608 -- ours
    return _fitting(db.query(query, (text.lower(), text.lower() + "g", MAX_COUNTED)), wanted)


def _fitting(rows: Iterable[sqlite3.Row], wanted: Wanted) -> set[Position]:
    """Return those of the documents, as ``_PLACE`` has them, that are wanted, whatever their names."""
    return {
        (row["changed"], row["id"])
        for row in rows
        if wanted.folder in (None, row["folder"])
        and (not wanted.states or row["state"] in wanted.states)
        and (wanted.since is None or row["changed"] >= wanted.since)
        and (wanted.until is None or row["changed"] < wanted.until)
    }


def _matching(db: Database, wanted: Wanted, rows: Sequence[int]) -> set[Position]:
    """Return the documents in these rows that are wanted and really have the name."""
    key, found = name_key(wanted.name or ""), set[Position]()
    for part in _parts(rows):
        marks = ", ".join("?" * len(part))
        query = f"SELECT {_PLACE} FROM document WHERE rowid IN ({marks}) AND has_name(relative, ?)"  # noqa: S608 -- marks
        found |= _fitting(db.query(query, (*part, key)), wanted)
    return found


def _page(found: set[Position], db: Database, limit: int, before: Position | None) -> Found:
    """Return the page of these documents that continues ``before``."""
    heads = [one for one in found if before is None or one < before]
    return Found(_entries(db, heapq.nlargest(limit, heads)), len(found))


def _claimed_last(db: Database, wanted: Wanted, before: Position | None, names: NameIndex, limit: int) -> list[Entry]:
    """Return documents with a name that many have, those claimed last first."""
    after, found = _row_of(db, wanted, before), list[Position]()
    key, step = name_key(wanted.name or ""), 2 * limit
    while len(found) < limit and (rows := names.rows(wanted.name or "", step, below=after)):
        for part in _parts(rows):
            marks = ", ".join("?" * len(part))
            query = f"SELECT rowid, {_PLACE} FROM document WHERE rowid IN ({marks}) AND has_name(relative, ?)"  # noqa: S608 -- marks
            places = sorted(db.query(query, (*part, key)), key=lambda row: -int(row["rowid"]))
            wanted_ones = _fitting(places, wanted)
            found += [one for row in places if (one := (row["changed"], row["id"])) in wanted_ones]
        after, step = rows[-1], min(4 * step, 8000)
    return _entries(db, found[:limit])


def _latest(db: Database, wanted: Wanted, limit: int, before: Position | None) -> Found:
    """Return documents with a name among those claimed last, where the index cannot help or is not made yet."""
    recent = "rowid > (SELECT max(rowid) FROM document) - ? AND has_name(relative, ?)"
    query = f"SELECT {_PLACE} FROM document WHERE {recent} ORDER BY rowid DESC LIMIT ?"  # noqa: S608 -- ours
    found = _fitting(db.query(query, (LATEST, name_key(wanted.name or ""), MAX_COUNTED)), wanted)
    return replace(_page(found, db, limit, before), is_exact=False)


def _row_of(db: Database, wanted: Wanted, before: Position | None) -> int:
    """Return the row below which a list goes on, where it is in order of claims."""
    if before is None:
        return 1 << 62
    found = db.query("SELECT rowid FROM document WHERE id = ?", (before[1],))
    if not found:  # it was forgotten meanwhile
        beside = newest(db, replace(wanted, name=None), 1, before)
        found = db.query("SELECT rowid + 1 FROM document WHERE id = ?", (beside[0].id,)) if beside else []
    return int(found[0][0]) if found else 0


def _entries(db: Database, positions: Sequence[Position]) -> list[Entry]:
    """Return documents in this order."""
    if not positions:
        return []
    marks = ", ".join("?" * len(positions))
    rows = db.query(f"SELECT * FROM document WHERE id IN ({marks})", [id_ for _, id_ in positions])  # noqa: S608 -- marks
    by_id = {row["id"]: row for row in rows}
    return [from_row(by_id[id_]) for _, id_ in positions if id_ in by_id]


def _parts(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    return (rows[start : start + 500] for start in range(0, len(rows), 500))
