"""Relations: equations between cells of a sheet, how doubtful they are, and what comes of trying one."""

import itertools
import math
from dataclasses import dataclass

from scanmend.correct.figures.equations import Equation
from scanmend.correct.figures.sheet import Sheet

MAX_COMBINATIONS = 64
"""Most combinations of readings that one relation tries, as six disputed places with two readings each have."""
LABELLED = 0.01
"""Doubt about a relation that words or a multiplication sign name: labels are misread, or stand for something else."""
FRAMED = 0.1
"""Doubt about a sum over a whole column or block, from its first number to its last, without a label."""
UNNAMED = 1.0
"""Doubt about a relation that only the places of its numbers suggest."""


@dataclass(frozen=True, slots=True)
class Relation:
    """An equation between cells, and how doubtful it is that the page means it."""

    cells: tuple[int, ...]
    equation: Equation
    doubt: float
    """Probability that the page does not mean this relation, as far as labels and layout tell."""
    kind: str
    """Source of the evidence; relations of one kind are not independent of one another."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying one relation with all readings."""

    kind: str
    places: tuple[int, ...]
    """The disputed places in it."""
    doubt: float
    expected: float
    """Expected number of combinations that hold by accident."""
    choice: dict[int, int] | None
    """The reading of each disputed place, where the relation holds for exactly one combination."""
    chance: float = 1.0
    """Chance that this one combination holds by accident, doubt aside."""
    text: str = ""
    """The statement that holds."""
    work: int = 0
    """Numbers that were looked at."""


def attempt(relation: Relation, sheet: Sheet) -> Trial | None:
    """Try a relation with every combination of readings; None where no cell is disputed or there are too many."""
    cells = [sheet.cells[i] for i in relation.cells]
    if not any(cell.disputed for cell in cells) or len(set(relation.cells)) < len(cells):
        return None
    combinations = math.prod([len(cell.meanings) for cell in cells])
    if combinations > MAX_COMBINATIONS:
        return None
    work = combinations * len(cells)
    equation, expected, held = relation.equation, 0.0, []
    for numbers in itertools.product(*[cell.meanings for cell in cells]):
        expected += equation.chance(numbers)
        if equation.holds(numbers):
            held.append(numbers)
    expected *= relation.doubt
    places = tuple(p for cell in cells if cell.disputed for p in cell.places)
    if len(held) != 1:
        return Trial(relation.kind, places, relation.doubt, expected, None, work=work)
    choice = {p: c for cell, m in zip(cells, held[0], strict=True) for p, c in zip(cell.places, m.choice, strict=True)}
    chance, text = equation.chance(held[0]), equation.text(held[0])
    return Trial(relation.kind, places, relation.doubt, expected, choice, chance, text, work)
