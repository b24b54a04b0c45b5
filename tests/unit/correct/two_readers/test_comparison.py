"""scanmend.correct.two_readers.comparison: which line and which characters of the second reader each word has."""

import pytest

from scanmend.correct.two_readers.comparison import Comparison
from scanmend.document import Line, Page, SecondLine, Word
from two_readings import ADVANCE, corners, line, page, second, two_readings


def texts(comparison):
    return {place: one.text for place, one in sorted(comparison.second.items())}


def test_lines_one_above_the_other():
    """Each word has its reading in its own line, in Tesseract's style."""
    found = Comparison(two_readings(("the gcods", "the goods"), ("“were” sent", '"were" sent')))
    assert texts(found) == {(0, 0): "the", (0, 1): "goods", (1, 0): "“were”", (1, 1): "sent"}
    assert (found.found_words, found.found_lines, found.unread) == ([], [], set())
    assert found.members == {0: [(0, 0), (0, 1)], 1: [(1, 0), (1, 1)]}


def test_sloped_lines():
    """A line that slopes by more than its height is matched along its slope, not by its box."""
    text = "a line that slopes a good deal on its way"
    slope = 30 / (ADVANCE * len(text))
    rows = [line(text, 0, 100 + 25 * n, slope_per_pixel=slope) for n in range(3)]
    seconds = [second(text, 0, 100 + 25 * n, slope=30) for n in range(3)]
    found = Comparison(page(*rows, seconds=seconds[::-1]))
    assert [one.text for one in found.second.values()] == text.split() * 3
    assert all(found.second[n, i].reading is found.readings[2 - n] for n, i in found.second)


def test_two_columns_beside_each_other():
    """A line of Tesseract's across both columns is compared with the second reader's line of each."""
    rows = [line("left side", 0, 0).words + line("right side", 400, 0).words]
    found = Comparison(page(Line(rows[0]), seconds=[second("right side", 400, 0), second("left side", 0, 3)]))
    assert texts(found) == {(0, 0): "left", (0, 1): "side", (0, 2): "right", (0, 3): "side"}
    assert found.members == {0: [(0, 2), (0, 3)], 1: [(0, 0), (0, 1)]}


def test_a_word_box_that_spans_two_cells():
    """It belongs to a cell, although its middle stands in neither."""
    word = Word("12", (0, 2, 200, 18), 50.0)
    found = Comparison(page(Line((word,)), seconds=[second("12", 0, 0, width=80), second("7", 160, 0, width=40)]))
    assert texts(found) == {(0, 0): "12"}
    assert [one.text for one in found.found_lines] == ["7"]


def test_lines_that_were_not_read():
    """Their words are known as unread, and have no second reading."""
    unread = SecondLine(corners((0, 0, 90, 20)))
    found = Comparison(page(line("the goods"), seconds=[unread]))
    assert found.unread == {(0, 0), (0, 1)}
    assert found.second == {}
    assert found.found_lines == []


def test_found_words():
    """A word that Tesseract lost stands before the word after it, with a box and a confidence."""
    found = Comparison(two_readings(("    were      now", "the were sent now")))
    first, other = found.found_words
    assert (first.place, first.text) == ((0, 0), "the")
    assert (other.place, other.text) == ((0, 1), "sent")
    assert other.box == (90, 0, 130, 20)
    assert other.confidence == pytest.approx(0.99)


def test_found_lines():
    """A line without any of Tesseract's words; blanks in it are single."""
    found = Comparison(page(line("the goods", 0, 0), seconds=[second("the goods", 0, 0), second("are  here", 0, 60)]))
    assert [one.text for one in found.found_lines] == ["are here"]


def test_gain_and_least_probability():
    """Of one word in its line."""
    rows = page(line("the house"), seconds=[second("the horse", others={6: {"u": 0.4}})])
    one = Comparison(rows).second[0, 1]
    assert one.text == "horse"
    assert one.gain("house", "horse") == pytest.approx(-one.gain("horse", "house"))
    assert 0.3 < one.gain("house", "horse") < 0.5
    assert one.least_probability == pytest.approx(0.6, abs=0.01)


def test_line_height():
    """The median of the lines that hold more than a mark."""
    rows = [second("a heading", 0, 0, height=50), *(second("some text", 0, n, height=20) for n in (60, 90))]
    assert Comparison(page(seconds=[*rows, second("|", 0, 200, height=500)])).line_height == pytest.approx(20)
    assert Comparison(page()).line_height == 0


@pytest.mark.parametrize("nothing", [Page(1, ()), page(), page(Line(())), page(line("the goods"), Line(()))])
def test_nothing_to_compare(nothing):
    """A page without words, with lines without words, or without evidence."""
    found = Comparison(nothing)
    assert (found.second, found.found_words, found.found_lines) == ({}, [], [])


def test_words_without_boxes():
    """They have no place in the image, so no second reading."""
    assert Comparison(page(Line((Word("the"),)), seconds=[second("the")])).second == {}
