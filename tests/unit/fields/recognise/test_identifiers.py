"""Numbers of documents, accounts, VAT numbers, addresses and telephones."""

from scanmend.fields.recognise import identifiers
from scanmend.fields.recognise.page_text import page_text
from typed_page import typed_page


def page(*rows):
    return page_text(typed_page(*rows))


def test_an_iban_is_told_from_one_with_a_wrong_digit():
    """Grouped or not; the one whose check digits do not hold is a candidate, but proves nothing."""
    right, wrong = identifiers.find_ibans(page("IBAN NL50 INGB 0683 2513 09", "IBAN NL50INGB0683251308"))
    assert (right.value, bool(right.checks)) == ("NL50INGB0683251309", True)
    assert (wrong.value, bool(wrong.checks)) == ("NL50INGB0683251308", False)


def test_vat_numbers_of_many_countries_are_known():
    """With check digits where they are known, by their shape elsewhere."""
    found = {
        one.value: bool(one.checks) for one in identifiers.find_vat_ids(page("BTW NL810433941B01", "PL 5260001246"))
    }
    assert found["NL810433941B01"]
    assert found["PL5260001246"] is False


def test_addresses_and_telephones():
    """A telephone number has seven digits at least."""
    (mail,) = identifiers.find_emails(page("write to Billing@Example.org."))
    assert mail.value == "billing@example.org"
    phones = [one.value for one in identifiers.find_phones(page("Tel. +49 (0)30 123 4567", "No. 12"))]
    assert phones == ["+49301234567"]


def test_the_number_of_a_document_has_a_digit():
    """Also behind a word of a few capitals."""
    found = [one.text for one in identifiers.find_numbers(page("Invoice No.: CS 67832 [0042]"))]
    assert found == ["67832", "CS 67832", "0042"]
