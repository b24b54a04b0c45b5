"""scanmend.second_reader.choose: which lines are worth reading a second time."""

import pytest

from scanmend.document import Line, Page, Word
from scanmend.second_reader.choose import FirstWord, first_words, pieces_to_read, word_height_px


def corners(top: float, *, left: float = 0, right: float = 600, fall: float = 0):
    """A line 40 pixels high that falls by some pixels to the right."""
    return (left, top), (right, top + fall), (right, top + 40 + fall), (left, top + 40)


def words(text: str, top: int, confidence: float = 96.0) -> list[FirstWord]:
    """Words of 100 pixels each."""
    return [FirstWord(w, (i * 100, top, i * 100 + 90, top + 30), confidence) for i, w in enumerate(text.split())]


def lines_to_read(lines, first, languages):
    """The indices of the lines of which something is read."""
    read = [piece for piece, wanted in pieces_to_read(lines, first, languages) if wanted]
    return [i for i, line in enumerate(lines) if any(line[0][1] <= p[0][1] < line[3][1] - 1 for p in read)]


LINES = [corners(0, right=400), corners(100, right=400), corners(200, right=300)]
GOOD = [*words("the committee will meet", 5), *words("on the second floor", 105), *words("of the house", 205)]


def test_lines_that_are_beyond_doubt_are_not_read():
    """Common words, read with confidence."""
    assert lines_to_read(LINES, GOOD, ("eng",)) == []


@pytest.mark.parametrize(
    "doubtful",
    [
        words("room 4b", 105),
        words("the |house", 105),
        words("on the floor", 105, confidence=89.0),
        words("on the secomd floor", 105, confidence=94.0),
        words("l'archevequexx", 105, confidence=94.0),
    ],
)
def test_doubtful_lines_are_read(doubtful):
    """With a digit, a touching rule, a word that Tesseract was unsure of, or one that is not among the common ones."""
    assert lines_to_read(LINES, [*GOOD[:4], *doubtful, *GOOD[8:]], ("eng",)) == [1]


def test_a_rare_word_that_tesseract_was_very_sure_of():
    """It is no sign of a misreading."""
    assert lines_to_read(LINES, [*GOOD[:4], *words("on the secomd floor", 105), *GOOD[8:]], ("eng",)) == []


def test_lines_that_only_the_second_reader_found():
    """Where Tesseract has no word."""
    assert lines_to_read([*LINES, corners(300)], GOOD, ("eng",)) == [3]


def test_all_lines_of_a_poor_page():
    """And of one where Tesseract read nothing at all."""
    poor = [FirstWord(w.text, w.box, 84.0) for w in GOOD]
    assert lines_to_read(LINES, poor, ("eng",)) == lines_to_read(LINES, [], ("eng",)) == [0, 1, 2]


def test_words_belong_to_slanted_lines():
    """By their middles: boxes around lines that fall overlap."""
    lines = [corners(0, right=400, fall=40), corners(50, right=400, fall=40)]
    level = [FirstWord(w.text, (x := 100 * i, 5 + x // 10, x + 90, 35 + x // 10), 96.0) for i, w in enumerate(GOOD[:4])]
    below = [FirstWord("7", (300, 85, 320, 115), 96.0)]
    assert lines_to_read(lines, [*level, *below], ("eng",)) == [1]


def test_of_a_long_line_only_what_is_doubtful_is_read():
    """With a word on either side, cut between words; the rest was found, but is not read."""
    long = [*words("the committee will meet on the secomd floor of the house and not in the old", 5, 94.0)]
    line = corners(0, right=1600)
    pieces = pieces_to_read([line], long, ("eng",))
    assert [wanted for _, wanted in pieces] == [False, True, False]
    assert [(piece[0][0], piece[1][0]) for piece, _ in pieces] == [(0, 495), (495, 795), (795, 1600)]
    assert all((piece[0][1], piece[3][1]) == (0, 40) for piece, _ in pieces)


def test_on_a_page_of_middling_confidence_doubtful_lines_are_read_whole():
    """As there the doubt spreads to their other words."""
    long = words("the committee will meet on the secomd floor of the house and not in the old", 5, 90.5)
    assert pieces_to_read([corners(0, right=1600)], long, ("eng",)) == [(corners(0, right=1600), True)]


def test_a_gap_in_which_a_word_may_be_lost_is_read():
    """Between two words, or at the end of the line."""
    gap = [w for i, w in enumerate(words("the committee will meet on the first floor of the house", 5)) if i != 5]
    pieces = pieces_to_read([corners(0, right=1100)], gap, ("eng",))
    assert [wanted for _, wanted in pieces] == [False, True, False]
    assert pieces_to_read([corners(0, right=800)], GOOD[:4], ("eng",))[-1][1]


def test_a_language_without_a_list():
    """All its words may be wrong, unless Tesseract was very sure of them."""
    unsure = [FirstWord(w.text, w.box, 94.0) for w in GOOD]
    assert lines_to_read(LINES, unsure, ("lat",)) == [0, 1, 2]


def test_the_words_of_a_page():
    """Those with a box; one without confidence is doubtful."""
    page = Page(1, (Line((Word("a", (0, 0, 9, 20), 90.0), Word("b", (9, 0, 20, 30)), Word("c"))),))
    found = first_words(page)
    assert found == [FirstWord("a", (0, 0, 9, 20), 90.0), FirstWord("b", (9, 0, 20, 30), 0.0)]
    assert (word_height_px(found), word_height_px([])) == (25, 0)
