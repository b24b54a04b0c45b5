"""scanmend.source.blank with sheets as scanners see them: blank ones are recognised, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

import render_scans
from scanmend.source.blank import is_blank

DPI = 150
SIZE = (1240, 1754)
WEARS = {
    "clean": render_scans.Wear(1, DPI, 0.8),
    "grey": render_scans.Wear(6, DPI, 0.8, grain=0.2, specks=20, shade=0.2, noise=5, jpeg=40),
    "bilevel": render_scans.Wear(3, DPI, 0.8, specks=30, shade=0.2, noise=5, bilevel=True),
}


def sheet() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("L", SIZE, 255)
    return page, ImageDraw.Draw(page)


def holes(draw: ImageDraw.ImageDraw) -> None:
    for y in (620, 1100):
        draw.ellipse((110, y, 146, y + 36), fill=40)


def lid(page: Image.Image) -> Image.Image:
    """Draw the scanner's dark lid around a skewed sheet."""
    ImageDraw.Draw(page).polygon([(0, 0), (60, 0), (25, SIZE[1]), (0, SIZE[1])], fill=25)
    ImageDraw.Draw(page).polygon([(0, 0), (SIZE[0], 0), (SIZE[0], 40), (0, 18)], fill=25)
    return page


def found_blank(page: Image.Image, folder: Path, dpi: int = DPI) -> bool:
    page.save(folder / "page.pnm", "PPM")
    return is_blank(folder / "page.pnm", dpi)


@pytest.fixture(scope="module")
def minutes() -> Image.Image:
    return render_scans.minutes().pages[0].convert("L").resize(SIZE)


@pytest.mark.parametrize("wear", WEARS)
def test_blank_sheets(tmp_path, minutes, wear):
    """With dust, shades and noise, punched, under a dark lid, and with the back showing through."""
    page, draw = sheet()
    assert found_blank(render_scans.worn(page, WEARS[wear]), tmp_path)
    holes(draw)
    assert found_blank(lid(render_scans.worn(page, WEARS[wear]).convert("L")), tmp_path)
    back = ImageOps.mirror(minutes)
    through = back.filter(ImageFilter.GaussianBlur(2)).point(lambda v: 255 - (255 - v) // 25)
    assert found_blank(render_scans.worn(through, replace(WEARS[wear], edge=1.0)), tmp_path)


@pytest.mark.parametrize(
    "wear",
    [pytest.param("clean", marks=pytest.mark.thorough), "grey", pytest.param("bilevel", marks=pytest.mark.thorough)],
)
@pytest.mark.parametrize("mark", ["line", "number", "stamp", "note"])
def test_sheets_with_little_on_them_are_not_blank(tmp_path, wear, mark):
    """A line, a page number, a stamp's frame and a note of two letters, also beside holes and lid."""
    page, draw = sheet()
    if mark == "line":
        draw.text((150, 1300), "Continued overleaf", font=ImageFont.load_default(19), fill=0)
    elif mark == "number":
        draw.text((610, 1650), "17", font=ImageFont.load_default(20), fill=0)
    elif mark == "stamp":
        draw.rectangle((700, 300, 900, 380), outline=90, width=3)
    else:
        draw.text((150, 300), "ok", font=ImageFont.load_default(24), fill=30)
    holes(draw)
    assert not found_blank(lid(render_scans.worn(page, WEARS[wear]).convert("L")), tmp_path)


@pytest.mark.parametrize("grey", [pytest.param(n, marks=pytest.mark.thorough) for n in (120, 160)] + [200])
def test_pencil(tmp_path, grey):
    """Faint grey handwriting on noisy paper is not blank."""
    page, draw = sheet()
    draw.text((150, 700), "file under K, thanks", font=ImageFont.load_default(24), fill=grey)
    assert not found_blank(render_scans.worn(page, replace(WEARS["grey"], edge=1.0)), tmp_path)


@pytest.mark.parametrize("dpi", [0, 72, 150, 1200])
def test_whatever_resolution_is_claimed(tmp_path, dpi):
    """A wrong resolution neither makes a blank page look like text, nor text look blank."""
    page, draw = sheet()
    assert found_blank(page, tmp_path, dpi)
    draw.text((150, 700), "A short line", font=ImageFont.load_default(22), fill=0)
    assert not found_blank(page, tmp_path, dpi)


def test_white_on_black_and_small_images(tmp_path):
    """Inverted pages and very small images may hold text; a black sheet is blank."""
    page, draw = sheet()
    draw.text((150, 700), "A short line", font=ImageFont.load_default(22), fill=0)
    assert not found_blank(ImageOps.invert(page), tmp_path)
    assert found_blank(Image.new("L", SIZE, 20), tmp_path)
    assert not found_blank(render_scans.line("ok", height_px=12), tmp_path)
    assert found_blank(Image.new("1", (3, 2), 1), tmp_path)


@pytest.mark.thorough
def test_real_pages(tmp_path):
    """The pages of the demo are not blank."""
    for scan in (render_scans.invoice(), render_scans.leaflet()):
        assert not found_blank(scan.pages[0], tmp_path, 200)


def test_a_page_too_grainy_to_tell(tmp_path):
    """In doubt, a page is not blank."""
    wear = render_scans.Wear(4, DPI, 0.8, noise=40)
    assert not found_blank(render_scans.worn(sheet()[0], wear), tmp_path)
