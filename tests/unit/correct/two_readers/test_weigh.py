"""scanmend.correct.two_readers.weigh: two readings of one place against each other, in nats."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.two_readers import weigh
from scanmend.correct.two_readers.weigh import Dispute, score

UNKNOWN = Dispute("abcde", "abcdf", 0.0, 50.0, 1.0, 0.0, 0.0)
DISPUTES = st.builds(
    Dispute,
    st.sampled_from(["house", "12", "ofthe", "café"]),
    st.sampled_from(["horse", "13", "of the", "cafe", "x"]),
    st.floats(-50, 50),
    st.floats(0, 100),
    st.floats(0, 1),
    st.floats(0, 7),
    st.floats(0, 7),
)


@pytest.mark.parametrize(
    ("change", "nats"),
    [
        ({}, 0.0),
        ({"optical": 5.0}, 5 * weigh.OPTICAL_WEIGHT),
        ({"optical": -100.0}, -weigh.MAX_OPTICAL_NATS * weigh.OPTICAL_WEIGHT),
        ({"confidence": 100.0}, -weigh.MAX_CONFIDENCE_NATS),
        ({"confidence": weigh.SURE_CONFIDENCE}, 0.0),
        ({"least_probability": 0.5}, weigh.LEAST_PROBABILITY_WEIGHT * -0.6931),
        ({"raw": "12", "new": "13"}, weigh.NUMBER_NATS),
        ({"raw": "12", "new": "13", "raw_zipf": 5.0, "new_zipf": 1.0}, weigh.NUMBER_NATS),
        ({"new": "ab cde"}, 0.0),
        ({"new": "ab cdf"}, weigh.SPLIT_NATS),
        ({"raw_zipf": 5.0}, weigh.KNOWN_RAW_NATS),
        ({"new_zipf": 5.0}, weigh.KNOWN_NEW_NATS),
        (
            {"raw_zipf": 3.0, "new_zipf": 5.0},
            weigh.KNOWN_RAW_NATS + weigh.KNOWN_NEW_NATS + 2 * weigh.NATS_PER_ZIPF,
        ),
        ({"raw": "café", "new": "cafe"}, weigh.LOST_ACCENT_NATS),
        ({"raw": "abcdef", "new": "abcg"}, 2 * weigh.FEWER_NATS),
        ({"raw": "abcdefghij", "new": "z"}, weigh.MAX_FEWER * weigh.FEWER_NATS),
        ({"raw": "Abcde,", "new": "abcde.", "raw_zipf": 5.0}, 0.0),
    ],
)
def test_each_term(change, nats):
    """What is known of a dispute adds to the score of one of which nothing is known."""
    assert score(replace(UNKNOWN, **change)) == pytest.approx(weigh.PRIOR_NATS + nats, abs=1e-3)


@settings(deadline=None, max_examples=32)
@given(DISPUTES, st.floats(0, 20))
def test_the_image_speaks_for_what_fits_it(dispute, more):
    """The better the image fits the second reading, the higher its score."""
    assert score(replace(dispute, optical=dispute.optical + more)) >= score(dispute)


@settings(deadline=None, max_examples=32)
@given(DISPUTES, st.floats(0, 100))
def test_the_surer_tesseract_the_lower(dispute, confidence):
    """A higher confidence of Tesseract's never speaks against its own reading."""
    low, high = sorted((dispute.confidence, confidence))
    assert score(replace(dispute, confidence=high)) <= score(replace(dispute, confidence=low))


@settings(deadline=None, max_examples=32)
@given(DISPUTES, st.floats(0, 1))
def test_the_surer_the_second_reader_the_higher(dispute, probability):
    """So for the least likely character of the second reading."""
    low, high = sorted((dispute.least_probability, probability))
    assert score(replace(dispute, least_probability=high)) >= score(replace(dispute, least_probability=low))


def test_digits_and_accents():
    """Digits of any script count; letters lose their accents and nothing else."""
    assert weigh.holds_digit("A٣")
    assert not weigh.holds_digit("IV—")
    assert weigh.without_accents("Éçole, ñ 1") == "Ecole, n 1"
