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

from scanmend.document import DocumentWarning, Fingerprint
from scanmend.errors import DocumentError, ScanmendError
from scanmend.fs.safe_open import open_source
from scanmend.source.page_image import PLAUSIBLE_DPI, PageImage, check_pixels, write_page_image
from scanmend.source.passwords import OTHERS_IN_CLEAR, unlock
from scanmend.source.pdf.bounds import ends_whole
from scanmend.source.pdf.masked_fields import hide_masked_fields
from scanmend.source.pdf.page_tree import mend_page_tree
from scanmend.source.pdf.pictures import messages, unread_pictures
from scanmend.source.settings import SourceLimits

CRYPT_FILTERS_VERSION = 4
"""Version of PDF's encryption from which parts of a document may be left in clear text."""
MIN_SCAN_SHARE = 0.8
"""Share of a page that its only image must cover for the page to be a scan."""
SCAN_DPI = range(100, 601)
"""Resolutions at which a scan is rendered as it is: below, interpolation helps Tesseract; above, it gains nothing."""
A4_LONGER_SIDE_INCHES, A3_LONGER_SIDE_INCHES = 11.69, 16.54
"""Sizes that a page is taken to have where the one that it declares makes its picture coarser than any scan."""
SAME_RESOLUTION = 1.02
"""Ratio up to which the pictures of a page have one resolution: they are strips of one scan."""
MAX_STRIPS = 1000
"""Pictures of a page that are looked at as strips of one scan."""

_VECTORS = ("fill-text", "stroke-text", "fill-path", "stroke-path", "fill-shade")
"""What MuPDF may find on a page that is seen and has no pixels of its own."""
_sound: list[Fingerprint] = []
"""State of the PDF opened last whose page tree was found sound, so that it is not walked again for each page."""

_JPX_HEADER = re.compile(rb"\xff\x4f\xff\x51....(.{16})", re.DOTALL)
"""The start of a JPEG 2000 code stream; the group holds right, bottom, left and top of its image."""


def open_pdf(path: Path, noted: list[DocumentWarning] | None = None) -> Any:
    """Open with MuPDF, which closes it as a context manager; what pages are missing is added to ``noted``.

    DocumentError for a PDF that is damaged beyond repair, cut short, or encrypted so that no password known opens it;
    StorageError where the passwords cannot be read; OSError.
    """
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    with open_source(path) as file:  # MuPDF itself cannot open names that are not Unicode
        state = Fingerprint.of(os.fstat(file.fileno()))
        try:
            pdf = pymupdf.open(f"/proc/self/fd/{file.fileno()}", filetype="pdf")
        except pymupdf.FileDataError as e:
            raise DocumentError("the PDF is damaged beyond repair") from e
    if pdf.needs_pass and not pdf.authenticate("") and not open_clear_parts(pdf):
        try:
            unlock(pdf)
        except ScanmendError:
            pdf.close()
            raise
        if noted is not None:
            noted.append(OTHERS_IN_CLEAR)
    if pdf.is_repaired and not _ends_whole(path):
        pdf.close()
        raise DocumentError("the PDF is cut short: its end is missing; what is left of it may lack pages")
    if state not in _sound:  # the walk takes 40 ms for each thousand pages
        missing = mend_page_tree(pdf)
        if missing is None:
            _sound[:] = [state]
        elif noted is not None:
            noted += missing
    return pdf


def open_clear_parts(pdf: Any) -> bool:
    """Whether only attachments are encrypted; MuPDF is told so. ISO 32000-1, table 20."""
    filters = [pdf.xref_get_key(-1, f"Encrypt/{key}")[1] for key in ("StmF", "StrF")]
    version = pdf.xref_get_key(-1, "Encrypt/V")[1]
    if not version.isdigit() or int(version) < CRYPT_FILTERS_VERSION or set(filters) - {"null", "/Identity"}:
        return False
    pdf.is_encrypted = False
    pdf.init_doc()
    return True


