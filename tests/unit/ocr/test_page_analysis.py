"""scanmend.ocr.page_analysis: inversion, uneven light and slope of a page."""

import numpy as np
import pytest
from PIL import Image

import render_scans
from scanmend.ocr.page_analysis import analyse


@pytest.fixture(scope="module")
def leaflet():
    """A printed page, grey, 1200 pixels high."""
    page = render_scans.leaflet().pages[0].convert("L")
    return page.resize((round(page.width * 1200 / page.height), 1200), Image.Resampling.BOX)


def analysed(page):
    return analyse(np.asarray(page))


def test_an_upright_page_needs_nothing(leaflet):
    """It is neither inverted nor uneven; its own slope of 0.6 degrees may be reported."""
    found = analysed(leaflet)
    assert not found.inverted
    assert not found.uneven
    assert abs(found.slope) <= 0.8


@pytest.mark.parametrize("degrees", [-5.0, -2.0, 2.0, 5.0])
@pytest.mark.parametrize("inverted", [False, True])
def test_slopes_are_measured(leaflet, degrees, inverted):
    """To a fifth of a degree, for light text on dark pages, too."""
    own = analysed(leaflet).slope
    page = leaflet.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=255)
    page = page.point(lambda v: 255 - v) if inverted else page
    assert analysed(page).slope == pytest.approx(degrees + own, abs=0.25 if own else 0.85)
    assert analysed(page).inverted is inverted


def test_a_dark_desk_around_a_sheet_is_no_inversion(leaflet):
    """A page is not inverted only because most of the image is dark."""
    desk = Image.new("L", (leaflet.width * 2, leaflet.height * 2), 40)
    desk.paste(leaflet, (leaflet.width // 2, leaflet.height // 2))
    assert not analysed(desk.resize(leaflet.size, Image.Resampling.BOX)).inverted


def test_a_shadow_is_uneven_light(leaflet):
    """A shadow over part of the page, at half the light, is uneven light."""
    shade = Image.new("L", leaflet.size, 255)
    shade.paste(120, (0, 0, leaflet.width // 3, leaflet.height))
    page = Image.composite(leaflet, leaflet.point(lambda v: v // 2), shade.point(lambda v: 255 if v == 255 else 0))
    assert analysed(page).uneven


@pytest.mark.parametrize("size", [(1, 1), (1, 1200), (40, 3), (300, 400)])
def test_empty_and_tiny_pages_need_nothing(size):
    """They are not inverted, not uneven, and level."""
    for grey in (0, 127, 255):
        found = analysed(Image.new("L", size, grey))
        assert (found.inverted, found.uneven, found.slope) == (False, False, 0.0)


def test_noise_has_no_slope():
    """In noise no ink lies in rows, so it has no slope."""
    noise = np.random.default_rng(1).integers(0, 255, (900, 700)).astype(np.uint8)
    assert analyse(noise).slope == 0.0
