"""Finds labels on a page, also where OCR misread a letter, or joined or split their words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from scanmend.correct.figures.labels import fold
from scanmend.fields.recognise.page_text import PageText, TextWord

LETTERS_PER_ERROR = 5
"""A label may have one misread letter for so many letters; shorter ones must be read exactly."""
MAX_LABEL_WORDS = 6
"""Most words of a label on the page."""
MAX_BLANK = 2.5
"""Widest blank within a label, in word heights."""


@dataclass(frozen=True, slots=True)
class LabelHit:
    """A label on the page."""

    label: str
    """As wanted."""
    row: int
    first: int
    """Index of its first word in the row."""
    last: int
    """Index of its last word in the row."""
    words: tuple[TextWord, ...]
    quality: float
    """Share of its letters that were read as wanted, 0-1."""


@dataclass(frozen=True, slots=True)
class _Window:
    row: int
    first: int
    last: int
    text: str


def find_labels(page: PageText, labels: Iterable[str]) -> list[LabelHit]:
    """Return all places where one of the labels stands; of two that overlap, only the longer one."""
    by_length: dict[int, list[_Window]] = {}
    for window in _windows(page):
        by_length.setdefault(len(window.text), []).append(window)
    hits: list[LabelHit] = []
    for label in labels:
        plain = plain_label(label)
        allowed = len(plain) // LETTERS_PER_ERROR if len(plain) > LETTERS_PER_ERROR - 1 else 0
        for length in range(len(plain) - allowed, len(plain) + allowed + 1):
            for window in by_length.get(length, ()):
                errors = Levenshtein.distance(plain, window.text, score_cutoff=allowed)
                if errors <= allowed:
                    words = page.rows[window.row][window.first : window.last + 1]
                    quality = 1 - errors / len(plain)
                    hits.append(LabelHit(label, window.row, window.first, window.last, words, quality))
    return list(_longest(hits))


@lru_cache(maxsize=4096)
def plain_label(label: str) -> str:
    """Return a label without case, accents, blanks and marks at the ends of its words."""
    return "".join(fold(word) for word in label.split())


def _windows(page: PageText) -> Iterator[_Window]:
    """Yield every run of words that can be a label, without its blanks."""
    for n, row in enumerate(page.rows):
        folded = [fold(word.text) for word in row]
        for first in range(len(row)):
            text = ""
            for last in range(first, min(len(row), first + MAX_LABEL_WORDS)):
                if last > first and row[last].spot.left - row[last - 1].spot.right > MAX_BLANK * page.height:
                    break
                text += folded[last]
                if folded[last] and folded[first]:
                    yield _Window(n, first, last, text)


def _longest(hits: Sequence[LabelHit]) -> Iterator[LabelHit]:
    """Yield the hits that overlap with no longer, or better read, one."""
    taken: set[tuple[int, int]] = set()
    for hit in sorted(hits, key=lambda h: (-len(plain_label(h.label)) * h.quality, h.row, h.first)):
        places = {(hit.row, i) for i in range(hit.first, hit.last + 1)}
        if taken.isdisjoint(places):
            taken |= places
            yield hit
