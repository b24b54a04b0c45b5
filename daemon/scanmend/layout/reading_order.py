"""Puts text runs in the order in which people read a page: columns one after the other, table rows whole. Pure.

A region is split at the tallest gutter between columns that it has: above the columns, left column, right
column, below them, each again by the same rule. What has no such gutter is read row by row.
"""

import itertools
import statistics
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from scanmend.document import Line, Word
from scanmend.layout.bidi import has_right_to_left, in_reading_order, is_right_to_left
from scanmend.layout.gutters import BLOCK_GAP_HEIGHTS, are_columns, are_prose, goes_on, rows_across
from scanmend.layout.text_rows import TextRun, bands, cells, free_heights, joined, rows

MIN_GUTTER_HEIGHTS = 0.7
"""Least width of the gap between columns, as a multiple of the median line height."""
PARAGRAPH_GAP_HEIGHTS = 0.5
"""Free space of this multiple of the line height may be between two blocks of text."""
_EDGE_PT = 2.0
"""Runs whose left edges differ by no more than this, in points, begin at one edge."""
PARAGRAPH_STEP_RATIO = 1.3
"""A paragraph begins where the step from one row to the next exceeds this multiple of the column's median step."""
PARAGRAPH_STEP_HEIGHTS = 1.6
"""The same as a multiple of the line height, for columns of fewer than three rows, which have no usual step."""
PARAGRAPH_SIZE_RATIO = 1.25
"""A paragraph also begins where a row is higher, or lower, than the one above by this factor."""


def lines_in_reading_order(runs: Sequence[TextRun]) -> tuple[Line, ...]:
    """Return the lines of a page in reading order, their paragraphs numbered from 0."""
    from_right = is_right_to_left(word.text for run in runs for word in run.words)
    shown = [_mirrored(run) for run in runs] if from_right else list(runs)  # so that the column read first is left
    lines: list[Line] = []
    paragraph = -1
    for column in _regions(sorted(shown, key=lambda run: (run.top, run.left))):
        before: TextRun | None = None
        of_column = list(rows(column))
        found = [joined(row) for row in of_column]
        steps = [b.top - a.top for a, b in itertools.pairwise(found)]
        usual = statistics.median_low(steps) if len(steps) > 1 else 0.0
        for runs_in_row, row in zip(of_column, found, strict=True):
            if before is None or _starts_paragraph(before, row, usual):
                paragraph += 1
            lines.append(Line(_words(runs_in_row, from_right=from_right), paragraph))
            before = row
    return tuple(lines)


def _mirrored(run: TextRun) -> TextRun:
    return replace(run, left=-run.right, right=-run.left)


def _words(row: Sequence[TextRun], *, from_right: bool) -> tuple[Word, ...]:
    """Return the words of a row as they are read; ``from_right``: the page is read from right to left."""
    text = [word.text for run in row for word in run.words]
    rtl = [has_right_to_left(word) for word in text]
    line_from_right = from_right if any(rtl) or not any(c.isalpha() for word in text for c in word) else False
    if not from_right and any(rtl):
        line_from_right = is_right_to_left(text)
    found = cells(row)
    if line_from_right != from_right:
        found.reverse()
    return tuple(word for cell in found for word in in_reading_order(cell.words, from_right=line_from_right))


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
    found = list(bands(runs))
    best = max(_columns(found), key=lambda columns: columns[0], default=None)
    if best is None:
        yield runs
        return
    _, start, end, gutter = best
    inside = [p for band in found[start:end] for p in band]
    yield from _regions([p for band in found[:start] for p in band])
    yield from _regions([p for p in inside if p.right <= gutter])
    yield from _regions([p for p in inside if p.right > gutter])
    yield from _regions([p for band in found[end:] for p in band])


def _columns(found: Sequence[Sequence[TextRun]]) -> Iterator[tuple[float, int, int, float]]:
    """Yield height, first band, end and gutter (x) of each group of bands that are two columns."""
    runs = [p for band in found for p in band]
    least = MIN_GUTTER_HEIGHTS * statistics.median(p.height for p in runs)
    for edge in _left_edges(runs):
        gutter = edge - least / 2
        for piece in _uncrossed(found, edge, least):
            whole = rows_across([found[n] for n in piece], gutter)
            for start, end in _without(piece, whole):
                for columns in _columns_in(found, start, end, gutter):
                    if not _in_list(found, *columns[1:], {piece[n] for n in whole}):
                        yield columns


def _left_edges(runs: Sequence[TextRun]) -> Iterator[float]:
    """Yield where runs begin (x), once where several do, but for the leftmost."""
    before = None
    for left in sorted(p.left for p in runs):
        if before is not None and left - before > _EDGE_PT:
            yield left
        before = left if before is None or left - before > _EDGE_PT else before


def _uncrossed(found: Sequence[Sequence[TextRun]], edge: float, least: float) -> Iterator[range]:
    """Yield ranges of bands no run of which reaches into the gap of width ``least`` that ends at ``edge``."""
    start = 0
    for n, band in enumerate(found):
        if any(p.left < edge and p.right > edge - least for p in band):
            if n > start:
                yield range(start, n)
            start = n + 1
    if len(found) > start:
        yield range(start, len(found))


def _without(piece: range, whole: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield first and end of what is left of a range without the bands at these places in it."""
    start = 0
    for n in [*sorted(whole), len(piece)]:
        if n > start:
            yield piece[start], piece[n - 1] + 1
        start = n + 1


def _columns_in(
    found: Sequence[Sequence[TextRun]], start: int, end: int, gutter: float
) -> Iterator[tuple[float, int, int, float]]:
    """Yield what ``_columns`` does for the bands from ``start``: as many together as free space does not part."""
    first = start
    for n in range(start + 1, end + 1):
        inside = found[first:n]
        apart = n < end and free_heights(inside[-1], found[n]) > BLOCK_GAP_HEIGHTS
        if n < end and not (apart and not are_prose([p for band in inside for p in band], gutter)):
            continue
        if are_columns(inside, gutter):
            yield _height(inside), first, n, gutter
        elif any(free_heights(found[k - 1], found[k]) > PARAGRAPH_GAP_HEIGHTS for k in range(first + 1, n)):
            at = first
            for k in range(first + 1, n + 1):
                if k == n or free_heights(found[k - 1], found[k]) > PARAGRAPH_GAP_HEIGHTS:
                    if are_columns(found[at:k], gutter):
                        yield _height(found[at:k]), at, k, gutter
                    at = k
        first = n


def _in_list(found: Sequence[Sequence[TextRun]], start: int, end: int, gutter: float, whole: Collection[int]) -> bool:
    """Whether what may be columns is part of a list whose other rows are certain."""
    joints = [(start, start - 1)] * (start - 1 in whole) + [(end - 1, end)] * (end in whole)
    near = [(n, k) for n, k in joints if free_heights(found[min(n, k)], found[max(n, k)]) <= PARAGRAPH_GAP_HEIGHTS]
    if not any(goes_on(found[n], found[k], gutter) for n, k in near):
        return False
    return not are_prose([p for band in found[start:end] for p in band], gutter)


def _height(found: Sequence[Sequence[TextRun]]) -> float:
    return max(p.bottom for p in found[-1]) - min(p.top for p in found[0])
