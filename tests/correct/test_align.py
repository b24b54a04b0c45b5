"""A free reply is taken apart into edits of raw words; what aligns to nothing is dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.align import Pair, differences

RAW = ["tbe", "cat", "sat", "on", "tbe", "mat", "and", "ate", "12", "fish", "of", "the", "day"]


def edits(raw, reply):
    return [(" ".join(raw[p.first : p.last]), p.new) for p in differences(raw, reply.split())]


def test_equal_replies_have_no_edits():
    """A copy proposes nothing."""
    assert edits(RAW, " ".join(RAW)) == []


def test_each_changed_word_is_an_edit_of_its_own():
    """Word against word, as small as possible."""
    assert edits(RAW, "the cat sat on the mat and ate 12 fish of the day") == [("tbe", "the"), ("tbe", "the")]


@pytest.mark.parametrize(
    "reply",
    [
        "Here is the corrected text:\n\n" + " ".join(RAW),
        "```\n" + " ".join(RAW) + "\n```",
        "<think>The text has errors I should fix carefully.</think>\n" + " ".join(RAW),
        " ".join(RAW) + "\n\nI hope this helps! Let me know about anything else.",
        "\n".join(RAW),
        " ".join(RAW) + " " + " ".join(RAW),
    ],
)
def test_what_is_added_around_or_repeated_yields_no_edit(reply):
    """Preambles, fences, reasoning, afterwords, other line breaks and repetitions align to nothing."""
    assert edits(RAW, reply) == []


def test_dropped_words_stay():
    """Raw words that the reply leaves out are no edit."""
    assert edits(RAW, "tbe cat sat on and ate 12 fish of the day") == []


def test_a_merged_word_is_split():
    """One raw word against two of the reply."""
    assert edits(["a", "bag", "ofthe", "best"], "a bag of the best") == [("ofthe", "of the")]


def test_split_words_are_merged():
    """Two raw words against one of the reply."""
    assert edits(["it", "was", "trans-", "ported", "here"], "it was transported here") == [
        ("trans- ported", "transported")
    ]


def test_another_sentence_aligns_to_nothing():
    """An invented answer shares no word, so nothing of it is proposed."""
    assert edits(RAW, "Certainly! Below you find my version: PLEASE PAY NOW") == []


words = st.lists(st.text("abcdetho1 ", min_size=1, max_size=6).map(str.strip).filter(bool), max_size=12)


@given(words, words)
def test_pairs_are_ordered_disjoint_and_not_empty(raw, reply):
    """Whatever the reply: edits come in order, never overlap, and never insert or drop."""
    at = 0
    for pair in differences(raw, reply):
        assert isinstance(pair, Pair)
        assert at <= pair.first < pair.last <= len(raw)
        assert pair.new.strip()
        at = pair.last
