"""Relations that labels name: cash − total = change, net + tax = gross, a rate of tax, the same total again."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from scanmend.correct.figures.equations import Same, Sum, Tax
from scanmend.correct.figures.labels import Role
from scanmend.correct.figures.relation import LABELLED, Relation
from scanmend.correct.figures.sheet import Cell, Sheet

MAX_ROWS_APART = 12
"""Farthest rows, in rows of the page, that labels relate to one another."""
MAX_LABELLED = 40
"""Most labelled amounts of one role that are looked at; a page with more is no single invoice."""

_KIND = "label"
_SUMS: tuple[tuple[Role, Role, Role], ...] = (
    ("change", "total", "cash"),
    ("net", "tax", "total"),
    ("subtotal", "tax", "total"),
    ("subtotal", "rounding", "total"),
    ("total", "rounding", "total"),
    ("total", "discount", "subtotal"),
)
"""Roles of two terms and of their sum."""


def relations(sheet: Sheet) -> Iterator[Relation]:
    """Yield the relations between labelled amounts, at least one of them disputed."""
    cells = sheet.cells
    by_role: dict[Role | None, list[int]] = defaultdict(list)
    for i, cell in enumerate(cells):
        if cell.role and cell.has(2) and len(by_role[cell.role]) < MAX_LABELLED:
            by_role[cell.role].append(i)
    yield from _sums(cells, by_role)
    yield from _taxes(sheet, by_role)
    for pair in itertools.combinations(by_role["total"], 2):
        if any(cells[i].disputed for i in pair) and cells[pair[0]].row != cells[pair[1]].row:
            yield Relation(pair, Same(), LABELLED, _KIND)


def _sums(cells: Sequence[Cell], by_role: Mapping[Role | None, Sequence[int]]) -> Iterator[Relation]:
    for one, other, whole in _SUMS:
        for last in by_role[whole]:
            terms = (_near(cells, by_role[one], last), _near(cells, by_role[other], last))
            for pair in itertools.product(*terms):
                yield Relation((*pair, last), Sum((1, 1, -1)), LABELLED, _KIND)


def _taxes(sheet: Sheet, by_role: Mapping[Role | None, Sequence[int]]) -> Iterator[Relation]:
    cells = sheet.cells
    bases = sorted((*by_role["net"], *by_role["subtotal"], *by_role["total"]))
    for tax in by_role["tax"]:
        for rate in (i for i in sheet.rows[cells[tax].row] if any(m.percent for m in cells[i].meanings)):
            for base in _near(cells, bases, tax):
                yield Relation((base, rate, tax), Tax(included=cells[base].role == "total"), LABELLED, _KIND)


def _near(cells: Sequence[Cell], members: Sequence[int], cell: int) -> list[int]:
    """Return the members in rows of the same part of the page as the cell, the cell itself excepted."""
    row = cells[cell].row
    return [i for i in members if abs(cells[i].row - row) <= MAX_ROWS_APART and i != cell]
