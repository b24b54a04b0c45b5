"""Extracts the text embedded in a PDF page: born-digital pages need no OCR if their text can be trusted.

Text is trusted when most of it is visible (else it is another program's OCR layer) and plausible as language
(else the fonts do not say what their glyphs mean). Hidden text, as ``pdf_content.hidden`` defines it, is left out,
unless OCR is not asked for: then it is all that a scan has.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymupdf

from scanmend.document import Box, Page, Word
from scanmend.language.detect import guess_language
from scanmend.language.installed import AUTO, auto_languages
from scanmend.language.plausible import has_no_meaning, why_implausible
from scanmend.source.damage import DAMAGE_ERRORS, damage_as_document_error
from scanmend.source.pdf_content.hidden import take_out_hidden_text
from scanmend.source.reading_order import TextRun, lines_in_reading_order
from scanmend.source.render import is_pdf
from scanmend.source.render_pdf import open_pdf, pdf_dpi
from scanmend.source.settings import ReadSettings

MIN_VISIBLE_SHARE = 0.5
"""Least share of a page's characters that must be visible; with fewer, the text is another program's OCR layer."""
MIN_IMAGE_SHARE = 0.02
"""An image that covers more than this share of the page may show text."""
MAX_GLYPH_PT = 40.0
"""Longest side, in points, of a vector shape that may be a letter drawn as an outline."""
MAX_GLYPH_SHAPES = 60
"""Letter-sized shapes may be text when there are more than this many, and more than the page has characters."""
MIN_EXTRA_WORDS = 5
"""Words that OCR must find beside the embedded ones, at the least, for its result to be preferred."""
MIN_EXTRA_SHARE = 0.1
"""The same as a share of the number of embedded words; the larger of both counts."""
MIN_EXTRA_CONFIDENCE = 70.0
"""Tesseract's confidence (0-100) that such a word must have, so that noise is not taken for words."""

_FLAGS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP


@dataclass(frozen=True, slots=True)
class PdfText:
    """The text embedded in a PDF page."""

    page: Page
    trustworthy: bool
    """Whether there is text, most of it visible and plausible as language."""
    may_be_incomplete: bool
    """Whether the page may show more text, in images or as vector shapes."""


def extract_text(path: Path, number: int, settings: ReadSettings, installed: frozenset[str]) -> PdfText | None:
    """Return the text embedded in page ``number`` (1-based); None for other files and damaged text.

    ``installed``: Tesseract's languages, for ``languages: auto``. DocumentError, OcrError, OSError.
    """
    if not is_pdf(path):
        return None
    with damage_as_document_error(f"page {number} is damaged"), open_pdf(path) as pdf:
        sheet = pdf.load_page(number - 1)
        dpi = pdf_dpi(sheet, number, settings.limits)
        try:
            hidden = take_out_hidden_text(pdf, number) if settings.pdf_text == "auto" else None
            page, characters, may_be_incomplete = _read(pdf.load_page(number - 1), number, dpi)
        except DAMAGE_ERRORS:  # of a font, say; the page may still render well, so OCR can read it
            return None
    hidden_share = hidden.hidden / max(characters + hidden.taken, 1) if hidden else 0.0
    languages = auto_languages(installed) if settings.languages == AUTO else settings.languages
    trustworthy = hidden_share <= 1 - MIN_VISIBLE_SHARE and not why_implausible(page.raw, languages)
    if settings.languages == AUTO:
        best = guess_language(page.raw, languages)
        languages = (best.language,) if best else ()
    return PdfText(replace(page, languages=languages if page.lines else ()), trustworthy, may_be_incomplete)


def ocr_found_more(ocr: Page, embedded: Page) -> bool:
    """Whether OCR found enough text on the page that the embedded text lacks for its result to be preferred."""
    boxes = [w.box for line in embedded.lines for w in line.words if w.box]
    words = [
        w for line in ocr.lines for w in line.words
        if (w.confidence or 0.0) >= MIN_EXTRA_CONFIDENCE and sum(c.isalnum() for c in w.text) > 2  # noqa: PLR2004 -- letters
    ]  # fmt: skip
    if ocr.turned == embedded.turned:
        extra = sum(not any(_same_place(w.box, box) for box in boxes) for w in words)
    else:
        extra = len(words) - len(boxes)
    return extra >= max(MIN_EXTRA_WORDS, MIN_EXTRA_SHARE * len(boxes))


