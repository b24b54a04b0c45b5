"""Extracts the text embedded in a PDF page: born-digital pages need no OCR if their text can be trusted.

Text is trusted when most of it is visible (else it is another program's OCR layer) and plausible as language
(else the fonts do not say what their glyphs mean). Hidden text, as ``pdf_content.hidden`` defines it, is left out,
unless OCR is not asked for: then it is all that a scan has.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymupdf

from scanmend.document import Box, Page, Word
from scanmend.language import plausible
from scanmend.language.detect import guess_language
from scanmend.language.installed import AUTO, auto_languages
from scanmend.language.invisible import SOFT_HYPHEN, without_invisible
from scanmend.language.plausible import has_no_meaning, why_implausible
from scanmend.layout.bidi import has_right_to_left
from scanmend.layout.reading_order import lines_in_reading_order
from scanmend.layout.text_rows import TextRun
from scanmend.source.damage import damage_as_document_error, damage_errors
from scanmend.source.pdf.masked_fields import hide_masked_fields
from scanmend.source.pdf.pictures import lacks_pictures, messages
from scanmend.source.pdf_content.hidden import take_out_hidden_text
from scanmend.source.render import is_pdf
from scanmend.source.render_pdf import known_dpi, open_pdf, pdf_dpi
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
MAX_HOLE_SHARE = 0.02
"""Largest share of words with missing characters; with more, the page is read by OCR, and the better text is kept."""
MIN_SURE_CONFIDENCE = 75.0
"""Tesseract's confidence (0-100) from which a word counts as well read, when its result is compared to such text."""
MIN_KNOWN_OCR_SHARE = 0.3
"""Least share of known words in the OCR result for it to be preferred to text of which hardly a word is known."""

_LEFT_TO_RIGHT = re.compile(
    "[\u0660-\u0669\u06f0-\u06f9][\u0660-\u0669\u06f0-\u06f9\u066b\u066c.,/:-]*[\u0660-\u0669\u06f0-\u06f9]|^[^\\w\\s]{2,}$"
)
"""On pages with text from right to left, what MuPDF may give in either direction: numbers in the digits of Arabic or
Persian, which are written from left to right like others, and marks that stand alone."""
_FLAGS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP


@dataclass(frozen=True, slots=True)
class PdfText:
    """The text embedded in a PDF page."""

    page: Page
    trustworthy: bool
    """Whether there is text, most of it visible and plausible as language."""
    may_be_incomplete: bool
    """Whether the page may show more text, in images or as vector shapes."""
    languages: tuple[str, ...] = ()
    """The languages that it may be in, by Tesseract's names."""
    hole_share: float = 0.0
    """Share of its words in which characters are missing, as the PDF does not say what their glyphs mean."""
    may_be_wrong: bool = False
    """Whether hardly a word of it is known: it may be in another language, or not be what the page shows."""
    is_visible: bool = True
    """Whether most of it is visible."""

    @property
    def is_enough(self) -> bool:
        """Whether nothing speaks for reading the page by OCR as well."""
        return self.trustworthy and not (self.may_be_incomplete or self.may_be_wrong or self.has_holes)

    @property
    def has_holes(self) -> bool:
        """Whether so many words lack characters that OCR may be better."""
        return self.hole_share > MAX_HOLE_SHARE


def extract_text(path: Path, number: int, settings: ReadSettings, installed: frozenset[str]) -> PdfText | None:
    """Return the text embedded in page ``number`` (1-based); None for other files and damaged text.

    ``installed``: Tesseract's languages, for ``languages: auto``. DocumentError, OcrError, OSError.
    """
    if not is_pdf(path):
        return None
    with damage_as_document_error(f"page {number} is damaged"), open_pdf(path) as pdf:
        dpi = pdf_dpi(pdf.load_page(number - 1), number, settings.limits)
        messages()
        try:
            hidden = take_out_hidden_text(pdf, number) if settings.pdf_text == "auto" else None
            sheet = pdf.load_page(number - 1)
            hide_masked_fields(sheet)
            page, characters, may_be_incomplete, words = _read(sheet, number, dpi)
        except damage_errors():  # of a font, say; the page may still render well, so OCR can read it
            return None
        may_be_incomplete |= lacks_pictures(messages())
    hidden_share = hidden.hidden / max(characters + hidden.taken, 1) if hidden else 0.0
    languages = auto_languages(installed) if settings.languages == AUTO else settings.languages
    visible = hidden_share <= 1 - MIN_VISIBLE_SHARE
    trustworthy = visible and not why_implausible(" ".join(words), languages)
    may_be_wrong = plausible.may_be_wrong(page.raw, languages)
    among = languages
    if settings.languages == AUTO:
        best = guess_language(page.raw, languages)
        languages = (best.language,) if best else ()
    page = replace(page, languages=languages if page.lines else ())
    holes = plausible.hole_share(words)
    return PdfText(page, trustworthy, may_be_incomplete, among, holes, may_be_wrong, visible)


