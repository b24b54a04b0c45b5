"""The queue of the review in sections: what is to be decided, what was, and what cannot be any more. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from scanmend.ledger.reviews import State
from scanmend.review.documents import QueueItem

SHOWN = 50
"""Documents of one page of a section."""
TITLES: Mapping[State, str] = {"open": "", "outdated": "Changed or gone since", "decided": "Decided"}
"""Sections in the order of the page, and what is written above each."""


@dataclass(frozen=True, slots=True)
class Section:
    """Documents of one state, from the most doubtful on."""

    state: State
    items: tuple[QueueItem, ...]
    total: int
    """How many documents have this state, on all pages."""
    more: str
    """Address of the page behind this one; empty at the end."""
    first: str
    """Address of the first page; empty on it."""

    @property
    def title(self) -> str:
        """What is written above it; empty above what is to be decided."""
        return TITLES[self.state]


def wanted(state: str, after: str) -> tuple[State, ...]:
    """Return the states that an address asks for: one of them behind a document, or all from their beginnings."""
    named: tuple[State, ...] = tuple(one for one in TITLES if one == state)
    return named or (("open",) if after else tuple(TITLES))


def section(state: State, found: Sequence[QueueItem], total: int, after: str) -> Section:
    """Return a section; ``found`` has up to ``SHOWN`` documents behind the cursor ``after``, and one more if any."""
    shown = tuple(found[:SHOWN])
    more = _address(state, shown[-1].cursor) if len(found) > len(shown) else ""
    return Section(state, shown, total, more, _address(state) if after else "")


def _address(state: State, after: str = "") -> str:
    given = {key: value for key, value in (("state", state if state != "open" else ""), ("after", after)) if value}
    return f"/review?{urlencode(given)}" if given else "/review"
