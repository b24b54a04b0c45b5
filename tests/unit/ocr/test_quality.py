"""scanmend.ocr.quality: which of two readings of a page is the better one."""

import pytest

from scanmend.document import Line, Page, Word
from scanmend.ocr.quality import quality_of

WIDE, HIGH, ROW = 60, 20, 40


def page(*lines: list[tuple[str, int, int]], confidence: float = 90.0) -> Page:
    """Words in reading order, each ``(text, column, row)``."""
    return Page(
        1,
        tuple(
            Line(tuple(Word(t, (x * 80, y * ROW, x * 80 + WIDE, y * ROW + HIGH), confidence) for t, x, y in line))
            for line in lines
        ),
        1000,
        1000,
    )


def test_more_letters_and_surer_ones_are_worth_more():
    """Letters with no more confidence than a guess add nothing, however many there are."""
    line = [("word", x, 0) for x in range(5)]
    assert quality_of(page(line)).worth == 5 * 4 * 40
    assert quality_of(page(line, confidence=70.0)).worth == 5 * 4 * 20
    assert quality_of(page(line * 50, confidence=40.0)).worth == 0
    assert quality_of(page(line)).confidence == 90.0


def test_punctuation_counts_for_nothing():
    """Noise is often read as dots and bars, with high confidence."""
    assert quality_of(page([("|.,~", 0, 0), ("---", 1, 0)])).worth == 0


def test_a_table_read_down_its_columns_is_torn():
    """The same table read across its rows is not torn, and worth more."""
    across = page(*[[("name", 0, y), ("12.50", 1, y), ("3.00", 2, y)] for y in range(6)])
    down = page(*[[(text, x, y)] for x, text in enumerate(("name", "12.50", "3.00")) for y in range(6)])
    assert quality_of(across).torn_share == 0
    assert quality_of(down).torn_share == pytest.approx(12 / 18)
    assert quality_of(across).worth > quality_of(down).worth


def test_long_cells_of_numbers_are_torn_from_their_rows():
    """A table parted in its middle has rows as long as prose, but of numbers."""
    left = [[("word", x, y) for x in range(5)] for y in range(6)]
    right = [[("word", 5, y), ("1.50", 6, y), ("15%", 7, y), ("net", 8, y)] for y in range(6)]
    assert quality_of(page(*left, *right)).torn_share == pytest.approx(6 / 54)


def test_columns_of_prose_are_not_torn():
    """They are read one after the other, as they should be: their lines are too long for cells."""
    left = [[("word", x, y) for x in range(5)] for y in range(6)]
    right = [[("word", x, y) for x in range(6, 11)] for y in range(6)]
    assert quality_of(page(*left, *right)).torn_share == 0


def test_words_that_stand_higher_than_wide_lie_sideways():
    """Short ones may be so anyway; a reading that cannot be shown upright is worth a little less."""
    tall = Page(1, (Line((Word("word", (0, 0, 20, 80), 90.0), Word("in", (30, 0, 50, 40), 90.0))),), 100, 100)
    wide = Page(1, (Line((Word("word", (0, 0, 80, 20), 90.0), Word("in", (90, 0, 100, 20), 90.0))),), 100, 100)
    assert quality_of(tall).sideways
    assert not quality_of(wide).sideways
    assert quality_of(tall).worth < quality_of(wide).worth


@pytest.mark.parametrize("lines", [(), (Line((Word("word"),)),)])
def test_nothing_read_or_no_boxes(lines):
    """Pages without words or boxes can be rated, too."""
    found = quality_of(Page(1, lines))
    assert (found.worth, found.torn_share, found.word_height_px, found.sideways) == (0, 0, 0, False)
