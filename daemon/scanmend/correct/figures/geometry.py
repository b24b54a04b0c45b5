"""Geometry of a page of words: how askew its lines are, and which words share a row or a right edge."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanmend.document import Box

ROW_REACH = 0.5
"""Two words are in one row where their middles lie at most this many word heights apart, page straightened."""
COLUMN_REACH = 0.5
"""Cells are in one column while the next right edge is at most this many word heights further right."""
STRAIGHT_SPAN = 5.0
"""Shortest line, in word heights, that tells how askew the page is."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A box on the straightened page."""

    left: float
    right: float
    middle: float


def slope(words: Iterable[tuple[int, Box]], height: float) -> float:
    """Return the rise of the page's lines per pixel to the right: the median over its long lines.

    ``words`` are line and box of each word.
    """
    lines: dict[int, list[Box]] = defaultdict(list)
    for line, box in words:
        lines[line].append(box)
    slopes = []
    for boxes in lines.values():
        first, last = min(boxes), max(boxes)
        if (across := last[0] - first[0]) > STRAIGHT_SPAN * height:
            slopes.append((last[1] + last[3] - first[1] - first[3]) / 2 / across)
    return statistics.median(slopes) if slopes else 0.0


def straightened(box: Box, slope: float) -> Spot:
    """Return a box as it lies on the page turned so that its lines, which rise by ``slope``, are level."""
    left, top, right, bottom = box
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    shift = middle_y * slope
    return Spot(left + shift, right + shift, middle_y - middle_x * slope)


def number_rows(spots: Sequence[Spot], height: float) -> list[int]:
    """Return the row number of each spot: rows end where the next middle is further down than ``ROW_REACH``."""
    numbers, row, mean, count = [0] * len(spots), -1, float("-inf"), 0
    for i in sorted(range(len(spots)), key=lambda i: spots[i].middle):
        middle = spots[i].middle
        if middle - mean > ROW_REACH * height:
            row, mean, count = row + 1, middle, 0
        count += 1
        mean += (middle - mean) / count
        numbers[i] = row
    return numbers


def number_columns(rights: Sequence[float], height: float) -> list[int]:
    """Return the column number of each right edge: columns end where the next one is beyond ``COLUMN_REACH``."""
    numbers, column, before = [0] * len(rights), -1, float("-inf")
    for i in sorted(range(len(rights)), key=lambda i: rights[i]):
        if rights[i] - before > COLUMN_REACH * height:
            column += 1
        numbers[i], before = column, rights[i]
    return numbers
