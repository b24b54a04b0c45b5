"""Relations within a row: quantity × price = amount, net + tax = gross, the sum at the row's end, a rate of a net sum.

Tables repeat themselves. Where the same relation holds between the same columns in other rows, whose numbers are
agreed, the chance that it held there by accident is the doubt about it here.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scanmend.correct.figures.equations import Equation, Product, Sum, Tax
from scanmend.correct.figures.relation import FRAMED, LABELLED, UNNAMED, Relation
from scanmend.correct.figures.sheet import Cell, Sheet

MAX_ROW_CELLS = 9
"""Most cells of a row that take part: the last ones, since amounts stand on the right."""
LEAST_DOUBT = 0.001
"""Doubt about a relation that any number of other rows bear out: rows of one table may still differ."""
FAILURES_PER_PROOF = 1 / 3
"""Most other rows, by those that bear a relation out, in which it may fail."""

_KIND = "row"
_PRODUCT, _SUM, _WHOLE, _RATE, _INCLUDED = _FORMS = ("product", "sum", "whole row", "rate", "included rate")
_Family = tuple[str, tuple[int, ...]]
"""A form of relation and the columns that it is between."""


@dataclass(slots=True)
class _Record:
    """How one family did in the rows whose numbers are agreed."""

    doubt: float = 1.0
    held: int = 0
    failed: int = 0


def relations(sheet: Sheet) -> Iterator[Relation]:
    """Yield the relations of every row that has a disputed number, with the doubt that the other rows leave."""
    records: dict[_Family, _Record] = defaultdict(_Record)
    open_ones: list[tuple[_Family, Relation]] = []
    for members in sheet.rows.values():
        candidates = list(_candidates(sheet.cells, members[-MAX_ROW_CELLS:]))
        explained = _explained(sheet.cells, candidates)
        for name, relation in candidates:
            if name == _PRODUCT and relation.cells[-1] in explained and explained[relation.cells[-1]] != relation.cells:
                continue
            cells = [sheet.cells[i] for i in relation.cells]
            family = (name, tuple(cell.column for cell in cells))
            if any(cell.disputed for cell in cells):
                open_ones.append((family, relation))
            elif all(len(cell.meanings) == 1 for cell in cells):
                _note(records[family], relation.equation, cells)
    families = {form: sum(record.held > 0 for (name, _), record in records.items() if name == form) for form in _FORMS}
    for family, relation in open_ones:
        record = records.get(family, _Record())
        if record.held and record.failed <= FAILURES_PER_PROOF * record.held:
            doubt = max(LEAST_DOUBT, record.doubt * families[family[0]])
            proved = min(relation.doubt, doubt)
            sure = isinstance(relation.equation, Product) and proved <= LABELLED
            equation = Product(ones=True) if sure else None
            yield replace(relation, doubt=proved, equation=equation or relation.equation)
        else:
            yield relation


def _explained(cells: Sequence[Cell], candidates: Sequence[tuple[str, Relation]]) -> dict[int, tuple[int, ...]]:
    """Return the amounts that are the product of two agreed numbers, and that product's cells: one amount has one."""
    return {
        relation.cells[-1]: relation.cells
        for name, relation in candidates
        if name == _PRODUCT
        and all(len(cells[i].meanings) == 1 for i in relation.cells)
        and Product(ones=True).holds([cells[i].meanings[0] for i in relation.cells])
    }


def _note(record: _Record, equation: Equation, cells: Sequence[Cell]) -> None:
    numbers = [cell.meanings[0] for cell in cells]
    if equation.holds(numbers):
        record.held += 1
        record.doubt *= equation.chance(numbers)
    elif not (isinstance(equation, Product) and Product(ones=True).holds(numbers)):
        record.failed += 1


def _candidates(cells: Sequence[Cell], row: Sequence[int]) -> Iterator[tuple[str, Relation]]:
    """Yield each form of relation that the cells of one row could stand in, and the form's name."""
    for i, j, k in itertools.combinations(row, 3):
        if not any(cells[n].rate for n in (i, j, k)) and any(cells[k].has(d) for d in (0, 1, 2)):
            named = cells[j].times or {"quantity", "price"} <= cells[i].header | cells[j].header
            agreed = not cells[k].disputed and not (cells[i].disputed and cells[j].disputed)
            ones = agreed and _stands_twice(cells, i, j, k)
            yield _PRODUCT, Relation((i, j, k), Product(ones), LABELLED if named else UNNAMED, _KIND)
    numbers = [i for i in row if not cells[i].rate]
    for i, j, k in zip(numbers, numbers[1:], numbers[2:], strict=False):
        named = "tax" in cells[j].header and bool({"total", "gross", "amount"} & cells[k].header)
        yield _SUM, Relation((i, j, k), Sum((1, 1, -1)), LABELLED if named else UNNAMED, _KIND)
    if len(numbers) > 3:  # noqa: PLR2004 -- three are the case above
        doubt = FRAMED if "total" in cells[numbers[-1]].header else UNNAMED
        yield _WHOLE, Relation(tuple(numbers), Sum((*[1] * (len(numbers) - 1), -1)), doubt, _KIND)
    for rate in (i for i in row if any(m.percent for m in cells[i].meanings)):
        for base, tax in itertools.permutations((i for i in numbers if cells[i].has(2)), 2):
            named = cells[tax].role == "tax" or "tax" in cells[tax].header
            for name, included in ((_RATE, False), (_INCLUDED, True)):
                doubt = LABELLED if named else UNNAMED
                yield name, Relation((base, rate, tax), Tax(included), doubt, _KIND)


def _stands_twice(cells: Sequence[Cell], i: int, j: int, k: int) -> bool:
    """Whether price and amount are agreed and the same, so that a disputed quantity of one is borne out."""
    return any(
        cells[q].disputed and not cells[p].disputed and cells[p].meanings[0].value == cells[k].meanings[0].value
        for q, p in ((i, j), (j, i))
    )
