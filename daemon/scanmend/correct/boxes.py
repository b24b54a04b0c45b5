"""What the boxes of words say: whether the image shows a blank where one was read, and whether a lone mark is printed.

Blanks and marks are evidence like any other. The gap between two words is compared with the usual gap between the
words of the line: a gap about as wide is a blank that somebody set, whatever a manual of style says, and a narrow one
is no more than the space beside a letter or a mark. On a typescript a blank is one cell, and so is the usual gap. A
mark that stands alone is compared with the height of the words beside it: a speck of dirt is smaller.
"""

import itertools
import statistics
from collections.abc import Iterator, Sequence

from scanmend.document import Box, Line, Page, Word

CLEAR_SHARE = 0.75
"""Share of the line's usual gap from which a blank was set.

Measured on scans with marks set apart and marks torn off: the former had 0.87 and more, the latter 0.
"""
_MIN_LINE_GAPS = 3
"""Fewest gaps between words that say what is usual in a line; with fewer, the page says it."""
_MIN_PAGE_GAPS = 2
"""Fewest gaps between words that say what is usual on a page."""
_MIN_LETTERS = 4
"""Letters of a word from which its width says how wide a character is."""
_MAX_ADVANCES = 2.5
"""Widest gap between words, in widths of a character; what is wider parts columns."""
_LOW_MARKS = frozenset(".,:;'’‘`·•*")
"""Marks that are printed small."""
_MIN_LOW_MARK = 0.1
"""Least length of a small mark in print, in heights of a word."""
_MIN_MARK = 0.4
"""Least length of any other mark in print, in heights of a word."""
_MAX_MARK = 1.6
"""Greatest length of a mark in print, in heights of a word; what is longer is a rule or a margin."""


class PageBoxes:
    """The boxes of the words of one page, against what is usual there."""

    def __init__(self, page: Page) -> None:
        self._lines = page.lines
        widths = [
            (word.box[2] - word.box[0]) / len(word.text)
            for line in page.lines
            for word in line.words
            if word.box is not None and len(word.text) >= _MIN_LETTERS
        ]
        widest = _MAX_ADVANCES * statistics.median(widths) if widths else 0.0
        of_lines = [[gap for gap in _gaps_between_words(line) if 0 < gap <= widest] for line in page.lines]
        of_page = [gap for gaps in of_lines for gap in gaps]
        page_gap = statistics.median(of_page) if len(of_page) >= _MIN_PAGE_GAPS else 0.0
        self._usual = [statistics.median(gaps) if len(gaps) >= _MIN_LINE_GAPS else page_gap for gaps in of_lines]

    def blank_share(self, n: int, one: Word, two: Word) -> float | None:
        """Return the gap between two words of line ``n`` as a share of the line's usual gap between words.

        None where the image says nothing: without boxes, with boxes that do not follow each other, or on a page of a
        few words.
        """
        gap = _gap(one.box, two.box)
        return gap / self._usual[n] if gap is not None and self._usual[n] else None

    def show_blank(self, n: int, words: Sequence[Word]) -> bool:
        """Whether a blank was clearly set between any of these neighbours in line ``n``."""
        shares = [self.blank_share(n, one, two) for one, two in itertools.pairwise(words)]
        return any(share is not None and share >= CLEAR_SHARE for share in shares)

    def show_mark(self, n: int, i: int) -> bool:
        """Whether word ``i`` of line ``n``, a mark that stands alone, is as large as one in print, and no speck.

        A point behind another says nothing: nobody prints two, and a speck that is read as one has its size.
        """
        words = self._lines[n].words
        mark = words[i]
        heights = [w.box[3] - w.box[1] for w in words if w.box is not None and w.text[0].isalpha()]
        if mark.box is None or not heights:
            return False
        low = set(mark.text) <= _LOW_MARKS
        if low and i and words[i - 1].text[-1] in _LOW_MARKS:
            return False
        size = max(mark.box[2] - mark.box[0], mark.box[3] - mark.box[1]) / max(1.0, statistics.median(heights))
        return (_MIN_LOW_MARK if low else _MIN_MARK) <= size <= _MAX_MARK


def _gaps_between_words(line: Line) -> Iterator[float]:
    """Yield the gaps between words of letters or digits; marks have other space beside them."""
    for one, two in itertools.pairwise(line.words):
        gap = _gap(one.box, two.box)
        if gap is not None and one.text[-1].isalnum() and two.text[0].isalnum():
            yield gap


def _gap(one: Box | None, two: Box | None) -> float | None:
    """Return the pixels between two boxes, either way of writing; None where they do not stand side by side."""
    if one is None or two is None:
        return None
    first, second = sorted((one, two))
    gap = second[0] - first[2]
    overlap = min(first[3], second[3]) - max(first[1], second[1])
    shortest = min(first[2] - first[0], second[2] - second[0])
    beside = overlap > 0 or (gap >= 0 and -overlap <= max(first[3] - first[1], second[3] - second[1]))
    return float(max(0, gap)) if beside and gap >= -shortest else None
