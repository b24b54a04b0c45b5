"""The marks within numbers: which of two readings that differ in their commas and points alone is the right one.

A small or blurred comma looks like a point, to the second reader above all. So the image does not decide here, but what
numbers look like: groups of three digits are parted by one mark, and decimals stand behind another; and one page keeps
to one custom.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

MIN_VOTES = 6
"""Fewest readings of numbers, by either reader, that show the custom of a page."""
MIN_SHARE = 0.9
"""Least share of them that must follow it."""
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
_WELL_FORMED = re.compile(
    r"\d{1,3}(?:(?P<group>[.,])\d{3}(?:(?P=group)\d{3})*)?(?:(?P<decimal>[.,])\d{1,2})?|\d+(?:[.,]\d+)?"
)
_TWO_DECIMALS = re.compile(r".*\d([.,])\d{2}")


@dataclass(frozen=True, slots=True)
class Custom:
    """How a page writes its numbers."""

    decimal: str
    """The mark before decimals: a point or a comma; empty where the page does not show it."""

    @property
    def group(self) -> str:
        """The mark between groups of three digits; empty where it is not known."""
        return {".": ",", ",": "."}.get(self.decimal, "")


def differ_in_marks_alone(one: str, other: str) -> bool:
    """Whether two readings have commas for each other's points between digits, and nothing else differs."""
    if len(one) != len(other) or one == other:
        return False
    places = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return all(
        {one[i], other[i]} == {".", ","} and one[i - 1 : i].isdigit() and one[i + 1 : i + 2].isdigit() for i in places
    )


def custom_of(numbers: Iterable[str]) -> Custom:
    """Return the custom that a page's numbers show, if nearly all that show any show the same."""
    votes = Counter(mark for text in numbers for found in _NUMBER.findall(text) if (mark := _decimal_mark_shown(found)))
    for mark, count in votes.items():
        if count >= MIN_VOTES and count >= MIN_SHARE * votes.total():
            return Custom(mark)
    return Custom("")


def better_marks(raw: str, new: str, custom: Custom) -> int | None:
    """Return which of two readings has the right marks: 0 for ``raw``, 1 for ``new``; None where nothing shows it.

    One that is a number where the other is none; else one that follows the page's custom where the other does not.
    """
    well = [_is_well_formed(text) for text in (raw, new)]
    if well[0] != well[1]:
        return int(well[1])
    if not custom.decimal:
        return None
    follows = [all(_follows(number, custom) for number in _NUMBER.findall(text)) for text in (raw, new)]
    return int(follows[1]) if follows[0] != follows[1] else None


def _decimal_mark_shown(number: str) -> str:
    """Return the decimal mark that a number shows: before two decimals, or as what its groups are not parted by."""
    found = _WELL_FORMED.fullmatch(number)
    if found is None:
        return ""
    if found["group"] and (found["decimal"] or number.count(found["group"]) > 1):
        return "," if found["group"] == "." else "."
    decimals = _TWO_DECIMALS.fullmatch(number)
    return decimals.group(1) if decimals else ""


def _is_well_formed(text: str) -> bool:
    for number in _NUMBER.findall(text):
        found = _WELL_FORMED.fullmatch(number)
        if found is None or (found["group"] and found["group"] == found["decimal"]):
            return False
    return True


def _follows(number: str, custom: Custom) -> bool:
    """Whether a number fits a custom; three digits behind a single mark are a group."""
    found = _WELL_FORMED.fullmatch(number)
    if found is None:
        return False
    group_fits = found["group"] in (None, custom.group)
    decimals = _TWO_DECIMALS.fullmatch(number)
    return group_fits and (decimals is None or decimals.group(1) == custom.decimal)
