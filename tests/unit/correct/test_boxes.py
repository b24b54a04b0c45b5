"""Whether the image shows a blank or a mark: by the boxes of words, against what is usual in the line."""

import pytest

from scanmend.correct.boxes import PageBoxes
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
    boxes = PageBoxes(Page(1, (line, *others)))
    return [boxes.blank_share(0, one, two) for one, two in zip(line.words, line.words[1:], strict=False)]


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
        for gap in (0, -3, -ADVANCE):
            assert shares(row("the", 10, "house", gap, ",", 10, "the", 10, "end", 10, "of"), USUAL)[1] == 0.0

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


class TestShowBlank:
    def test_one_is_enough(self):
        """Of several neighbours, the widest gap counts."""
        line = row("th", 1, "e", 1, "house", 10, "where", 10, "they", 10, "lived")
        boxes = PageBoxes(Page(1, (line, USUAL)))
        assert not boxes.show_blank(0, line.words[:3])
        assert boxes.show_blank(0, line.words[:4])

    def test_without_an_image(self):
        """Nothing is shown."""
        line = Line((Word("th"), Word("e")))
        assert not PageBoxes(Page(1, (line, USUAL))).show_blank(0, line.words)


class TestShowMark:
    def shown(self, mark, width, height, before="house"):
        """Whether a mark of this size, beside words 30 pixels high, is one in print."""
        word = Word(mark, (200, 100, 200 + width, 100 + height), 60.0)
        line = Line((*row("the", 10, before).words, word))
        return PageBoxes(Page(1, (line,))).show_mark(0, 2)

    @pytest.mark.parametrize(
        ("mark", "width", "height"), [("|", 3, 30), ("_", 20, 2), (">", 12, 14), (".", 4, 4), ("•", 8, 8), ("'", 3, 9)]
    )
    def test_in_print(self, mark, width, height):
        """Bars, bullets and points have their size."""
        assert self.shown(mark, width, height)

    @pytest.mark.parametrize(("mark", "width", "height"), [("|", 2, 5), (".", 1, 2), (":", 2, 2), ("|", 4, 400)])
    def test_specks_and_rules(self, mark, width, height):
        """Dirt is smaller, and the rules of a table are longer."""
        assert not self.shown(mark, width, height)

    def test_without_words_or_an_image(self):
        """There is nothing to compare with."""
        assert not PageBoxes(Page(1, (Line((Word("|", (0, 0, 3, 30)),)),))).show_mark(0, 0)
        assert not PageBoxes(Page(1, (Line((Word("the"), Word("|"))),))).show_mark(0, 1)

    @pytest.mark.parametrize("before", ["house.", "house,", "house;"])
    def test_a_point_behind_another(self, before):
        """It may be dirt of that size; a bar is none."""
        assert not self.shown(".", 4, 4, before)
        assert self.shown("|", 3, 30, before)
