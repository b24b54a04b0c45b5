"""Small plots: numbers in, paths out."""

import re

import pytest

from scanmend.web.plots import HEIGHT, WIDTH, bars, curve, round_up


def points(path):
    """The points of a path of lines."""
    return [tuple(map(float, pair.split())) for pair in re.findall(r"[ML]([\d.]+ [\d.]+)", path)]


def test_a_curve_goes_from_left_to_right_and_larger_values_are_higher():
    plot = curve([(0, 0), (50, 5), (100, 10)], 0, 100)
    assert points(plot.line) == [(0, HEIGHT), (WIDTH / 2, HEIGHT / 2), (WIDTH, 0)]
    assert (plot.top, plot.latest, plot.least, plot.most) == (10, 10, 0, 10)


def test_what_lies_outside_of_the_time_is_not_drawn():
    assert curve([(-10, 99), (110, 99)], 0, 100).line == ""
    assert curve([(-10, 99), (50, 1)], 0, 100).most == 1


def test_a_value_that_is_missing_interrupts_the_curve():
    plot = curve([(0, 1), (20, 1), (40, None), (60, 1), (80, 1)], 0, 100)
    assert plot.line.count("M") == plot.area.count("Z") == 2


def test_a_single_value_is_drawn_as_a_dash():
    assert len(points(curve([(50, 1)], 0, 100).line)) == 2


def test_without_values_there_is_nothing_to_draw_and_nothing_to_say():
    plot = curve([], 0, 100)
    assert (plot.line, plot.area, plot.latest) == ("", "", None)
    assert bars([]).line == ""


def test_a_value_above_a_given_top_stays_in_the_drawing():
    assert min(y for _, y in points(curve([(0, 1), (100, 99)], 0, 100, top=10).line)) == 0


def test_there_is_one_bar_for_each_value_but_nothing_for_zero():
    plot = bars([1, 0, 4])
    assert plot.line.count("Z") == 2
    assert (plot.most, plot.least, plot.latest) == (4, 0, 4)


@pytest.mark.parametrize(
    ("value", "rounded"), [(0, 1), (-3, 1), (float("nan"), 1), (0.37, 0.4), (1, 1), (312, 400), (99, 100), (7.2, 8)]
)
def test_the_top_of_an_axis_is_a_round_number(value, rounded):
    assert round_up(value) == pytest.approx(rounded)
