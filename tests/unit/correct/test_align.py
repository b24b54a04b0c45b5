"""A free reply is taken apart into edits of raw words; what aligns to nothing is dropped."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.align import Difference, differences, reply_words

RAW = ["tbe", "cat", "sat", "on", "tbe", "mat", "and", "ate", "12", "fish", "of", "the", "day"]
COPY = " ".join(RAW)
MENDED = COPY.replace("tbe", "the")
BOTH = [("tbe", "the"), ("tbe", "the")]


def edits(raw, reply):
    raw = raw.split() if isinstance(raw, str) else raw
    return [(" ".join(raw[p.first : p.last]), p.new) for p in differences(raw, reply_words(reply, raw))]


def test_equal_replies_have_no_edits():
    """A reply that copies the text proposes nothing."""
    assert edits(RAW, COPY) == []


def test_each_changed_word_is_an_edit_of_its_own():
    """Word against word, as small as possible."""
    assert edits(RAW, MENDED) == BOTH


AROUND = {
    "a preamble": "Here is the corrected text:\n\n{}",
    "an afterword": "{}\n\nI hope this helps! I changed the words that the OCR of the day got wrong.",
    "a fence": "```\n{}\n```",
    "a named fence": "Sure:\n```markdown\n{}\n```\nDone.",
    "reasoning": "<think>The cat sat on tbe mat, so I should fix\nthe errors of the day.</think>\n{}",
    "reasoning without its beginning": "The text says: tbe cat sat on tbe mat and ate fish.</THINK>\n{}",
    "reasoning again and again": "<think>a</think><thinking>tbe cat sat</thinking>{}",
    "other reasoning after it": "{}\n<think>Was that right? tbe cat sat on a mat",
    "bold": "**{}**",
    "a list": "- {}",
    "a quotation": "> {}",
    "a heading": "# {}",
    "quotes": '"{}"',
    "twice": "{0} {0}",
    "a loop": "{}\n" + "and ate 12 fish of the day\n" * 30,
}


@pytest.mark.parametrize("frame", AROUND.values(), ids=AROUND.keys())
def test_what_is_added_around_or_repeated_yields_no_edit(frame):
    """A copy of the text inside such a frame proposes nothing."""
    assert edits(RAW, frame.format(COPY)) == []
    assert edits(RAW, frame.format("\n".join(RAW))) == []


@pytest.mark.parametrize("frame", AROUND.values(), ids=AROUND.keys())
def test_what_is_added_around_or_repeated_hides_no_edit(frame):
    """The right words are found inside it, and nothing else is."""
    assert edits(RAW, frame.format(MENDED)) == BOTH
    assert edits(RAW, frame.format(MENDED.replace(" ", "\n"))) == BOTH


def test_reasoning_that_never_ends_is_no_answer():
    """A reply that hit its limit inside the reasoning holds no answer."""
    assert edits(RAW, f"<think>\nLet me see: {MENDED}") == []


def test_a_text_about_reasoning_marks_keeps_them():
    """Where the scan itself has them they are text."""
    assert edits("tbe <think> mark is a tbe </think> mark", "the <think> mark is a the </think> mark") == BOTH


def test_bold_and_list_marks_inside_the_reply():
    """They are no part of the words."""
    assert edits(RAW, "* **the** cat\n* sat on\n* __the__ mat\n* and `ate` 12 fish of the day") == BOTH
    assert edits("see *tbe note below", "see *the note below") == [("*tbe", "*the")]


def test_dropped_words_and_lines_stay():
    """Raw words that the reply leaves out are no edit, and what follows is still found."""
    assert edits(RAW, "tbe cat sat on and ate 12 fish of the day") == []
    assert edits([*RAW, "another", "line", "that", "is", "dropped", "tbe", "end"], f"{MENDED}\nthe end") == [
        *BOTH,
        ("tbe", "the"),
    ]


@pytest.mark.parametrize(
    ("raw", "reply", "expected"),
    [
        ("a bag ofthe best", "a bag of the best", [("ofthe", "of the")]),
        ("ofthe best", "of the best", [("ofthe", "of the")]),
        ("the ofthe best", "the of the best", [("ofthe", "of the")]),
        ("it was trans- ported here", "it was transported here", [("trans- ported", "transported")]),
        ("it was trans- porled here", "it was transported here", [("trans- porled", "transported")]),
        ("to mor row at noon", "to morrow at noon", [("mor row", "morrow")]),
        ("out oft he way", "out of the way", [("oft he", "of the")]),
        ("on Saturdav morning", "on Satur-\nday morning", [("Saturdav", "Saturday")]),
        ("on Saturday morning", "on Satur-\nday morning", []),
    ],
)
def test_words_run_together_and_torn_apart(raw, reply, expected):
    """One raw word against several of the reply, or the other way round, and no more words than that."""
    assert edits(raw, reply) == expected


@pytest.mark.parametrize(
    ("raw", "reply", "expected"),
    [
        ("it is tbe end", "It is The, end", [("tbe", "the")]),
        ("“Yes,” dou't", '"Yes," don’t', [("dou't", "don't")]),
        ("AN OLD COMPAXY", "An Old Company", [("COMPAXY", "COMPANY")]),
        ("the Bcitish Isles", "the british Isles", [("Bcitish", "British")]),
        ("was }iis book", "was his book", [("}iis", "his")]),
        ("at the endl Yes", "at the end! Yes", [("endl", "end!")]),
        ("(tbe end)", "the end", [("(tbe", "(the")]),
        ("lt is here", "It is here", [("lt", "It")]),
        ("and l am here", "and I am here", [("l", "I")]),
        ("1'cau est", "l'eau est", [("1'cau", "l'eau")]),
    ],
)
def test_an_edit_is_only_what_was_misread(raw, reply, expected):
    """Case, quotes and punctuation around the word come from the scan, but where they are misread letters."""
    assert edits(raw, reply) == expected


def test_case_quotes_and_punctuation_alone_are_no_edit():
    """A reply in other typography proposes nothing."""
    assert edits("“Are you there?” said the U.S. man.", "'are You there' Said the u.s. man") == []


def test_a_word_that_breaks_off_is_not_completed():
    """What the model makes up for the end of a broken word is dropped; a letter before it may still be mended."""
    assert edits("we see the commit-", "we see the committee of the whole house.") == []
    assert edits("we see the oommit-", "we see the commit-") == [("oommit-", "commit-")]


def test_invisible_characters_of_the_reply_are_dropped():
    """No edit brings in what nobody can see; what the scan has of the kind stays."""
    assert edits(RAW, MENDED.replace("h", "\u200bh\u00ad")) == BOTH
    assert edits("Satur\u00adday cvening", "Satur\u00adday evening") == [("cvening", "evening")]


def test_another_sentence_aligns_to_nothing():
    """An invented answer shares no word, so nothing of it is proposed."""
    assert edits(RAW, "Certainly! Below you find my version: PLEASE PAY NOW") == []


WORDS = ["the", "of", "and", "cat", "dog", "house", "river", "tbe", "whieh", "morning", "day", "night", "paper"]


@pytest.mark.parametrize("kind", ["loop", "noise", "all misread", "endless words", "marks"])
def test_time_is_bounded(kind):
    """A page's chunk against a reply ten times as long takes a fraction of a second, whatever it says."""
    noise = random.Random(3)  # noqa: S311 -- the same words in every run
    raw = [noise.choice(WORDS) + noise.choice(["", "s", "x", "ing"]) for _ in range(220)]
    mended = [w.replace("tbe", "the") for w in raw]
    reply = {
        "loop": " ".join(mended * 10),
        "noise": " ".join(noise.choice(raw)[::-1] for _ in range(200_000)),
        "all misread": " ".join(f"{w[:-1]}k" for w in raw * 9),
        "endless words": " ".join(["a" * 10_000] * 300),
        "marks": "<think>```\n" * 100_000,
    }[kind]
    started = time.process_time()
    found = edits(raw, reply)
    assert time.process_time() - started < 1.0
    if kind == "loop":
        assert len(found) == sum(a != b for a, b in zip(raw, mended, strict=True))


words = st.lists(st.text("abcdetho1 -*'.\u200bÉß", min_size=1, max_size=6).map(str.strip).filter(bool), max_size=12)


@given(words, words)
def test_pairs_are_ordered_disjoint_and_not_empty(raw, reply):
    """Whatever the reply: edits come in order, never overlap, and never insert, drop or repeat."""
    at = 0
    raw = " ".join(raw).split()
    for pair in differences(raw, reply_words(" ".join(reply), raw)):
        assert isinstance(pair, Difference)
        assert at <= pair.first < pair.last <= len(raw)
        assert pair.new == " ".join(pair.new.split()) != ""
        assert pair.new != " ".join(raw[pair.first : pair.last])
        at = pair.last
