"""scanmend.ocr.transform: what is done to a page image, and that boxes map back to the page."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

import render_scans
from scanmend.ocr.transform import PageTransform, small_copy, transformed
from scanmend.source.page_image import PageImage


@pytest.fixture
def put(tmp_path):
    """Return a function that puts a page image on disk as the renderer does."""

    def put(image: Image.Image, dpi: int = 200) -> PageImage:
        image.save(tmp_path / "page-1.pnm", "PPM")
        return PageImage(tmp_path / "page-1.pnm", image.width, image.height, dpi)

    return put


def opened(image: PageImage) -> Image.Image:
    with Image.open(image.path) as picture:
        picture.load()
    assert picture.size == (image.width, image.height)
    return picture


def test_where_nothing_is_done_nothing_is_written(put):
    """Tesseract reads the image as it was rendered."""
    image = put(render_scans.line("As it is"))
    assert transformed(image, PageTransform()) is image
    assert [p.name for p in image.path.parent.iterdir()] == ["page-1.pnm"]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("slope", [0.0, -3.0, 1.4])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_ink_is_found_where_it_is_on_the_page(put, turned, slope, scale):
    """The box of a mark in the prepared image, mapped back, is the mark's box on the page turned upright."""
    page = Image.new("L", (800, 600), 255)
    page.paste(0, (560, 120, 600, 132))
    image = put(page)
    transform = PageTransform(turned, slope=slope, scale=scale)
    made = transformed(image, transform)
    assert made.dpi == 200 * scale
    ink = ImageOps.invert(opened(made)).point(lambda v: v if v > 127 else 0).getbbox()
    upright = page.rotate(-turned, expand=True)
    real = ImageOps.invert(upright).getbbox()
    found = transform.mapping(image).box_on_page(ink)
    for a, b in zip(found, real, strict=True):
        assert abs(a - b) <= 2 + 40 * abs(np.sin(np.radians(slope)))
    middle = [(found[i] + found[i + 2]) / 2 - (real[i] + real[i + 2]) / 2 for i in (0, 1)]
    assert max(map(abs, middle)) <= 1.5


def test_new_corners_are_as_bright_as_paper(put):
    """A black wedge beside a straightened page would be read."""
    made = opened(transformed(put(Image.new("L", (300, 400), 230)), PageTransform(slope=5.0)))
    assert made.getextrema() == (230, 230)


def test_light_is_evened_out(put):
    """A page that gets darker to one side is as bright there afterwards, and its ink as dark."""
    light = np.linspace(1.0, 0.3, 900)
    page = np.full((700, 900), 250.0)
    page[300:320, 50:850:40] = 20
    made = np.asarray(
        opened(transformed(put(Image.fromarray((page * light).astype(np.uint8))), PageTransform(evened=True)))
    )
    paper, ink = made[100, 20:880], made[310, 50:850:40]
    assert paper.min() > 225
    assert ink.max() < 60


def test_bilevel_pages_are_transformed_too(put):
    """A bilevel page can be inverted and turned."""
    page = Image.new("1", (40, 20), 0)
    page.putpixel((3, 2), 1)
    made = opened(transformed(put(page), PageTransform(turned=90, inverted=True)))
    assert made.size == (20, 40)
    assert made.convert("L").getpixel((17, 3)) == 0
    assert made.convert("L").getpixel((3, 3)) == 255


def test_steps_in_words():
    """Steps are listed in the order in which they are done; without any, the list is empty."""
    assert PageTransform().steps == ()
    every = PageTransform(90, inverted=True, evened=True, slope=-1.4, scale=2.0)
    assert every.steps == ("turned 90°", "inverted", "light evened out", "straightened 1.4°", "enlarged 2×")
    assert replace(PageTransform(), scale=0.5).steps == ("reduced to 50%",)


@pytest.mark.parametrize("size", [(1, 1), (3, 9000), (5000, 4000)])
def test_the_small_copy(put, size):
    """The copy is no larger than analysis needs, and never empty."""
    for mode in ("L", "1"):
        small = small_copy(put(Image.new(mode, size, 255 if mode == "L" else 1)))
        assert max(small.shape) <= 1801
        assert min(small.shape) >= 1
        assert small.min() == 255
