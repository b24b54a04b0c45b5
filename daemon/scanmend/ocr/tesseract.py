"""Runs Tesseract on a page image and parses its hOCR; no other module knows its flags and output.

One pass gives text, boxes, confidences and the alternatives that the LSTM saw for each glyph
(``lstm_choice_mode=2``, a few per cent more time).
"""

import re
import signal
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal

import pytesseract

from scanmend.document import Box, Glyph, Line, Page, Word
from scanmend.errors import DocumentError, OcrError, PageFailed
from scanmend.language.installed import NOT_INSTALLED, installed_languages, remedy
from scanmend.language.invisible import without_invisible
from scanmend.ocr.cjk_words import with_joined_characters
from scanmend.ocr.ink_gap import InkGaps
from scanmend.process import rlimits
from scanmend.source.page_image import PageImage

_LINE_CLASSES = {"ocr_line", "ocr_header", "ocr_caption", "ocr_textfloat"}
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")
_MAX_ALTERNATIVES = 4
"""Alternatives kept for each glyph, the best first."""
_MAX_COORDINATE = 2.0**31
"""Bound on coordinates in hOCR, in pixels; a damaged one could be infinite."""
installed = cache(installed_languages)
"""Languages that Tesseract has data for; it is asked once per process, until ``cache_clear``."""

MAX_HOCR_BYTES = 256 << 20
"""Largest hOCR of one page, in bytes; a full newspaper page takes some 30 MiB."""
MAX_SIDE_PX = 32_767
"""Longest side of an image that Tesseract takes, in pixels."""

Layout = Literal["page", "column", "block"]
"""What Tesseract takes the page for: any layout; one column, so that table rows are read across; one uniform block."""
_SEGMENTATION_MODES: dict[Layout, int] = {"page": 3, "column": 4, "block": 6}
"""Tesseract's page segmentation mode (``--psm``) for each layout."""


def read(
    image: PageImage,
    number: int,
    languages: Sequence[str],
    limit_s: float,
    *,
    alternatives: bool = True,
    layout: Layout = "page",
) -> Page:
    """Read the image of page ``number`` (1-based) in these languages (Tesseract's names), within ``limit_s`` seconds.

    ``alternatives``: also report what else Tesseract took each glyph for. OcrError when Tesseract is missing, lacks
    a language or cannot run; PageFailed when it crashes, exceeds ``limit_s`` or writes broken hOCR; DocumentError
    when the image is too large for it.
    """
    _require_installed(languages)
    flags = f"--psm {_SEGMENTATION_MODES[layout]} "
    flags += "--oem 1 -c hocr_font_info=0" + (f" --dpi {image.dpi}" if image.dpi else "")
    flags += " -c lstm_choice_mode=2" if alternatives else ""
    started = time.monotonic()
    before, tempfile.tempdir = tempfile.tempdir, str(image.path.parent)  # where pytesseract has Tesseract write
    try:
        with rlimits.short_files(MAX_HOCR_BYTES):
            hocr = pytesseract.image_to_pdf_or_hocr(
                str(image.path), lang="+".join(languages), config=flags, extension="hocr", timeout=limit_s
            )
    except pytesseract.TesseractNotFoundError as e:
        raise OcrError(NOT_INSTALLED) from e
    except pytesseract.TesseractError as e:
        raise _error_for(e, number, languages) from e
    except RuntimeError as e:  # what pytesseract raises at a time-out
        raise PageFailed(f"page {number}", f"took Tesseract longer than page_limit_s: {limit_s:g} s") from e
    except OSError as e:
        raise OcrError(f"Tesseract cannot be started, or its result be read: {e}") from e
    finally:
        tempfile.tempdir = before
    return parse(hocr, number, image, time.monotonic() - started)


