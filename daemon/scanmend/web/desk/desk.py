"""The view of the review: one document with one place after the other. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from scanmend.document import Box
from scanmend.review.documents import ReviewDocument, ReviewPage, ReviewPlace
from scanmend.review.doubt.decisions import Decided
from scanmend.web.desk.page_text import Piece, marked_rows
from scanmend.web.desk.places import PlaceCard, card, is_settled, reading_order

NAME_COOKIE = "scanmend_name"
"""Name of the cookie with which a browser says who decides."""
NAME_COOKIE_S = 365 * 86_400
"""How long a browser remembers it, in seconds."""
MARGIN_SHARE = 0.15
"""What a mark shows around its place, as a share of the place's height."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the page image."""

    x: int
    y: int
    width: int
    height: int
    tone: str
    """Class: ``here``, ``decided``, ``choice`` for what a field can be, or empty."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One document on the desk of a person who decides."""

    document: ReviewDocument
    page: ReviewPage
    """The one that the place is on."""
    order: tuple[ReviewPlace, ...]
    """All places as they are read."""
    at: int
    """Index into ``order``; -1 where there is none."""

    @property
    def card(self) -> PlaceCard | None:
        """The place to decide; None where there is none."""
        return card(self.order[self.at]) if self.at >= 0 else None

    @property
    def number(self) -> int:
        """1-based number of the place."""
        return self.at + 1

    @property
    def total(self) -> int:
        """Number of places."""
        return len(self.order)

    @property
    def open(self) -> int:
        """Number of places that are left to decide."""
        return sum(not is_settled(one) for one in self.order)

    @property
    def previous(self) -> str:
        """Id of the place before this one; empty at the first."""
        return self.order[self.at - 1].place.id if self.at > 0 else ""

    @property
    def next(self) -> str:
        """Id of the place behind this one; empty at the last."""
        return self.order[self.at + 1].place.id if 0 <= self.at < len(self.order) - 1 else ""

    @property
    def image(self) -> str:
        """Address of the page image; empty where there is none."""
        return address(self.document.item.id, f"/page/{self.page.number}") if self.page.width else ""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The places on the page image, the one to decide last, so that it lies on top."""
        here = self.order[self.at] if self.at >= 0 else None
        of_page = [one for one in self.order if one.place.page == self.page.number and one.place.takes_text]
        ordered = sorted(of_page, key=lambda one: one is here)
        choices = here.place.alternatives if here and here.place.field else ()
        shown = [_around(one.box, "choice") for one in choices if one.box and one.page == self.page.number]
        return (*shown, *(_mark(one, box, is_here=one is here) for one in ordered if (box := one.place.box)))

    @property
    def rows(self) -> list[tuple[Piece, ...]]:
        """The text of the page with its places marked."""
        return marked_rows(self.page.text, [one for one in self.order if one.place.page == self.page.number])

    @property
    def decisions(self) -> tuple[Decided, ...]:
        """What was decided, the latest first."""
        decided = [one.decided for one in self.order if one.decided]
        return tuple(sorted(decided, key=lambda one: one.at, reverse=True))

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person has to know about the outputs."""
        left = [
            f"{suffix} was left alone, and does not have the decisions: {why}"
            for suffix, why in self.document.left.items()
        ]
        trouble = [f"The outputs cannot be written now: {self.document.trouble}"] if self.document.trouble else []
        return (*left, *trouble)

    @property
    def writing(self) -> str:
        """Whether the outputs have all decisions."""
        if not self.document.steps:
            return "The outputs are as the machine published them."
        if self.document.is_written:
            return "The outputs have all decisions."
        return "The outputs are written when you pause."

    @property
    def says(self) -> str:
        """What a screen reader is told."""
        here = self.card
        if here is None:
            return "No doubtful place"
        return f"{here.kind}, place {self.number} of {self.total}: {here.text or 'nothing stands there'}"


def desk(document: ReviewDocument, wanted: str = "") -> Desk:
    """Put a document on the desk at the place of this id, else at the first that is open, else at the first."""
    order = tuple(reading_order(document.places))
    ids = [one.place.id for one in order]
    unsettled = [n for n, one in enumerate(order) if not is_settled(one)]
    at = ids.index(wanted) if wanted in ids else next(iter(unsettled), 0 if order else -1)
    number = order[at].place.page if at >= 0 else document.pages[0].number
    page = next(page for page in document.pages if page.number == number)
    return Desk(document, page, order, at)


def next_open(document: ReviewDocument, decided: str) -> str:
    """Return the id of the place to decide after this one: the next open one, from the beginning again at the end."""
    order = reading_order(document.places)
    at = next((n for n, one in enumerate(order) if one.place.id == decided), -1)
    left = [one.place.id for one in (*order[at + 1 :], *order[: at + 1]) if not is_settled(one)]
    return left[0] if left else decided


def changed(before: Sequence[ReviewPlace], after: Sequence[ReviewPlace]) -> str:
    """Return the id of the first place on which two states of a document differ; empty for none."""
    was = {one.place.id: one.decided for one in before}
    return next((p.place.id for p in reading_order(after) if p.decided != was.get(p.place.id)), "")


def address(id_: str, rest: str = "", place: str = "") -> str:
    """Return an address of a document in review."""
    query = f"?{urlencode({'place': place}, errors='replace')}" if place else ""
    return f"/review/{quote(id_, safe='', errors='replace')}{rest}{query}"


def _mark(one: ReviewPlace, box: Box, *, is_here: bool) -> Mark:
    return _around(box, "here" if is_here else "decided" if is_settled(one) else "")


def _around(box: Box, tone: str) -> Mark:
    left, top, right, bottom = box
    margin = round((bottom - top) * MARGIN_SHARE)
    return Mark(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin, tone)
