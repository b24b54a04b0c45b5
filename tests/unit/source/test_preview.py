"""scanmend.source.preview: pages as JPEGs, whatever the format of the source."""

import io

import pytest
from PIL import Image
from PIL.ExifTags import Base

import render_scans
from scanmend.source.preview import open_preview
from scanmend.source.settings import PageLook


def shown(path, number=1, width=400, turned=0):
    with open_preview(path) as preview:
        return Image.open(io.BytesIO(preview.jpeg(number, width, 80, turned)))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P", "CMYK", "I;16", "LA"])
def test_every_mode_is_shown(tmp_path, mode):
    """White stays white, transparency becomes white, and images without colour become grey."""
    picture = Image.new("L", (800, 200), 255)
    picture.paste(0, (0, 0, 100, 200))
    picture = picture.point(lambda v: v * 257, "I").convert("I;16") if mode == "I;16" else picture.convert(mode)
    picture.save(tmp_path / "a.tiff")
    made = shown(tmp_path / "a.tiff")
    assert (made.size, made.mode) == ((400, 100), "L")
    assert made.getpixel((200, 50)) > 245
    assert made.getpixel((20, 50)) < (60 if mode == "CMYK" else 20)


def test_colours_are_kept(tmp_path):
    """A red stamp is red."""
    Image.new("RGB", (100, 100), (200, 20, 20)).save(tmp_path / "a.png")
    red, green, _ = shown(tmp_path / "a.png").getpixel((50, 50))
    assert red > 150 > green


def test_upright_and_the_page_asked_for(tmp_path):
    """Photos are turned as their camera says; of many pages the right one is shown."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    Image.new("L", (300, 100)).save(tmp_path / "a.jpg", exif=exif)
    assert shown(tmp_path / "a.jpg").size == (100, 300)
    render_scans.save_tiff([Image.new("L", (100, 50 * n), 255) for n in (1, 2, 3)], tmp_path / "b.tiff")
    assert [shown(tmp_path / "b.tiff", n).size for n in (3, 1, 2)] == [(100, 150), (100, 50), (100, 100)]


@pytest.mark.parametrize("save", [lambda page, path: render_scans.save_pdf([page], path), render_scans.save_png])
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_pages_that_ocr_had_to_turn(tmp_path, save, turned):
    """Pages are shown upright, and as wide as asked for."""
    page = render_scans.blank((600, 800))
    page.paste(0, (0, 0, 120, 80))
    lying = page.rotate(turned, expand=True)
    lying.info = page.info
    save(lying, tmp_path / "a")
    made = shown(tmp_path / "a", turned=turned)
    assert made.width == pytest.approx(400, abs=1)
    assert made.height == pytest.approx(533, abs=2)
    assert made.getpixel((20, 20)) < 60
    assert min(made.getpixel((390, 20)), made.getpixel((20, 520)), made.getpixel((390, 520))) > 200


def test_pdf_pages_and_names_that_are_no_unicode(tmp_path):
    """As wide as asked for, from a file that MuPDF could not open by its name."""
    path = tmp_path / "a\udcff.pdf"
    render_scans.save_pdf([render_scans.blank((1000, 1400))], tmp_path / "a.pdf")
    (tmp_path / "a.pdf").rename(path)
    assert abs(shown(path).width - 400) <= 1


def test_a_very_long_receipt_is_not_shown_very_large(tmp_path):
    """Neither side grows without bound."""
    Image.new("1", (600, 30_000), 1).save(tmp_path / "a.png")
    assert max(shown(tmp_path / "a.png").size) < 600


@pytest.mark.parametrize("save", [lambda page, path: render_scans.save_pdf([page], path), render_scans.save_png])
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_png_has_the_size_that_boxes_count_in(tmp_path, save, turned):
    """Upright, whole or what is cut out; where it is shown smaller, the box is of the size that was read."""
    page = render_scans.blank((600, 800))
    page.paste(0, (100, 40, 220, 80))
    lying = page.rotate(turned, expand=True)
    lying.info = page.info
    save(lying, tmp_path / "a")
    with open_preview(tmp_path / "a") as preview:
        preview.png(PageLook(1, (600, 800), (600, 800), turned), tmp_path / "whole.png")
        preview.png(PageLook(1, (600, 800), (600, 800), turned, (100, 40, 220, 80)), tmp_path / "piece.png")
        preview.png(PageLook(1, (600, 800), (300, 400), turned, (100, 40, 220, 80)), tmp_path / "small.png")
    with Image.open(tmp_path / "whole.png") as whole, Image.open(tmp_path / "piece.png") as piece:
        assert (whole.size, piece.size) == ((600, 800), (120, 40))
        assert whole.getpixel((20, 20)) > 200
        assert piece.getpixel((60, 20)) < 60
    with Image.open(tmp_path / "small.png") as small:
        assert small.size == (60, 20)
        assert small.getpixel((30, 10)) < 60
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "piece.png", "small.png", "whole.png"]
