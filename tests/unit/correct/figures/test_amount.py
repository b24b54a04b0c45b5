"""Amounts of both conventions are understood, and what is no amount, or could be two, is told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.figures.amount import MAX_DECIMALS, is_ambiguous, parse, plain, settle

AMOUNTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1’234’567.50", "1234567.50"),
        ("RM57.40", "57.40"),
        ("€12,50", "12.50"),
        ("12,50€", "12.50"),
        ("12€50", "12.50"),
        ("CHF12.50", "12.50"),
        ("57.40-", "-57.40"),
        ("-57.40", "-57.40"),
        ("−57,40", "-57.40"),
        ("(12.00)", "-12.00"),
        ("31.00.", "31.00"),
        ("*31.00", "31.00"),
        ("10.60S", "10.60"),
        ("0.523kg", "0.523"),
        ("2x", "2"),
        (",50", "0.50"),
        ("5,-", "5"),
        ("12,3456", "12.3456"),
        ("1.234.567", "1234567"),
    ],
)
def test_amounts_of_both_conventions(text, value):
    assert [amount.value for amount in parse(text)] == [Decimal(value)]


@pytest.mark.parametrize(
    "text",
    [
        "09.01.2019", "2019-01-09", "09/01/2019", "8:01", "0012", "12345678", "12AB", "1,234,56", "1.00,00", "(12.00",
        "-5-", "A4", "1,23,456", "", "-", "RM", "9555339300051", "12.34567",
    ],
)  # fmt: skip
def test_dates_times_and_identifiers_are_no_amounts(text):
    assert parse(text) == ()


def test_a_rate_is_told_from_an_amount():
    assert parse("21%")[0].percent
    assert parse("@6%")[0].percent
    assert not parse("21")[0].percent


@pytest.mark.parametrize("text", ["1.234", "1,234", "12,345"])
def test_three_digits_behind_a_single_mark_are_ambiguous(text):
    """They are thousands in one country and thousandths in another, until the page shows its decimal mark."""
    assert is_ambiguous(text)
    as_decimal = settle(parse(text), "." if "." in text else ",")
    as_thousands = settle(parse(text), "," if "." in text else ".")
    assert [a.decimals for a in as_decimal] == [3]
    assert [a.decimals for a in as_thousands] == [0]


def test_a_leading_zero_ends_the_ambiguity():
    assert [a.value for a in parse("0.523")] == [Decimal("0.523")]


@given(AMOUNTS, st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("", "."), ("", ",")]))
def test_what_is_written_by_a_convention_is_parsed_back(value, convention):
    """Whatever convention writes an amount of money, its value comes back exactly."""
    thousands, point = convention
    text = f"{value:,.2f}".translate({ord(","): thousands, ord("."): point})
    assert [amount.value for amount in parse(text)] == [value]


@given(st.integers(0, 10**7 - 1), st.integers(0, MAX_DECIMALS))
def test_how_reasons_write_an_amount_is_among_its_meanings(digits, decimals):
    value = Decimal(digits).scaleb(-decimals)
    assert (value, decimals) in [(amount.value, amount.decimals) for amount in parse(plain(value))]


@given(st.text("0123456789.,-+()%€$ RMx'", max_size=14))
def test_no_text_breaks_the_parser(text):
    """Every token has at most two meanings, and these differ."""
    meanings = parse(text)
    assert len(meanings) <= 2
    assert len(set(meanings)) == len(meanings)
