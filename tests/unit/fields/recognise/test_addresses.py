"""Addresses: rows below each other at the head of a page, and none of what stands around them."""

from scanmend.fields.extract import extract_fields
from scanmend.fields.presets import RECEIPT
from scanmend.fields.recognise.addresses import find_addresses
from scanmend.fields.recognise.page_text import page_text
from typed_page import typed_page

SHOP = (
    "MASTER HARDWARE SDN BHD",
    "(1234567-X)",
    "No. 12, Jalan Setia 3/2,",
    "Taman Seri Indah,",
    "40170 Shah Alam, Selangor",
    "Tel: 03-8051 9514",
    "Date: 12/05/2018",
    "Total RM 12.50",
)


def address_of(*rows):
    found = {field.name: field for field in extract_fields([typed_page(*rows)], RECEIPT)}
    return found["address"]


def test_its_rows_are_one_value():
    """From its first row to the last, without the register's number before and the telephone behind it."""
    found = address_of(*SHOP)
    assert found.value == "No. 12, Jalan Setia 3/2, Taman Seri Indah, 40170 Shah Alam, Selangor"
    assert found.chosen.text == "No. 12, Jalan Setia 3/2, Taman Seri Indah, 40170 Shah Alam, Selangor"
    assert len(found.chosen.boxes) == len(found.chosen.text.split())


def test_there_is_none():
    """A receipt that names none has none."""
    assert not address_of("MASTER HARDWARE", "Date: 12/05/2018", "Nails 2.50", "Total 12.50").value


def test_what_stands_beside_it_is_no_part_of_it():
    """A second column, such as whom an invoice is to, has rows of its own."""
    page = page_text(typed_page("No. 12, High Street          Invoice 77", "London SW1A 1AA              Date 1 May"))
    lines = {span.lines for span in find_addresses(page)}
    assert "No. 12, High Street, London SW1A 1AA" in lines
    assert not any("Street, Invoice" in one or "Street Invoice" in one for one in lines)
