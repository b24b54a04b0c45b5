"""What speaks against a number that both readers have alike: two readers can be wrong in the same way."""

from dataclasses import dataclass

from scanmend.correct.lexicon.number_marks import Custom, is_well_formed, marks_in, with_other_mark
from scanmend.correct.two_readers.comparison import SecondWord
from scanmend.document import Word

SURE_PROBABILITY = 0.8
"""Least probability (0–1) of a character from which the second reader is sure of a number."""
SURE_DIGIT_CONFIDENCE = 70.0
"""Tesseract's confidence (0–100) from which it is sure of a single digit, which may be a speck or a letter."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a number that both readers have alike may be wrong."""

    other: str
    """What it may be instead; empty where nothing is known."""
    reason: str


def doubt_about(word: Word, second: SecondWord, custom: Custom) -> Doubt | None:
    """Return what speaks against a word with a digit; ``custom``: how the page writes its numbers."""
    if whole := _longer_number(second):
        return Doubt(whole, "the second reader has it as a part of this")
    customary = _with_customary_marks(word.text, custom)
    if customary != word.text:
        return Doubt(customary, "the other numbers of this page have other commas and points")
    if any(marks_in(word.text)) and not is_well_formed(word.text):
        return Doubt("", "its commas and points are not those of a number")
    if second.least_probability < SURE_PROBABILITY:
        return Doubt(second.runner_up, f"the second reader is unsure of it ({second.least_probability:.0%})")
    confidence = word.confidence if word.confidence is not None else 100.0
    if sum(c.isalnum() for c in word.text) == 1 and confidence < SURE_DIGIT_CONFIDENCE:
        return Doubt("", f"a single digit that Tesseract is unsure of ({confidence:.0f})")
    return None


def _longer_number(second: SecondWord) -> str:
    """Return the longer number, without blanks, that the second reader has it in; empty where there is none."""
    characters = second.reading.characters
    first, last = second.first, second.last
    while first > 0 and characters[first - 1].text.strip():
        first -= 1
    while last + 1 < len(characters) and characters[last + 1].text.strip():
        last += 1
    beside = [characters[k].text for k in (second.first - 1, second.last + 1) if first <= k <= last]
    return second.reading.substring(first, last) if any(text.isdigit() for text in beside) else ""


def _with_customary_marks(text: str, custom: Custom) -> str:
    for mark in marks_in(text):
        if custom.of(mark) not in ("", text[mark.at]):
            text = with_other_mark(text, mark.at)
    return text
