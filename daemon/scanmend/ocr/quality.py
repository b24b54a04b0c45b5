"""Rates how good an OCR result is, without knowing the true text: by confidences and by the order of words. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scanmend.document import Box, Line, Page
from scanmend.language.scripts import is_full_width

GUESS_CONFIDENCE = 50.0
"""Tesseract's confidence (0–100) up to which a word adds nothing to ``worth``: it is hardly more than a guess."""
MAX_CELL_WORDS = 3
"""Most words in a line that is taken for a cell of a table; lines half of which are numbers may have more."""

_SHORT_WORD_LETTERS = 3
"""Words of up to this many letters may be higher than wide, so they do not show whether text lies sideways."""
_TORN_PENALTY = 2.0
"""Penalty on ``worth`` per unit of torn share."""
_SIDEWAYS_PENALTY = 0.1
"""Share of ``worth`` that sideways text costs, since such a page is not shown upright."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What distinguishes a good OCR result from a poor one."""

    letters: int
    """Number of letters and digits."""
    confidence: float
    """Mean word confidence over all letters and digits, 0–100."""
    torn_share: float
    """Share of words (0–1) not followed by the word to their right, where one of the two is in a table cell."""
    sideways: bool
    """Whether most words are higher than wide."""
    word_height_px: float
    """Median height of words, in pixels of the image that was read; 0 without words."""
    worth: float
    """Sum of confidence above GUESS_CONFIDENCE over letters and digits, less penalties for torn and sideways text."""


def quality_of(page: Page) -> Quality:
    """Rate a page that OCR read."""
    words = [(sum(map(str.isalnum, w.text)), w.confidence or 0.0, w.box) for line in page.lines for w in line.words]
    letters = sum(n for n, _, _ in words)
    boxes = [box for n, _, box in words if n > _SHORT_WORD_LETTERS and box]
    sideways = 2 * sum(bottom - top > right - left for left, top, right, bottom in boxes) > len(boxes)
    torn_share = 0.0 if sideways else _torn_share(page.lines)
    earned = sum(n * max(0.0, confidence - GUESS_CONFIDENCE) for n, confidence, _ in words)
    return Quality(
        letters,
        sum(n * confidence for n, confidence, _ in words) / max(letters, 1),
        torn_share,
        sideways,
        statistics.median(box[3] - box[1] for _, _, box in words if box) if any(box for *_, box in words) else 0.0,
        earned * max(0.0, 1 - _TORN_PENALTY * torn_share - _SIDEWAYS_PENALTY * sideways),
    )


def _torn_share(lines: Sequence[Line]) -> float:
    """Share of words whose right neighbour is not the next word in reading order, where one of the two is in a cell.

    Columns of prose, which are rightly read one after the other, have longer lines than cells.
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
    """Index of the nearest word to the right in the same row; None without one."""

    def beside(other: Box) -> bool:
        overlap = min(box[3], other[3]) - max(box[1], other[1])
        return other[0] >= box[2] and 2 * overlap > min(box[3] - box[1], other[3] - other[1])

    return min((i for i in row if beside(words[i][0])), key=lambda i: words[i][0][0], default=None)


def _is_cell(line: Line) -> bool:
    numbers = sum(any(map(str.isdigit, w.text)) for w in line.words)
    # Words of Chinese and Japanese, which no blanks part, have about two characters.
    count = sum(max(1, sum(map(is_full_width, w.text)) // 2) for w in line.words)
    return count <= MAX_CELL_WORDS or 2 * numbers >= count


def _has_text(text: str) -> bool:
    return any(map(str.isalnum, text))
