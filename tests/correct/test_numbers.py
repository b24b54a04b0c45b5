"""Numbers are sacred: no edit, however it came about, changes a digit, a sign or a currency symbol."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanmend.correct import numbers
from scanmend.correct.judge import Evidence, judge

NUMBERISH = st.text("0123456789OolI|SB.,:/-+() $€£%ABxyz'", min_size=1, max_size=14)
ANYTHING = st.text(min_size=0, max_size=14)


@pytest.mark.parametrize(
    ("raw", "mended"),
    [
        ("$1O0.00", "$100.00"),
        ("l,250.00", "1,250.00"),
        ("2O24", "2024"),
        ("1,0O0", "1,000"),
        ("€2O.OO", "€20.00"),
        ("O5/12/2024", "05/12/2024"),
        ("(1O0.00)", "(100.00)"),
        ("12O.5O", "120.50"),
    ],
)
def test_lookalikes_in_numbers_are_repaired(raw, mended):
    """A letter among figures becomes its digit where the figures around it say that this is a number."""
    assert numbers.repair(raw) == mended


@pytest.mark.parametrize(
    "word",
    [
        "1OO",  # may be a code
        "1O",
        "5l",  # five litres
        "10l",
        "B0O-118",
        "S5-I10",
        "Z8-2S0",
        "DE89370400440532013000",
        "GB82",
        "H2O",
        "hospita1",
        "100.00",
        "1O:30x",
        "Oslo",
        "",
    ],
)
def test_what_may_be_no_number_is_left_alone(word):
    """Codes, units, words and sound numbers need no repair."""
    assert numbers.repair(word) is None


@given(NUMBERISH)
def test_a_repair_only_turns_lookalikes_into_digits(word):
    """Character by character: the same, or a look-alike letter that became its digit."""
    mended = numbers.repair(word)
    if mended is not None:
        assert len(mended) == len(word)
        assert all(a == b or numbers.LOOKALIKES.get(a) == b for a, b in zip(word, mended, strict=True))
        assert mended != word


@given(NUMBERISH | ANYTHING, NUMBERISH | ANYTHING, st.floats(-50, 50), st.floats(0, 30))
@example("10", "19", 50.0, 0.0)
@example("$5.00", "5.00", 50.0, 0.0)
@example("-3", "3", 50.0, 0.0)
@example("1OO", "10", 50.0, 0.0)
@example("12.50", "12,50", 50.0, 0.0)
def test_no_accepted_edit_changes_a_number(raw, new, gain, cost):
    """However sure the model is: digits, signs and currency of an accepted edit are those of the scan."""
    evidence = Evidence(
        raw=raw, new=new, cost=cost, gain=gain, raw_zipf=0.0, new_zipf=7.0, confidence=10.0, starts_sentence=True
    )
    if judge(evidence).accepted and new != numbers.repair(raw):
        assert numbers.sacred(raw) == numbers.sacred(new) == ""


@pytest.mark.parametrize(
    ("raw", "new"),
    [
        ("$100.00", "100.00"),
        ("€5", "£5"),
        ("1.234,56", "1,234.56"),
        ("+3", "3"),
        ("-17", "17"),
        ("5%", "5"),
        ("3±1", "3+1"),
        ("GB82", "GB83"),
        ("12:30", "12.30"),
        ("5mg", "5g"),
        ("020", "O20"),
        ("9.05", "3.05"),
    ],
)
def test_what_a_number_consists_of_is_preserved(raw, new):
    """Currency, separators, signs, identifiers, times and dosages count, not only digits."""
    assert not numbers.preserved(raw, new)
