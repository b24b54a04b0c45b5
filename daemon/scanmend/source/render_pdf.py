"""PDF pages become page images through MuPDF; PDFs that are encrypted, cut short or too large are refused.

Runs in page workers only: MuPDF parses untrusted files in native code.
"""

import math
import os
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymupdf

from scanmend.errors import DocumentError
from scanmend.fs.safe_open import open_source
from scanmend.source.page_image import PLAUSIBLE_DPI, PageImage, check_pixels, write_page_image
from scanmend.source.settings import SourceLimits

PDF_TAIL_BYTES = 2048
"""Bytes at the end of a PDF among which its end mark (``%%EOF``) must be."""
MIN_SCAN_SHARE = 0.8
"""Share of a page that its only image must cover for the page to be a scan."""
SCAN_DPI = range(100, 601)
"""Resolutions at which a scan is rendered as it is: below, interpolation helps Tesseract; above, it gains nothing."""

_JPX_HEADER = re.compile(rb"\xff\x4f\xff\x51....(.{16})", re.DOTALL)
"""The start of a JPEG 2000 code stream; the group holds right, bottom, left and top of its image."""


def open_pdf(path: Path) -> Any:
    """Open with MuPDF, which closes it as a context manager.

    DocumentError for a PDF that is damaged beyond repair, encrypted or cut short; OSError.
    """
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    with open_source(path) as file:  # MuPDF itself cannot open names that are not Unicode
        try:
            pdf = pymupdf.open(f"/proc/self/fd/{file.fileno()}", filetype="pdf")
        except pymupdf.FileDataError as e:
            raise DocumentError("the PDF is damaged beyond repair") from e
    if pdf.needs_pass:
        pdf.close()
        raise DocumentError("the PDF is encrypted; save it without a password and drop it again")
    if pdf.is_repaired and not _has_end_mark(path):
        pdf.close()
        raise DocumentError("the PDF is cut short: its end is missing; what is left of it may lack pages")
    return pdf


def render_pdf_page(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    """Render page ``number`` (1-based) in grey into the folder ``work``.

    DocumentError, StorageError, OSError, and what MuPDF raises on damage.
    """
    with open_pdf(path) as pdf:
        page = pdf.load_page(number - 1)
        dpi = pdf_dpi(page, number, limits)
        _remove_redaction_marks(page)
        pixmap = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False)
        target = work / f"page-{number}.pgm"
        head = b"P5 %d %d 255\n" % (pixmap.width, pixmap.height)
        write_page_image(target, lambda file: file.writelines((head, pixmap.samples_mv)))
        return PageImage(target, pixmap.width, pixmap.height, dpi)


def pdf_dpi(page: Any, number: int, limits: SourceLimits) -> int:
    """Return the resolution at which MuPDF's page is rendered.

    DocumentError where the page has too many pixels even at the lowest resolution, or an image on it has.
    """
    width, height = page.rect.width / 72, page.rect.height / 72
    highest = int(math.sqrt(limits.max_megapixels * 1e6 / max(width * height, 1e-9)))
    if highest < PLAUSIBLE_DPI.start:
        raise DocumentError(
            f"page {number} measures {width:.0f} by {height:.0f} inches: "
            f"even at {PLAUSIBLE_DPI.start} DPI it has more than max_megapixels: {limits.max_megapixels:g}"
        )
    for image in page.get_images(full=True):
        check_pixels(*_declared_size(page.parent, image), number, limits)
    for image in page.get_image_info():  # those in the page's own content, too
        check_pixels(image["width"], image["height"], number, limits)
    return min(_scan_dpi(page) or limits.render_dpi, highest)


def _remove_redaction_marks(page: Any) -> None:
    """Remove marks for redactions that nobody applied, in memory only: they hide nothing, but are drawn over words."""
    for mark in list(page.annots(types=[pymupdf.PDF_ANNOT_REDACT])):
        page.delete_annot(mark)


def _has_end_mark(path: Path) -> bool:
    with open_source(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - PDF_TAIL_BYTES))
        return b"%%EOF" in file.read()


def _declared_size(pdf: Any, image: Sequence[Any]) -> tuple[int, int]:
    """Width and height of a PDF's image, read before it is decoded.

    JPEG 2000 data declare a size of their own, by which MuPDF goes.
    """
    xref, _, width, height, *_, packing, _ = image
    if packing == "JPXDecode":
        found = _JPX_HEADER.search(pdf.xref_stream_raw(xref))
        if found:
            right, bottom, left, top = struct.unpack(">4I", found[1])
            return max(width, right - left), max(height, bottom - top)
    return width, height


def _scan_dpi(page: Any) -> int | None:
    """Resolution of the one image that fills the page, so that scans are not resampled; None for other pages."""
    images = page.get_image_info()
    if len(images) != 1:
        return None
    left, top, right, bottom = images[0]["bbox"]
    covered = (right - left) * (bottom - top) / max(page.rect.width * page.rect.height, 1e-9)
    if covered < MIN_SCAN_SHARE:
        return None
    along = math.hypot(*images[0]["transform"][:2])  # the image may lie on its side
    dpi = round(images[0]["width"] / max(along / 72, 1e-9))
    return min(dpi, SCAN_DPI[-1]) if dpi >= SCAN_DPI.start else None
