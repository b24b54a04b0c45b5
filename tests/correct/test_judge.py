"""The judge: hard rules first, then one weighed score; one verdict and one reason for each edit."""

from dataclasses import replace

import pytest

from scanmend.correct.judge import Evidence, forbidden, judge

GOOD = Evidence(
    raw="tbe", new="the", cost=3.0, gain=14.0, raw_zipf=0.0, new_zipf=7.7, confidence=60.0, starts_sentence=False
)


def test_a_look_alike_that_fits_much_better_is_accepted():
    """The noisy channel's plain case."""
    verdict = judge(GOOD)
    assert verdict.accepted
    assert "fits better" in verdict.reason


@pytest.mark.parametrize(
    ("raw", "new", "why"),
    [
        ("are", "Are", "case"),
        ("U.S.", "U. S.", "spacing"),
        ("“Yes”", '"Yes"', "quotes"),
        ("trans- ported", "transported", "spacing"),
        ("well-known", "well known", "spacing"),
        ("word", "word,", "punctuation"),
        ("word;", "word:", "punctuation"),
        ("a–b", "a-b", "spacing"),
        ("office@example.com", "offices@example.com", "addresses"),
        ("www.exarnple.org", "www.example.org", "addresses"),
        ("Total", "", "inserted nor dropped"),
        ("", "Total", "inserted nor dropped"),
        ("Qty", "Quantity of goods", "inserted nor dropped"),
        ("$5.00", "$6.00", "numbers"),
        ("$5.00", "5.00", "numbers"),
        ("1OO", "10", "numbers"),
        ("hospita1", "hospital", "numbers"),
    ],
)
def test_hard_rules(raw, new, why):
    """What is not the model's to change is refused whatever the evidence."""
    assert why in forbidden(raw, new)
    verdict = judge(replace(GOOD, raw=raw, new=new, cost=0.1, gain=100.0))
    assert not verdict.accepted
    assert why in verdict.reason


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
    ],
)
def test_what_speaks_for_the_raw_word_raises_the_bar(harder):
    """Being a word, read with confidence, a name, an acronym, or the new one being no word: each lowers the score."""
    easy, hard = judge(GOOD), judge(replace(GOOD, **harder))
    assert easy.score is not None
    assert hard.score is not None
    assert hard.score < easy.score
