"""Reads one page of a source: by the PDF's own text where that can be trusted, else by OCR of the page image."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scanmend.document import Page
from scanmend.language.detect import read_in_detected_language
from scanmend.language.installed import AUTO
from scanmend.layout.line_order import in_vertical_order
from scanmend.ocr import preprocess, tesseract
from scanmend.ocr.page_marks import find_marks
from scanmend.source import blank, render
from scanmend.source.page_image import PageImage
from scanmend.source.settings import ReadSettings

if TYPE_CHECKING:
    from scanmend.source.pdf_text import PdfText


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page, and what it was read from."""

    page: Page
    image: PageImage | None = None
    """The page's image as it was rendered, before it was turned; None where the text is not from OCR."""


def read_page(
    path: Path,
    number: int,
    settings: ReadSettings,
    work: Path,
    begin_ocr: Callable[[PageImage], None] = lambda _image: None,
) -> ReadPage:
    """Read page ``number`` (1-based); page images are written to the folder ``work``, and left there.

    ``begin_ocr`` is called with the page image where Tesseract is needed, before it starts. DocumentError, OcrError,
    OSError.
    """
    embedded = None
    looks_for_marks = settings.marks != "none"
    if settings.pdf_text != "off" and render.is_pdf(path):
        from scanmend.source import pdf_text  # noqa: PLC0415 -- loads MuPDF, which only PDFs need

        installed = tesseract.installed() if settings.languages == AUTO else frozenset()
        embedded = pdf_text.extract_text(path, number, settings, installed)
    if embedded is not None and _is_enough(embedded, settings):
        if looks_for_marks:
            shown = render.render(path, number, work, settings.limits)
            return ReadPage(replace(embedded.page, marks=find_marks(shown, embedded.page, settings.marks)))
        return ReadPage(embedded.page)
    image = render.render(path, number, work, settings.limits)
    page = _read_image(image, number, settings, begin_ocr)
    if embedded is not None and settings.pdf_text == "auto" and embedded.is_visible and page.origin != "blank":
        page = page if pdf_text.is_ocr_better(page, embedded) else embedded.page
    page = replace(page, warnings=image.warnings)
    if looks_for_marks:
        page = replace(page, marks=find_marks(image, page, settings.marks))
    return ReadPage(page, image if page.origin == "ocr" else None)


def _is_enough(embedded: "PdfText", settings: ReadSettings) -> bool:
    """Whether the PDF's own text is taken without rendering the page."""
    if settings.pdf_text == "auto":
        return embedded.is_enough
    return settings.pdf_text == "only" or bool(embedded.page.lines)


def _read_image(image: PageImage, number: int, settings: ReadSettings, begin_ocr: Callable[[PageImage], None]) -> Page:
    """Read by OCR; nothing on an image that is blank, whose page is only called so if it shows all that it has."""
    if blank.is_blank(image.path, image.dpi):
        origin: Literal["ocr", "blank"] = "ocr" if image.warnings else "blank"
        return Page(number, (), image.width, image.height, image.dpi, origin=origin)
    begin_ocr(image)
    return _read_by_ocr(image, number, settings)


def _read_by_ocr(image: PageImage, number: int, settings: ReadSettings) -> Page:
    """Read in the folder's languages or, with ``languages: auto``, in the one detected on the page."""
    steps = preprocess.STEPS if settings.prepare == "auto" else ()

    def read(languages: tuple[str, ...]) -> Page:
        page = preprocess.read(image, number, replace(settings, languages=languages), steps)
        return replace(page, lines=in_vertical_order(page.lines), languages=languages)

    if settings.languages == AUTO:
        return read_in_detected_language(read, tesseract.installed())
    return read(settings.languages)
