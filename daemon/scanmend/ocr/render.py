"""Sources become page images: PDF through MuPDF, everything else through Pillow; decided by content, not by suffix.

Runs in page workers only: both libraries parse untrusted files in native code.
"""

import hashlib
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image, ImageOps, UnidentifiedImageError

from scanmend.errors import DocumentError
from scanmend.ocr.limits import Inspection, Limits

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
PDF_TAIL = 2048
SANE_DPI = range(70, 1201)

Image.MAX_IMAGE_PIXELS = None  # the limit is ours, with a message of ours


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page image on disk, grey or bilevel, uncompressed."""

    path: Path
    width: int
    height: int
    dpi: int
    """0 when the source does not tell, or tells nonsense."""


def inspect(path: Path, limits: Limits) -> Inspection:
    """Digest and count the pages of a source; DocumentError when it cannot be one."""
    with path.open("rb") as file:
        head = file.read(1024)
        if not head:
            raise DocumentError("the file is empty (0 bytes)")
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if b"%PDF-" in head:
        with _open_pdf(path) as pdf:
            kind, pages = "pdf", pdf.page_count
    else:
        with _open_image(path) as image:
            kind = str(image.format).lower()
            pages = _frames(image) if kind == "tiff" else 1
    if pages < 1:
        raise DocumentError("the document has no pages")
    if pages > limits.max_pages:
        raise DocumentError(f"the document has {pages} pages, more than max_pages: {limits.max_pages} allows")
    return Inspection(kind, pages, sha256)


def render(path: Path, number: int, work: Path, limits: Limits) -> Rendered:
    """Write the image of page ``number`` (1-based) into ``work``; DocumentError when the page cannot be read."""
    with path.open("rb") as file:
        is_pdf = b"%PDF-" in file.read(1024)
    try:
        return _render_pdf(path, number, work, limits) if is_pdf else _render_image(path, number, work, limits)
    except DocumentError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError, Image.DecompressionBombError) as e:
        raise DocumentError(f"page {number} is damaged: {e}") from e


def _open_pdf(path: Path) -> Any:
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    try:
        pdf = pymupdf.open(str(path), filetype="pdf")
    except (RuntimeError, ValueError) as e:
        raise DocumentError(f"the PDF is damaged: {e}") from e
    if pdf.needs_pass:
        pdf.close()
        raise DocumentError("the PDF is encrypted; save it without a password and drop it again")
    if pdf.is_repaired and not _has_end(path):
        pdf.close()
        raise DocumentError("the PDF is cut short: its end is missing; what is left of it may lack pages")
    return pdf


def _has_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - PDF_TAIL))
        return b"%%EOF" in file.read()


def _open_image(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(path, formats=FORMATS)
    except UnidentifiedImageError as e:
        raise DocumentError("the file is no scan: neither PDF, TIFF, PNG, JPEG, BMP, WebP nor GIF") from e
    except (OSError, ValueError, SyntaxError, EOFError) as e:
        raise DocumentError(f"the image is damaged: {e}") from e


def _frames(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except (OSError, ValueError, SyntaxError, EOFError) as e:
        raise DocumentError(f"the TIFF is damaged: {e}") from e


def _render_pdf(path: Path, number: int, work: Path, limits: Limits) -> Rendered:
    with _open_pdf(path) as pdf:
        page = pdf.load_page(number - 1)
        width, height = page.rect.width / 72, page.rect.height / 72
        dpi = _scan_dpi(page) or limits.render_dpi
        room = math.sqrt(limits.max_megapixels * 1e6 / max(width * height, 1e-9))
        dpi = min(dpi, int(room))
        if dpi < SANE_DPI.start:
            raise DocumentError(
                f"page {number} measures {width:.0f} by {height:.0f} inches: "
                f"even at {SANE_DPI.start} DPI it has more than max_megapixels: {limits.max_megapixels:g}"
            )
        pixmap = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False)
        target = work / f"page-{number}.pgm"
        pixmap.save(str(target), output="pnm")
        return Rendered(target, pixmap.width, pixmap.height, dpi)


def _scan_dpi(page: Any) -> int | None:
    """Resolution of the one image that fills the page, so that scans are not resampled; None for other pages."""
    images = page.get_image_info()
    if len(images) != 1:
        return None
    left, top, right, bottom = images[0]["bbox"]
    covered = (right - left) * (bottom - top) / max(page.rect.width * page.rect.height, 1e-9)
    if covered < 0.8:  # noqa: PLR2004 -- of the page
        return None
    dpi = round(images[0]["width"] / max((right - left) / 72, 1e-9))
    return min(dpi, 600) if dpi >= 100 else None  # noqa: PLR2004 -- below, interpolation helps Tesseract


def _render_image(path: Path, number: int, work: Path, limits: Limits) -> Rendered:
    with _open_image(path) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if number > 1:
            image.seek(number - 1)
        pixels = image.width * image.height / 1e6
        if pixels > limits.max_megapixels:
            raise DocumentError(
                f"page {number} has {pixels:.0f} megapixels ({image.width} x {image.height}), "
                f"more than max_megapixels: {limits.max_megapixels:g} allows"
            )
        dpi = _dpi(image)
        grey = _grey(ImageOps.exif_transpose(image))
    target = work / f"page-{number}.pnm"
    grey.save(target, "PPM")
    return Rendered(target, grey.width, grey.height, dpi)


def _grey(image: Image.Image) -> Image.Image:
    """Bilevel stays bilevel; everything else becomes 8-bit grey, transparency white."""
    if image.mode in ("1", "L"):
        return image
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        low, high = (float(v) for v in image.getextrema())  # type: ignore[arg-type]
        scale = 255.0 / max(high - low, 1.0) if high > 255 else 1.0  # noqa: PLR2004
        return image.convert("F").point(lambda v: (v - (low if high > 255 else 0.0)) * scale).convert("L")  # noqa: PLR2004
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L")


def _dpi(image: Image.Image) -> int:
    dpi = image.info.get("dpi")
    try:
        value = round(float(dpi[0])) if dpi else 0
    except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return 0
    return value if value in SANE_DPI else 0
