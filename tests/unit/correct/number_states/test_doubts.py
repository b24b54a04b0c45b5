"""scanmend.correct.number_states.doubts: what speaks against a number that both readers have alike."""

import pytest

from scanmend.correct.lexicon.number_marks import Custom
from scanmend.correct.number_states.doubts import doubt_about
from scanmend.correct.two_readers.comparison import Comparison
from two_readings import line, page, second


def doubt(text, *, other=None, others=None, confidence=90.0, custom=Custom()):  # noqa: B008 -- immutable
    """The doubt about the first word, ``other`` being the second reading of the whole line."""
    one = page(line(text, confidence=confidence), seconds=[second(other or text, others=others, width=10 * len(text))])
    return doubt_about(one.lines[0].words[0], Comparison(one).second[0, 0], custom)


def test_none():
    """Both are sure, and nothing is odd about it."""
    assert doubt("1,234.50 now", custom=Custom(".", ",")) is None


def test_a_part_of_a_longer_number():
    """The second reader sees no blank beside it."""
    assert doubt("00038 1399040", other="000381399040").other == "000381399040"


@pytest.mark.parametrize(
    ("text", "custom", "other"),
    [
        ("12.50 now", Custom(",", "."), "12,50"),
        ("1.234 now", Custom(".", ","), "1,234"),
        ("1.759.90 now", Custom(), ""),
    ],
)
def test_odd_marks(text, custom, other):
    """Those that the page's other numbers do not have there, or that no number has."""
    assert doubt(text, custom=custom).other == other


@pytest.mark.parametrize(("sure", "other"), [(0.7, "15"), (0.9, None)])
def test_an_unsure_second_reader(sure, other):
    """With the next best symbol in place of the one that it is least sure of."""
    found = doubt("16 now", others={1: {"5": 1 - sure}})
    assert (found.other if found else None) == other


@pytest.mark.parametrize(("text", "confidence", "doubted"), [("5", 60, True), ("5", 80, False), ("55", 60, False)])
def test_a_single_digit(text, confidence, doubted):
    """Tesseract must be sure of it."""
    assert (doubt(text, confidence=confidence) is not None) is doubted
