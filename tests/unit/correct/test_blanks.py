"""Whether the image shows a blank: by the gap between boxes, against the gaps that are usual in the line."""

import pytest

from scanmend.correct.blanks import CLEAR_SHARE, NARROW_SHARE, Blanks
from scanmend.document import Line, Page, Word

ADVANCE = 20
"""Pixels that a character takes."""


def row(*parts, top=100, advance=ADVANCE, start=0):
    """A line of words and, between them, gaps in pixels: ``"the", 10, "house", 3, ","``."""
    words, x = [], start
    for part in parts:
        if isinstance(part, str):
            words.append(Word(part, (x, top, x + advance * len(part), top + 30), 90.0))
            x += advance * len(part)
        else:
            x += part
    return Line(tuple(words))


def shares(line, *others):
    """The shares of the gaps of the first line, on a page with others."""
    blanks = Blanks(Page(1, (line, *others)))
    return [blanks.share(0, one, two) for one, two in zip(line.words, line.words[1:], strict=False)]


USUAL = row("the", 10, "house", 10, "where", 10, "they", 10, "lived", top=200)


class TestShare:
    def test_of_the_line(self):
        """Each line has its own: a justified line may be set wider than the next."""
        wide = row("the", 30, "house", 30, "where", 30, "they", 15, ",")
        assert shares(wide, USUAL) == [1.0, 1.0, 1.0, 0.5]

    def test_of_the_page_where_a_line_has_few(self):
        """Two gaps say little."""
        assert shares(row("house", 5, ",", 40, "end"), USUAL) == [0.5, 4.0]

    def test_columns_are_no_blanks(self):
        """Gaps of several characters do not count as usual."""
        assert shares(row("Item", 400, "Price", 400, "Total", 400, "Due", 10, ":"), USUAL)[-1] == 1.0

    def test_marks_do_not_say_what_is_usual(self):
        """They have other space beside them than letters have."""
        spaced = row("the", 10, "house", 25, ",", 25, "where", 10, "they", 25, ";", 25, "live", 10, "now")
        assert shares(spaced, USUAL)[1] == 2.5

    def test_boxes_that_touch_or_overlap(self):
        """There is no blank at all."""
        assert shares(row("the", 10, "house", -3, ",", 10, "the", 10, "end", 10, "of"), USUAL)[1] == 0.0

    def test_from_right_to_left(self):
        """The gap is the same, whichever word comes first."""
        line = row("the", 10, "house", 5, ",", 10, "the", 10, "end", 10, "of")
        mirrored = Line(tuple(reversed(line.words)))
        assert shares(mirrored, USUAL) == shares(line, USUAL)[::-1]

    @pytest.mark.parametrize("box", [None, (0, 400, 30, 430), (20, 100, 60, 130)])
    def test_no_evidence(self, box):
        """A word without a box, of another row at the same place, or on top of the other says nothing."""
        line = Line((Word("house", (0, 100, 100, 130)), Word(",", box)))
        assert shares(line, USUAL) == [None]

    def test_a_page_of_a_few_words(self):
        """Nothing is usual there."""
        assert shares(row("house", 5, ",")) == [None]


class TestNarrowAndClear:
    def test_all_gaps(self):
        """Narrow means all of them, clear any."""
        line = row("th", 1, "e", 1, "house", 10, "where", 10, "they", 10, "lived")
        blanks = Blanks(Page(1, (line, USUAL)))
        assert blanks.all_narrow(0, line.words[:3])
        assert not blanks.all_narrow(0, line.words[:4])
        assert not blanks.any_clear(0, line.words[:3])
        assert blanks.any_clear(0, line.words[:4])

    def test_without_an_image(self):
        """Neither."""
        line = Line((Word("th"), Word("e")))
        blanks = Blanks(Page(1, (line, USUAL)))
        assert not blanks.all_narrow(0, line.words)
        assert not blanks.any_clear(0, line.words)

    def test_the_bounds(self):
        """Between the two, the image leaves it open."""
        assert 0 < NARROW_SHARE < CLEAR_SHARE < 1
