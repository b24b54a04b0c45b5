"""What the rest of a page says of a number that its readers read differently: arithmetic, and customary marks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanmend.correct.figures.witness import ContextWord, Decision, Place, decide
from scanmend.correct.lexicon.number_marks import better_marks, custom_of, differ_in_marks_alone
from scanmend.correct.two_readers.comparison import Comparison
from scanmend.correct.two_readers.proposals import Reading
from scanmend.correct.two_readers.revision import Place as WordPlace
from scanmend.correct.two_readers.weigh import holds_digit
from scanmend.document import Page

_MARKS_KNOWN = "only so its commas and points are those of a number on this page"
_COMMA_STAYS = "a comma is misread as a point, hardly a point as a comma"


@dataclass(frozen=True, slots=True)
class Testimony:
    """Which of two readings the rest of the page agrees with, and why."""

    second: bool
    """Whether it is the second reader's; else it is Tesseract's."""
    reason: str


def testimonies(page: Page, comparison: Comparison, readings: Sequence[Reading]) -> Mapping[WordPlace, Testimony]:
    """Return what the page's other numbers say of the disputed ones among the readings, by their places."""
    disputed = {(r.line, r.word): r for r in readings if r.count == 1 and holds_digit(r.dispute.raw + r.dispute.new)}
    if not disputed:
        return {}
    found = {place: _testimony(decision) for place, decision in _by_arithmetic(page, comparison, disputed)}
    custom = custom_of(_read_by_either(page, comparison))
    for place, reading in disputed.items():
        raw, new = reading.dispute.raw, reading.dispute.new
        if place not in found and differ_in_marks_alone(raw, new):
            better = better_marks(raw, new, custom)
            reason = _COMMA_STAYS if better is None else _MARKS_KNOWN
            found[place] = Testimony(better == 1 if better is not None else "," in new and "," not in raw, reason)
    return found


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


def _read_by_either(page: Page, comparison: Comparison) -> Iterator[str]:
    """Yield the numbers of a page as either reader has them, those that both have alike twice."""
    for (n, i), second in comparison.second.items():
        for text in (page.lines[n].words[i].text, second.text):
            if holds_digit(text):
                yield text
