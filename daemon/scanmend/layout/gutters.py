"""Tells a gutter between columns of text from the gap between the cells of a table, a form or a list. Pure.

What speaks for rows: text on both sides stands level, row by row, and one side holds short cells, numbers or labels.
What speaks for columns: lines fill their column or go on in the next line, or the two sides are set independently.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from scanmend.layout.text_rows import TextRun, cells, free_heights, joined, rows

MIN_COLUMN_ROWS = 3
"""Fewest rows that make a column."""
MIN_COLUMN_LETTERS = 12
"""Least median number of letters in a column's rows; the cells of tables mostly have fewer."""
MIN_COLUMN_FILL = 0.55
"""Least median share of the column's width that its rows fill; the cells of tables mostly fill less."""
MAX_BLOCK_ROWS = 8
"""Most rows of an address, or of the data beside it; longer ragged columns that stand level are lists."""
MIN_PROSE_FILL, MIN_FULL_SHARE = 0.85, 0.7
"""Lines of prose fill this share of their column's width, except for the last ones of paragraphs: so many do."""
MIN_PROSE_LETTERS = 20
"""Least median number of letters in lines that show by themselves that they are prose."""
MIN_RUN_ON_SHARE = 0.3
"""Share of lines beginning with a small letter that shows that sentences run on from line to line."""
MAX_OFFSET_HEIGHTS = 0.25
"""Text stands level if its middle, or bottom, differs by no more than this multiple of the height …"""
MAX_OFFSET_SPREAD_HEIGHTS = 0.35
"""… or if it differs by nearly the same in each row: fields of a form stand a little lower than their labels."""
BLOCK_GAP_HEIGHTS = 2.5
"""Text above free space that is higher than this multiple of the line height is apart from that below it, unless both
are columns of prose."""
_PROSE_ROWS = 8
"""So many rows above and below are looked at, too, to find out whether it is prose that stands beside cells."""
_CONTINUED = (",", "-", "\u2010", "\u00ad")
"""Ends of lines that go on in the next one."""
_PAIR_GAP_RATIO = 1.5
"""A label belongs to the value right of it if what is left of it is further away by this factor."""
_LABEL_ENDS = (":", "\uff1a")


@dataclass(frozen=True)
class _Pair:
    """The cells of one row on both sides of the gutter."""

    band: int
    """Index of the band that the row is in."""
    sides: tuple[list[TextRun], list[TextRun]]

    @cached_property
    def offset(self) -> float:
        """By how much the right side stands lower than the left one, as a multiple of the height."""
        left, right = (joined(side) for side in self.sides)
        by_bottom = right.bottom - left.bottom
        by_middle = (by_bottom + right.top - left.top) / 2
        return min(by_bottom, by_middle, key=abs) / max(min(left.height, right.height), 1e-9)

    @cached_property
    def is_cell(self) -> tuple[bool, bool]:
        """Whether all that stands left, and right, is short, a number, a label or a field."""
        left, right = (all(c.letters < MIN_COLUMN_LETTERS or c.is_number for c in side) for side in self.sides)
        return left or self.sides[0][-1].text.endswith(_LABEL_ENDS), right or self.sides[1][0].in_field

    @property
    def in_table(self) -> bool:
        """Whether it looks like a row of a table by itself: it has three cells or more, or a number, label or field."""
        left, right = self.sides
        return (
            len(left) + len(right) > 2  # noqa: PLR2004
            or any(side[0].is_number for side, is_cell in zip(self.sides, self.is_cell, strict=True) if is_cell)
            or left[-1].text.endswith(_LABEL_ENDS)
            or right[0].in_field
        )


