"""scanmend.ocr.geometry: boxes of a prepared image become boxes of its page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.document import Line, Page, Word
from scanmend.ocr.geometry import PageMapping

sides = st.integers(20, 6000)
slopes = st.floats(-8, 8).map(lambda n: round(n, 1))
scales = st.sampled_from([0.5, 1.0, 2.0])


def on_page(mapping: PageMapping, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = mapping.affine
    return a * x + b * y + c, d * x + e * y + f


@given(sides, sides, slopes, scales)
def test_the_middle_stays_and_no_corner_is_lost(width, height, slope, scale):
    """The page lies in the middle of the prepared image, which holds all of it."""
    mapping = PageMapping(width, height, slope, scale)
    across, down = mapping.size
    assert on_page(mapping, across / 2, down / 2) == pytest.approx((width / 2, height / 2), abs=1e-6)
    corners = [on_page(mapping, x, y) for x in (0, across) for y in (0, down)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    assert min(xs) <= 1
    assert min(ys) <= 1
    assert max(xs) >= width - 1
    assert max(ys) >= height - 1


@given(sides, sides, slopes, scales, st.data())
def test_boxes_stay_on_the_page(width, height, slope, scale, data):
    """Whatever Tesseract says: left before right, top before bottom, none outside."""
    mapping = PageMapping(width, height, slope, scale)
    xs = sorted(data.draw(st.tuples(*[st.integers(0, mapping.size[0])] * 2)))
    ys = sorted(data.draw(st.tuples(*[st.integers(0, mapping.size[1])] * 2)))
    left, top, right, bottom = mapping.box_on_page((xs[0], ys[0], xs[1], ys[1]))
    assert 0 <= left <= right <= width
    assert 0 <= top <= bottom <= height


def test_level_lines_fall_to_the_right_on_the_page():
    """By the degrees that were straightened: 100 pixels to the right, at 3 degrees, are 5.2 down."""
    mapping = PageMapping(1000, 800, slope=3.0)
    (x0, y0), (x1, y1) = on_page(mapping, 200, 300), on_page(mapping, 300, 300)
    assert (x1 - x0, y1 - y0) == pytest.approx((99.86, 5.23), abs=0.01)


def test_a_page_that_was_enlarged():
    """Size and boxes are those of the page; what has no box gets none."""
    read = Page(1, (Line((Word("a", (20, 40, 60, 80)), Word("b"))),), 2000, 1600, 400)
    page = PageMapping(1000, 800, scale=2.0).to_page(read)
    assert (page.width, page.height) == (1000, 800)
    assert [w.box for w in page.lines[0].words] == [(10, 20, 30, 40), None]
