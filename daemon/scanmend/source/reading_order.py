"""Pieces of text on a page in the order that people read them: columns one after the other, table rows whole. Pure."""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanmend.document import Line, Word


@dataclass(frozen=True, slots=True)
class TextRun:
    """Words on one baseline, without a wide gap between them; points of the page as it is shown."""

    left: float
    top: float
    right: float
    bottom: float
    words: tuple[Word, ...]

    @property
    def height(self) -> float:
        """Of the tallest word."""
        return self.bottom - self.top

    @property
    def letters(self) -> int:
        """How many letters its words have."""
        return sum(c.isalpha() for word in self.words for c in word.text)


MIN_GUTTER_HEIGHTS = 0.7
"""Least width of the gap between columns, in heights of a line."""
MIN_COLUMN_ROWS = 3
"""Least rows of a column."""
MIN_COLUMN_LETTERS = 12
"""Letters that half of a column's rows have; the cells of tables mostly have fewer."""
MIN_COLUMN_FILL = 0.55
"""Share of its column's width that half of the rows fill; the cells of tables mostly do not."""
PARAGRAPH_STEP_RATIO = 1.3
"""Usual steps from one line to the next, from which a new paragraph begins, and …"""
PARAGRAPH_STEP_HEIGHTS = 1.6
"""… heights of a line, where too few lines tell what is usual."""
PARAGRAPH_SIZE_RATIO = 1.25
"""So much larger or smaller letters are a new paragraph, too."""


def lines_in_reading_order(pieces: Sequence[TextRun]) -> tuple[Line, ...]:
    """Return the lines in reading order, paragraphs numbered from 0."""
    lines: list[Line] = []
    paragraph = -1
    for column in _regions(sorted(pieces, key=lambda p: (p.top, p.left))):
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
    """Whether a new paragraph begins: by a gap larger than usual, or by letters of another size."""
    height = max(above.height, 1e-9)
    step = row.top - above.top
    return (
        step > (PARAGRAPH_STEP_RATIO * usual or PARAGRAPH_STEP_HEIGHTS * height)
        or not 1 / PARAGRAPH_SIZE_RATIO < row.height / height < PARAGRAPH_SIZE_RATIO
    )


def _regions(pieces: Sequence[TextRun]) -> Iterator[Sequence[TextRun]]:
    """Yield the pieces region by region, each to be read row by row."""
    if not pieces:
        return
    bands = list(_bands(pieces))
    best = (0, 0, 0.0)
    for start in range(len(bands)):
        end, gutter = _gutter_extent(bands, start)
        if end - start > best[1] - best[0]:
            best = (start, end, gutter)
        if end == len(bands):
            break
    start, end, gutter = best
    if not end:
        yield pieces
        return
    inside = [p for band in bands[start:end] for p in band]
    yield from _regions([p for band in bands[:start] for p in band])
    yield from _regions([p for p in inside if p.right <= gutter])
    yield from _regions([p for p in inside if p.right > gutter])
    yield from _regions([p for band in bands[end:] for p in band])


def _gutter_extent(bands: Sequence[Sequence[TextRun]], start: int) -> tuple[int, float]:
    """Return how far down from ``start`` a gutter reaches between columns of prose, and where it is; 0 without one."""
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


def _gaps(pieces: Sequence[TextRun]) -> Iterator[float]:
    """Yield the middle of each gap that no piece reaches into, the widest first."""
    least = MIN_GUTTER_HEIGHTS * statistics.median(p.height for p in pieces)
    gaps: list[tuple[float, float]] = []
    right = None
    for piece in sorted(pieces, key=lambda p: p.left):
        if right is not None and piece.left - right >= least:
            gaps.append((piece.left - right, (piece.left + right) / 2))
        right = max(right or piece.right, piece.right)
    yield from (middle for _, middle in sorted(gaps, reverse=True))


def _is_prose(side: Sequence[TextRun]) -> bool:
    rows = list(_rows(side))
    if len(rows) < MIN_COLUMN_ROWS:
        return False
    width = max(p.right for p in side) - min(p.left for p in side)
    fill = statistics.median(row.right - row.left for row in rows) / max(width, 1e-9)
    return fill >= MIN_COLUMN_FILL and statistics.median(row.letters for row in rows) >= MIN_COLUMN_LETTERS


def _bands(pieces: Sequence[TextRun]) -> Iterator[list[TextRun]]:
    """Yield pieces that lie beside each other, or are linked by such, from top to bottom."""
    band: list[TextRun] = []
    bottom = 0.0
    for piece in sorted(pieces, key=_middle_half):
        top, low = _middle_half(piece)
        if band and top >= bottom:
            yield band
            band = []
        bottom = max(bottom, low) if band else low
        band.append(piece)
    if band:
        yield band


def _rows(pieces: Sequence[TextRun]) -> Iterator[TextRun]:
    """Yield the rows of a region: what stands on one baseline is one, from left to right."""
    for band in _bands(pieces):
        rows: list[list[TextRun]] = []
        for piece in band:
            for row in rows:
                if _share_baseline(row[0], piece) and not any(_overlap(p, piece) for p in row):
                    row.append(piece)
                    break
            else:
                rows.append([piece])
        for row in sorted(rows, key=lambda r: min(p.top for p in r)):
            row.sort(key=lambda p: p.left)
            words = tuple(word for piece in row for word in piece.words)
            bottom = max(p.bottom for p in row)
            yield TextRun(row[0].left, min(p.top for p in row), max(p.right for p in row), bottom, words)


def _middle_half(piece: TextRun) -> tuple[float, float]:
    """The middle half of its height: the boxes of neighbouring lines overlap."""
    return piece.top + piece.height / 4, piece.bottom - piece.height / 4


def _share_baseline(a: TextRun, b: TextRun) -> bool:
    """Whether the middle of the one is within the other."""
    middle = (b.top + b.bottom) / 2
    return a.top < middle < a.bottom or b.top < (a.top + a.bottom) / 2 < b.bottom


def _overlap(a: TextRun, b: TextRun) -> bool:
    """Whether they lie over each other, more than letters do that lean."""
    return min(a.right, b.right) - max(a.left, b.left) > 0.5 * min(a.height, b.height)
