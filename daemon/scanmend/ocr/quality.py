"""How good a reading looks, told without knowing what stands there: by confidence, and by how words follow. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scanmend.document import Box, Line, Page

GUESS_CONFIDENCE = 50.0
"""Confidence, 0–100, below which a word counts for nothing."""
MAX_CELL_WORDS = 3
"""Most words in a line that may be a cell of a table, unless half of them are numbers."""

_SHORT_WORD_LETTERS = 3
"""Letters that make a word wider than high."""
_TORN_PENALTY = 2.0
"""So many times its share, a torn table costs a reading."""
_SIDEWAYS_PENALTY = 0.1
"""So much of its worth, a reading costs that cannot be shown upright."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What tells a good reading from a poor one."""

    letters: int
    confidence: float
    """Mean over all letters and digits, 0–100."""
    torn_share: float
    """Share of words, 0–1, that were read apart from what stands right of them, in lines that look like cells."""
    sideways: bool
    """Most words are higher than wide."""
    word_height_px: float
    """Median height of words, in pixels of the image; 0 without any."""
    worth: float
    """Letters read, each for as much as its confidence is above a guess; less where rows are torn."""


def quality_of(page: Page) -> Quality:
    """Judge a reading."""
    words = [(sum(map(str.isalnum, w.text)), w.confidence or 0.0, w.box) for line in page.lines for w in line.words]
    letters = sum(n for n, _, _ in words)
    boxes = [box for n, _, box in words if n > _SHORT_WORD_LETTERS and box]
    sideways = 2 * sum(bottom - top > right - left for left, top, right, bottom in boxes) > len(boxes)
    torn_share = 0.0 if sideways else _torn_share(page.lines)
    heard = sum(n * max(0.0, confidence - GUESS_CONFIDENCE) for n, confidence, _ in words)
    return Quality(
        letters,
        sum(n * confidence for n, confidence, _ in words) / max(letters, 1),
        torn_share,
        sideways,
        statistics.median(box[3] - box[1] for _, _, box in words if box) if any(box for *_, box in words) else 0.0,
        heard * max(0.0, 1 - _TORN_PENALTY * torn_share - _SIDEWAYS_PENALTY * sideways),
    )


def _torn_share(lines: Sequence[Line]) -> float:
    """Share of words whose neighbour to the right is not the word read next, where one of both is in a cell.

    Columns of prose, which are to be read one after the other, have long lines of words.
    """
    words = [(w.box, _is_cell(line)) for line in lines for w in line.words if w.box and _has_text(w.text)]
    rows: dict[int, list[int]] = {}
    step = max(1, round(statistics.median(box[3] - box[1] for box, _ in words))) if words else 1
    for i, (box, _) in enumerate(words):
        for row in range(box[1] // step, box[3] // step + 1):
            rows.setdefault(row, []).append(i)
    torn_share = sum(
        right != i + 1 and (words[i][1] or words[right][1])
        for i, (box, _) in enumerate(words)
        if (right := _right_neighbour(box, words, rows.get((box[1] + box[3]) // 2 // step, ()))) is not None
    )
    return torn_share / len(words) if words else 0.0


def _right_neighbour(box: Box, words: Sequence[tuple[Box, bool]], row: Sequence[int]) -> int | None:
    """The nearest word to the right that stands in the same row."""

    def beside(other: Box) -> bool:
        overlap = min(box[3], other[3]) - max(box[1], other[1])
        return other[0] >= box[2] and 2 * overlap > min(box[3] - box[1], other[3] - other[1])

    return min((i for i in row if beside(words[i][0])), key=lambda i: words[i][0][0], default=None)


def _is_cell(line: Line) -> bool:
    numbers = sum(any(map(str.isdigit, w.text)) for w in line.words)
    return len(line.words) <= MAX_CELL_WORDS or 2 * numbers >= len(line.words)


def _has_text(text: str) -> bool:
    return any(map(str.isalnum, text))
