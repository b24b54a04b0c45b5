"""Labels on a page, misread, joined and split."""

import pytest

from scanmend.fields.recognise.label_match import find_labels
from scanmend.fields.recognise.page_text import page_text
from typed_page import typed_page


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ("Involce No.: CS 67832", "invoice no"),
        ("BillNo : CS0032277", "bill no"),
        ("D ate: 30/04/2018", "date"),
        ("RECHNUNGSNUMMER 7", "Rechnungsnummer"),
        ("Échéance 01/02/2020", "echeance"),
        ("INV# 0018", "inv #"),
    ],
)
def test_a_label_is_known_as_it_was_read(row, label):
    """Case, accents, marks and blanks do not matter, and one misread letter in five."""
    (hit,) = find_labels(page_text(typed_page(row)), [label])
    assert hit.label == label
    assert 0.8 <= hit.quality <= 1


def test_a_short_word_must_be_read_exactly():
    """``late`` is not ``date``."""
    assert find_labels(page_text(typed_page("late 01/02/2020")), ["date"]) == []


def test_the_longer_label_wins():
    """A due date is not also a date."""
    hits = find_labels(page_text(typed_page("Due date 01/02/2020")), ["date", "due date"])
    assert [hit.label for hit in hits] == ["due date"]
