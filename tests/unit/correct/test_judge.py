"""The judge: one weighed score in nats, one verdict and one reason for each edit that no hard rule forbids."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.hard_rules import violated_rule
from scanmend.correct.judge import (
    ACCEPTANCE_READING_SCORE,
    MAX_GAIN_NATS,
    MAX_OPTICAL_NATS,
    OPTICAL_WEIGHT,
    READING_GAIN_WEIGHT,
    Evidence,
    clean_page_prior,
    judge,
    judge_reading,
    optical_nats,
    raw_word_prior,
)
from scanmend.correct.lexicon import numbers
from scanmend.correct.two_readers.comparison import Comparison
from scanmend.correct.two_readers.proposals import Reading
from scanmend.correct.two_readers.weigh import Dispute
from two_readings import two_readings

GOOD = Evidence(
    raw="tbe", new="the", cost=3.0, gain=14.0, raw_zipf=0.0, new_zipf=7.7, confidence=60.0, starts_sentence=False
)


def test_a_look_alike_that_fits_much_better_is_accepted():
    """The noisy channel's plain case."""
    verdict = judge(GOOD)
    assert verdict.accepted
    assert "fits better" in verdict.reason


def test_a_hard_rule_comes_first():
    """No evidence outweighs it, and its reason is the verdict's."""
    verdict = judge(replace(GOOD, raw="$5.00", new="$6.00", cost=0.1, gain=100.0))
    assert (verdict.accepted, verdict.reason, verdict.score) == (False, violated_rule("$5.00", "$6.00"), None)


def test_no_visual_support_no_edit():
    """However much the model likes a word: it must look like what was scanned."""
    assert not judge(replace(GOOD, raw="differ", new="different", cost=26.0, gain=30.0, raw_zipf=4.0)).accepted
    assert "too different" in judge(replace(GOOD, cost=40.0, gain=100.0)).reason


def test_a_lookalike_repair_needs_no_model():
    """A look-alike letter inside a number becomes its digit even where no model was asked."""
    assert judge(replace(GOOD, raw="$1O0.00", new="$100.00", gain=None)).accepted


def test_an_edit_that_the_model_was_not_asked_about_is_rejected():
    """Looks alone decide nothing."""
    assert not judge(replace(GOOD, gain=None)).accepted


@pytest.mark.parametrize(
    "harder",
    [
        {"raw": "form", "new": "from", "raw_zipf": 5.5},
        {"confidence": 99.0},
        {"raw": "Nartker", "new": "Parker"},
        {"raw": "OCRWM", "new": "OCR"},
        {"new": "thc", "new_zipf": 0.0},
        {"raw_zipf": 1.5},
        {"repetition": 1.1},
        {"unknown_share": 0.01},
        {"foreign_share": 0.5},
        {"raw": "eMnil", "new": "email"},
        {"cost": 6.0},
        {"new_zipf": 3.0},
        {"gain": 9.0},
    ],
)
def test_what_speaks_for_the_raw_word_raises_the_bar(harder):
    """Being a word, read with confidence, a name, an acronym, or the new one being no word: each lowers the score."""
    easy, hard = judge(GOOD), judge(replace(GOOD, **harder))
    assert easy.score is not None
    assert hard.score is not None
    assert hard.score < easy.score


class TestMarks:
    SPECK = replace(GOOD, raw="house.", new="house", cost=4.0, gain=12.0, raw_zipf=5.5, new_zipf=5.5, confidence=None)

    @pytest.mark.parametrize(
        ("raw", "new"),
        [
            ("house.", "house"),
            ("house*", "house"),
            (".house", "house"),
            ("boys’", "boys"),
            ("house.", "house,"),
            ("house;", "house:"),
            ("peo.ple", "people"),
            ("| and", "and"),
            ("and |", "and"),
            ("have.been", "have been"),
        ],
    )
    def test_specks_and_low_marks_may_be_weighed(self, raw, new):
        """A speck may go and one low mark may be another, if the model says so clearly."""
        assert violated_rule(raw, new) == ""
        assert judge(replace(self.SPECK, raw=raw, new=new)).accepted
        assert not judge(replace(self.SPECK, raw=raw, new=new, gain=3.0)).accepted

    def test_words_say_nothing_of_marks(self):
        """Neither how common the word is, nor its case, nor how often it stands there."""
        first = judge(self.SPECK).score
        for other in ({"raw_zipf": 0.0, "new_zipf": 0.0}, {"raw": "House.", "new": "House"}, {"repetition": 2.0}):
            assert judge(replace(self.SPECK, **other)).score == first

    def test_a_sure_reading_keeps_its_marks(self):
        """The surer the reading, the lower the score."""
        found = [judge(replace(self.SPECK, confidence=c)).score for c in (None, 50.0, 90.0, 95.0, 99.0)]
        assert found[0] == found[1] > found[2] > found[3] > found[4]

    def test_which_ones_stand_alone(self):
        """A mark of its own is dropped more easily on a page that was read well."""
        well = {"unknown_share": 0.005, "cost": 4.0}
        lone = judge(replace(self.SPECK, raw="| house", new="house", **well)).score
        assert lone > judge(replace(self.SPECK, **well)).score


