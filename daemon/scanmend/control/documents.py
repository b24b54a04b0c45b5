"""Documents of the ledger as the values that ``Controls`` answers with, and the cursor that a list goes on from."""

import base64
import binascii
import json
from datetime import datetime
from typing import cast

from scanmend.control.values import DocumentRow, State, Warned
from scanmend.document import printable
from scanmend.ledger.entry import Entry


def iso(moment: float) -> str:
    """Return a moment of the wall clock, in seconds, as ISO 8601 with zone."""
    return datetime.fromtimestamp(moment).astimezone().isoformat(timespec="seconds")


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
        iso(entry.claimed),
        iso(entry.changed),
        iso(entry.due) if entry.due and entry.state == "waiting" else None,
    )


def warned(entry: Entry) -> tuple[Warned, ...]:
    """Return what was not read, kept or made of a document."""
    return tuple(Warned(one.code, printable(one.text), one.page) for one in entry.warnings)


def cursor_of(entry: Entry) -> str:
    """Return a cursor behind this document: opaque, and fit for a URL."""
    return base64.urlsafe_b64encode(json.dumps([entry.changed, entry.id]).encode()).decode().rstrip("=")


def position_of(cursor: str) -> tuple[float, str]:
    """Return what ``cursor_of`` was given, ``changed`` and id; ValueError for any other text."""
    try:
        changed, id_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError, RecursionError) as e:
        raise ValueError("after is not from an answer; leave it out for the newest documents") from e
    if not isinstance(changed, float) or not isinstance(id_, str) or changed != changed:  # noqa: PLR0124 -- NaN
        raise ValueError("after is not from an answer; leave it out for the newest documents")
    return changed, id_
