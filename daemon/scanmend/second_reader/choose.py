"""Which of the lines that the second reader found it should read: those where the first reading may be wrong.

Pure, and light, as the daemon imports it, too.
"""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scanmend.correct.two_readers.frame import LineFrame
from scanmend.document import Box, Corners, Page, SecondLine
from scanmend.language.common_words import common_words, words_in

SURE_CONFIDENCE = 90.0
"""Tesseract's confidence (0–100) below which a word is suspicious."""
SURE_OF_UNKNOWN_CONFIDENCE = 95.0
"""Tesseract's confidence (0–100) below which a word that is not among the common ones is suspicious.

On letters, reports and books, lines with surer ones were read right in nearly all cases: reading them, too, took a
fifth more lines and mended next to nothing.
"""
CLEAN_CONFIDENCE = 91.0
"""Mean confidence (0–100) from which only the doubtful parts of lines are read; on other pages doubt spreads."""
WIDE_GAP_HEIGHTS = 1.5
"""Gap between two words, or at an end of a line, in heights of the line, in which a word may have been lost."""
RULE_MARKS = frozenset("|¦")
"""Marks as which the rules of a table are read; one that touches a word makes the word suspicious."""
WHOLE_LINE_SHARE = 0.7
"""Share of a line that is worth reading from which all of it is read."""
POOR_CONFIDENCE = 85.0
"""Mean confidence (0–100) below which all lines of a page are read."""


@dataclass(frozen=True, slots=True)
class FirstWord:
    """A word of the first reading, as far as the second reader needs to know it."""

    text: str
    box: Box
    confidence: float


def first_words(page: Page) -> list[FirstWord]:
    """Return the words of a page that OCR read."""
    words = (word for line in page.lines for word in line.words)
    return [FirstWord(word.text, word.box, word.confidence or 0.0) for word in words if word.box is not None]


def word_height_px(words: Sequence[FirstWord]) -> float:
    """Return the median height of words; 0 without any."""
    return statistics.median(word.box[3] - word.box[1] for word in words) if words else 0.0


def pieces_to_read(
    lines: Sequence[Corners], words: Sequence[FirstWord], languages: Sequence[str]
) -> list[tuple[Corners, bool]]:
    """Return the lines, cut where only a part of one is worth reading, and whether each piece is to be read.

    All lines of a page that the first reader was unsure of; else those that it did not find, and around each word with
    a digit or a rule's mark, one that it was unsure of, or, unless it was very sure, one that is not among the common
    words of the languages (Tesseract's names). These are the 30,000 that load in 20 ms: the lists of correction take up
    to 0.6 s.
    """
    mean = statistics.fmean(word.confidence for word in words) if words else 0.0
    if mean < POOR_CONFIDENCE:
        return [(corners, True) for corners in lines]
    is_suspicious = _suspicion(languages)
    doubtful = [(_middle(word.box), word.box, is_suspicious(word)) for word in words]
    out: list[tuple[Corners, bool]] = []
    for corners in lines:
        frame = LineFrame.of(SecondLine(corners))
        left, top, right, bottom = SecondLine(corners).box
        on_line = sorted(
            (*frame.span(box), doubt)
            for middle, box, doubt in doubtful
            if left <= middle[0] <= right and top <= middle[1] <= bottom and _is_within(corners, middle)
        )
        pieces = list(_pieces(corners, on_line))
        whole = mean < CLEAN_CONFIDENCE and any(wanted for _, wanted in pieces)
        out += [(corners, True)] if whole else pieces
    return out


def _pieces(corners: Corners, words: Sequence[tuple[float, float, bool]]) -> Iterator[tuple[Corners, bool]]:
    """Yield the pieces of one line; its words come from left to right: start and end along it, and whether in doubt."""
    wide = WIDE_GAP_HEIGHTS * math.dist(corners[0], corners[3]) / max(1.0, math.dist(corners[0], corners[1]))
    gaps = [b[0] - a[1] for a, b in pairwise([(0.0, 0.0), *words, (1.0, 1.0)])]
    needed = [
        any(words[k][2] for k in range(max(0, i - 1), min(len(words), i + 2))) or max(gaps[i], gaps[i + 1]) > wide
        for i in range(len(words))
    ]
    if not any(needed):
        yield corners, not words
        return
    changes = [i for i in range(1, len(words)) if needed[i] != needed[i - 1]]
    ends = [0.0, *((words[i - 1][1] + words[i][0]) / 2 for i in changes), 1.0]
    pieces = [(a, b, needed[i]) for (a, b), i in zip(pairwise(ends), (0, *changes), strict=True)]
    if sum(b - a for a, b, wanted in pieces if wanted) > WHOLE_LINE_SHARE:
        yield corners, True
        return
    for a, b, wanted in pieces:
        yield _cut_out(corners, a, b), wanted


def _cut_out(corners: Corners, start: float, end: float) -> Corners:
    """Return the corners of the part of a line between two places along it."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners

    def between(one: tuple[float, float], two: tuple[float, float], at: float) -> tuple[float, float]:
        return one[0] + at * (two[0] - one[0]), one[1] + at * (two[1] - one[1])

    top, bottom = ((ax, ay), (bx, by)), ((dx, dy), (cx, cy))
    return between(*top, start), between(*top, end), between(*bottom, end), between(*bottom, start)


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _is_within(corners: Corners, point: tuple[float, float]) -> bool:
    """Whether a point lies between the corners, which go round clockwise."""
    x, y = point
    return all(
        (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) >= 0 for (x0, y0), (x1, y1) in pairwise((*corners, corners[0]))
    )


def _suspicion(languages: Sequence[str]) -> Callable[[FirstWord], bool]:
    lists = [common for language in languages if (common := common_words(language))]

    def unknown(text: str) -> Iterator[bool]:
        return (not any(word in common for common in lists) for word in words_in(text))

    def is_suspicious(word: FirstWord) -> bool:
        if word.confidence < SURE_CONFIDENCE or any(c.isdigit() or c in RULE_MARKS for c in word.text):
            return True
        return word.confidence < SURE_OF_UNKNOWN_CONFIDENCE and any(unknown(word.text))

    return is_suspicious
