"""Sources become page images: PDF through MuPDF, everything else through Pillow; decided by content, not by suffix.

Runs in page workers only: both libraries parse untrusted files in native code.
"""

import hashlib
import math
import os
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import pymupdf
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base

from scanmend.errors import DocumentError, OcrError, StorageError
from scanmend.fs.safe_open import open_source
from scanmend.source.settings import Inspection, SourceLimits

IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
PDF_TAIL_BYTES = 2048
PLAUSIBLE_DPI = range(70, 1201)

DAMAGE_ERRORS = (
    ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError,
    struct.error, zlib.error, pymupdf.mupdf.FzErrorBase,
)  # fmt: skip
"""What MuPDF and Pillow raise, beside OSError, when a file is not what it says it is."""

Image.MAX_IMAGE_PIXELS = None  # the limit is ours, with a message of ours

_JPX_HEADER = re.compile(rb"\xff\x4f\xff\x51....(.{16})", re.DOTALL)
"""Where a JPEG 2000 stream begins, and how large its picture is."""

_EXIF_TRANSPOSITIONS = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
"""What makes an image upright, by its EXIF orientation."""
_WHITE_LEVELS = (1.0, 255.0, 4095.0, 65535.0, 2.0**32 - 1)
"""White in samples of a float, 8, 12, 16 and 32 bits."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page image on disk, grey or bilevel, uncompressed."""

    path: Path
    width: int
    height: int
    dpi: int
    """0 when the source does not tell, or tells nonsense."""


def inspect(path: Path, limits: SourceLimits) -> Inspection:
    """Digest and count the pages of a source; DocumentError when it cannot be one, OSError when it cannot be read."""
    with open_source(path) as file:
        head = file.read(1024)
        if not head:
            raise DocumentError("the file is empty (0 bytes)")
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with damage_as_document_error("the file is damaged"):
        if b"%PDF-" in head:
            with open_pdf(path) as pdf:
                kind, pages = "pdf", pdf.page_count
        else:
            with _open_image(path, limits) as image:
                kind = str(image.format).lower()
                pages = int(getattr(image, "n_frames", 1)) if kind == "tiff" else 1
    if pages < 1:
        raise DocumentError("the document has no pages")
    if pages > limits.max_pages:
        raise DocumentError(f"the document has {pages} pages, more than max_pages: {limits.max_pages} allows")
    return Inspection(kind, pages, sha256)


