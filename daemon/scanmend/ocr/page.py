"""One page of a source, read: the order of the steps."""

from dataclasses import replace
from pathlib import Path

from scanmend.document import Page
from scanmend.language.detect import read_in_detected_language
from scanmend.language.installed import AUTO
from scanmend.ocr import preprocess, tesseract
from scanmend.source import blank, pdf_text, render
from scanmend.source.render import PageImage
from scanmend.source.settings import ReadSettings


def read_page(path: Path, number: int, reading: ReadSettings, work: Path) -> Page:
    """Read page ``number`` (1-based); ``work`` is a folder for its images. DocumentError, OcrError, OSError."""
    own = None
    if reading.pdf_text != "off":
        own = pdf_text.extract_text(
            path, number, reading, tesseract.installed() if reading.languages == AUTO else frozenset()
        )
    if own is not None and _suffices(own, reading):
        return own.page
    image = render.render(path, number, work, reading.limits)
    if blank.is_blank(image):
        return Page(number, (), image.width, image.height, image.dpi, origin="blank")
    page = _read(image, number, reading)
    if own is not None and own.sound and reading.pdf_text == "auto" and not pdf_text.ocr_found_more(page, own.page):
        return own.page
    return page


def _suffices(own: pdf_text.PdfText, reading: ReadSettings) -> bool:
    """Whether the page need not even be rendered."""
    if reading.pdf_text == "auto":
        return own.sound and not own.doubtful
    return reading.pdf_text == "only" or bool(own.page.lines)


def _read(image: PageImage, number: int, reading: ReadSettings) -> Page:
    """By OCR, in the folder's languages or in the one that the page is found to be in."""
    steps = preprocess.STEPS if reading.prepare == "auto" else ()

    def read(languages: tuple[str, ...]) -> Page:
        return replace(
            preprocess.read(image, number, replace(reading, languages=languages), steps), languages=languages
        )

    return (
        read_in_detected_language(read, tesseract.installed()) if reading.languages == AUTO else read(reading.languages)
    )
