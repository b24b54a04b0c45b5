"""What review answers with: the queue, and a document with its doubtful places and pages. Frozen values."""

from dataclasses import dataclass

from scanmend.document import printable
from scanmend.ledger.reviews import ReviewRow, State
from scanmend.review.doubt.decisions import Decided, DecisionRefused
from scanmend.review.doubt.places import Place


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One document in the queue."""

    id: str
    folder: str
    name: str
    """Of the scan, below its inbox, fit for any output."""
    doubt: float
    """How many wrong places are to be expected among those left to decide."""
    places: int
    decided: int
    state: State
    added: float
    """When it was published, wall clock in seconds."""

    @classmethod
    def of(cls, row: ReviewRow) -> "QueueItem":
        """Return a row of the ledger as people see it."""
        name = printable(row.relative)
        return cls(row.id, row.folder, name, row.doubt, row.places, row.decided, row.state, row.added)

    @property
    def cursor(self) -> str:
        """What ``Reviews.queue`` takes as ``after`` for the documents behind this one."""
        return f"{self.doubt!r} {self.id}"


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """One page of the queue."""

    items: tuple[QueueItem, ...]
    """The most doubtful first."""
    counts: dict[str, int]
    """Number of documents by state, on all pages."""
    next: str | None
    """Where the queue goes on: ``after`` of the next page; None at its end."""


def position_of(cursor: str) -> tuple[float, str] | None:
    """Return doubt and id of the document that a ``QueueItem.cursor`` names; None for an empty one. DecisionRefused."""
    if not cursor:
        return None
    doubt, _, id_ = cursor.partition(" ")
    try:
        return float(doubt), id_
    except ValueError as e:
        raise DecisionRefused("this is no place in the queue") from e


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    """A doubtful place, and what was decided of it."""

    place: Place
    decided: Decided | None = None
    """None while it is open."""

    @property
    def text(self) -> str:
        """What is to be published there by now."""
        return self.place.text if self.decided is None else self.decided.after


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One page of a document in review."""

    number: int
    """1-based."""
    width: int
    """Pixels in which boxes count, upright; 0 where there is no image."""
    height: int
    text: str
    """The corrected text with all decisions."""


@dataclass(frozen=True, slots=True)
class ReviewDocument:
    """A document in review."""

    item: QueueItem
    pages: tuple[ReviewPage, ...]
    places: tuple[ReviewPlace, ...]
    """Most doubtful first."""
    steps: int
    """Steps that were taken."""
    written: int
    """Of these, those that the outputs have."""
    left: dict[str, str]
    """Outputs, by suffix, that were not written again when the others were, and why."""
    trouble: str
    """Why the outputs cannot be written just now; empty where they can."""
    can_undo: bool

    @property
    def is_written(self) -> bool:
        """Whether the outputs have every step."""
        return self.written == self.steps