def _require_installed(languages: Sequence[str]) -> None:
    """OcrError unless every language is installed: where one of several is missing, Tesseract reads on without it."""
    if not installed().issuperset(languages):
        installed.cache_clear()  # it may have been installed meanwhile
    missing = [language for language in languages if language not in installed()]
    if missing:
        raise OcrError(f"Tesseract lacks {', '.join(missing)}; {remedy(missing)}")


def parse(hocr: bytes, number: int, image: PageImage, seconds: float) -> Page:
    """Turn Tesseract's hOCR of page ``number`` into a Page; PageFailed where it is not valid XML."""
    try:
        root = ET.fromstring(hocr)  # noqa: S314 -- written by our own Tesseract, which escapes what it reads
    except (ET.ParseError, LookupError, ValueError) as e:  # LookupError: an unknown encoding
        raise PageFailed(f"page {number}", f"came back from Tesseract as broken hOCR: {e}") from e
    lines: list[Line] = []
    gap_on_image = InkGaps(image).between
    for paragraph, block in enumerate(e for e in root.iter() if e.get("class") == "ocr_par"):
        elements = (e for e in block.iter() if e.get("class") in _LINE_CLASSES)
        found = (with_joined_characters(tuple(_words(e)), gap_on_image) for e in elements)
        lines += (Line(words, paragraph) for words in found if words)
    return Page(number, tuple(lines), image.width, image.height, image.dpi, round(seconds, 3))


def _words(line: ET.Element) -> Iterator[Word]:
    for element in line.iter():
        if element.get("class") != "ocrx_word":
            continue
        glyphs = tuple(_glyphs(element))
        text = without_invisible("".join(_own_text(element)).strip())  # Tesseract sets marks of direction
        title = element.get("title") or ""
        confidence = _numbers_after(title, "x_wconf")
        for part in text.split():
            known = glyphs if part == text and len(glyphs) == len(text) else ()
            yield Word(part, _box(title), float(confidence[0]) if confidence else None, known)


def _own_text(word: ET.Element) -> Iterator[str]:
    """Yield the text of the word without that of the glyph alternatives inside it."""
    yield word.text or ""
    for child in word:
        if child.get("class") != "ocrx_cinfo":
            yield from child.itertext()


def _glyphs(word: ET.Element) -> Iterator[Glyph]:
    for glyph in word:
        if glyph.get("class") == "ocrx_cinfo":
            rated = [(choice.text or "", _glyph_confidence(choice.get("title") or "")) for choice in glyph]
            if rated and not rated[0][0].strip():
                continue  # the blank before the word
            yield tuple((text, round(c, 1)) for i, (text, c) in enumerate(rated[:_MAX_ALTERNATIVES]) if i == 0 or c > 0)


def _glyph_confidence(title: str) -> float:
    return float(next(iter(_numbers_after(title, "x_confs")), 0.0))


def _numbers_after(title: str, key: str) -> list[str]:
    return _NUMBERS.findall(title.partition(key)[2].partition(";")[0])


def _box(title: str) -> Box | None:
    values = [int(max(-_MAX_COORDINATE, min(float(v), _MAX_COORDINATE))) for v in _numbers_after(title, "bbox")]
    return (values[0], values[1], values[2], values[3]) if len(values) >= 4 else None  # noqa: PLR2004


def _error_for(e: pytesseract.TesseractError, number: int, languages: Sequence[str]) -> OcrError | DocumentError:
    said = str(e.message)
    if "loading language" in said or "traineddata" in said:
        return OcrError(f"Tesseract cannot load a language of {'+'.join(languages)}; {remedy(languages)}")
    if "too large" in said or "Image too" in said:
        return DocumentError(f"page {number} is too large for Tesseract: {said}")
    if e.status < 0:
        name = signal.Signals(-e.status).name if -e.status in set(signal.Signals) else str(-e.status)
        return PageFailed(f"page {number}", f"ended Tesseract, which died of {name}: {said[-300:]}")
    return OcrError(f"Tesseract failed on page {number} (status {e.status}): {said[-300:]}")
