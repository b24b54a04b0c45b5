"""Any text beside a label, currencies, patterns and choices."""

import re

from scanmend.fields.recognise import texts
from scanmend.fields.recognise.label_match import find_labels
from scanmend.fields.recognise.page_text import page_text
from typed_page import typed_page


def test_text_stands_beside_its_label_or_below_it():
    """Up to a wide blank."""
    page = page_text(typed_page("Project: Harbour wall        page 3", "next line"))
    found = [span.text for span in texts.find_texts(page, find_labels(page, ["project"]))]
    assert found[0] == "Harbour wall"
    assert "next line" in found


def test_a_pattern_matches_words_as_a_whole():
    """Marks around them aside."""
    page = page_text(typed_page("see (P-1234) and P-12345"))
    assert [span.text for span in texts.find_matches(page, re.compile(r"P-\d{4}"))] == ["P-1234"]


def test_currencies_are_named_by_their_codes():
    """Where the symbol tells which."""
    page = page_text(typed_page("Total RM14.30 or 3 € or $7"))
    assert [(span.text, span.value) for span in texts.find_currencies(page)] == [
        ("RM", "MYR"), ("€", "EUR"), ("$", "$"),
    ]  # fmt: skip


def test_a_choice_is_known_with_a_misread_letter():
    """Its value is as configured, its text as read."""
    page = page_text(typed_page("Branch Harnburg", "Branch Hannover"))
    (span,) = texts.find_choices(page, ["Hambury", "Hannover "][1:])
    assert (span.text, span.value.strip()) == ("Hannover", "Hannover")
