"""One page of a source, read: the order of the steps."""

from dataclasses import replace
from pathlib import Path

from scanmend.document import Page
from scanmend.ocr import render, tesseract
from scanmend.ocr.limits import Reading


def read_page(path: Path, number: int, reading: Reading, work: Path) -> Page:
    """Read page ``number`` (1-based); ``work`` is a folder for its images. DocumentError, OcrError, OSError."""
    image = render.render(path, number, work, reading.limits)
    page = tesseract.read(image, number, reading.languages, reading.limit_s)
    return replace(page, languages=reading.languages)
