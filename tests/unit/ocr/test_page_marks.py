"""scanmend.ocr.page_marks: marks are where they are on the upright page, in the pixels that its boxes count."""

import pytest

import separator_sheets as sheets
from scanmend.document import Page
from scanmend.ocr.page_marks import find_marks
from scanmend.source.page_image import PageImage


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


def test_only_what_was_asked_for(image):
    """Whoever splits at patch codes does not pay for barcodes."""
    assert find_marks(image(sheets.barcode_sheet(["DOC-7"])), Page(1, ()), "patch codes") == ()
    assert find_marks(image(sheets.patch_sheet("T")), Page(1, ()), "barcodes") == ()
