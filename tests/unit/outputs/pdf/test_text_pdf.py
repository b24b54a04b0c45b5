"""scanmend.outputs.pdf.text_pdf, read back by Poppler and MuPDF: words at their places, images as they were."""

import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape

import pymupdf
import pytest
from PIL import Image, ImageChops, ImageStat

import render_scans
from exif_photos import stored_as
from sample_page import HEIGHT, TEXT, WIDTH, WORDS, sample_page
from scanmend.document import CorrectedPage, Line, Page, Word
from scanmend.outputs.pdf.text_pdf import FromImages, FromPdf

SCALE = 72 / 200
CORRECTED = ["The", "committee", "will", "meet", "again"]
PLACES = [tuple(n * SCALE for n in word.box) for word in WORDS]


@pytest.fixture
def sheet():
    """The line of print."""
    page = render_scans.line(TEXT)
    assert page.size == (WIDTH, HEIGHT)
    return page


@pytest.fixture
def scan(sheet, tmp_path):
    """The line as a PDF of one JPEG."""
    render_scans.save_pdf([sheet], tmp_path / "scan.pdf")
    return tmp_path / "scan.pdf"


def layered(source, *pages):
    target = source.with_name(f"out-{source.name}")
    made = FromPdf(source, target, "A title")
    for page in pages or (sample_page(),):
        made.add(page)
    made.finish()
    return target


def composed(source, *pages):
    target = source.with_suffix(".out.pdf")
    with Image.open(source) as image:
        made = FromImages(source, image, target, "Grüße 1", bytes(16))
        for page in pages or (sample_page(),):
            made.add(page)
        made.finish()
    return target


def poppler(pdf):
    """Words and boxes of the first page, as Poppler finds them."""
    tool = shutil.which("pdftotext")
    assert tool, "install poppler-utils; scripts/setup does"
    told = subprocess.run([tool, "-bbox", "-l", "1", pdf, "-"], capture_output=True, check=True).stdout.decode()
    found = re.findall(r'xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', told)
    return [unescape(word) for *_, word in found], [tuple(map(float, box)) for *box, _ in found]


def mupdf(pdf, needle):
    """Where MuPDF finds the words on the first page, as it is shown."""
    with pymupdf.open(pdf) as document:
        page = document[0]
        return [tuple(quad.rect * page.rotation_matrix) for quad in page.search_for(needle, quads=True)]


def picture(pdf):
    """Grey pixels of the first page at 200 DPI."""
    with pymupdf.open(pdf) as document:
        pixels = document[0].get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
        return Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)


def difference(one, other):
    """Mean difference of two grey pictures of one size."""
    assert one.size == other.size
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]


def covers(outer, inner):
    """Sides exactly, top and bottom at least, by no more than a fifth of the line."""
    assert outer[0] == pytest.approx(inner[0], abs=0.05)
    assert outer[2] == pytest.approx(inner[2], abs=0.05)
    assert inner[1] - 3 <= outer[1] <= inner[1] + 0.05
    assert inner[3] + 3.5 >= outer[3] >= inner[3] - 0.05


def check_words(pdf):
    words, boxes = poppler(pdf)
    assert words == CORRECTED
    for found, expected in zip(boxes, PLACES, strict=True):
        covers(found, expected)
    (found,) = mupdf(pdf, "committee")
    covers(found, PLACES[1])
    assert mupdf(pdf, "comrnittee") == []


