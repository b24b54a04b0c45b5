"""scanmend.correct.two_readers.alignment: which characters of the second reading each word has."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.two_readers.alignment import align
from scanmend.correct.two_readers.frame import LineFrame
from scanmend.correct.two_readers.lattice import LineReading
from two_readings import ADVANCE, line, second


def aligned(raw, other, *, at=None):
    """The second reading of each word, and the runs that no word has; ``at``: the place of the other text's start."""
    reading = LineReading(second(other, width=ADVANCE * max(len(raw), len(other), 1) if at is None else at))
    found = align(line(raw).words, LineFrame.of(reading.line), reading.characters)
    texts = [reading.substring(*span) if span else None for span in found.spans]
    return texts, [reading.substring(*span) for span in found.extra]


@pytest.mark.parametrize(
    ("raw", "other", "texts", "extra"),
    [
        ("the goods were", "the goods were", ["the", "goods", "were"], []),
        ("the gcods were", "the goods were", ["the", "goods", "were"], []),
        ("the       were", "the goods were", ["the", "were"], ["goods"]),
        ("    goods were", "the goods were", ["goods", "were"], ["the"]),
        ("the goods     ", "the goods were", ["the", "goods"], ["were"]),
        ("        by    now", "sent in by us now", ["by", "now"], ["sent", "in", "us"]),
        ("of the city", "ofthe city", ["of", "the", "city"], []),
        ("ofthe city", "of the city", ["of the", "city"], []),
        ("thegoods were", "thegoodswere", ["thegoods", "were"], []),
        ("the house", "THE HOUSE", ["THE", "HOUSE"], []),
        ("a — b", "a   b", ["a", None, "b"], []),
        ("the ~~~ goods", "the     goods", ["the", None, "goods"], []),
    ],
)
def test_each_word_has_its_reading(raw, other, texts, extra):
    """Misread, lost, split and merged words shift no other word."""
    assert aligned(raw, other) == (texts, extra)


def test_a_lost_word_in_a_row_of_like_ones():
    """What stands at another place is not taken for it, although it reads the same."""
    assert aligned("100                     100", "100      200      300      100") == (
        ["100", "100"],
        ["200", "300"],
    )


def test_a_mark_without_blank_belongs_to_its_word():
    """A full stop that Tesseract lost is no word of its own."""
    assert aligned("the end now", "the end. now")[0][1] == "end."


def test_nothing_to_align():
    """Without words all is extra; without characters no word has any."""
    assert aligned("", "the end") == ([], ["the", "end"])
    assert aligned("the end", "") == ([None, None], [])
    assert aligned("the end", "   ") == ([None, None], [])


@settings(deadline=None, max_examples=32)
@given(st.text("abo1.  ", max_size=18), st.text("abo1.  ", max_size=18))
def test_every_character_has_one_home(raw, other):
    """Each that is no blank is in the reading of one word, or in one run that no word has; words keep their order."""
    reading = LineReading(second(other, width=ADVANCE * max(len(raw), 1)))
    words = line(raw).words
    found = align(words, LineFrame.of(reading.line), reading.characters)
    spans = [span for span in found.spans if span]
    homes = [k for first, last in (*spans, *found.extra) for k in range(first, last + 1) if other[k] != " "]
    assert sorted(homes) == [k for k, c in enumerate(other) if c != " "]
    assert spans == sorted(spans)
    assert len(found.spans) == len(words)
