"""Documents of the ledger as the values that ``Controls`` answers with, and the cursor that a list goes on from."""

import re
from typing import cast

from scanmend.control.values import DocumentList, DocumentQuery, DocumentRow, State, Warned
from scanmend.document import local_iso, printable
from scanmend.ledger import listing
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.names import NameIndex

CURSOR = r"^[0-9]{1,12}(\.[0-9]{1,20})?~[A-Za-z0-9.-]{1,100}$"
"""What ``DocumentList.next`` looks like: when a document changed, and its id."""


def document_row(entry: Entry) -> DocumentRow:
    """Return a document as a list shows it."""
    return DocumentRow(
        entry.id,
        entry.folder,
        printable(entry.relative),
        cast("State", entry.state),
        entry.pages,
        entry.attempts,
        printable(entry.error) if entry.error else None,
        entry.numbers,
        len(entry.warnings),
        local_iso(entry.claimed),
        local_iso(entry.changed),
        local_iso(entry.due) if entry.due and entry.state == "waiting" else None,
    )


def find(ledger: Ledger, names: NameIndex | None, query: DocumentQuery) -> DocumentList:
    """Return the documents that a query matches; ValueError for an ``after`` that no answer gave, StorageError."""
    wanted = listing.Wanted(query.folder, query.states, query.name, query.since, query.until)
    before = position_of(query.after) if query.after else None
    found = listing.find(ledger.db, wanted, query.limit + 1, before, names)
    shown = found.entries[: query.limit]
    more = cursor_of(shown[-1]) if len(found.entries) > len(shown) else None
    return DocumentList(tuple(map(document_row, shown)), found.total, found.is_exact, more)


def warned(entry: Entry) -> tuple[Warned, ...]:
    """Return what was not read, kept or made of a document."""
    return tuple(Warned(one.code, printable(one.text), one.page) for one in entry.warnings)


def cursor_of(entry: Entry) -> str:
    """Return a cursor behind this document, fit for a URL."""
    return f"{entry.changed!r}~{entry.id}"


def position_of(cursor: str) -> tuple[float, str]:
    """Return what ``cursor_of`` made the cursor of, ``changed`` and id; ValueError for any other text."""
    if not re.fullmatch(CURSOR, cursor):
        raise ValueError("after is not from an answer; leave it out for the newest documents")
    changed, _, id_ = cursor.partition("~")
    return float(changed), id_
