"""The marks within numbers: which commas and points are right, where readings differ or both are doubtful.

A small or blurred comma looks like a point. So one mark's image does not decide, but what numbers look like: groups of
three digits are parted by one mark, and decimals stand behind another; and one page keeps to one custom, which all its
marks show together.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MIN_CUSTOM_NATS = 8.0
"""Evidence, in nats, from which a page's marks show its custom."""
MIN_CUSTOM_SHARE = 0.25
"""Share of all evidence, regardless of its sign, that this must be: some pages have two customs."""
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
_AMOUNT = re.compile(r"(?<!\d)(?<!\d[.,])(?:\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{2})?|\d+[.,]\d{2})(?![.,]?\d)")
_WELL_FORMED = re.compile(
    r"\d{1,3}(?:(?P<group>[.,])\d{3}(?:(?P=group)\d{3})*)?(?:(?P<decimal>[.,])\d{1,2})?|\d+(?:[.,]\d+)?"
)
_TWO_DECIMALS = re.compile(r".*\d([.,])\d{2}")
_OTHER = {".": ",", ",": "."}


@dataclass(frozen=True, slots=True)
class Mark:
    """A comma or point within a number that has the shape of an amount, such as ``1,234.50``."""

    at: int
    """Its index in the text."""
    decimal: bool
    """Whether it stands before two decimals; else it parts groups of three digits."""


@dataclass(frozen=True, slots=True)
class Custom:
    """How a page writes its numbers."""

    decimal: str = ""
    """The mark before decimals: a point or a comma; empty where the page does not show it."""
    group: str = ""
    """The mark between groups of three digits; empty where the page does not show it."""

    def of(self, mark: Mark) -> str:
        """Return the mark that the custom wants; empty where it is not known."""
        return self.decimal if mark.decimal else self.group


def marks_in(text: str) -> Iterator[Mark]:
    """Yield the marks of the amounts in a text."""
    for found in _AMOUNT.finditer(text):
        for at in range(found.start(), found.end()):
            if not text[at].isdigit():
                yield Mark(at, found.end() - at == 3)  # noqa: PLR2004 -- the mark and two decimals


def with_other_mark(text: str, at: int) -> str:
    """Return the text with a point for the comma at an index, or the other way round."""
    return text[:at] + _OTHER[text[at]] + text[at + 1 :]


def custom_of(evidence: Iterable[tuple[bool, float]]) -> Custom:
    """Return the custom that a page's marks show; for each, whether it is decimal, and nats for its being a comma."""
    evidence = list(evidence)
    decimal, group = (_mark_shown([nats for of, nats in evidence if of is which]) for which in (True, False))
    return Custom() if decimal and decimal == group else Custom(decimal, group)


def differ_in_marks_alone(one: str, other: str) -> bool:
    """Whether two readings have commas for each other's points between digits, and nothing else differs."""
    if len(one) != len(other) or one == other:
        return False
    places = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return all(
        {one[i], other[i]} == {".", ","} and one[i - 1 : i].isdigit() and one[i + 1 : i + 2].isdigit() for i in places
    )


def better_marks(raw: str, new: str, custom: Custom) -> int | None:
    """Return which of two readings has the right marks: 0 for ``raw``, 1 for ``new``; None where nothing shows it.

    One that is a number where the other is none; else one that follows the page's custom where the other does not.
    """
    well = [is_well_formed(text) for text in (raw, new)]
    if well[0] != well[1]:
        return int(well[1])
    decimal = custom.decimal or _OTHER.get(custom.group, "")
    if not decimal:
        return None
    follows = [all(_follows(number, decimal) for number in _NUMBER.findall(text)) for text in (raw, new)]
    return int(follows[1]) if follows[0] != follows[1] else None


def is_well_formed(text: str) -> bool:
    """Whether the commas and points of all numbers in the text stand where those of a number may."""
    for number in _NUMBER.findall(text):
        found = _WELL_FORMED.fullmatch(number)
        if found is None or (found["group"] and found["group"] == found["decimal"]):
            return False
    return True


def _mark_shown(nats: list[float]) -> str:
    total = sum(nats)
    if abs(total) < max(MIN_CUSTOM_NATS, MIN_CUSTOM_SHARE * sum(map(abs, nats))):
        return ""
    return "," if total > 0 else "."


def _follows(number: str, decimal: str) -> bool:
    """Whether a number fits a decimal mark; three digits behind a single mark are a group."""
    found = _WELL_FORMED.fullmatch(number)
    if found is None:
        return False
    group_fits = found["group"] in (None, _OTHER[decimal])
    decimals = _TWO_DECIMALS.fullmatch(number)
    return group_fits and (decimals is None or decimals.group(1) == decimal)
