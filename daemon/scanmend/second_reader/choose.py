"""Which of the lines that the second reader found it should read: those where the first reading may be wrong.

Pure, and light, as the daemon imports it, too.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scanmend.document import Box, Corners, Page
from scanmend.language.common_words import common_words, words_in

SURE_CONFIDENCE = 90.0
"""Tesseract's confidence (0–100) below which a word is suspicious."""
SURE_OF_UNKNOWN_CONFIDENCE = 95.0
"""Tesseract's confidence (0–100) below which a word that is not among the common ones is suspicious.

On letters, reports and books, lines with surer ones were read right in nearly all cases: reading them, too, took a
fifth more lines and mended next to nothing.
"""
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


def lines_to_read(lines: Sequence[Corners], words: Sequence[FirstWord], languages: Sequence[str]) -> list[int]:
    """Return the indices of the lines to be read, ascending.

    All lines of a page that the first reader was unsure of; else those that it did not find, and those with a digit, a
    word that it was unsure of, or, unless it was very sure, one that is not among the common words of the languages
    (Tesseract's names). These are the 30,000 that take 15 MiB: the lists of correction take 57 to 150 MiB and up to
    1.5 s to load.
    """
    if not words or statistics.fmean(word.confidence for word in words) < POOR_CONFIDENCE:
        return list(range(len(lines)))
    is_suspicious = _suspicion(languages)
    suspicious = [(_middle(word.box), is_suspicious(word)) for word in words]
    return [i for i, corners in enumerate(lines) if _needs_reading(corners, suspicious)]


def _needs_reading(corners: Corners, words: Sequence[tuple[tuple[float, float], bool]]) -> bool:
    """Whether there is no word on a line, or a suspicious one; words come with their middles."""
    on_line = [suspicious for middle, suspicious in words if _is_within(corners, middle)]
    return not on_line or any(on_line)


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
        if word.confidence < SURE_CONFIDENCE or any(map(str.isdigit, word.text)):
            return True
        return word.confidence < SURE_OF_UNKNOWN_CONFIDENCE and any(unknown(word.text))

    return is_suspicious
