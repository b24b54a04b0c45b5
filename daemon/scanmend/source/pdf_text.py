"""The text that a PDF brings along: pages born digital need no OCR, unless their text is missing or rubbish."""

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
from scanmend.source.reading_order import TextRun, lines_in_reading_order
from scanmend.source.render import is_pdf
from scanmend.source.render_pdf import open_pdf, pdf_dpi
from scanmend.source.settings import ReadSettings

MIN_VISIBLE_SHARE = 0.5
"""Share of a page's characters that are seen, below which its text is another program's OCR."""
MIN_PICTURE_SHARE = 0.02
"""Share of the page that a picture takes, from which there may be text in it."""
MAX_GLYPH_PT = 40.0
"""Longest side of what may be a letter drawn as a shape, in points."""
MAX_GLYPH_SHAPES = 60
"""So many such shapes, and more than the page has characters, may be text."""
MIN_EXTRA_WORDS = 5
"""Words that OCR must find beside a page's own text to be preferred to it, and …"""
MIN_EXTRA_SHARE = 0.1
"""… their least share of the page's own words."""
MIN_EXTRA_CONFIDENCE = 70.0

_INVISIBLE_TEXT_MODE = 3
"""PDF's text rendering mode."""
_FLAGS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP


@dataclass(frozen=True, slots=True)
class PdfText:
    """A page as its PDF tells it."""

    page: Page
    trustworthy: bool
    """Whether there is text, and it is what the page says."""
    may_be_incomplete: bool
    """Whether the page may hold more text, in pictures or drawn as shapes."""


def extract_text(path: Path, number: int, settings: ReadSettings, installed: frozenset[str]) -> PdfText | None:
    """Return what a PDF tells of page ``number`` (1-based); None for what is no PDF. DocumentError, OcrError, OSError.

    ``installed``: Tesseract's languages, for ``languages: auto``.
    """
    if not is_pdf(path):
        return None
    with damage_as_document_error(f"page {number} is damaged"), open_pdf(path) as pdf:
        sheet = pdf.load_page(number - 1)
        dpi = pdf_dpi(sheet, number, settings.limits)
        try:
            page, shown, may_be_incomplete = _read(sheet, number, dpi)
        except DAMAGE_ERRORS:  # of a font, say; the page may show well all the same
            return None
    languages = auto_languages(installed) if settings.languages == AUTO else settings.languages
    trustworthy = shown >= MIN_VISIBLE_SHARE and not why_implausible(page.raw, languages)
    if settings.languages == AUTO:
        best = guess_language(page.raw, languages)
        languages = (best.language,) if best else ()
    return PdfText(replace(page, languages=languages if page.lines else ()), trustworthy, may_be_incomplete)


def ocr_found_more(read: Page, page: Page) -> bool:
    """Whether OCR found text on the page that the PDF does not tell."""
    boxes = [w.box for line in page.lines for w in line.words if w.box]
    words = [
        w for line in read.lines for w in line.words
        if (w.confidence or 0.0) >= MIN_EXTRA_CONFIDENCE and sum(c.isalnum() for c in w.text) > 2  # noqa: PLR2004 -- letters
    ]  # fmt: skip
    if read.turned == page.turned:
        extra = sum(not any(_same_place(w.box, box) for box in boxes) for w in words)
    else:
        extra = len(words) - len(boxes)
    return extra >= max(MIN_EXTRA_WORDS, MIN_EXTRA_SHARE * len(boxes))


def _same_place(word: Box | None, box: Box) -> bool:
    """Whether the middle of the word is in the box, or that of the box in the word."""
    if word is None:
        return True
    return any(
        a[0] <= (b[0] + b[2]) / 2 <= a[2] and a[1] <= (b[1] + b[3]) / 2 <= a[3] for a, b in ((word, box), (box, word))
    )


