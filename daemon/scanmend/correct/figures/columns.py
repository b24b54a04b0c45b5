"""Relations within a column: numbers that stand one above the other add up to the number below them.

A sum is *framed* where it begins at the column's top, or right below another sum, and *named* where a label calls the
number below it a total. Any other run of numbers may be a sum, too, but there are many, so that few prove anything.
"""

import itertools
from collections.abc import Iterator, Sequence

from scanmend.correct.figures.equations import Sum
from scanmend.correct.figures.relation import FRAMED, LABELLED, UNNAMED, Relation
from scanmend.correct.figures.sheet import Cell, Sheet

MAX_RUN = 8
"""Most terms of a sum that neither label nor frame suggests; the longer, the more there would be to try."""
MAX_FRAMED = 80
"""Most terms of a framed sum, about the rows of a page."""
MAX_BETWEEN = 6
"""Most rows of subtotals, taxes, discounts and roundings between the last term and the total."""

MAX_STARTS = 3
"""Most sums above, the nearest ones, right below which another sum is supposed to begin, beside the column's top."""

_KIND = "column"
_SUMS = ("total", "subtotal")
_SIGNS = {"tax": 1, "discount": -1, "rounding": 1}


def relations(sheet: Sheet) -> Iterator[Relation]:
    """Yield the sums that a disputed number of a column could be, or be part of; the likeliest first."""
    columns = [
        run
        for members in sheet.columns.values()
        for decimals in (2, 0, 1, 3)
        if len(run := [i for i in members if sheet.cells[i].has(decimals)]) > 2  # noqa: PLR2004 -- two terms, one sum
        and any(sheet.cells[i].disputed for i in run)
    ]
    for run in columns:
        yield from _framed(sheet.cells, run)
    for run in columns:
        yield from _plain_runs(sheet.cells, run)


def _framed(cells: Sequence[Cell], run: Sequence[int]) -> Iterator[Relation]:
    """Yield the sums that begin at the top or below another sum, and those of labelled rows at the foot."""
    starts = [0]
    disputed = [0, *itertools.accumulate(cells[i].disputed for i in run)]
    for n in range(2, len(run)):
        if cells[run[n - 1]].role in _SUMS:
            starts.append(n)
        total = run[n]
        named = cells[total].role in (*_SUMS, "net")
        if not named and n < len(run) - 1:
            continue
        foot = n
        while named and foot > 0 and n - foot < MAX_BETWEEN and cells[run[foot - 1]].role in (*_SIGNS, *_SUMS, "net"):
            foot -= 1
        for start in dict.fromkeys((0, *starts[-MAX_STARTS:])):
            if disputed[start] < disputed[n + 1] and foot - start >= 1 and n - start <= MAX_FRAMED:
                yield from _from_start(cells, run[start:foot], run[foot:n], total, LABELLED if named else FRAMED)
        if named:
            yield from _from_sum_above(cells, run[max(0, n - MAX_BETWEEN) : n], total)


def _from_start(
    cells: Sequence[Cell], items: Sequence[int], rest: Sequence[int], total: int, doubt: float
) -> Iterator[Relation]:
    """Yield the sum of the items alone, and that with the taxes, discounts and roundings below them."""
    ones = [1] * len(items)
    if len(items) > 1:
        yield Relation((*items, total), Sum((*ones, -1)), doubt, _KIND)
    if between := [i for i in rest if cells[i].role in _SIGNS]:
        yield Relation((*items, *between, total), Sum((*ones, *_signs(cells, between), -1)), doubt, _KIND)


def _from_sum_above(cells: Sequence[Cell], above: Sequence[int], total: int) -> Iterator[Relation]:
    """Yield the sum of a labelled sum above and all taxes, discounts and roundings from there to the total."""
    for n, base in enumerate(above[:-1]):
        between = above[n + 1 :]
        if cells[base].role in (*_SUMS, "net") and all(cells[i].role in _SIGNS for i in between):
            yield Relation((base, *between, total), Sum((1, *_signs(cells, between), -1)), LABELLED, _KIND)


def _signs(cells: Sequence[Cell], between: Sequence[int]) -> list[int]:
    """Return how each row counts; discounts that are written negative are added."""
    return [
        1 if cells[i].role == "discount" and cells[i].meanings[0].value < 0 else _SIGNS[cells[i].role or ""]
        for i in between
    ]


def _plain_runs(cells: Sequence[Cell], run: Sequence[int]) -> Iterator[Relation]:
    """Yield every short run that ends right above a number, where the run or the number is disputed."""
    disputed = [0, *itertools.accumulate(cells[i].disputed for i in run)]
    for n in range(2, len(run)):
        for start in range(max(0, n - MAX_RUN), n - 1):
            if disputed[start] < disputed[n + 1]:
                yield Relation((*run[start:n], run[n]), Sum((*[1] * (n - start), -1)), UNNAMED, _KIND)
