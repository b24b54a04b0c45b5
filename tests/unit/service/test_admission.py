"""scanmend.service.admission: short documents always get in, long ones when there is a place."""

import pytest

from scanmend.errors import Postponed
from scanmend.service.admission import LONG, Admission


def test_long_documents_take_places_and_short_ones_none():
    """The one too many is put off with a reason that says how long it is."""
    admission = Admission(2)
    admission.enter("a", LONG + 1)
    assert not admission.full
    admission.enter("b", 1000)
    assert admission.full
    with pytest.raises(Postponed, match="having 400 pages, until another long document is through"):
        admission.enter("c", 400)
    for n in range(9):
        admission.enter(f"short {n}", LONG)


def test_a_place_is_given_back_once():
    """By the document that had it; others may say so without harm."""
    admission = Admission(1)
    admission.enter("a", LONG + 1)
    admission.enter("a", LONG + 1)
    admission.leave("b")
    assert admission.full
    admission.leave("a")
    admission.leave("a")
    admission.enter("b", LONG + 1)
    assert admission.full