def rows_across(bands: Sequence[Sequence[TextRun]], gutter: float) -> set[int]:
    """Return the indexes of the bands whose text belongs together across the gutter, at this x."""
    out: set[int] = set()
    for stretch in _stretches(bands, gutter):
        for side in (0, 1):
            for first, end in _runs_of_cells(stretch, side):
                # A list, or a small table, may stand in one of two columns, beside prose.
                around = stretch[max(0, first - _PROSE_ROWS) : end + _PROSE_ROWS]
                beside = [pair.sides[1 - side] for pair in around]
                if _are_rows(stretch[first:end], side) and not _is_prose(beside):
                    first -= first > 0 and _is_head(stretch[first - 1], stretch[first])  # noqa: PLW2901
                    out.update(range(stretch[first].band, stretch[end - 1].band + 1))
    return out


def are_columns(bands: Sequence[Sequence[TextRun]], gutter: float) -> bool:
    """Whether the text left and right of the gutter, at this x, is two columns; the bands hold no ``rows_across``."""
    runs = [run for band in bands for run in band]
    sides = [list(rows(side)) for side in _parted(runs, gutter)]
    if min(map(len, sides)) < MIN_COLUMN_ROWS:
        return False
    pairs = [pair for stretch in _stretches(bands, gutter) for pair in stretch]
    level = len(pairs) >= min(map(len, sides)) / 2 and _are_level(pairs)
    if all(_is_column(side) for side in sides):
        is_list = level and min(map(len, sides)) > MAX_BLOCK_ROWS and len(pairs) >= 0.8 * max(map(len, sides))
        return not is_list or any(_runs_on(side) or _fill(side) >= MIN_PROSE_FILL for side in sides)
    if _are_pairs(pairs) or _are_self_contained(pairs):
        return True
    return not level and not any(_is_numbers(side) for side in sides)


def are_prose(runs: Sequence[TextRun], gutter: float) -> bool:
    """Whether the text on each side shows by itself that it is a column of prose."""
    return all(_is_prose([cells(row) for row in rows(side)]) for side in _parted(runs, gutter))


def goes_on(inside: Sequence[TextRun], across: Sequence[TextRun], gutter: float) -> bool:
    """Whether a band of rows across the gutter continues what is beside it, as a list of names and places does."""
    numbers = [max((len(cells(row)) for row in rows(band)), default=0) for band in (inside, across)]
    return numbers[0] == numbers[1] and all(all(_parted(band, gutter)) for band in (inside, across))


def _parted(runs: Sequence[TextRun], gutter: float) -> tuple[list[TextRun], list[TextRun]]:
    return [p for p in runs if p.right <= gutter], [p for p in runs if p.right > gutter]


def _stretches(bands: Sequence[Sequence[TextRun]], gutter: float) -> Iterator[list[_Pair]]:
    """Yield the rows that have text on both sides, in stretches that no other text and no free space parts."""
    stretch: list[_Pair] = []
    for i, band in enumerate(bands):
        left, right = _parted(band, gutter)
        crossed = any(p.left < gutter for p in right)
        across = [] if crossed else [row for row in rows(band) if row[0].right <= gutter < row[-1].right]
        if crossed or (left and right and not across) or (i and _is_apart(bands[i - 1], band)):
            yield stretch
            stretch = []
        for row in across:
            sides = _parted(row, gutter)
            stretch.append(_Pair(i, (cells(sides[0]), cells(sides[1]))))
    yield stretch


def _is_apart(above: Sequence[TextRun], band: Sequence[TextRun]) -> bool:
    return free_heights(above, band) > BLOCK_GAP_HEIGHTS


def _runs_of_cells(pairs: Sequence[_Pair], side: int) -> Iterator[tuple[int, int]]:
    """Yield first and end of the longest runs of rows that have cells on this side."""
    start = None
    for i, pair in enumerate(pairs):
        if pair.is_cell[side]:
            start = i if start is None else start
        elif start is not None:
            yield start, i
            start = None
    if start is not None:
        yield start, len(pairs)


def _are_rows(pairs: Sequence[_Pair], side: int) -> bool:
    """Whether rows with cells on this side are those of a table or form."""
    table_like = 2 * sum(pair.in_table for pair in pairs) > len(pairs)
    if len(pairs) < (2 if table_like else 3) or not _are_level(pairs):
        return False
    return not (side == 1 and (_are_pairs(pairs) or _are_self_contained(pairs)))


