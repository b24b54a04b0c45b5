"""Image files (TIFF, PNG, JPEG, BMP, WebP, GIF) become page images through Pillow: upright, grey or bilevel.

Runs in page workers only: Pillow parses untrusted files in native code.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base

from scanmend.document import DocumentWarning
from scanmend.errors import DocumentError
from scanmend.fs.safe_open import open_source
from scanmend.source import foreign
from scanmend.source.damage import DAMAGE_ERRORS
from scanmend.source.page_image import PLAUSIBLE_DPI, PageImage, check_pixels, write_page_image
from scanmend.source.pdf.picture_data import FLAT_RANGE, jpeg_ends_early
from scanmend.source.settings import SourceLimits

IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
"""The formats that Pillow may open, by its names for them."""

Image.MAX_IMAGE_PIXELS = None  # ``check_pixels`` is the limit, with a message that names the setting

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
"""The transposition that makes an image upright, by its EXIF orientation."""
_WHITE_LEVELS = (1.0, 255.0, 4095.0, 65535.0, 2.0**32 - 1)
"""White in samples of a float, 8, 12, 16 and 32 bits."""


@contextmanager
def open_image(path: Path, limits: SourceLimits) -> Iterator[Image.Image]:
    """Open with Pillow, as a stream; DocumentError for what is not an image or is too large, OSError.

    Given a name instead of a stream, Pillow maps uncompressed files into memory; it then garbles TIFFs that lie on
    their side, and dies of SIGBUS when a file is cut meanwhile.
    """
    with open_source(path) as file:
        if size := _webp_size(file.read(30)):
            check_pixels(*size, 1, limits)
        file.seek(0)
        try:
            image = Image.open(file, formats=IMAGE_FORMATS)
        except UnidentifiedImageError as e:
            what = foreign.describe(file)
            raise DocumentError(
                "the file is no scan: neither PDF, TIFF, PNG, JPEG, BMP, WebP nor GIF"
                + (f", but {what}" if what else "")
            ) from e
        with image:
            yield image


def render_image_page(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    """Write page ``number`` (1-based), upright and in grey or bilevel, into the folder ``work``.

    DocumentError, StorageError, OSError, and what Pillow raises on damage.
    """
    with open_image(path, limits) as image:
        if number > 1:
            image.seek(number - 1)
        check_pixels(image.width, image.height, number, limits)
        image.load()
        exif = _exif(image)
        dpi = _dpi(image, exif)
        grey = _grey(image)
        warnings = _unread(path, grey, number) if image.format == "JPEG" else ()
        transposition = _EXIF_TRANSPOSITIONS.get(exif.get(Base.Orientation, 1))
        if transposition is not None:
            grey = grey.transpose(transposition)
    target = work / f"page-{number}.pnm"
    write_page_image(target, lambda file: grey.save(file, "PPM"))
    return PageImage(target, grey.width, grey.height, dpi, warnings)


def _unread(path: Path, grey: Image.Image, number: int) -> tuple[DocumentWarning, ...]:
    """Return a warning where a JPEG lacks data, which its decoder fills with grey."""
    low, high = grey.crop((0, grey.height - 1, grey.width, grey.height)).getextrema()
    if float(high) - float(low) > FLAT_RANGE:  # type: ignore[arg-type]
        return ()
    with open_source(path) as file:
        if not jpeg_ends_early(file.read(), grey.width * grey.height):
            return ()
    text = "the picture could not be read whole: its data end early; scan the page again"
    return (DocumentWarning("picture_not_read", text, number),)


def _webp_size(head: bytes) -> tuple[int, int] | None:
    """Width and height that a WebP declares: Pillow allocates the whole image as soon as it opens one."""
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
    """Return the EXIF block; an empty one where it is broken, since the image itself may still be sound."""
    try:
        return image.getexif()
    except (OSError, *DAMAGE_ERRORS):
        return Image.Exif()


def _dpi(image: Image.Image, exif: Image.Exif) -> int:
    """Resolution as the format gives it, or else as the EXIF block does; 0 when it is not plausible."""
    try:
        if "dpi" in image.info:
            value = float(image.info["dpi"][0])
        else:
            value = float(exif.get(Base.XResolution, 0)) * (2.54 if exif.get(Base.ResolutionUnit) == 3 else 1)  # noqa: PLR2004 -- centimetres
        dpi = round(value)
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return 0
    return dpi if dpi in PLAUSIBLE_DPI else 0
