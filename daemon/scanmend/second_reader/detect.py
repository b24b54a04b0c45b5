"""Finds the lines of a page: the text map of all its parts put together, and slanted boxes around its regions.

The method is that of DB (Liao et al., "Real-time scene text detection with differentiable binarization", 2020): the
network marks the inner part of each line, and the boxes around these parts are enlarged again.
"""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from scanmend.document import Corners
from scanmend.second_reader.image import Grey, Region, TextMap, regions, resized
from scanmend.second_reader.network import CANVAS

FindText = Callable[[Grey], TextMap]
"""Returns the text map of an image of ``CANVAS`` rows and columns."""

MIN_LIKELIHOOD = 0.5
"""Least mean of the text map within a line."""
ENLARGEMENT = 1.6
"""How far a box grows on each side: so many times its area over its circumference."""
MIN_LINE_PX = 5.0
"""Least height of a line on the map, in its pixels, after the enlargement."""
TALL = 1.5
"""A box at least so many times higher than wide is not a line, but a letter by itself, or text along the edge."""
TALL_LINE_RATIO = 2.0
"""Such a box is left out as text along the edge when it is so many times higher than the median line."""
SMALL_TEXT_PX = 8.0
"""Height of words on the map below which they are not found safely, so that a larger map is made."""
MOST_ENLARGED = 2.0
"""Factor by which images are enlarged at most before lines are looked for, and maps for small text are larger."""
OVERLAP_PX = 96
"""How far the parts overlap in which a page is looked at that is larger than the canvas: more than a line is high."""


def map_scale(page: Grey, word_height_px: float = 0.0) -> float:
    """Return by which factor the page is resized before lines are looked for.

    ``word_height_px``: median height of its words, 0 where it is not known. It matters where words are small.
    """
    rows, columns = page.shape
    whole: float = min(max(CANVAS) / max(rows, columns), MOST_ENLARGED)
    if not 0 < word_height_px * whole < SMALL_TEXT_PX:
        return whole
    return min(MOST_ENLARGED * whole, SMALL_TEXT_PX / word_height_px, 1.0)


def find_lines(page: Grey, scale: float, find_text: FindText) -> list[Corners]:
    """Return the corners of the lines of a page, in no particular order; ``scale`` as ``map_scale`` has it."""
    text = _text_map(resized(page, round(page.shape[1] * scale), round(page.shape[0] * scale)), find_text)
    found = [(_corners(region), region) for region in map(_enlarged, _likely(regions(text)))]
    heights = [min(region.size) for _, region in found]
    tall = TALL_LINE_RATIO * statistics.median(heights) if heights else 0.0
    return [
        _on_page(corners, page, scale)
        for corners, _ in found
        if (size := _sides(corners))[1] < TALL * size[0] or size[1] < tall
    ]


def _text_map(image: Grey, find_text: FindText) -> TextMap:
    """Return the text map of an image of any size, put together from parts that overlap."""
    out = np.zeros(image.shape, np.float32)
    for top, (first_row, end_row) in _parts(image.shape[0], CANVAS[0]):
        for left, (first_column, end_column) in _parts(image.shape[1], CANVAS[1]):
            part = image[top : top + CANVAS[0], left : left + CANVAS[1]]
            canvas = np.full(CANVAS, 255, np.uint8)
            canvas[: part.shape[0], : part.shape[1]] = part
            seen = find_text(canvas)[first_row - top : end_row - top, first_column - left : end_column - left]
            out[first_row:end_row, first_column:end_column] = seen
    return out


def _parts(length: int, window: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield where each window begins, and first and end of what is taken from it; windows meet amid their overlap."""
    count = max(1, math.ceil((length - OVERLAP_PX) / (window - OVERLAP_PX)))
    begins = [round(i * max(0, length - window) / max(1, count - 1)) for i in range(count)]
    seams = [0, *((begin + before + window) // 2 for before, begin in pairwise(begins)), length]
    yield from zip(begins, pairwise(seams), strict=True)


def _likely(found: Iterator[Region]) -> Iterator[Region]:
    return (region for region in found if region.likelihood >= MIN_LIKELIHOOD)


def _enlarged(region: Region) -> Region:
    width, height = region.size
    grown = ENLARGEMENT * width * height / (width + height)
    return Region(region.middle, (width + grown, height + grown), region.angle, region.likelihood)


def _corners(region: Region) -> Corners:
    """Return the corners in the order that ``Corners`` has: two to the left and two to the right, the upper first."""
    angle = math.radians(region.angle)
    across = np.array([math.cos(angle), math.sin(angle)]) * region.size[0] / 2
    down = np.array([-math.sin(angle), math.cos(angle)]) * region.size[1] / 2
    middle = np.array(region.middle)
    points: Sequence[tuple[float, float]] = [
        (float(x), float(y)) for x, y in (middle + a * across + b * down for a in (-1, 1) for b in (-1, 1))
    ]
    by_x = sorted(points)
    (top_left, bottom_left), (top_right, bottom_right) = (
        sorted(side, key=lambda p: p[1]) for side in (by_x[:2], by_x[2:])
    )
    return top_left, top_right, bottom_right, bottom_left


def _sides(corners: Corners) -> tuple[float, float]:
    """Return width and height of a line."""
    return math.dist(corners[0], corners[1]), math.dist(corners[0], corners[3])


def _on_page(corners: Corners, page: Grey, scale: float) -> Corners:
    """Return the corners in pixels of the page, within its edges."""
    rows, columns = page.shape

    def moved(point: tuple[float, float]) -> tuple[float, float]:
        x, y = (round(n / scale, 1) for n in point)
        return min(max(x, 0.0), columns - 1.0), min(max(y, 0.0), rows - 1.0)

    return moved(corners[0]), moved(corners[1]), moved(corners[2]), moved(corners[3])