def is_ocr_better(ocr: Page, embedded: PdfText) -> bool:
    """Whether the OCR result is to be preferred to the text embedded in the same page."""
    if embedded.has_holes:
        # Half of its letters at the least: in scripts without blanks, one hole makes a word of a whole line.
        least = _letters(embedded.page) * max(0.5, 1 - embedded.hole_share)
        return _letters(ocr, MIN_SURE_CONFIDENCE) >= least
    if not embedded.trustworthy:
        return True
    if embedded.may_be_wrong:
        share = plausible.known_share(ocr.raw, ocr.languages or embedded.languages) or 0.0
        return share >= MIN_KNOWN_OCR_SHARE and (ocr.mean_confidence or 0.0) >= MIN_EXTRA_CONFIDENCE
    return embedded.may_be_incomplete and ocr_found_more(ocr, embedded.page)


def _letters(page: Page, confidence: float = 0.0) -> int:
    """Number of letters and digits in words that have this confidence, or more, or none."""
    words = (w for line in page.lines for w in line.words if w.confidence is None or w.confidence >= confidence)
    return sum(sum(map(str.isalnum, w.text)) for w in words)


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


def _text_runs(sheet: Any, dpi: float, found: Sequence[Any]) -> Iterator[TextRun]:
    """Yield the text that lies on the page as shown, one run for each of MuPDF's lines; words have boxes at ``dpi``."""
    line: list[Word] = []
    bounds: Any = None
    before: Any = None
    fields = [pymupdf.Rect(field.rect) for field in sheet.widgets()]
    scale = pymupdf.Matrix(dpi / 72, dpi / 72)
    rtl = any(has_right_to_left(text) for *_, text, _, _, _ in found)
    for *corners, text, block, row, _ in found:
        shown = pymupdf.Rect(corners) * sheet.rotation_matrix
        middle = (shown.tl + shown.br) / 2
        if rtl and _LEFT_TO_RIGHT.search(text) and _runs_left(sheet, corners):
            text = _LEFT_TO_RIGHT.sub(lambda part: part[0][::-1], text)  # noqa: PLW2901
        if SOFT_HYPHEN in text and not any(c == SOFT_HYPHEN and end > start for c, start, end in _here(sheet, corners)):
            text = text.replace(SOFT_HYPHEN, "")  # noqa: PLW2901 -- it has no width, so it is not seen
        parts = without_invisible("".join(c for c in text if not has_no_meaning(c))).split()
        if not parts or not shown.width or middle not in sheet.rect:
            continue
        centre = (pymupdf.Rect(corners).tl + pymupdf.Rect(corners).br) / 2
        field = next((n for n, rect in enumerate(fields) if centre in rect), None)
        if (block, row, field) != before and line:
            yield TextRun(bounds.x0, bounds.y0, bounds.x1, bounds.y1, tuple(line), before[2] is not None)
            line = []
        bounds = bounds | shown if line else shown
        before = (block, row, field)
        box = (shown * scale).round()
        line += (Word(part, tuple(box)) for part in parts)
    if line:
        yield TextRun(bounds.x0, bounds.y0, bounds.x1, bounds.y1, tuple(line), before[2] is not None)


def _runs_left(sheet: Any, corners: Sequence[float]) -> bool:
    """Whether MuPDF gives the digits, or else the marks, of the word here in the order from right to left."""
    found = list(_here(sheet, corners))
    starts = [start for c, start, _ in found if c.isdigit()] or [start for _, start, _ in found]
    return starts != sorted(starts)


def _here(sheet: Any, corners: Sequence[float]) -> Iterator[tuple[str, float, float]]:
    """Yield the characters whose middle is between these corners, with start and end along their line in points."""
    place = pymupdf.Rect(corners)
    for block in sheet.get_text("rawdict", clip=place, flags=_FLAGS)["blocks"]:
        for line in block.get("lines", ()):
            x, y = line["dir"]
            for char in (char for span in line["spans"] for char in span["chars"]):
                box = pymupdf.Rect(char["bbox"])
                if (box.tl + box.br) / 2 in place:
                    ends = sorted((box.x0 * x + box.y0 * y, box.x1 * x + box.y1 * y))
                    yield char["c"], round(ends[0], 2), round(ends[1], 2)


def _read(sheet: Any, number: int, dpi: float) -> tuple[Page, int, bool, list[str]]:
    """Return the page, the number of its characters without blanks, whether it may show more text, and its words.

    The words are those in the PDF, with characters that stand for nothing, which the page has no more.
    """
    trace, drawn = sheet.get_texttrace(), [(what, pymupdf.Rect(box)) for what, box in sheet.get_bboxlog()]
    characters = sum(chr(char[0]) > " " for span in trace for char in span["chars"])
    may_be_incomplete = _may_be_incomplete(sheet, drawn, sum(len(span["chars"]) for span in trace))
    turned = _rotation_to_upright(sheet, trace)
    if turned:
        sheet.set_rotation((sheet.rotation + turned) % 360)  # in memory only
    size = (sheet.rect * pymupdf.Matrix(dpi / 72, dpi / 72)).irect
    found = sheet.get_text("words", flags=_FLAGS)
    lines = lines_in_reading_order(list(_text_runs(sheet, dpi, found)))
    page = Page(number, lines, size.width, size.height, known_dpi(dpi), origin="text", turned=turned)
    return page, characters, may_be_incomplete, [word[4] for word in found]


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
