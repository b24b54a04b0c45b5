"""scanmend.correct.lexicon.number_marks: which commas and points within numbers are right."""

import pytest

from scanmend.correct.lexicon.number_marks import (
    Custom,
    Mark,
    better_marks,
    custom_of,
    differ_in_marks_alone,
    marks_in,
    with_other_mark,
)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("1.234,50", [(1, False), (5, True)]),
        ("EUR 12.50.", [(6, True)]),
        ("1,234", [(1, False)]),
        ("01.05.14", []),
        ("2.1", []),
        ("12.3456", []),
        ("1234.567.8", []),
        ("12.50 and 7,25", [(2, True), (11, True)]),
    ],
)
def test_marks_in(text, marks):
    """Those of numbers shaped as amounts: dates, sections and measures have other shapes."""
    assert list(marks_in(text)) == [Mark(at, decimal) for at, decimal in marks]


def test_with_other_mark():
    """The one at the index alone."""
    assert with_other_mark("1.234.50", 5) == "1.234,50"


@pytest.mark.parametrize(
    ("decimal", "group", "custom"),
    [
        ([4.0] * 3, [-1.0] * 9, Custom(",", ".")),
        ([-1.0] * 9, [], Custom(".", "")),
        ([4.0], [], Custom()),
        ([4.0] * 6 + [-1.0] * 20, [], Custom()),
        ([4.0] * 3, [4.0] * 3, Custom()),
    ],
)
def test_custom_of(decimal, group, custom):
    """Shown by enough evidence that mostly points one way; one mark for both shows none."""
    assert custom_of([*((True, n) for n in decimal), *((False, n) for n in group)]) == custom


@pytest.mark.parametrize(
    ("raw", "new", "custom", "better"),
    [
        ("1.759.90", "1.759,90", Custom(), 1),
        ("12.50", "12,50", Custom(), None),
        ("12.50", "12,50", Custom(","), 1),
        ("12.50", "12,50", Custom("."), 0),
        ("12.50", "12,50", Custom("", "."), 1),
        ("1,234", "1.234", Custom("."), 0),
    ],
)
def test_better_marks(raw, new, custom, better):
    """What is a number; else what follows the custom."""
    assert better_marks(raw, new, custom) == better


@pytest.mark.parametrize(
    ("one", "other", "alone"),
    [("1.50", "1,50", True), ("1.50", "1,60", False), ("1.50", "1.50", False), ("50.", "50,", False)],
)
def test_differ_in_marks_alone(one, other, alone):
    """Commas and points between digits."""
    assert differ_in_marks_alone(one, other) is alone
