"""One page of a source, read: the order of the steps."""

from dataclasses import replace
from pathlib import Path

from scanmend.document import Page
from scanmend.ocr import blank, born, prepare, render, tesseract
from scanmend.ocr.choice import read_choosing
from scanmend.ocr.languages import AUTO
from scanmend.ocr.limits import Reading
from scanmend.ocr.render import Rendered


def read_page(path: Path, number: int, reading: Reading, work: Path) -> Page:
    """Read page ``number`` (1-based); ``work`` is a folder for its images. DocumentError, OcrError, OSError."""
    own = None
    if reading.pdf_text != "off":
        own = born.brought(path, number, reading, tesseract.installed() if reading.languages == AUTO else frozenset())
    if own is not None and _suffices(own, reading):
        return own.page
    image = render.render(path, number, work, reading.limits)
    if blank.is_blank(image):
        return Page(number, (), image.width, image.height, image.dpi, origin="blank")
    page = _read(image, number, reading)
    if own is not None and own.sound and reading.pdf_text == "auto" and not born.shows_more(page, own.page):
        return own.page
    return page


def _suffices(own: born.Brought, reading: Reading) -> bool:
    """Whether the page need not even be rendered."""
    if reading.pdf_text == "auto":
        return own.sound and not own.doubtful
    return reading.pdf_text == "only" or bool(own.page.lines)


def _read(image: Rendered, number: int, reading: Reading) -> Page:
    """By OCR, in the folder's languages or in the one that the page is found to be in."""
    steps = prepare.STEPS if reading.prepare == "auto" else ()

    def read(languages: tuple[str, ...]) -> Page:
        return replace(prepare.read(image, number, replace(reading, languages=languages), steps), languages=languages)

    return read_choosing(read, tesseract.installed()) if reading.languages == AUTO else read(reading.languages)
