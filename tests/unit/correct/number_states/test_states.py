"""scanmend.correct.number_states.states: how sure each published number is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.number_states.states import BOTH_HAVE_IT, TESSERACT_STAYS, number_readings, same_number
from scanmend.correct.two_readers.together import TogetherSettings, read_together
from scanmend.document import Edit, apply_edits
from two_readings import english, line, page, second, two_readings

PLAIN = TogetherSettings()


def numbers(one, wishes=PLAIN, more=()):
    """The states of the page's numbers and the published lines; ``more``: edits by others."""
    done = read_together(one, english(one), wishes, asks=False)
    edits = (*done.revision.edits, *more)
    rows = [apply_edits(row, [e for e in edits if e.line == n]) for n, row in enumerate(done.revision.raw.lines)]
    return number_readings(done.revision.raw, edits, done.raw_seconds), rows


def states(*args, **options):
    return [(r.text, r.state, r.other) for r in numbers(*args, **options)[0]]


def test_agreed_but_doubtful():
    """Where something speaks against what both read, it is disputed, with what it may be."""
    one = page(line("total 16"), seconds=[second("total 16", others={7: {"5": 0.3}})])
    (found,) = numbers(one)[0]
    assert (found.state, found.other) == ("disputed", "15")
    assert found.chosen_by.startswith(BOTH_HAVE_IT)


def test_agreed():
    """Both readers read the same, but for blanks and marks around it."""
    one = two_readings(("total (125) due", "total 125 due"))
    assert states(one, TogetherSettings(numbers="keep")) == [("(125)", "agreed", "")]


def test_disputed():
    """The other reading, and why it was not chosen, is told; so where the second reader's was."""
    one = two_readings(("total 125", "total 126"))
    assert states(one) == [("126", "disputed", "125")]
    assert states(one, TogetherSettings(numbers="keep")) == [("125", "disputed", "126")]
    (reading,) = numbers(one)[0]
    assert reading.chosen_by.startswith("the image fits it better")
    assert reading.box == (60, 2, 90, 18)


def test_disputed_without_a_verdict():
    """Tesseract's reading stays."""
    done = read_together(two_readings(("125", "126")), english(page()), TogetherSettings(), asks=False)
    (reading,) = number_readings(done.revision.raw, (), done.raw_seconds)
    assert (reading.text, reading.state, reading.chosen_by) == ("125", "disputed", TESSERACT_STAYS)


def test_single():
    """Only one reader has it: a number without a second reading, and one that only the second reader found."""
    one = page(line("total 12", 0, 0), line("and 75", 0, 300), seconds=[second("total 12"), second("sum 34", 0, 100)])
    assert states(one) == [("12", "agreed", ""), ("34", "single", ""), ("75", "single", "")]


def test_edits_by_others():
    """A repaired number agrees where the second reader has it as repaired."""
    one = two_readings(("due $1O0.00", "due 5100.00"), ("due 2O0", "due 200"))
    repair = [Edit(0, 1, "$1O0.00", "$100.00", "typography", accepted=True, reason="repaired")]
    done = read_together(one, english(one), TogetherSettings(), asks=False)
    found = number_readings(done.revision.raw, repair, done.raw_seconds)
    assert [(r.text, r.state) for r in found] == [("$100.00", "disputed"), ("2O0", "disputed")]
    repair = [Edit(1, 1, "2O0", "200", "typography", accepted=True, reason="repaired")]
    found = number_readings(done.revision.raw, repair, done.raw_seconds)
    assert ("200", "agreed") in [(r.text, r.state) for r in found]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1,250.00", "1,250.00.", True),
        ("(125)", "125", True),
        ("“12”", "12", True),
        ("A4", "a4", True),
        ("1 250", "1250", True),
        ("1.250", "1,250", False),
        ("-5", "5", True),
        ("5%", "5", False),
        ("12", "13", False),
    ],
)
def test_same_number(one, other, same):
    """Blanks, brackets and marks around a number do not count; all within it does."""
    assert same_number(one, other) is same


WORDS = st.lists(st.sampled_from(["the", "12", "1,250.00", "34", "~", "house", "A4", "7"]), max_size=5).map(" ".join)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(WORDS, WORDS), max_size=4), WORDS, st.floats(0, 100), st.sampled_from(["verify", "keep"]))
def test_every_published_number_appears_once(rows, lost, confidence, wish):
    """Each token with a digit of the published text, in reading order, and none else."""
    one = two_readings(*rows, confidence=confidence)
    one = page(*one.lines, seconds=(*one.second.lines, second(lost, 300, 60)))
    found, published = numbers(one, TogetherSettings(numbers=wish))
    tokens = [(n, t) for n, row in enumerate(published) for t in row.split() if any(c.isdigit() for c in t)]
    assert [(r.line, r.text) for r in found] == tokens
    assert all(bool(r.chosen_by) is (r.state == "disputed") for r in found)
    assert not any(r.other for r in found if r.state != "disputed")
