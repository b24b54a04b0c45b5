"""scanmend.correct.two_readers.evidence: what the second reader says of the words that correction sees."""

import pytest

from scanmend.correct.two_readers.evidence import SecondEvidence
from scanmend.correct.two_readers.together import TogetherSettings, read_together
from two_readings import english, line, page, second, two_readings


def evidence(one, *, spans=None, asks=True):
    """Evidence of the page; ``spans``: which words of the page that was read together each of its words has."""
    done = read_together(one, english(one), TogetherSettings(), asks=asks)
    plain = [[(i, 1) for i in range(len(row.words))] for row in done.revision.page.lines]
    return SecondEvidence(done, spans or plain)


def test_settled():
    """Words that the evidence settled, alone and among others."""
    one = evidence(two_readings(("xqz house 125", "xqz house 126")))
    assert [one.is_settled(0, i) for i in range(3)] == [False, False, True]
    assert one.is_settled(0, 1, 2)
    assert not one.is_settled(0, 0, 2)


@pytest.mark.parametrize(("dropped", "settled"), [("1250", True), ("ao", False)])
def test_a_word_dropped_between_two(dropped, settled):
    """No model joins what stood around a number."""
    text = f"hos {dropped} pital"
    one = page(line(text, confidence={dropped: 20.0}), seconds=[second(text.replace(dropped, " " * len(dropped)))])
    assert evidence(one).is_settled(0, 0, 2) is settled
    assert not evidence(one).is_settled(0, 0)


def test_open_reading():
    """Only of single words that it was left open for."""
    one = page(line("the house", confidence=80.0), seconds=[second("the horse", others={6: {"u": 0.4}})])
    assert evidence(one).open_reading(0, 1).dispute.new == "horse"
    assert evidence(one).open_reading(0, 0) is None
    assert evidence(one, spans=[[(0, 2)]]).open_reading(0, 0) is None


def test_agreement():
    """The second reader surely reads the same."""
    one = evidence(page(line("the house now"), seconds=[second("the house now", others={5: {"a": 0.3}})]))
    assert one.agrees(0, 0, "the")
    assert not one.agrees(0, 0, "she")
    assert not one.agrees(0, 1, "house")
    assert not evidence(page(line("the"))).agrees(0, 0, "the")


def test_the_image_of_several_words():
    """They are weighed together; None where one of them has no second reading, or they stand in two lines."""
    one = evidence(two_readings(("of the house", "of the house")))
    assert one.optical(0, 0, 2, "of the", "of the") == 0
    assert one.optical(0, 0, 2, "of the", "ofthe") < -3
    assert one.optical(0, 2, 1, "house", "mouse") < -3
    assert evidence(page(line("of the"))).optical(0, 0, 1, "of", "or") is None
    cells = page(line("of the"), seconds=[second("of", 0, 0), second("the", 30, 0)])
    assert evidence(cells).optical(0, 0, 2, "of the", "ofthe") is None
    assert evidence(cells).optical(0, 1, 1, "the", "tho") < -3


def test_words_that_typography_joined():
    """A word made of two has the reading of both."""
    one = evidence(two_readings(("end ,", "end ,")), spans=[[(0, 2)]])
    assert one.optical(0, 0, 1, "end ,", "end ,") == 0
    assert not one.agrees(0, 0, "end ,")
