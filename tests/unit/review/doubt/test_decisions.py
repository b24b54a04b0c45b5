"""scanmend.review.doubt.decisions: what may be decided, and what holds after some was taken back."""

import pytest

from scanmend.review.doubt.decisions import (
    Action,
    Decided,
    Decision,
    DecisionRefused,
    can_undo,
    decide,
    holding,
    plain_name,
)
from scanmend.review.doubt.places import doubtful_places
from two_readers_page import noise_page, two_readers_page

PLACES = doubtful_places([two_readers_page(), noise_page(2)])


def taken(*decisions):
    return [one.after for one in decide(PLACES, decisions, "Ana", "now")]


def test_each_choice():
    """The other reading is found where there is only one; typed text has single blanks."""
    assert taken(
        Decision("p1l4w2", "take"), Decision("p1l2w1i1", "type", " Total \t 72\n"), Decision("p1l3w1", "accept")
    ) == ["49.10", "Total 72", ""]


@pytest.mark.parametrize(
    ("decisions", "why"),
    [
        ([], "nothing"),
        ([Decision("p9l1w1", "accept")], "no place 'p9l1w1'"),
        ([Decision("p1l4w2", "accept"), Decision("p1l4w2", "skip")], "twice"),
        ([Decision("p2", "type", "x")], "whole page"),
        ([Decision("p1l4w2", "take", source="model")], "no reading of 'model'"),
        ([Decision("p1l4w2", "type", "x" * 501)], "500 characters"),
        ([Decision("p1l4w2", "type", "a\x00b")], "U\\+0000"),
        ([Decision("p1l4w2", "type", "a\u202eb")], "U\\+202E"),
        ([Decision("p1l4w2", "type", "\udcff")], "U\\+DCFF"),
    ],
)
def test_what_is_refused(decisions, why):
    """With a reason for the person; then nothing of the step is taken."""
    with pytest.raises(DecisionRefused, match=why):
        decide(PLACES, decisions, "", "now")


def test_names_are_kept_short_and_plain():
    """They are free text from anybody."""
    assert plain_name("  Ana\n María \x1b[31m\u202e") == "Ana María [31m"
    assert len(plain_name("x" * 500)) == 80


def step(*texts):
    return Action("decide", "", "", tuple(Decided(Decision(p, "type", t), "", t, "", "") for p, t in texts))


UNDO, RESTORE = Action("undo", "", ""), Action("restore", "", "")


@pytest.mark.parametrize(
    ("actions", "held"),
    [
        ([], {}),
        ([step(("a", "1")), step(("a", "2"), ("b", "3"))], {"a": "2", "b": "3"}),
        ([step(("a", "1")), step(("a", "2"), ("b", "3")), UNDO], {"a": "1"}),
        ([step(("a", "1")), UNDO, UNDO, step(("b", "1"))], {"b": "1"}),
        ([step(("a", "1")), RESTORE], {}),
        ([step(("a", "1")), RESTORE, UNDO], {"a": "1"}),
        ([step(("a", "1")), RESTORE, step(("b", "2")), UNDO, UNDO, UNDO], {}),
    ],
)
def test_what_holds(actions, held):
    """The latest step of each place; undo takes the latest one back, restoring included."""
    assert {one.decision.place: one.after for one in holding(actions)} == held


def test_whether_something_can_be_taken_back():
    """Only while a step holds."""
    assert not can_undo([])
    assert can_undo([step(("a", "1"))])
    assert not can_undo([step(("a", "1")), UNDO])
    assert not can_undo([UNDO])
