"""A row of the ledger for tests to change as they need it."""

from pathlib import Path

from scanmend.document import Fingerprint
from scanmend.ledger.entry import Entry

BLANK = Entry(
    id="1",
    folder="letters",
    inbox=Path("/in"),
    relative=Path("a.pdf"),
    stem=Path("a"),
    outbox=Path("/out"),
    fingerprint=Fingerprint(7, 100, 5_000_000_000),
    state="claiming",
    attempts=0,
    due=0.0,
    original="archive",
    put_away=None,
    sha256=None,
    pages=None,
    error=None,
    claimed=1.0,
    changed=1.0,
)
