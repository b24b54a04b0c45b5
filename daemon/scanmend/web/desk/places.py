"""One doubtful place as the page shows it: its readings, who has them, and what was decided. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scanmend.review.documents import ReviewPlace
from scanmend.review.doubt.places import Alternative, Place

KINDS = {
    "disputed_number": "Disputed number",
    "single_number": "Number that one reader saw",
    "single_reader": "Words that one reader saw",
    "edit": "Uncertain correction",
    "noise": "Dropped as noise",
    "empty_page": "Page without text",
    "field": "Doubtful field",
}
"""What a kind of place is called."""
READERS = {"tesseract": "Tesseract", "second": "second reader", "model": "language model", "candidate": "candidate"}
"""What a source is called."""
MOST_KEYS = 9
"""Readings that have a key: one for each digit but 0."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text that could stand at the place, and how it is taken."""

    key: str
    """The key that takes it; empty beyond ``MOST_KEYS``."""
    text: str
    """Empty where nothing would stand there."""
    who: tuple[str, ...]
    """Who read or proposed it, each with its evidence."""
    choice: str
    """``accept`` where it is published, else ``take``."""
    source: str
    """With ``take``: whose reading."""
    value: str
    """With ``take``: which candidate of a field; else empty."""
    is_chosen: bool
    """Whether a person decided for it."""


@dataclass(frozen=True, slots=True)
class PlaceCard:
    """One place to decide."""

    place: Place
    kind: str
    readings: tuple[Reading, ...]
    """What is published first."""
    is_decided: bool
    """Whether a person decided it; one that was skipped is open."""
    by: str
    """The name of whoever decided it."""
    text: str
    """What stands there by now, with which the field for typing begins."""

    @property
    def takes_text(self) -> bool:
        """Whether text can be put there; a whole page can only be accepted or skipped."""
        return self.place.takes_text

    @property
    def has_crop(self) -> bool:
        """Whether the place itself can be shown enlarged: words, or a field's likeliest value."""
        return self.place.box is not None and self.place.takes_text


def card(one: ReviewPlace) -> PlaceCard:
    """Return a place as it is shown."""
    settled = is_settled(one)
    by = one.decided.by if settled and one.decided else ""
    return PlaceCard(one.place, KINDS[one.place.kind], tuple(_readings(one)), settled, by, one.text)


def is_settled(one: ReviewPlace) -> bool:
    """Whether a person decided it, and did not only skip it."""
    return one.decided is not None and one.decided.decision.choice != "skip"


def reading_order(places: Iterable[ReviewPlace]) -> list[ReviewPlace]:
    """Return places in the order in which a person reads the pages."""
    return sorted(places, key=lambda p: (p.place.page, p.place.line, _line(p.place), len(p.place.before), p.place.id))


def _line(place: Place) -> int:
    return place.span.line if place.span else -1


def _readings(one: ReviewPlace) -> Iterator[Reading]:
    place, settled = one.place, is_settled(one)
    for n, text in enumerate(dict.fromkeys([place.text, *(a.text for a in place.alternatives)])):
        having, is_published = [a for a in place.alternatives if a.text == text], text == place.text
        yield Reading(
            key=str(n + 1) if n < MOST_KEYS else "",
            text=text,
            who=(*(["as published"] if is_published else []), *map(evidence, having)),
            choice="accept" if is_published else "take",
            source="" if is_published else having[0].source,
            value="" if is_published or place.field is None else text,
            is_chosen=settled and one.text == text,
        )


def evidence(one: Alternative) -> str:
    """Return who has a reading, and what speaks for it: confidence in per cent, image and language in nats."""
    parts = [f"{one.confidence:.0f} % sure"] if one.confidence is not None else []
    parts += [f"image {one.optical:+.1f}"] if one.optical is not None else []
    parts += [f"language {one.gain:+.1f}"] if one.gain is not None else []
    who = one.reason if one.source == "candidate" else READERS[one.source]
    return who + (f" ({', '.join(parts)})" if parts else "")
