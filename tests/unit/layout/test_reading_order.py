"""scanmend.layout.reading_order: columns one after the other, rows of tables whole."""

import random

import pytest

from scanmend.document import Word
from scanmend.layout.reading_order import lines_in_reading_order
from scanmend.layout.text_rows import TextRun

WORDS = ("the", "water", "main", "in", "Orchard", "Way", "will", "be", "renewed", "between", "May", "and")


def run(text, left, top, width=None, height=10.0):
    words = tuple(Word(w) for w in text.split())
    return TextRun(left, top, left + (width or 5.0 * len(text)), top + height, words)


def column(name, left, top=40.0, rows=6, step=12.0):
    return [run(f"{name}{n} {' '.join(WORDS[n : n + 6])}", left, top + n * step, 200) for n in range(rows)]


def firsts(pieces):
    return [line.words[0].text for line in lines_in_reading_order(pieces)]


@pytest.mark.parametrize("seed", range(5))
def test_columns_are_read_one_after_the_other(seed):
    """Whatever the order that the file draws them in; a heading over both comes first, a line under both last."""
    pieces = [
        run("Heading " + "over all " * 8, 50, 10, 450),
        *column("l", 50),
        *column("r", 290),
        run("Footer " + "under all " * 8, 50, 150, 450),
    ]
    random.Random(seed).shuffle(pieces)  # noqa: S311 -- any order will do
    expected = ["Heading", *(f"l{n}" for n in range(6)), *(f"r{n}" for n in range(6)), "Footer"]
    assert firsts(pieces) == expected


def test_columns_whose_lines_are_not_level():
    """Columns of different lengths, as beside a picture, whose baselines differ."""
    assert firsts([*column("l", 50), *column("r", 290, top=47, rows=4)])[5:7] == ["l5", "r0"]


def test_three_columns():
    """Three columns are read from left to right."""
    found = firsts([*column("c", 530), *column("a", 50), *column("b", 290)])
    assert found == [f"{name}{n}" for name in "abc" for n in range(6)]


def test_rows_of_a_table_stay_whole():
    """Item, number and price are not columns of prose, however clean the gaps between them."""
    rows = [(f"Toner cartridge number {n}", 50, 40 + 14 * n) for n in range(8)]
    pieces = [run(*row) for row in rows]
    pieces += [run(f"{n} each", 300, y) for n, (_, _, y) in enumerate(rows)]
    pieces += [run(f"{n}7.50", 400, y) for n, (_, _, y) in enumerate(rows)]
    assert [line.text for line in lines_in_reading_order(pieces)][2] == "Toner cartridge number 2 2 each 27.50"


def test_paragraphs():
    """A wider step, and letters of another size, begin a new one; loosely set lines do not."""
    close = [*column("a", 50, rows=3), *column("b", 50, top=90, rows=3), run("TITLE", 50, 130, height=16)]
    assert [line.paragraph for line in lines_in_reading_order(close)] == [0, 0, 0, 1, 1, 1, 2]
    assert {line.paragraph for line in lines_in_reading_order(column("a", 50, step=24))} == {0}


def test_nothing():
    """A page without text has no lines."""
    assert lines_in_reading_order([]) == ()