def render(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    """Write the image of page ``number`` (1-based) into ``work``.

    DocumentError when the page cannot be read, OcrError when the image cannot be written, OSError when the system
    refuses to read the file.
    """
    of_pdf = is_pdf(path)
    with damage_as_document_error(f"page {number} is damaged"):
        return (_render_pdf if of_pdf else _render_image)(path, number, work, limits)


def is_pdf(path: Path) -> bool:
    """Whether the file says that it is a PDF; OSError."""
    with open_source(path) as file:
        return b"%PDF-" in file.read(1024)


@contextmanager
def damage_as_document_error(what: str) -> Iterator[None]:
    """Turn what the libraries raise on damaged content into DocumentError; OSErrors of the system have a number."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except pymupdf.mupdf.FzErrorSystem as e:
        if "alloc" in str(e):
            raise MemoryError(_one_line(e)) from e
        raise OcrError(f"MuPDF could not read the file: {e}") from e
    except OSError as e:
        if e.errno is not None:
            raise
        raise DocumentError(f"{what}: {_one_line(e)}") from e
    except DAMAGE_ERRORS as e:
        raise DocumentError(f"{what}: {_one_line(e) or type(e).__name__}") from e


def _one_line(e: Exception) -> str:
    return " ".join(str(e).split())


def open_pdf(path: Path) -> Any:
    """Open with MuPDF, which closes it as a context manager; DocumentError, OSError."""
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    with open_source(path) as file:  # MuPDF itself cannot open names that are no Unicode
        try:
            pdf = pymupdf.open(f"/proc/self/fd/{file.fileno()}", filetype="pdf")
        except pymupdf.FileDataError as e:
            raise DocumentError("the PDF is damaged beyond repair") from e
    if pdf.needs_pass:
        pdf.close()
        raise DocumentError("the PDF is encrypted; save it without a password and drop it again")
    if pdf.is_repaired and not _has_end(path):
        pdf.close()
        raise DocumentError("the PDF is cut short: its end is missing; what is left of it may lack pages")
    return pdf


def _has_end(path: Path) -> bool:
    with open_source(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - PDF_TAIL_BYTES))
        return b"%%EOF" in file.read()


@contextmanager
def _open_image(path: Path, limits: SourceLimits) -> Iterator[Image.Image]:
    """Open for Pillow as a stream.

    Given a name, it maps uncompressed files into memory, and then garbles TIFFs that lie on their side, and dies of
    SIGBUS when a file is cut meanwhile.
    """
    with open_source(path) as file:
        if size := _webp_size(file.read(30)):
            _check_pixels(*size, 1, limits)
        file.seek(0)
        try:
            image = Image.open(file, formats=IMAGE_FORMATS)
        except UnidentifiedImageError as e:
            raise DocumentError("the file is no scan: neither PDF, TIFF, PNG, JPEG, BMP, WebP nor GIF") from e
        with image:
            yield image


def _webp_size(head: bytes) -> tuple[int, int] | None:
    """Width and height that a WebP declares: Pillow makes room for it as soon as it opens one."""
    if len(head) < 30 or head[:4] != b"RIFF" or head[8:12] != b"WEBP":  # noqa: PLR2004 -- bytes
        return None
    kind, numbers = head[12:16], head[20:]
    if kind == b"VP8X":
        return 1 + int.from_bytes(numbers[4:7], "little"), 1 + int.from_bytes(numbers[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(numbers[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", numbers[6:10])
    return width & 0x3FFF, height & 0x3FFF


def _render_pdf(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    with open_pdf(path) as pdf:
        page = pdf.load_page(number - 1)
        dpi = pdf_dpi(page, number, limits)
        pixmap = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False)
        target = work / f"page-{number}.pgm"
        head = b"P5 %d %d 255\n" % (pixmap.width, pixmap.height)
        _write(target, lambda file: file.writelines((head, pixmap.samples_mv)))
        return PageImage(target, pixmap.width, pixmap.height, dpi)


def pdf_dpi(page: Any, number: int, limits: SourceLimits) -> int:
    """Resolution that MuPDF's page is rendered in; DocumentError where it, or a picture on it, is too large."""
    width, height = page.rect.width / 72, page.rect.height / 72
    room = int(math.sqrt(limits.max_megapixels * 1e6 / max(width * height, 1e-9)))
    if room < PLAUSIBLE_DPI.start:
        raise DocumentError(
            f"page {number} measures {width:.0f} by {height:.0f} inches: "
            f"even at {PLAUSIBLE_DPI.start} DPI it has more than max_megapixels: {limits.max_megapixels:g}"
        )
    for image in page.get_images(full=True):
        _check_pixels(*_declared_size(page.parent, image), number, limits)
    for image in page.get_image_info():  # those in the page's own content, too
        _check_pixels(image["width"], image["height"], number, limits)
    return min(_scan_dpi(page) or limits.render_dpi, room)


def _declared_size(pdf: Any, image: Sequence[Any]) -> tuple[int, int]:
    """Width and height of a PDF's image before it is decoded: JPEG 2000 brings its own, and MuPDF goes by that."""
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
    if covered < 0.8:  # noqa: PLR2004 -- of the page
        return None
    along = math.hypot(*images[0]["transform"][:2])  # the picture may lie on its side
    dpi = round(images[0]["width"] / max(along / 72, 1e-9))
    return min(dpi, 600) if dpi >= 100 else None  # noqa: PLR2004 -- below, interpolation helps Tesseract


def _render_image(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    with _open_image(path, limits) as image:
        if number > 1:
            image.seek(number - 1)
        _check_pixels(image.width, image.height, number, limits)
        image.load()
        exif = _exif(image)
        dpi = _dpi(image, exif)
        grey = _grey(image)
        turn = _EXIF_TRANSPOSITIONS.get(exif.get(Base.Orientation, 1))
        if turn is not None:
            grey = grey.transpose(turn)
    target = work / f"page-{number}.pnm"
    _write(target, lambda file: grey.save(file, "PPM"))
    return PageImage(target, grey.width, grey.height, dpi)


def _check_pixels(width: int, height: int, number: int, limits: SourceLimits) -> None:
    pixels = width * height / 1e6
    if pixels > limits.max_megapixels:
        raise DocumentError(
            f"page {number} has {pixels:.0f} megapixels ({width} x {height}), "
            f"more than max_megapixels: {limits.max_megapixels:g} allows"
        )


def _write(target: Path, save: Callable[[BinaryIO], object]) -> None:
    """Save a page image; that it cannot be written is never the document's fault."""
    try:
        with target.open("wb") as file:
            save(file)
    except OSError as e:
        raise StorageError(f"the page image {target} cannot be written: {_one_line(e)}") from e


def _grey(image: Image.Image) -> Image.Image:
    """Bilevel stays bilevel; everything else becomes 8-bit grey, transparency white."""
    if "transparency" in image.info or any(band in image.getbands() for band in "Aa"):
        image = image.convert("RGBA")
        sheet = Image.new("L", image.size, 255)
        sheet.paste(image.convert("L"), mask=image.getchannel("A"))
        return sheet
    if image.mode in ("1", "L"):
        return image
    if image.mode == "LAB":
        return image.getchannel("L")
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        high = float(image.getextrema()[1])  # type: ignore[arg-type]
        white = next((white for white in _WHITE_LEVELS[image.mode != "F" :] if high <= white), high)
        return image.convert("F").point(lambda v: v * (255.0 / white) + 0.0).convert("L")
    return image.convert("L")


def _exif(image: Image.Image) -> Image.Exif:
    """Return the EXIF block; an empty one where it is broken, since the picture may be fine all the same."""
    try:
        return image.getexif()
    except (OSError, *DAMAGE_ERRORS):
        return Image.Exif()


def _dpi(image: Image.Image, exif: Image.Exif) -> int:
    """Resolution as the format gives it, or else as the EXIF block does; 0 when it makes no sense."""
    try:
        if "dpi" in image.info:
            value = float(image.info["dpi"][0])
        else:
            value = float(exif.get(Base.XResolution, 0)) * (2.54 if exif.get(Base.ResolutionUnit) == 3 else 1)  # noqa: PLR2004 -- centimetres
        dpi = round(value)
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return 0
    return dpi if dpi in PLAUSIBLE_DPI else 0