def _same_place(word: Box | None, box: Box) -> bool:
    """Whether the middle of the word is in the box, or the middle of the box in the word."""
    if word is None:
        return True
    return any(
        a[0] <= (b[0] + b[2]) / 2 <= a[2] and a[1] <= (b[1] + b[3]) / 2 <= a[3] for a, b in ((word, box), (box, word))
    )


def _text_runs(sheet: Any, dpi: int) -> Iterator[TextRun]:
    """Yield the text that lies on the page as shown, one run for each of MuPDF's lines; words have boxes at ``dpi``."""
    line: list[Word] = []
    bounds: Any = None
    before = None
    scale = pymupdf.Matrix(dpi / 72, dpi / 72)
    for *corners, text, block, row, _ in sheet.get_text("words", flags=_FLAGS):
        shown = pymupdf.Rect(corners) * sheet.rotation_matrix
        middle = (shown.tl + shown.br) / 2
        parts = "".join(c for c in text if not has_no_meaning(c)).split()
        if not parts or not shown.width or middle not in sheet.rect:
            continue
        if (block, row) != before and line:
            yield TextRun(bounds.x0, bounds.y0, bounds.x1, bounds.y1, tuple(line))
            line = []
        bounds = bounds | shown if line else shown
        before = (block, row)
        box = (shown * scale).round()
        line += (Word(part, tuple(box)) for part in parts)
    if line:
        yield TextRun(bounds.x0, bounds.y0, bounds.x1, bounds.y1, tuple(line))


def _read(sheet: Any, number: int, dpi: int) -> tuple[Page, int, bool]:
    """Return the page, the number of its characters without blanks, and whether it may show more text."""
    trace, drawn = sheet.get_texttrace(), [(what, pymupdf.Rect(box)) for what, box in sheet.get_bboxlog()]
    characters = sum(chr(char[0]) > " " for span in trace for char in span["chars"])
    may_be_incomplete = _may_be_incomplete(sheet, drawn, sum(len(span["chars"]) for span in trace))
    turned = _rotation_to_upright(sheet, trace)
    if turned:
        sheet.set_rotation((sheet.rotation + turned) % 360)  # in memory only
    size = (sheet.rect * pymupdf.Matrix(dpi / 72, dpi / 72)).irect
    lines = lines_in_reading_order(list(_text_runs(sheet, dpi)))
    page = Page(number, lines, size.width, size.height, dpi, origin="text", turned=turned)
    return page, characters, may_be_incomplete


def _rotation_to_upright(sheet: Any, trace: Sequence[Mapping[str, Any]]) -> int:
    """Degrees clockwise by which the page must be turned for most of its text to be upright: 0, 90, 180 or 270."""
    letters = {0: 0, 90: 0, 180: 0, 270: 0}
    shown = sheet.rotation_matrix
    for span in trace:
        x, y = span["dir"]
        right, down = x * shown.a + y * shown.c, x * shown.b + y * shown.d
        degrees = (0 if right > 0 else 180) if abs(right) >= abs(down) else (270 if down > 0 else 90)
        letters[degrees] += len(span["chars"])
    most = max(letters, key=lambda degrees: letters[degrees])
    return most if letters[most] > letters[0] else 0


def _may_be_incomplete(sheet: Any, drawn: Sequence[tuple[str, Any]], characters: int) -> bool:
    """Whether there is a large image, or so many small shapes that they may be letters."""
    inside = sheet.rect * sheet.derotation_matrix
    images = (abs(box & inside) for what, box in drawn if "image" in what)
    shapes = sum("path" in what and 0 < max(box.width, box.height) <= MAX_GLYPH_PT for what, box in drawn)
    has_image = max(images, default=0.0) > MIN_IMAGE_SHARE * abs(inside)
    return bool(has_image or shapes > max(MAX_GLYPH_SHAPES, characters))
