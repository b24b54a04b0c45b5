"""scanmend.correct.two_readers.frame: where things stand within a line that may slope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.two_readers.frame import LineFrame
from scanmend.document import SecondLine
from two_readings import corners

LEVEL = LineFrame.of(SecondLine(corners((100, 200, 300, 240))))
SLOPED = LineFrame.of(SecondLine(corners((100, 200, 300, 240), 20)))


@pytest.mark.parametrize(
    ("point", "place"),
    [((100, 200), (0, 0)), ((300, 240), (1, 1)), ((200, 220), (0.5, 0.5)), ((50, 260), (-0.25, 1.5))],
)
def test_place(point, place):
    """From 0 to 1 along and across the line, and beyond outside."""
    assert LEVEL.place(*point) == pytest.approx(place)


def test_width_and_height():
    """In pixels, along the line's own axes."""
    assert (LEVEL.width, LEVEL.height) == (200, 40)
    assert SLOPED.width == pytest.approx((200**2 + 20**2) ** 0.5)


def test_span():
    """From where to where along the line a box reaches."""
    assert LEVEL.span((150, 205, 200, 235)) == pytest.approx((0.25, 0.5))


def test_a_box_that_goes_down_with_the_line():
    """The part of a sloped line has its height, and a little for the slope."""
    assert LEVEL.box_between(0.25, 0.5) == (150, 200, 200, 240)
    assert SLOPED.box_between(0.5, 1.0) == (196, 210, 300, 260)


@pytest.mark.parametrize("box", [(5, 5, 5, 5), (5, 5, 9, 5), (5, 5, 5, 9)])
def test_a_line_without_width_or_height(box):
    """It counts as one pixel wide or high, so that nothing is divided by zero."""
    frame = LineFrame.of(SecondLine(corners(box)))
    assert frame.width >= 1
    assert frame.height >= 1
    assert frame.place(5, 5) == (0, 0)


@given(st.floats(-1, 2), st.floats(-1, 2), st.integers(-15, 15))
def test_place_finds_what_was_put_there(along, across, slope):
    """Putting a point at a place of the line and asking for its place gives the place, however the line slopes."""
    frame = LineFrame.of(SecondLine(corners((50, 50, 250, 90), slope)))
    x = frame.left + along * frame.along[0] + across * frame.down[0]
    y = frame.top + along * frame.along[1] + across * frame.down[1]
    assert frame.place(x, y) == pytest.approx((along, across), abs=1e-6)