def _text_runs(sheet: Any, dpi: int) -> Iterator[TextRun]:
    """Yield the text that lies on the page, as it is shown, in pieces without wide gaps."""
    line: list[Word] = []
    place: Any = None
    before = None
    scale = pymupdf.Matrix(dpi / 72, dpi / 72)
    for *corners, text, block, row, _ in sheet.get_text("words", flags=_FLAGS):
        shown = pymupdf.Rect(corners) * sheet.rotation_matrix
        middle = (shown.tl + shown.br) / 2
        parts = "".join(c for c in text if not has_no_meaning(c)).split()
        if not parts or not shown.width or middle not in sheet.rect:
            continue
        if (block, row) != before and line:
            yield TextRun(place.x0, place.y0, place.x1, place.y1, tuple(line))
            line = []
        place = place | shown if line else shown
        before = (block, row)
        box = (shown * scale).round()
        line += (Word(part, tuple(box)) for part in parts)
    if line:
        yield TextRun(place.x0, place.y0, place.x1, place.y1, tuple(line))


def _read(sheet: Any, number: int, dpi: int) -> tuple[Page, float, bool]:
    """Return the page, the share of its characters that one sees, and whether it may hold more text."""
    trace, drawn = sheet.get_texttrace(), [(what, pymupdf.Rect(box)) for what, box in sheet.get_bboxlog()]
    shown = _visible_share(trace, drawn)
    may_be_incomplete = _may_be_incomplete(sheet, drawn, sum(len(span["chars"]) for span in trace))
    turned = _rotation_to_upright(sheet, trace)
    if turned:
        sheet.set_rotation((sheet.rotation + turned) % 360)  # in memory only
    size = (sheet.rect * pymupdf.Matrix(dpi / 72, dpi / 72)).irect
    lines = lines_in_reading_order(list(_text_runs(sheet, dpi)))
    return Page(number, lines, size.width, size.height, dpi, origin="text", turned=turned), shown, may_be_incomplete


def _rotation_to_upright(sheet: Any, trace: Sequence[Mapping[str, Any]]) -> int:
    """Degrees clockwise by which most of the text must be turned to stand upright: 0, 90, 180 or 270."""
    letters = {0: 0, 90: 0, 180: 0, 270: 0}
    shown = sheet.rotation_matrix
    for span in trace:
        x, y = span["dir"]
        right, down = x * shown.a + y * shown.c, x * shown.b + y * shown.d
        turn = (0 if right > 0 else 180) if abs(right) >= abs(down) else (270 if down > 0 else 90)
        letters[turn] += len(span["chars"])
    most = max(letters, key=lambda turn: letters[turn])
    return most if letters[most] > letters[0] else 0


def _visible_share(trace: Sequence[Mapping[str, Any]], drawn: Sequence[tuple[str, Any]]) -> float:
    """Share of the characters that are neither invisible nor painted over by a picture."""
    pictures = [(n, box) for n, (what, box) in enumerate(drawn) if "image" in what]
    seen = hidden = 0
    for span in trace:
        count = sum(chr(char[0]) > " " for char in span["chars"])
        over = any(n > span["seqno"] and pymupdf.Rect(span["bbox"]) in box for n, box in pictures)
        if span["type"] == _INVISIBLE_TEXT_MODE or not span["opacity"] or over:
            hidden += count
        else:
            seen += count
    return seen / max(seen + hidden, 1)


def _may_be_incomplete(sheet: Any, drawn: Sequence[tuple[str, Any]], characters: int) -> bool:
    """Whether there is a picture, or so many small shapes that they may be letters."""
    inside = sheet.rect * sheet.derotation_matrix
    pictures = (abs(box & inside) for what, box in drawn if "image" in what)
    shapes = sum("path" in what and 0 < max(box.width, box.height) <= MAX_GLYPH_PT for what, box in drawn)
    return bool(
        max(pictures, default=0.0) > MIN_PICTURE_SHARE * abs(inside) or shapes > max(MAX_GLYPH_SHAPES, characters)
    )
