"""The sheet: number cells with all that they can mean, in straightened rows and right-aligned columns."""

import itertools
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanmend.correct.figures import labels
from scanmend.correct.figures.amount import MAX_DECIMALS, Amount, Mark, parse, settle
from scanmend.correct.figures.geometry import Spot, number_columns, number_rows, slope, straightened
from scanmend.document import Box

ONE: int = 10**MAX_DECIMALS
"""The number 1 in the unit of ``Meaning.value``, a ten-thousandth: integers add up fast and exactly."""
JOIN_REACH = 0.6
"""Widest blank, in word heights, between two parts of one number (``1 234,56``); columns stand further apart."""
HEADER_REACH = 3.0
"""Farthest, in word heights, that a cell stands to the side of the header that names its column."""

_MONEY = 2
"""Decimals of an amount of money."""
_ROUNDEST = 10**16
"""Step of zero, in ten-thousandths, which is a multiple of all others."""
_HEADERS: frozenset[labels.Role] = frozenset(
    {"quantity", "price", "amount", "total", "net", "tax", "gross", "discount"},
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the page where a number stands, with what the readers read there."""

    line: int
    """0-based index of the line on the page."""
    word: int
    """0-based index of the word in that line."""
    box: Box | None
    """None where there was no image; such a place takes part in check digits only."""
    readings: tuple[str, ...]
    """One text where the readers agree, two or three where they do not, Tesseract's first."""


@dataclass(frozen=True, slots=True)
class ContextWord:
    """Any word of the page; ``Total`` and the like say what the numbers beside them are."""

    line: int
    """0-based index of the line on the page."""
    word: int
    """0-based index of the word in that line."""
    text: str
    """The word as Tesseract read it."""
    box: Box | None
    """None where there was no image."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One number that a cell can be."""

    value: int
    """In ten-thousandths."""
    decimals: int
    """Digits after the decimal mark."""
    percent: bool
    """Whether it is a rate."""
    step: int
    """The roundest step (1, 5, 10, 50, 100 … units of the last digit) that the value is a multiple of."""
    choice: tuple[int, ...]
    """For each place of the cell, the index of the reading that says so."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number on the straightened page; its places are two or more where blanks part thousands."""

    places: tuple[int, ...]
    meanings: tuple[Meaning, ...]
    disputed: bool
    """Whether one of its places has more than one reading."""
    left: float
    right: float
    row: int
    """0-based number of the row, from the top."""
    column: int
    """Number of the column; cells with one number share a right edge."""
    role: labels.Role | None
    """What the words of its row make of it."""
    header: frozenset[labels.Role]
    """What the header of its column makes of it."""
    times: bool
    """Whether a multiplication sign stands between the number before it and this one."""

    def has(self, decimals: int) -> bool:
        """Whether it can be a number, no rate, with so many decimals."""
        return any(m.decimals == decimals and not m.percent for m in self.meanings)

    @property
    def rate(self) -> bool:
        """Whether it can only be a rate."""
        return all(m.percent for m in self.meanings)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All number cells of a page."""

    cells: tuple[Cell, ...]
    rows: Mapping[int, tuple[int, ...]]
    """Indices of the cells of each row, from left to right."""
    columns: Mapping[int, tuple[int, ...]]
    """Indices of the cells of each column, from top to bottom."""


def lay_out(places: Sequence[Place], words: Sequence[ContextWord]) -> Sheet:
    """Return the sheet of a page: straighten it, find rows and columns, and what each place can mean."""
    boxes = [box for box in (*(p.box for p in places), *(w.box for w in words)) if box]
    if not boxes:
        return Sheet((), {}, {})
    height = max(1.0, statistics.median(bottom - top for _, top, _, bottom in boxes))
    rise = slope(((w.line, w.box) for w in (words or places) if w.box), height)
    spots = {i: straightened(p.box, rise) for i, p in enumerate(places) if p.box}
    word_spots = {i: straightened(w.box, rise) for i, w in enumerate(words) if w.box}
    rows = number_rows([*spots.values(), *word_spots.values()], height)
    of_row = dict(zip(spots, rows, strict=False))
    word_row = dict(zip(word_spots, rows[len(spots) :], strict=True))

    found = list(_number_cells(places, spots, height))
    mark = _decimal_mark([parse(p.readings[0]) for p in places if len(p.readings) == 1])
    numbers = [(parts, meanings) for parts, amounts in found if (meanings := _meanings(amounts, mark))]
    numbers.sort(key=lambda number: (of_row[number[0][0]], spots[number[0][0]].left))
    columns = number_columns([spots[parts[-1]].right for parts, _ in numbers], height)
    row_words: dict[int, list[tuple[Spot, str]]] = defaultdict(list)
    for i, row in word_row.items():
        row_words[row].append((word_spots[i], words[i].text))
    headers = _header_rows(row_words, {of_row[parts[0]] for parts, _ in numbers})

    cells: list[Cell] = []
    for row, group in itertools.groupby(enumerate(numbers), key=lambda item: of_row[item[1][0][0]]):
        members = list(group)
        here = [(spots[parts[0]].left, spots[parts[-1]].right) for _, (parts, _) in members]
        is_money = [any(m.decimals == _MONEY and not m.percent for m in meanings) for _, (_, meanings) in members]
        named = _roles(here, is_money, row_words[row])
        for (index, (parts, meanings)), (left, right), (role, times) in zip(members, here, named, strict=True):
            disputed = any(len(places[p].readings) > 1 for p in parts)
            header = _header(headers, row, left, right, height)
            cells.append(Cell(parts, meanings, disputed, left, right, row, columns[index], role, header, times))
    by_row, by_column = defaultdict(list), defaultdict(list)
    for i, cell in enumerate(cells):
        by_row[cell.row].append(i)
        by_column[cell.column].append(i)
    return Sheet(tuple(cells), _frozen(by_row), _frozen(by_column))


def _roles(
    spans: Sequence[tuple[float, float]], is_money: Sequence[bool], words: Sequence[tuple[Spot, str]]
) -> Iterator[tuple[labels.Role | None, bool]]:
    """Yield for each number of a row its role, and whether a multiplication sign stands before it.

    Its label are the words since the number before it, or since the amount before it where these say nothing. The last
    number inherits the label of those before it: in ``Total 310.47 18.63 329.10`` it is the total.
    """
    words = sorted(words, key=lambda item: item[0].left)
    amount_end = number_end = number_start = float("-inf")
    inherited: labels.Role | None = None
    for n, (left, right) in enumerate(spans):
        near = labels.roles(text for spot, text in words if number_end < spot.left and spot.right <= right)
        own = labels.roles(text for spot, text in words if amount_end < spot.right <= right)
        role = (labels.row_role(near) if "contained" not in near else None) or labels.row_role(own)
        times = n > 0 and any(_is_times(text) for spot, text in words if number_start <= spot.left <= left)
        yield role or (inherited if n == len(spans) - 1 else None), times
        if is_money[n]:
            amount_end, inherited = right, role or inherited
        number_start, number_end = left, right


def _frozen(groups: Mapping[int, list[int]]) -> dict[int, tuple[int, ...]]:
    return {key: tuple(members) for key, members in groups.items()}


Readings = tuple[tuple[tuple[int, ...], tuple[Amount, ...]], ...]
"""For each choice of readings, the amounts that it can mean."""


def _number_cells(
    places: Sequence[Place], spots: Mapping[int, Spot], height: float
) -> Iterator[tuple[tuple[int, ...], Readings]]:
    """Yield each number: its places, and what each choice of their readings can mean."""
    at = {(places[i].line, places[i].word): i for i in spots}
    used: set[int] = set()
    for i in sorted(spots, key=lambda i: (places[i].line, places[i].word)):
        if i in used:
            continue
        parts = [i]
        while True:
            following = at.get((places[parts[-1]].line, places[parts[-1]].word + 1))
            if following is None or not 0 <= spots[following].left - spots[parts[-1]].right <= JOIN_REACH * height:
                break
            if not _groups([*(places[p] for p in parts), places[following]]):
                break
            parts.append(following)
        used.update(parts)
        yield (
            tuple(parts),
            tuple(
                (tuple(choice), parse(" ".join(places[p].readings[c] for p, c in zip(parts, choice, strict=True))))
                for choice in itertools.product(*(range(len(places[p].readings)) for p in parts))
            ),
        )


def _groups(parts: Sequence[Place]) -> bool:
    """Whether the first readings are thousands parted by blanks, and could not as well be two numbers."""
    return (
        re.fullmatch(r"\D{0,2}\d{1,3}(?: \d{3})+(?:[.,]\d+)?\D{0,2}", " ".join(p.readings[0] for p in parts))
        is not None
    )


def _decimal_mark(agreed: Sequence[tuple[Amount, ...]]) -> Mark:
    """Return the decimal mark of most agreed amounts that show theirs; empty where none does."""
    marks = Counter(amounts[0].mark for amounts in agreed if len(amounts) == 1 and amounts[0].mark)
    return marks.most_common(1)[0][0] if marks else ""


def _meanings(readings: Readings, mark: Mark) -> tuple[Meaning, ...]:
    return tuple(
        Meaning(
            value := int(amount.value * ONE), amount.decimals, amount.percent, _step(value, amount.decimals), choice
        )
        for choice, amounts in readings
        for amount in settle(amounts, mark)
    )


def _step(value: int, decimals: int) -> int:
    """Return the roundest step that a value is a multiple of; of zero, the largest there is."""
    if not value:
        return _ROUNDEST
    unit: int = 10 ** (MAX_DECIMALS - decimals)
    while value % (10 * unit) == 0:
        unit *= 10
    return 5 * unit if value % (5 * unit) == 0 else unit


def _is_times(text: str) -> bool:
    folded = text.casefold().strip(".,:")
    return (
        folded in ("x", "×", "*", "@", "à")
        or re.fullmatch(r"[x×@*]\D{0,3}\d[\d.,]*|\d[\d.,]*[x×@]", folded) is not None
    )


def _header_rows(
    row_words: Mapping[int, list[tuple[Spot, str]]], with_numbers: set[int]
) -> list[tuple[int, list[tuple[Spot, frozenset[labels.Role]]]]]:
    """Return the rows that name columns: no number in them, and at least two words that say what stands below."""
    headers = []
    for row in sorted(set(row_words) - with_numbers):
        named = [(spot, labels.roles([text]) & _HEADERS) for spot, text in row_words[row]]
        named = [(spot, found) for spot, found in named if found]
        if len(named) > 1:
            headers.append((row, named))
    return headers


def _header(
    headers: Sequence[tuple[int, list[tuple[Spot, frozenset[labels.Role]]]]],
    row: int,
    left: float,
    right: float,
    height: float,
) -> frozenset[labels.Role]:
    """Return the roles of the word in the nearest header above that stands over the cell, or nearest beside it."""
    above = next((named for header, named in reversed(headers) if header < row), [])
    aside, found = min(
        ((max(0.0, left - spot.right, spot.left - right), roles) for spot, roles in above),
        key=lambda item: item[0],
        default=(float("inf"), frozenset()),
    )
    return found if aside <= HEADER_REACH * height else frozenset()
