"""Puts text runs in the order in which people read a page: columns one after the other, table rows whole. Pure.

A region is split at the tallest gutter between columns of prose that it has: above the columns, left column, right
column, below them, each again by the same rule. What has no such gutter is read row by row.
"""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanmend.document import Line, Word


@dataclass(frozen=True, slots=True)
class TextRun:
    """Words on one baseline without a wide gap between them; edges in points, on the page as it is shown."""

    left: float
    top: float
    right: float
    bottom: float
    words: tuple[Word, ...]

    @property
    def height(self) -> float:
        """Height of the tallest word, in points."""
        return self.bottom - self.top

    @property
    def letters(self) -> int:
        """Number of letters in its words."""
        return sum(c.isalpha() for word in self.words for c in word.text)


MIN_GUTTER_HEIGHTS = 0.7
"""Least width of the gap between columns, as a multiple of the median line height."""
MIN_COLUMN_ROWS = 3
"""Fewest rows that make a column."""
MIN_COLUMN_LETTERS = 12
"""Least median number of letters in a column's rows; the cells of tables mostly have fewer."""
MIN_COLUMN_FILL = 0.55
"""Least median share of the column's width that its rows fill; the cells of tables mostly fill less."""
PARAGRAPH_STEP_RATIO = 1.3
"""A paragraph begins where the step from one row to the next exceeds this multiple of the column's median step."""
PARAGRAPH_STEP_HEIGHTS = 1.6
"""The same as a multiple of the line height, for columns of fewer than three rows, which have no usual step."""
PARAGRAPH_SIZE_RATIO = 1.25
"""A paragraph also begins where a row is higher, or lower, than the one above by this factor."""


def lines_in_reading_order(runs: Sequence[TextRun]) -> tuple[Line, ...]:
    """Return the lines of a page in reading order, their paragraphs numbered from 0."""
    lines: list[Line] = []
    paragraph = -1
    for column in _regions(sorted(runs, key=lambda run: (run.top, run.left))):
        before: TextRun | None = None
        rows = list(_rows(column))
        steps = [b.top - a.top for a, b in itertools.pairwise(rows)]
        usual = statistics.median_low(steps) if len(steps) > 1 else 0.0
        for row in rows:
            if before is None or _starts_paragraph(before, row, usual):
                paragraph += 1
            lines.append(Line(row.words, paragraph))
            before = row
    return tuple(lines)


def _starts_paragraph(above: TextRun, row: TextRun, usual: float) -> bool:
    """Whether a new paragraph begins at ``row``; ``usual`` is the column's median step in points, 0 where unknown."""
    height = max(above.height, 1e-9)
    step = row.top - above.top
    return (
        step > (PARAGRAPH_STEP_RATIO * usual or PARAGRAPH_STEP_HEIGHTS * height)
        or not 1 / PARAGRAPH_SIZE_RATIO < row.height / height < PARAGRAPH_SIZE_RATIO
    )


def _regions(runs: Sequence[TextRun]) -> Iterator[Sequence[TextRun]]:
    """Yield the runs region by region in reading order, each region to be read row by row."""
    if not runs:
        return
    bands = list(_bands(runs))
    best = (0, 0, 0.0)
    for start in range(len(bands)):
        end, gutter = _gutter_extent(bands, start)
        if end - start > best[1] - best[0]:
            best = (start, end, gutter)
        if end == len(bands):
            break
    start, end, gutter = best
    if not end:
        yield runs
        return
    inside = [p for band in bands[start:end] for p in band]
    yield from _regions([p for band in bands[:start] for p in band])
    yield from _regions([p for p in inside if p.right <= gutter])
    yield from _regions([p for p in inside if p.right > gutter])
    yield from _regions([p for band in bands[end:] for p in band])


def _gutter_extent(bands: Sequence[Sequence[TextRun]], start: int) -> tuple[int, float]:
    """Return the number of the band at which a gutter between columns of prose ends, and its x; (0, 0) without one."""
    found = (0, 0.0)
    inside: list[TextRun] = []
    for end in range(start, len(bands)):
        inside += bands[end]
        gaps = list(_gaps(inside))
        if not gaps and end > start + MIN_COLUMN_ROWS * 2:
            break
        for gutter in gaps:
            sides = [p for p in inside if p.right <= gutter], [p for p in inside if p.right > gutter]
            if all(_is_prose(side) for side in sides):
                found = (end + 1, gutter)
                break
    return found


def _gaps(runs: Sequence[TextRun]) -> Iterator[float]:
    """Yield the middle (x) of each vertical gap that no run reaches into, the widest gap first."""
    least = MIN_GUTTER_HEIGHTS * statistics.median(p.height for p in runs)
    gaps: list[tuple[float, float]] = []
    right = None
    for run in sorted(runs, key=lambda p: p.left):
        if right is not None and run.left - right >= least:
            gaps.append((run.left - right, (run.left + right) / 2))
        right = max(right or run.right, run.right)
    yield from (middle for _, middle in sorted(gaps, reverse=True))


def _is_prose(side: Sequence[TextRun]) -> bool:
    rows = list(_rows(side))
    if len(rows) < MIN_COLUMN_ROWS:
        return False
    width = max(p.right for p in side) - min(p.left for p in side)
    fill = statistics.median(row.right - row.left for row in rows) / max(width, 1e-9)
    return fill >= MIN_COLUMN_FILL and statistics.median(row.letters for row in rows) >= MIN_COLUMN_LETTERS


def _bands(runs: Sequence[TextRun]) -> Iterator[list[TextRun]]:
    """Yield groups of runs that lie beside each other, directly or through others, from top to bottom."""
    band: list[TextRun] = []
    bottom = 0.0
    for run in sorted(runs, key=_middle_half):
        top, low = _middle_half(run)
        if band and top >= bottom:
            yield band
            band = []
        bottom = max(bottom, low) if band else low
        band.append(run)
    if band:
        yield band


def _rows(runs: Sequence[TextRun]) -> Iterator[TextRun]:
    """Yield the rows of a region from top to bottom; the runs on one baseline are joined from left to right."""
    for band in _bands(runs):
        rows: list[list[TextRun]] = []
        for run in band:
            for row in rows:
                if _share_baseline(row[0], run) and not any(_overlap(p, run) for p in row):
                    row.append(run)
                    break
            else:
                rows.append([run])
        for row in sorted(rows, key=lambda r: min(p.top for p in r)):
            row.sort(key=lambda p: p.left)
            words = tuple(word for run in row for word in run.words)
            bottom = max(p.bottom for p in row)
            yield TextRun(row[0].left, min(p.top for p in row), max(p.right for p in row), bottom, words)


def _middle_half(run: TextRun) -> tuple[float, float]:
    """Top and bottom of the middle half of its height, as the boxes of neighbouring lines overlap."""
    return run.top + run.height / 4, run.bottom - run.height / 4


def _share_baseline(a: TextRun, b: TextRun) -> bool:
    """Whether the vertical middle of one run is within the other."""
    middle = (b.top + b.bottom) / 2
    return a.top < middle < a.bottom or b.top < (a.top + a.bottom) / 2 < b.bottom


def _overlap(a: TextRun, b: TextRun) -> bool:
    """Whether they overlap sideways by more than slanted letters do."""
    return min(a.right, b.right) - max(a.left, b.left) > 0.5 * min(a.height, b.height)
