"""scanmend.outputs.pdf.from_images, read back by Poppler and MuPDF: words at their places, images unchanged."""

from dataclasses import replace

import pymupdf
import pytest
from PIL import Image

import render_scans
from exif_photos import stored_as
from pdf_words import CORRECTED, check_words, difference, mupdf, picture
from sample_page import HEIGHT, TEXT, WIDTH, sample_page
from scanmend.document import Line, Page, Word
from scanmend.outputs.pdf.from_images import FromImages
from scanmend.source.image.image_file import open_image_file
from two_readers_page import TEXT as TEXT_OF_TWO
from two_readers_page import noise_page, two_readers_page

SAVERS = {
    "scan.png": render_scans.save_png,
    "bilevel.png": lambda page, path: render_scans.save_png(page.convert("1"), path),
    "palette.png": lambda page, path: page.convert("P").save(path, dpi=(200, 200)),
    "clear.png": lambda page, path: page.convert("RGBA").save(path, dpi=(200, 200)),
    "scan.jpg": render_scans.save_jpeg,
    "ink.jpg": lambda page, path: page.convert("CMYK").save(path, dpi=(200, 200), quality=95),
    "grey.tiff": lambda page, path: render_scans.save_tiff([page], path),
    "scan.webp": lambda page, path: page.convert("RGB").save(path, lossless=True),
    "scan.gif": render_scans.save_gif,
    "scan.bmp": render_scans.save_bmp,
}


@pytest.fixture
def sheet():
    """The line of print."""
    page = render_scans.line(TEXT)
    assert page.size == (WIDTH, HEIGHT)
    return page


def composed(source, *pages):
    target = source.with_suffix(".out.pdf")
    with open_image_file(source, lambda *_: None) as image:
        made = FromImages(source, image, target, "Grüße 1", bytes(16))
        for page in pages or (sample_page(),):
            made.add(page)
        made.finish()
    return target


class TestFromImages:
    @pytest.mark.parametrize("name", SAVERS)
    def test_every_format_becomes_a_page(self, sheet, tmp_path, name):
        """It looks as before, and has its words over their boxes, where the resolution is known."""
        path = tmp_path / name
        SAVERS[name](sheet, path)
        made = composed(path)
        check_words(made)
        with Image.open(path) as image:
            shown = image.convert("RGB").convert("L") if image.mode != "1" else image.convert("L")
        assert difference(picture(made), shown) < (
            12 if name == "ink.jpg" else 1
        )  # black inks are not black on screens

    def test_jpeg_and_png_data_are_what_they_were(self, sheet, tmp_path):
        """They are not decoded and compressed again."""
        render_scans.save_jpeg(sheet, tmp_path / "a.jpg")
        assert (tmp_path / "a.jpg").read_bytes() in composed(tmp_path / "a.jpg").read_bytes()
        render_scans.save_png(sheet, tmp_path / "b.png")
        data = (tmp_path / "b.png").read_bytes()
        start = data.index(b"IDAT")
        size = int.from_bytes(data[start - 4 : start], "big")
        assert data[start + 4 : start + 4 + size] in composed(tmp_path / "b.png").read_bytes()

    def test_black_and_white_stays_small(self, tmp_path):
        """As group 4, like in the TIFF that scanners send; both its pages are there, the right way round."""
        pages = [render_scans.line(f"Page {n}", height_px=40) for n in (1, 2)]
        path = tmp_path / "fax.tiff"
        render_scans.save_tiff([page.convert("1") for page in pages], path)
        made = composed(path, sample_page(1), sample_page(2))
        assert made.stat().st_size < path.stat().st_size + 5000
        with pymupdf.open(made) as document:
            assert [page.get_text().split() for page in document] == [CORRECTED] * 2
        assert picture(made).tobytes() == pages[0].convert("1").convert("L").tobytes()

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_photos_are_upright(self, sheet, tmp_path, orientation):
        """As OCR saw them, whichever way the camera was held."""
        stored, exif = stored_as(sheet, orientation)
        stored.save(tmp_path / "photo.jpg", exif=exif, dpi=(200, 200), quality=95)
        made = composed(tmp_path / "photo.jpg")
        check_words(made)
        assert difference(picture(made), sheet) < 3

    @pytest.mark.parametrize("turned", [90, 180, 270])
    @pytest.mark.parametrize("orientation", [1, 2, 6])
    def test_pages_that_ocr_had_to_turn(self, sheet, tmp_path, orientation, turned):
        """They are upright, too, in the data that they came in; whatever the camera said before."""
        stored, exif = stored_as(sheet.rotate(turned, expand=True), orientation)
        stored.save(tmp_path / "photo.jpg", exif=exif, dpi=(200, 200), quality=95)
        made = composed(tmp_path / "photo.jpg", replace(sample_page(), page=replace(sample_page().page, turned=turned)))
        assert (tmp_path / "photo.jpg").read_bytes() in made.read_bytes()
        check_words(made)
        assert difference(picture(made), sheet) < 3

    def test_without_resolution_a_page_has_a_page_s_size(self, tmp_path):
        """The longer side is that of A4, and words are over their boxes still."""
        Image.new("L", (1169, 826), 255).save(tmp_path / "photo.png")
        page = replace(sample_page(), page=Page(1, (Line((Word("word", (100, 100, 200, 130), 90.0),)),), 1169, 826, 0))
        made = composed(tmp_path / "photo.png", page)
        with pymupdf.open(made) as document:
            assert document[0].rect.width == pytest.approx(841.7, abs=0.2)
        ((left, top, right, bottom),) = mupdf(made, "word")
        assert (left, top, right, bottom) == pytest.approx((72, 72, 144, 93.6), abs=0.1)

    def test_metadata_tell_the_title_and_no_more(self, sheet, tmp_path):
        """In both places; no dates, so the same document makes the same file."""
        render_scans.save_png(sheet, tmp_path / "a.png")
        made = composed(tmp_path / "a.png")
        with pymupdf.open(made) as document:
            metadata = {k: v for k, v in document.metadata.items() if v}
            assert set(metadata) == {"format", "title", "producer"}
            assert metadata["title"] == "Grüße 1"
            assert "Grüße 1" in document.get_xml_metadata()
            assert not document.is_repaired
        assert composed(tmp_path / "a.png").read_bytes() == made.read_bytes()

    def test_words_of_the_second_reader_are_in_the_layer(self, tmp_path):
        """Those of a line that only it found, too, at their boxes; noise is not, and a page of noise has no text."""
        path = tmp_path / "two.tiff"
        render_scans.save_tiff([Image.new("L", (640, 400), 255)] * 2, path)
        with pymupdf.open(composed(path, two_readers_page(), noise_page(2))) as pdf:
            assert [page.get_text().split() for page in pdf] == [TEXT_OF_TWO.split(), []]
            scale = 640 / pdf[0].rect.width
            (found,) = pdf[0].search_for("Total")
            assert [round(x * scale) for x in (found.x0, found.x1)] == pytest.approx([40, 140], abs=1)
