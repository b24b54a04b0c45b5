"""Dates in figures and words, and the convention in which a document writes them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.fields.recognise.dates import convention, find_dates, settled


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Date: 09/01/2019 8:01:11 PM", "2019-01-09"),
        ("24-01-16 11:44", "2016-01-24"),
        ("2014-03-29", "2014-03-29"),
        ("29 maart 2014", "2014-03-29"),
        ("den 3. März 2020", "2020-03-03"),
        ("1er août 2021", "2021-08-01"),
        ("le 5 févr. 1998", "1998-02-05"),
        ("12 de octubre de 2011", "2011-10-12"),
        ("May 7, 2013", "2013-05-07"),
        ("July 1 - July 31 , 2014", "2014-07-31"),
        ("15 Jun 18 08:34:31", "2018-06-15"),
        ("3 Novernber 2004", "2004-11-03"),
        ("30. 04. 2018", "2018-04-30"),
    ],
)
def test_a_date_is_read_as_it_is_meant(text, iso):
    """In six languages, with abbreviations, ordinals, two-digit years and one misread letter."""
    (span,) = find_dates(text)
    assert settled(span, "dmy").isoformat() == iso


@pytest.mark.parametrize(
    "text", ["11-22 - 30", "1.234.567", "99/99/2018", "12/3-32/ - 36/360", "31.02.2019", "03-6092-1968", "5 bottles 12"]
)
def test_what_is_no_day_of_the_calendar_is_no_date(text):
    """Telephone numbers, article codes and amounts."""
    assert find_dates(text) == []


def test_the_unambiguous_dates_of_a_document_decide_the_others():
    """03/04 is in March where another date has its month first, and in April otherwise."""
    open_, american, european = (find_dates(text)[0] for text in ("03/04/2018", "12/31/2018", "31/12/2018"))
    assert settled(open_, convention([open_, american])) == dt.date(2018, 3, 4)
    assert settled(open_, convention([open_, european])) == dt.date(2018, 4, 3)
    assert settled(open_, convention([open_])) == dt.date(2018, 4, 3)


@given(
    st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)),
    st.sampled_from(["%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d %B %Y"]),
)
def test_every_day_is_found_in_every_form(day, form):
    """And its span is exactly the date."""
    text = day.strftime(form)
    (span,) = find_dates(f"on {text} at 8:15")
    assert settled(span, "dmy") == day
    assert f"on {text} at 8:15"[span.start : span.end] == text
