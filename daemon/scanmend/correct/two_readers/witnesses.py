"""What the rest of a page says of a number that its readers read differently: arithmetic, and decimal marks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanmend.correct.figures.witness import ContextWord, Decision, Place, decide
from scanmend.correct.two_readers.comparison import Comparison
from scanmend.correct.two_readers.proposals import Reading
from scanmend.correct.two_readers.weigh import holds_digit
from scanmend.document import Page

MIN_AMOUNTS = 3
"""Fewest amounts, read alike by both readers, that show which decimal mark a page has."""
MIN_SHARE = 0.9
"""Least share of them that must have it."""
_AMOUNT = re.compile(r"(?<![\d.,])\d{1,3}(?:([.,' ])\d{3}(?:\1\d{3})*)?([.,])\d{2}(?![\d.,])")
"""Finds amounts: groups of three digits parted by one mark, then two decimals behind a mark."""

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Testimony:
    """Which of two readings the rest of the page agrees with, and why."""

    second: bool
    """Whether it is the second reader's; else it is Tesseract's."""
    reason: str


def testimonies(page: Page, comparison: Comparison, readings: Sequence[Reading]) -> Mapping[_Place, Testimony]:
    """Return what the page's other numbers say of the disputed ones among the readings, by their places."""
    disputed = {(r.line, r.word): r for r in readings if holds_digit(r.dispute.raw) or holds_digit(r.dispute.new)}
    if not disputed:
        return {}
    found = {place: _testimony(decision) for place, decision in _by_arithmetic(page, comparison, disputed)}
    mark = _decimal_mark(_agreed(page, comparison, disputed))
    for place, reading in disputed.items():
        if place not in found and mark and (of_marks := _by_decimal_mark(reading, mark)) is not None:
            found[place] = of_marks
    return found


def _testimony(decision: Decision) -> Testimony:
    return Testimony(decision.choice == 1, decision.reason)


def _by_arithmetic(
    page: Page, comparison: Comparison, disputed: Mapping[_Place, Reading]
) -> Iterator[tuple[_Place, Decision]]:
    """Yield the disputed places that arithmetic decides."""
    words: list[ContextWord] = []
    places: list[Place] = []
    at: list[_Place] = []
    for n, line in enumerate(page.lines):
        for i, word in enumerate(line.words):
            if word.box is None:
                continue
            words.append(ContextWord(n, i, word.text, word.box))
            reading = disputed.get((n, i))
            if reading is not None or holds_digit(word.text):
                texts = (word.text, reading.dispute.new) if reading else (word.text,)
                places.append(Place(n, i, word.box, texts))
                at.append((n, i))
    for k, one in enumerate(comparison.found_lines, len(page.lines)):
        if holds_digit(one.text):
            places.append(Place(k, 0, one.reading.line.box, (one.text,)))
            at.append((k, 0))
            words.append(ContextWord(k, 0, one.text, one.reading.line.box))
    for index, decision in decide(places, words).items():
        yield at[index], decision


def _agreed(page: Page, comparison: Comparison, disputed: Mapping[_Place, Reading]) -> Iterator[str]:
    """Yield the numbers that both readers read alike."""
    for n, i in comparison.second:
        text = page.lines[n].words[i].text
        if (n, i) not in disputed and holds_digit(text):
            yield text


def _decimal_mark(agreed: Iterator[str]) -> str:
    """Return the mark before the decimals of nearly all amounts; empty where there is none or they are few."""
    marks = [found.group(2) for text in agreed for found in _AMOUNT.finditer(text)]
    for mark in ".,":
        if len(marks) >= MIN_AMOUNTS and marks.count(mark) >= MIN_SHARE * len(marks):
            return mark
    return ""


def _by_decimal_mark(reading: Reading, mark: str) -> Testimony | None:
    """Return which of two readings is an amount with the page's decimal mark, where they differ in marks alone."""
    raw, new = reading.dispute.raw, reading.dispute.new
    if re.sub(r"[.,]", "", raw) != re.sub(r"[.,]", "", new):
        return None
    fits = [[found.group(2) for found in _AMOUNT.finditer(text)] == [mark] for text in (raw, new)]
    if fits[0] == fits[1]:
        return None
    return Testimony(fits[1], f"the amounts of this page have {mark!r} before their decimals")
