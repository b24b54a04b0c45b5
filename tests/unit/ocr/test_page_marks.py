"""scanmend.ocr.page_marks: marks are where they are on the upright page, in the pixels that its boxes count."""

import io
from dataclasses import replace

import pymupdf
import pytest

import separator_sheets as sheets
from scanmend.document import Page
from scanmend.ocr.page import read_page
from scanmend.ocr.page_marks import find_marks
from scanmend.source.page_image import PageImage
from scanmend.source.settings import ReadSettings, SourceLimits


@pytest.fixture
def image(tmp_path):
    """Return what saves a sheet as a page image."""

    def saved(sheet):
        path = tmp_path / "page.pgm"
        sheet.save(path, "PPM")
        return PageImage(path, sheet.width, sheet.height, 150)

    return saved


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_boxes_are_those_of_the_upright_page(image, turned):
    """However the sheet lay in the scanner."""
    sheet = sheets.barcode_sheet(["DOC-7"])
    lying = sheet.rotate(turned, expand=True)  # anticlockwise: what has to be turned back clockwise
    (mark,) = find_marks(image(lying), Page(1, (), sheet.width, sheet.height, turned=turned), "barcodes")
    left, top, right, bottom = mark.box
    assert (mark.value, left < right < sheet.width / 2, top < bottom < sheet.height / 4) == ("DOC-7", True, True)


def test_boxes_count_in_the_pixels_of_the_page(image):
    """A PDF's own text may count in others than the image that was rendered to look for marks."""
    sheet = sheets.patch_sheet("T", at=(0.5, 0.1))
    (whole,) = find_marks(image(sheet), Page(1, ()), "patch codes")
    (half,) = find_marks(image(sheet), Page(1, (), sheet.width // 2, sheet.height // 2), "patch codes")
    assert all(abs(a / 2 - b) <= 1 for a, b in zip(whole.box, half.box, strict=True))


def test_a_pdf_that_brings_its_text_is_looked_at_all_the_same(tmp_path):
    """Its pages are not rendered for OCR, but for their marks."""
    path, sheet = tmp_path / "text.pdf", sheets.barcode_sheet(["DOC-7"])
    picture = io.BytesIO()
    sheet.save(picture, "PNG")
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=595, height=842)
        page.insert_image(page.rect, stream=picture.getvalue())
        page.insert_text((72, 600), "The committee will meet again on Thursday.")
        pdf.save(path)
    settings = ReadSettings(("eng",), SourceLimits(10, 50.0, 150), 60.0, pdf_text="only", marks="barcodes")
    read = read_page(path, 1, settings, tmp_path).page
    assert (read.origin, [mark.value for mark in read.marks or ()]) == ("text", ["DOC-7"])
    assert read_page(path, 1, replace(settings, marks="none"), tmp_path).page.marks is None


def test_only_what_was_asked_for(image):
    """Whoever splits at patch codes does not pay for barcodes."""
    assert find_marks(image(sheets.barcode_sheet(["DOC-7"])), Page(1, ()), "patch codes") == ()
    assert find_marks(image(sheets.patch_sheet("T")), Page(1, ()), "barcodes") == ()
