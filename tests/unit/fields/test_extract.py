"""Fields of whole documents: they are words of a page, and what is doubtful is said."""

import datetime as dt
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.document import NumberReading
from scanmend.fields.extract import extract_fields
from scanmend.fields.presets import INVOICE, RECEIPT
from scanmend.fields.specs import FieldSpec
from typed_page import typed_page

RECEIPT_ROWS = (
    "      THAI DELICIOUS RESTAURANT",
    "       NO.22 JALAN PUTERI 2/4",
    "       47100 PUCHONG, SELANGOR",
    "Bill No 01-36870      Table A3",
    "Date 02/02/2017 7:31:08 PM",
    "Description      Q  Price  Amount",
    "Braised pork     1  20.00   20.00",
    "Squid            2  28.00   56.00",
    "Total                       76.00",
    "Cash Received              100.00",
    "Change                      24.00",
)
INVOICE_ROWS = (
    "Straub Handels GmbH & Co. KG",
    "Mühlenweg 3, 13013 Grünhausen",
    "USt-IdNr. DE136695976",
    "RECHNUNG",
    "Rechnungsnummer   2007-01649",
    "Rechnungsdatum    04.10.2007",
    "Zahlbar bis       24.11.2007",
    "Kundennummer      84412",
    "1  Seife          2    50,00    100,00",
    "2  Pinsel         1   100,00    100,00",
    "           Nettobetrag          200,00 €",
    "           MwSt. 19 %            38,00 €",
    "           Gesamtbetrag         238,00 €",
    "IBAN DE89 3704 0044 0532 0130 00",
)


def values(rows, specs, **more):
    """The normalised values of a page's fields by their names."""
    return {field.name: field.value for field in extract_fields([typed_page(*rows, **more)], specs)}


def test_a_receipt():
    """Company, date, total, number and address."""
    found = values(RECEIPT_ROWS, RECEIPT)
    assert found == {
        "company": "THAI DELICIOUS RESTAURANT", "date": "2017-02-02", "total": "76.00", "currency": "",
        "number": "01-36870", "address": "NO.22 JALAN PUTERI 2/4, 47100 PUCHONG, SELANGOR",
    }  # fmt: skip


def test_an_invoice():
    """Every field of the preset, each once."""
    assert values(INVOICE_ROWS, INVOICE) == {
        "number": "2007-01649", "date": "2007-10-04", "due_date": "2007-11-24",
        "vendor": "Straub Handels GmbH & Co. KG", "vat_id": "DE136695976", "net": "200.00", "tax": "38.00",
        "total": "238.00", "currency": "EUR", "iban": "DE89370400440532013000",
    }  # fmt: skip


def test_what_agrees_with_a_value_is_told():
    """A sum that holds; and boxes around its words."""
    found = {field.name: field for field in extract_fields([typed_page(*INVOICE_ROWS)], INVOICE)}
    total = found["total"].chosen
    assert "net and tax make the total" in total.checks
    assert total.currency == "EUR"
    assert len(total.boxes) == 1
    assert not found["total"].doubt


def test_net_and_tax_that_do_not_make_the_total_are_doubtful():
    """One of the three is misread, and nobody knows which."""
    rows = [row.replace(" 38,00 €", " 88,00 €") for row in INVOICE_ROWS]
    found = {field.name: field for field in extract_fields([typed_page(*rows)], INVOICE)}
    assert all("net and tax do not make the total" in found[name].doubt for name in ("net", "tax", "total"))


def test_a_disputed_number_is_doubtful_and_its_other_reading_a_choice():
    """The other reading is the first that a person is offered."""
    disputed = NumberReading(8, "76.00", "disputed", "16.00")
    (total,) = (
        f for f in extract_fields([typed_page(*RECEIPT_ROWS, numbers=[disputed])], RECEIPT) if f.name == "total"
    )
    assert total.chosen.state == "disputed"
    assert "readers disagree" in total.doubt
    assert total.others[0].value == "16.00"


def test_a_required_field_that_is_missing_is_said():
    """And one that is not required is silently missing."""
    found = {field.name: field for field in extract_fields([typed_page("Dear Sir,", "thank you.")], RECEIPT)}
    assert found["date"].chosen is None
    assert found["date"].doubt == "nothing on the pages can be it"
    assert found["number"].doubt == ""


def test_a_date_in_the_future_is_not_that_of_the_document():
    """Where today is known."""
    rows = ("Acme Ltd", "03/04/2031", "Total 7.00", "", "05/06/2021")
    (date,) = (f for f in extract_fields([typed_page(*rows)], RECEIPT, today=dt.date(2022, 1, 1)) if f.name == "date")
    assert date.value == "2021-06-05"


def test_values_may_stand_on_any_of_the_first_pages():
    """Each with the number of its page."""
    pages = [typed_page("Acme Ltd", "Covering letter"), typed_page(*INVOICE_ROWS, number=2)]
    found = {field.name: field for field in extract_fields(pages, INVOICE)}
    assert (found["total"].value, found["total"].chosen.page) == ("238.00", 2)


PIECES = st.one_of(
    st.sampled_from([
        "Total", "Date:", "01/02/2018", "12.50", "1.234,50", "€", "RM7.00", "Invoice", "No.", "CS-12", "GmbH", "IBAN",
        "DE89", "3704", "Sub", "total", "=cmd()", "10", "März", "2020", "-", "·", "@", "ACME", "NL810433941B01",
    ]),
    st.text(st.characters(blacklist_categories=("Z", "C")), min_size=1, max_size=8),
)  # fmt: skip
ROWS = st.lists(st.lists(PIECES, min_size=1, max_size=6).map("   ".join), max_size=8)
SPECS = (
    *INVOICE,
    FieldSpec("company", "company"),
    FieldSpec("mail", "email"),
    FieldSpec("phone", "phone"),
    FieldSpec("note", "text", ("Total", "Invoice")),
)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_every_value_is_words_of_the_page(rows):
    """Whatever the page says: nothing is invented, amounts are decimal numbers and dates are dates."""
    page = typed_page(*rows)
    for field in extract_fields([page], SPECS):
        for value in (*([field.chosen] if field.chosen else []), *field.others):
            assert all(word in page.corrected for word in value.text.split())
            assert 0 <= value.confidence <= 1
            assert value.page == 1
            assert value.boxes
            if field.type == "amount":
                assert Decimal(value.value).is_finite()
            elif field.type == "date":
                assert dt.date.fromisoformat(value.value)


def test_a_document_that_begins_late_in_a_stack_has_the_same_facts():
    """Pages keep the numbers that they have in the source; where they stand in their own document is what counts."""
    rest = ("Thank you for your order.", "We look forward to the next.")

    def of_stack(first):
        pages = [typed_page(*INVOICE_ROWS, number=first), typed_page(*rest, number=first + 2)]
        return [
            (one.name, one.value, one.chosen.confidence if one.chosen else 0) for one in extract_fields(pages, INVOICE)
        ]

    assert of_stack(25) == of_stack(1)