def render_pdf_page(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    """Render page ``number`` (1-based) in grey into the folder ``work``.

    DocumentError, StorageError, OSError, and what MuPDF raises on damage.
    """
    with open_pdf(path) as pdf:
        page = pdf.load_page(number - 1)
        hide_masked_fields(page)
        dpi = pdf_dpi(page, number, limits)
        _remove_redaction_marks(page)
        messages()
        zoom = pymupdf.Matrix(dpi / 72, dpi / 72)
        pixmap = page.get_pixmap(matrix=zoom, colorspace=pymupdf.csGRAY, alpha=False)
        said = messages()
        target = work / f"page-{number}.pgm"
        head = b"P5 %d %d 255\n" % (pixmap.width, pixmap.height)
        write_page_image(target, lambda file: file.writelines((head, pixmap.samples_mv)))
        unread = unread_pictures(page, said)
        return PageImage(target, pixmap.width, pixmap.height, known_dpi(dpi), unread)


def pdf_dpi(page: Any, number: int, limits: SourceLimits) -> float:
    """Return the resolution at which MuPDF's page is rendered, in dots per inch of the page as it is declared.

    A page that is one picture gets that picture's own pixels. DocumentError where the page has too many pixels even at
    the lowest resolution, or an image on it has.
    """
    for image in page.get_images(full=True):
        check_pixels(*_declared_size(page.parent, image), number, limits)
    for image in page.get_image_info():  # those in the page's own content, too
        check_pixels(image["width"], image["height"], number, limits)
    width, height = page.rect.width / 72, page.rect.height / 72
    highest = math.sqrt(limits.max_megapixels * 1e6 / max(width * height, 1e-9))
    longer = max(width, height, 1e-9)
    scan = _scan_dpi(page)
    wanted = _rendered_dpi(page, scan, longer, limits.render_dpi) if scan else float(limits.render_dpi)
    if highest < min(wanted, PLAUSIBLE_DPI.start):
        raise DocumentError(
            f"page {number} measures {width:.0f} by {height:.0f} inches: "
            f"even at {PLAUSIBLE_DPI.start} DPI it has more than max_megapixels: {limits.max_megapixels:g}"
        )
    return wanted if wanted <= highest else highest * 0.99  # as rows and columns are rounded up


def _remove_redaction_marks(page: Any) -> None:
    """Remove marks for redactions that nobody applied, in memory only: they hide nothing, but are drawn over words."""
    for mark in list(page.annots(types=[pymupdf.PDF_ANNOT_REDACT])):
        page.delete_annot(mark)


def known_dpi(dpi: float) -> int:
    """Return the resolution that a page image has for those who measure paper; 0 where the page cannot be so large."""
    return round(dpi) if round(dpi) in PLAUSIBLE_DPI else 0


def _ends_whole(path: Path) -> bool:
    with open_source(path) as file:
        size = os.fstat(file.fileno()).st_size
        return ends_whole(file.fileno(), size, most=size)


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


def _scan_dpi(page: Any) -> float | None:
    """Resolution of the one image, or of the strips of one, that fills the page; None for other pages."""
    images = page.get_image_info()
    if not 0 < len(images) <= MAX_STRIPS:
        return None
    covered, found = 0.0, []
    for image in images:
        left, top, right, bottom = image["bbox"]
        covered += (right - left) * (bottom - top)
        along = math.hypot(*image["transform"][:2])  # the image may lie on its side
        found.append(image["width"] / max(along / 72, 1e-9))
    share = covered / max(page.rect.width * page.rect.height, 1e-9)
    if share < MIN_SCAN_SHARE or (len(images) > 1 and share > 2 - MIN_SCAN_SHARE):
        return None
    exact = found[0] * (1 - 1e-6)  # or a hundredth of a pixel more becomes a whole one
    return exact if max(found) <= SAME_RESOLUTION * min(found) else None


def _rendered_dpi(page: Any, scan: float, longer: float, render_dpi: int) -> float:
    """Resolution at which a page is rendered that a scan of resolution ``scan`` fills; ``longer`` side in inches.

    It is the scan's own, unless that is finer than needed or too coarse. As apps call all pictures 72 DPI, the pixels
    decide where it is the declared size that makes it so: they are taken for those of a sheet of A4.
    """
    as_a4 = scan * longer / A4_LONGER_SIDE_INCHES
    if round(scan) > SCAN_DPI[-1]:
        return scan * min(1.0, max(SCAN_DPI[-1] / scan, SCAN_DPI[-1] / as_a4))
    if round(scan) >= SCAN_DPI.start:
        return scan
    if _shows_more_than_pictures(page):
        return max(scan, render_dpi * min(1.0, A3_LONGER_SIDE_INCHES / longer))
    return scan if round(as_a4) >= SCAN_DPI.start else render_dpi * min(1.0, A4_LONGER_SIDE_INCHES / longer)


def _shows_more_than_pictures(page: Any) -> bool:
    """Whether text or drawings can be seen on the page, which have no pixels of their own."""
    return any(kind in _VECTORS for kind, *_ in page.get_bboxlog())