class TestWordsJoined:
    def test_a_torn_word_is_easier_to_believe_than_a_misread_one(self):
        """Joining two pieces scores higher than the same word with another letter in it."""
        torn = replace(GOOD, raw="prep aration", new="preparation", cost=5.0, new_zipf=4.5)
        read = replace(torn, raw="prepxaration")
        assert judge(torn).score > judge(read).score + 1


class TestNames:
    NAME = replace(GOOD, raw="Nartkor", new="Nartker", raw_zipf=0.0, new_zipf=5.0)

    def test_a_name_that_the_page_repeats(self):
        """The more often it stands there, the more is asked."""
        found = [judge(replace(self.NAME, repetition=r)).score for r in (0.0, 0.7, 1.1, 1.6)]
        assert all(later < earlier - 0.5 for earlier, later in pairwise(found))

    def test_capitals_among_capitals(self):
        """In a heading a word in capitals is no acronym."""
        assert (
            raw_word_prior(replace(GOOD, raw="OCRWM"))
            > raw_word_prior(replace(GOOD, raw="OCRWM", among_capitals=True)) + 1
        )

    def test_where_a_sentence_begins(self):
        """There a capital is no sign of a name."""
        assert raw_word_prior(replace(self.NAME, starts_sentence=True)) < raw_word_prior(self.NAME)


class TestDoubt:
    def test_the_fewer_unknown_words_the_more(self):
        """What looks odd on a page that was read well is a name; on a bad one it helps a little."""
        found = [clean_page_prior(share) for share in (0.0, 0.001, 0.01, 0.05, 0.1, 0.3, 1.0)]
        assert found == sorted(found, reverse=True)
        assert found[0] > 3
        assert -5 < found[-1] < 0

    @given(st.floats(0, 1))
    def test_it_is_bounded(self, share):
        """No page is so clean that nothing could be mended, or so bad that everything would."""
        assert clean_page_prior(1.0) <= clean_page_prior(share) <= clean_page_prior(0.0)


WORDS = st.sampled_from(
    [*("the", "tbe", "U.S.", "it's", "house.", "house,", "|", "Nartker", "OCR", "well-known", "“so”", "of", "ofthe"),
     *("5", "$5.00", "1O0", "1,250", "-5", "50%", "IV", "a", "www.x.org", "тhe", "«", "word;")]
)  # fmt: skip
TEXT = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@given(TEXT, TEXT, st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 30))
def test_whatever_the_evidence(raw, new, gain, boldness):
    """A forbidden edit is never accepted, an accepted one keeps its numbers, and every verdict has a reason."""
    verdict = judge(replace(GOOD, raw=raw, new=new, cost=0.0, gain=gain), boldness)
    assert verdict.reason
    if verdict.accepted:
        assert violated_rule(raw, new) == ""
        assert numbers.preserves_numbers(raw, new)
        assert new.strip()


@given(st.sampled_from([0.0, 2.0, 5.0]), st.floats(-5, 40))
def test_boldness_moves_the_bar_and_nothing_else(boldness, gain):
    """Boldness does not change the score, and what was accepted without it stays accepted."""
    timid, bold = judge(replace(GOOD, gain=gain)), judge(replace(GOOD, gain=gain), boldness)
    assert bold.score == timid.score
    assert bold.accepted >= timid.accepted


class TestWhatTheSecondReaderSees:
    @pytest.mark.parametrize(
        ("optical", "nats"),
        [(None, 0.0), (0.0, 0.0), (2.0, 2 * OPTICAL_WEIGHT), (99.0, MAX_OPTICAL_NATS * OPTICAL_WEIGHT)],
    )
    def test_it_counts_within_bounds(self, optical, nats):
        """For and against alike; nothing where it did not read the line."""
        assert optical_nats(optical) == pytest.approx(nats)
        assert optical_nats(None if optical is None else -optical) == pytest.approx(-nats)

    def test_it_speaks_for_or_against_an_edit(self):
        """The score moves by it, and the reason shows it."""
        plain, seen, unseen = (judge(replace(GOOD, optical=optical)) for optical in (None, 3.0, -8.0))
        assert seen.score == pytest.approx(plain.score + 3 * OPTICAL_WEIGHT)
        assert unseen.score == pytest.approx(plain.score - 8 * OPTICAL_WEIGHT)
        assert "look -0.6" in seen.reason

    @pytest.mark.parametrize(
        ("gain", "model"),
        [(None, 0.0), (-math.inf, 0.0), (5.0, 5 * READING_GAIN_WEIGHT), (-99.0, -MAX_GAIN_NATS * READING_GAIN_WEIGHT)],
    )
    def test_an_open_reading(self, gain, model):
        """Its own evidence counts, and what the model says; a folder's boldness moves the bar."""
        second = Comparison(two_readings(("house", "horse"))).second[0, 0]
        reading = Reading(0, 0, second, Dispute("house", "horse", 1.0, 50.0, 1.0, 5.0, 4.0), ACCEPTANCE_READING_SCORE)
        verdict = judge_reading(reading, gain)
        assert verdict.score == pytest.approx(ACCEPTANCE_READING_SCORE + model)
        assert verdict.accepted is (model >= 0)
        assert judge_reading(reading, gain, boldness=10.0).accepted
        assert not judge_reading(reading, gain, boldness=-10.0).accepted
