"""A corrected page as rows of words: where each stands, how surely it was read, and what belongs together."""

import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from scanmend.correct.figures.geometry import Spot, number_rows, slope, straightened
from scanmend.document import Box, CorrectedPage
from scanmend.outputs.word_boxes import PlacedWord, placed_words, words_of_numbers

State = Literal["agreed", "disputed", "single", "confirmed", ""]
"""Whether both readers agree on a word with a digit; empty for other words, and where there was one reader."""

TYPED_WIDTH, TYPED_HEIGHT = 10, 20
"""Pixels of a character and of a line where a page has no image: as if it were typed."""
_GLUED = re.compile(
    r"(?<=[^\W\d]{2})[:#=]+(?=[\w$€£+-])|(?<=[^\W\d]{2}\.)[:#=]+(?=\w)|(?<=[a-z]{3})(?=[A-Z]{2})|(?<=\w)(?=·\w)"
    r"|(?<=\b[nN][°º])(?=\d)"
)
"""Finds where a label is glued to what follows, as in ``Date:01/02/2018`` and ``TotalRM``."""
BLOCK_GAP = 1.5
"""Blank, in word heights, from which words of one row do not belong to one phrase."""


@dataclass(frozen=True, slots=True)
class TextWord:
    """One word, or the part of one behind its label, at its place on the straightened page."""

    text: str
    page: int
    line: int
    """0-based index of its line."""
    word: int
    """0-based index of its word in that line."""
    box: Box | None
    """None where the page has no image."""
    spot: Spot
    """Where it stands, also where it has no box."""
    height: float
    """Pixels."""
    row: int = 0
    """0-based number of its row on the page."""
    confidence: float = 1.0
    """Tesseract's confidence, 0-1; 1 where it is unknown."""
    state: State = ""
    other: str = ""
    """The reading that was not chosen, where it is disputed."""


@dataclass(frozen=True, slots=True)
class PageText:
    """A page's words in rows, from top to bottom and from left to right."""

    number: int
    """1-based."""
    rows: tuple[tuple[TextWord, ...], ...]
    height: float
    """Median height of its words in pixels."""
    left: float
    right: float
    """Edges of the text."""

    @property
    def words(self) -> Iterator[TextWord]:
        """All words, row by row."""
        return (word for row in self.rows for word in row)

    def blocks(self, row: int, gap: float = BLOCK_GAP) -> list[tuple[TextWord, ...]]:
        """Return the words of a row, parted at blanks wider than ``gap`` word heights."""
        out: list[list[TextWord]] = []
        for word in self.rows[row]:
            if out and word.spot.left - out[-1][-1].spot.right <= gap * max(self.height, word.height):
                out[-1].append(word)
            else:
                out.append([word])
        return [tuple(block) for block in out]


def page_text(page: CorrectedPage) -> PageText:
    """Return the words of a corrected page in rows."""
    placed = placed_words(page)
    boxes = [(n, word.box) for n, line in enumerate(placed) for word in line if word.box]
    height = max(1.0, statistics.median([b[3] - b[1] for _, b in boxes])) if boxes else float(TYPED_HEIGHT)
    rise = slope(boxes, height)
    words = [part for n, line in enumerate(placed) for part in _of_line(page, n, line, rise, height)]
    rows: dict[int, list[TextWord]] = defaultdict(list)
    for word, row in zip(words, number_rows([w.spot for w in words], height), strict=True):
        rows[row].append(word)
    ordered = tuple(
        tuple(replace(word, row=i) for word in sorted(rows[row], key=lambda w: (w.spot.left, w.line, w.word)))
        for i, row in enumerate(sorted(rows))
    )
    lefts, rights = [w.spot.left for w in words], [w.spot.right for w in words]
    return PageText(page.page.number, ordered, height, min(lefts, default=0.0), max(rights, default=0.0))


def joined(words: Sequence[TextWord]) -> str:
    """Return words with one blank between them, and none between the parts of one word."""
    out = "".join(
        a.text + ("" if (a.page, a.line, a.word) == (b.page, b.line, b.word) else " ") for a, b in pairwise(words)
    )
    return out + words[-1].text if words else ""


def worst_state(words: Iterable[TextWord]) -> State:
    """Return the first of ``disputed``, ``single``, ``agreed`` and ``confirmed`` that a word is; empty: none is."""
    states = {word.state for word in words}
    order: tuple[State, ...] = ("disputed", "single", "agreed", "confirmed")
    return next((state for state in order if state in states), "")


def _of_line(page: CorrectedPage, n: int, line: Sequence[PlacedWord], rise: float, height: float) -> Iterator[TextWord]:
    states = words_of_numbers(line, (number for number in page.numbers if number.line == n))
    at = 0
    for i, word in enumerate(line):
        typed = (at, n * TYPED_HEIGHT, at + TYPED_WIDTH * len(word.text), (n + 1) * TYPED_HEIGHT)
        at = typed[2] + TYPED_WIDTH
        number = states.get(i)
        confidence = 1.0 if word.confidence is None else max(0.0, min(1.0, word.confidence / 100))
        for text, where in _parts(word.text, word.box or typed):
            yield TextWord(
                text, page.page.number, n, i, where if word.box else None, straightened(where, rise),
                max(1.0, where[3] - where[1]) if word.box else height, 0, confidence,
                number.state if number else "", number.other if number else "",
            )  # fmt: skip


def _parts(text: str, box: Box) -> Iterator[tuple[str, Box]]:
    """Yield a word, or its label and its value, each with its share of the box."""
    left, top, right, bottom = box
    unit = (right - left) / len(text)
    ends = [m.end() for m in _GLUED.finditer(text)]
    for start, end in pairwise([0, *ends, len(text)]):
        yield text[start:end], (round(left + unit * start), top, round(left + unit * end), bottom)
