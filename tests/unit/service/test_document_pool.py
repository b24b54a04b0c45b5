"""scanmend.service.document_pool: short documents are never held up, long ones while there are few."""

import pytest

from scanmend.errors import Postponed
from scanmend.service.document_pool import LONG_PAGES, LongDocuments


def test_long_documents_are_counted_and_short_ones_are_not():
    """The one too many is put off with a reason that says how long it is."""
    long = LongDocuments(2)
    long.admit("a", LONG_PAGES + 1)
    assert not long.full
    long.admit("b", 1000)
    assert long.full
    with pytest.raises(Postponed, match="having 400 pages, until another long document is through"):
        long.admit("c", 400)
    for n in range(9):
        long.admit(f"short {n}", LONG_PAGES)


def test_a_document_is_counted_out_once():
    """One that was not counted in changes nothing."""
    long = LongDocuments(1)
    long.admit("a", LONG_PAGES + 1)
    long.admit("a", LONG_PAGES + 1)
    long.release("b")
    assert long.full
    long.release("a")
    long.release("a")
    long.admit("b", LONG_PAGES + 1)
    assert long.full
