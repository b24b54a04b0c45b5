"""How wide the blanks of a page are: whether the image shows a blank where one was read, and how clearly.

A blank is an edit's evidence like any other. Where words have boxes, the gap between two of them is compared with the
usual gap between the words of the line: a gap about as wide is a blank that somebody set, whatever a manual of style
says, and a narrow one is no more than the space beside a letter or a mark. On a typescript a blank is one cell, and so
is the usual gap.
"""

import statistics
from collections.abc import Iterator, Sequence

from scanmend.document import Line, Page, Word

NARROW_SHARE = 0.45
"""Share of the line's usual gap up to which no blank was set: letters and marks have that much space beside them."""
CLEAR_SHARE = 0.75
"""Share of the line's usual gap from which a blank was set."""
CLEAR_BLANK_NATS = 12.0
"""Channel cost, in nats, of reading a blank that the image shows clearly where there was none."""
_MIN_LINE_GAPS = 3
"""Fewest gaps between words that say what is usual in a line; with fewer, the page says it."""
_MIN_PAGE_GAPS = 2
"""Fewest gaps between words that say what is usual on a page."""
_MIN_LETTERS = 4
"""Letters of a word from which its width says how wide a character is."""
_MAX_ADVANCES = 2.5
"""Widest gap between words, in widths of a character; what is wider parts columns."""


class Blanks:
    """The gaps between the words of one page, against what is usual there."""

    def __init__(self, page: Page) -> None:
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

    def share(self, n: int, one: Word, two: Word) -> float | None:
        """Return the gap between two words of line ``n`` as a share of the line's usual gap between words.

        None where the image says nothing: without boxes, with boxes that do not follow each other, or on a page of a
        few words.
        """
        gap = _gap(one, two)
        return gap / self._usual[n] if gap is not None and self._usual[n] else None

    def all_narrow(self, n: int, words: Sequence[Word]) -> bool:
        """Whether the image says of each gap between these neighbours in line ``n`` that no blank was set there."""
        shares = [self.share(n, one, two) for one, two in zip(words, words[1:], strict=False)]
        return bool(shares) and all(share is not None and share <= NARROW_SHARE for share in shares)

    def any_clear(self, n: int, words: Sequence[Word]) -> bool:
        """Whether the image says of a gap between these neighbours in line ``n`` that a blank was set there."""
        shares = [self.share(n, one, two) for one, two in zip(words, words[1:], strict=False)]
        return any(share is not None and share >= CLEAR_SHARE for share in shares)


def _gaps_between_words(line: Line) -> Iterator[float]:
    """Yield the gaps between words of letters or digits; marks have other space beside them."""
    for one, two in zip(line.words, line.words[1:], strict=False):
        gap = _gap(one, two)
        if gap is not None and one.text[-1].isalnum() and two.text[0].isalnum():
            yield gap


def _gap(one: Word, two: Word) -> float | None:
    """Return the pixels between two words, either way of writing; None where they do not stand side by side."""
    if one.box is None or two.box is None:
        return None
    first, second = sorted((one.box, two.box))
    gap = second[0] - first[2]
    overlap = min(first[3], second[3]) - max(first[1], second[1])
    beside = overlap > 0 or gap >= 0
    shortest = min(first[2] - first[0], second[2] - second[0])
    return float(max(0, gap)) if beside and gap >= -shortest else None
