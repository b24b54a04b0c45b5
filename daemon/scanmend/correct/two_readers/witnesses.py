"""What the rest of a page says of a number that its readers read differently: arithmetic, and customary marks."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanmend.correct.figures.witness import ContextWord, Decision, Place, decide
from scanmend.correct.lexicon.number_marks import Custom, better_marks, custom_of, differ_in_marks_alone, marks_in
from scanmend.correct.two_readers.comparison import Comparison
from scanmend.correct.two_readers.proposals import Reading
from scanmend.correct.two_readers.revision import Place as WordPlace
from scanmend.correct.two_readers.weigh import holds_digit
from scanmend.document import Page

MOST_MARKS = 60
"""Most marks of a page that are looked at for its custom: on a page of figures, a part shows it."""
COMMA_NATS = -4.5
"""Nats of the second reader's network for a comma over a point at which a mark is as likely the one as the other.

Of 1,975 marks on 169 pages, none was a point where the network preferred the comma.
"""
MARK_NATS = (-1.0, 4.0)
"""Most nats of one mark for a point, and for a comma: on a blurred page, many commas look like points, but no point
looks like a comma."""
TESSERACT_NATS = {",": 1.0, ".": -0.5}
"""Nats for a comma where Tesseract has the one or the other."""
_MARKS_KNOWN = "only so its commas and points are those of a number on this page"
_COMMA_STAYS = "a comma is misread as a point, hardly a point as a comma"


@dataclass(frozen=True, slots=True)
class Testimony:
    """Which of two readings the rest of the page agrees with, and why."""

    second: bool
    """Whether it is the second reader's; else it is Tesseract's."""
    reason: str


def testimonies(
    page: Page, comparison: Comparison, readings: Sequence[Reading], custom: Custom
) -> Mapping[WordPlace, Testimony]:
    """Return what the page's other numbers say of the disputed ones among the readings, by their places."""
    disputed = {(r.line, r.word): r for r in readings if r.count == 1 and holds_digit(r.dispute.raw + r.dispute.new)}
    if not disputed:
        return {}
    found = {place: _testimony(decision) for place, decision in _by_arithmetic(page, comparison, disputed)}
    for place, reading in disputed.items():
        raw, new = reading.dispute.raw, reading.dispute.new
        if place not in found and differ_in_marks_alone(raw, new):
            better = better_marks(raw, new, custom)
            reason = _COMMA_STAYS if better is None else _MARKS_KNOWN
            found[place] = Testimony(better == 1 if better is not None else "," in new and "," not in raw, reason)
    return found


def page_custom(page: Page, comparison: Comparison) -> Custom:
    """Return how the page writes its numbers, as far as their commas and points show it together."""
    return custom_of(itertools.islice(_mark_evidence(page, comparison), MOST_MARKS))


def _mark_evidence(page: Page, comparison: Comparison) -> Iterator[tuple[bool, float]]:
    """Yield of each mark whether it is decimal, and the nats for a comma."""
    for (n, i), second in comparison.second.items():
        first = page.lines[n].words[i].text
        for mark in marks_in(second.text):
            nats = second.comma_nats(second.text, mark.at) - COMMA_NATS
            if len(first) == len(second.text):
                nats += TESSERACT_NATS.get(first[mark.at], 0.0)
            yield mark.decimal, max(MARK_NATS[0], min(nats, MARK_NATS[1]))


def _testimony(decision: Decision) -> Testimony:
    return Testimony(decision.choice == 1, decision.reason)


def _by_arithmetic(
    page: Page, comparison: Comparison, disputed: Mapping[WordPlace, Reading]
) -> Iterator[tuple[WordPlace, Decision]]:
    """Yield the disputed places that arithmetic decides."""
    words: list[ContextWord] = []
    places: list[Place] = []
    at: list[WordPlace] = []
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