class TestFromPdf:
    def test_corrected_words_stand_over_their_boxes(self, scan):
        """For Poppler and for MuPDF; the word as read is not there."""
        check_words(layered(scan))

    def test_every_byte_stays(self, scan):
        """The text comes as an update at the end, so the images are what they were; and it shows nowhere."""
        made = layered(scan)
        assert made.read_bytes().startswith(scan.read_bytes())
        assert picture(made).tobytes() == picture(scan).tobytes()

    def test_the_same_document_makes_the_same_file(self, scan):
        """Otherwise an attempt that was cut off would leave a file under a name of its own."""
        assert layered(scan).read_bytes() == layered(scan).read_bytes()

    @pytest.mark.parametrize("turn", [90, 180, 270])
    def test_a_page_that_is_shown_turned(self, scan, turn):
        """Boxes are those of the page as shown, and there the words are."""
        with pymupdf.open(scan) as document:
            document[0].set_rotation(turn)
            width, height = document[0].rect.width, document[0].rect.height
            document.save(scan.with_name("turned.pdf"))
        words = (Word("alpha", (5, 10, 35, 20), 90.0), Word("beta", (5, 25, 30, 33), 90.0))
        page = Page(1, tuple(Line((word,)) for word in words), round(width), round(height), 72)
        made = layered(scan.with_name("turned.pdf"), CorrectedPage(page, ""))
        for word in words:
            ((left, top, right, bottom),) = mupdf(made, word.text)
            assert (left, top, right, bottom) == pytest.approx(word.box, abs=0.4)

    @pytest.mark.parametrize("shown", [0, 90, 180, 270])
    @pytest.mark.parametrize("turned", [90, 180, 270])
    def test_a_page_that_ocr_had_to_turn(self, sheet, tmp_path, turned, shown):
        """It is shown upright, with the words over their boxes, and keeps every byte."""
        path = tmp_path / "scan.pdf"
        lying = sheet.rotate(turned + shown, expand=True)  # the PDF undoes ``shown`` of it
        lying.info = sheet.info
        render_scans.save_pdf([lying], path)
        with pymupdf.open(path) as document:
            document[0].set_rotation(shown)
            document.saveIncr()
        made = layered(path, replace(sample_page(), page=replace(sample_page().page, turned=turned)))
        assert made.read_bytes().startswith(path.read_bytes())
        check_words(made)
        assert difference(picture(made), sheet) < 3

    def test_an_earlier_text_layer_is_replaced(self, scan):
        """What an OCR program laid there before would be found beside the corrected words."""
        wrong = tuple(Word("WRONG", word.box, 9.0) for word in WORDS)
        once = layered(scan, sample_page(words=wrong, edits=()))
        assert poppler(once)[0] == ["WRONG"] * 5
        twice = layered(once)
        check_words(twice)
        assert picture(twice).tobytes() == picture(scan).tobytes()

    def test_visible_text_stays_and_is_not_doubled(self, tmp_path):
        """A page that was never paper is kept as it is; only what it does not say itself is added."""
        path = tmp_path / "born.pdf"
        with pymupdf.open() as document:
            page = document.new_page(width=WIDTH * SCALE, height=HEIGHT * SCALE)
            page.insert_text((PLACES[0][0], 25), "The committee will", fontsize=14)
            document.save(path)
        assert poppler(layered(path))[0] == ["The", "committee", "will", "meet", "again"]
        (place,) = mupdf(layered(path), "will")
        assert place[3] - place[1] > 15  # that of the text itself, which is larger than the line

    @pytest.mark.parametrize("origin", ["text", "blank"])
    def test_a_page_that_no_ocr_has_read_stays_as_it_is(self, tmp_path, origin):
        """Its own text is found as before, turned as before, and nothing else."""
        path = tmp_path / "born.pdf"
        with pymupdf.open() as document:
            document.new_page(width=WIDTH * SCALE, height=HEIGHT * SCALE).insert_text((20, 25), "Printed words")
            document.save(path)
        made = sample_page()
        made = replace(made, page=replace(made.page, origin=origin, turned=90))
        with pymupdf.open(layered(path, made)) as document:
            assert (document[0].get_text().split(), document[0].rotation) == (["Printed", "words"], 0)

    def test_a_page_without_anything(self, tmp_path):
        """No contents, no resources: the text is the first that it gets."""
        path = tmp_path / "bare.pdf"
        with pymupdf.open() as document:
            document.new_page(width=WIDTH * SCALE, height=HEIGHT * SCALE)
            document.save(path)
        check_words(layered(path))

    def test_a_file_that_had_to_be_repaired(self, scan):
        """Its end cannot be built upon, so it is written anew."""
        data = scan.read_bytes()
        scan.write_bytes(data[: data.rfind(b"startxref")] + b"startxref\n7\n%%EOF\n")
        check_words(layered(scan))

    def test_a_title_is_added_only_where_there_is_none(self, scan):
        """And nothing else about anybody."""
        with pymupdf.open(layered(scan)) as document:
            assert {k: v for k, v in document.metadata.items() if v} == {"format": "PDF 1.7", "title": "A title"}
        with pymupdf.open(scan) as document:
            document.set_metadata({"title": "Mine", "author": "Me"})
            document.saveIncr()
        with pymupdf.open(layered(scan)) as document:
            assert (document.metadata["title"], document.metadata["author"]) == ("Mine", "Me")

    def test_any_script_is_found(self, scan):
        """Also characters that take two units of UTF-16."""
        words = tuple(
            Word(text, (40 + 115 * i, 40, 140 + 115 * i, 79), 90.0)
            for i, text in enumerate(("Łódź", "日本語", "Ω≠", "😀👍", "한국어"))
        )
        made = layered(scan, sample_page(words=words, edits=()))
        assert poppler(made)[0] == [word.text for word in words]
        with pymupdf.open(made) as document:
            assert document[0].get_text().split() == [word.text for word in words]

    @pytest.mark.parametrize("text", ["שלום", "العربية"])
    def test_right_to_left_words_are_found(self, scan, text):
        """As they are written, not back to front."""
        made = layered(scan, sample_page(words=(Word(text, (40, 40, 240, 79), 90.0),), edits=()))
        told = subprocess.run(["pdftotext", made, "-"], capture_output=True, check=True).stdout.decode()
        assert told.strip().strip("\u202b\u202c") == text
        with pymupdf.open(made) as document:
            assert document[0].get_text().strip() == text


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
        """Not decoded and packed again."""
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
            told = {k: v for k, v in document.metadata.items() if v}
            assert set(told) == {"format", "title", "producer"}
            assert told["title"] == "Grüße 1"
            assert "Grüße 1" in document.get_xml_metadata()
            assert not document.is_repaired
        assert composed(tmp_path / "a.png").read_bytes() == made.read_bytes()
