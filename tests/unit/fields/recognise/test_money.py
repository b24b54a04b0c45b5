"""Amounts with currency and either decimal mark, and the sums that hold."""

from scanmend.fields.recognise.money import find_amounts
from scanmend.fields.recognise.page_text import page_text
from typed_page import typed_page


def amounts(*rows):
    """Value and currency of the amounts of a page."""
    return [(a.text, a.currency) for a in find_amounts(page_text(typed_page(*rows))) if not a.percent]


def test_amounts_are_read_with_the_mark_that_their_page_uses():
    """A point and a comma, thousands by either or by a blank, and the currency before or behind."""
    assert amounts("Total RM 57.40", "Cash $1,020.00") == [("57.40", "MYR"), ("1020.00", "$")]
    assert amounts("Summe 1.234,50 €", "Rest 7,00 EUR") == [("1234.50", "EUR"), ("7.00", "EUR")]
    assert amounts("Total TTC 1 332,10 €", "TVA 222,02 €") == [("1332.10", "EUR"), ("222.02", "EUR")]


def test_what_reading_tore_or_misread_is_one_amount_still():
    """A blank beside the decimal mark, and one mark for thousands and decimals."""
    assert amounts("Total 31. 00") == [("31.00", "")]
    assert amounts("CASH 20 .00") == [("20.00", "")]
    assert amounts("Subtotal £6.439.94", "VAT £1,287.99") == [("6439.94", "GBP"), ("1287.99", "GBP")]


def test_a_quantity_beside_a_price_is_not_its_thousands():
    """They stand further apart than the parts of one number."""
    assert amounts("Plastic    2    415.50    831.00") == [("2", ""), ("415.50", ""), ("831.00", "")]


def test_sums_that_hold_are_told():
    """Cash less change, net and tax, and a column."""
    rows = ("Tea     4.00", "Milk    2.50", "Total   6.50", "Cash   10.00", "Change  3.50")
    checks = {a.text: a.checks for a in find_amounts(page_text(typed_page(*rows)))}
    assert checks["6.50"] == ("cash less change make it", "the 2 amounts above it add up to it")
    assert checks["4.00"] == ()