def _are_level(pairs: Sequence[_Pair]) -> bool:
    offsets = [pair.offset for pair in pairs]
    if not offsets:
        return False
    spread = max(offsets) - min(offsets)
    return max(map(abs, offsets)) <= MAX_OFFSET_HEIGHTS or spread <= MAX_OFFSET_SPREAD_HEIGHTS


def _is_head(above: _Pair, first: _Pair) -> bool:
    """Whether a row is the head of the table that begins below it."""
    number = [sum(map(len, pair.sides)) for pair in (above, first)]
    return above.band >= first.band - 1 and number[0] >= max(3, number[1]) and _are_level([above])


def _are_pairs(pairs: Sequence[_Pair]) -> bool:
    """Whether labels and values stand right of a gutter so wide that what is left of it, an address say, is apart."""
    right = [pair.sides[1] for pair in pairs]
    if not 1 < len(pairs) <= MAX_BLOCK_ROWS or any(len(side) != 2 for side in right):  # noqa: PLR2004
        return False
    labels = {side[0].text for side in right}
    if len(labels) < len(right) or any(c.isdigit() for label in labels for c in label):
        return False  # units, say, of which each row has one, and often the same
    values = [side[1].left for side in right]
    if max(values) - min(values) > 0.5 * right[0][1].height:
        return False
    outer = min(side[0].left for side in right) - max(pair.sides[0][-1].right for pair in pairs)
    return outer >= _PAIR_GAP_RATIO * (min(values) - max(side[0].right for side in right))


def _are_self_contained(pairs: Sequence[_Pair]) -> bool:
    """Whether what stands right of the gutter are mostly labels with their values."""
    labelled = sum(any(mark in pair.sides[1][0].text[:-1] for mark in _LABEL_ENDS) for pair in pairs)
    labelled += sum(len(pair.sides[1]) > 1 and pair.sides[1][0].text.endswith(_LABEL_ENDS) for pair in pairs)
    return 2 * labelled > len(pairs)


def _is_prose(lines: Sequence[Sequence[TextRun]]) -> bool:
    """Whether lines, each given as its cells, mostly fill their width and run on into the next one."""
    if len(lines) < MIN_COLUMN_ROWS:
        return False
    width = max(line[-1].right for line in lines) - min(line[0].left for line in lines)
    full = sum(max(c.right - c.left for c in line) >= MIN_PROSE_FILL * width for line in lines)
    if full < MIN_FULL_SHARE * len(lines) or statistics.median(sum(c.letters for c in line) for line in lines) < (
        MIN_PROSE_LETTERS
    ):
        return False
    return _runs_on(lines) or not any(c.isupper() or c.islower() for line in lines for c in line[0].text)


def _runs_on(lines: Sequence[Sequence[TextRun]]) -> bool:
    """Whether sentences and words go on from line to line, in scripts that have small letters."""
    starts = sum(
        after[0].text[:1].islower() or before[-1].text.endswith(_CONTINUED) for before, after in pairwise(lines)
    )
    return starts >= MIN_RUN_ON_SHARE * (len(lines) - 1)


def _fill(lines: Sequence[Sequence[TextRun]]) -> float:
    """Median share of the width of all lines that a line fills."""
    width = max(line[-1].right for line in lines) - min(line[0].left for line in lines)
    return statistics.median(line[-1].right - line[0].left for line in lines) / max(width, 1e-9)


def _is_column(lines: Sequence[Sequence[TextRun]]) -> bool:
    letters = statistics.median(sum(run.letters for run in line) for line in lines)
    return _fill(lines) >= MIN_COLUMN_FILL and letters >= MIN_COLUMN_LETTERS


def _is_numbers(lines: Sequence[Sequence[TextRun]]) -> bool:
    return 2 * sum(joined(line).is_number for line in lines) > len(lines)
