"""Opens image files, recognised by content, and counts their pages."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image
from PIL.ExifTags import Base

from scanmend.fs.safe_open import open_source
from scanmend.source.image import mupdf_image
from scanmend.source.image.bare_png import SIGNATURE, bare_png
from scanmend.source.image.heic import is_heic, open_heic
from scanmend.source.image.image_page import ImagePage, PixelCheck, known_orientation, upright
from scanmend.source.image.pillow_errors import PILLOW_ERRORS
from scanmend.source.image.refusal import jpeg_feature, refusal
from scanmend.source.image.tiff_directories import page_directories
from scanmend.source.image.tiff_pages import MARKS, tiff_page
from scanmend.source.packed.checksums import png_damage
from scanmend.source.packed.jpeg import jpeg_damage

_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF")
"""The formats that Pillow finds out by itself, by its names for them."""
_HEAD_BYTES = 65_536
"""Bytes at the start that tell what a file is."""
_CENTIMETRES = 3
"""The unit of resolution in EXIF that is not the inch."""

Image.MAX_IMAGE_PIXELS = None  # ``check`` is the limit, with a message that names the setting


class ImageFile:
    """An open image file; from ``open_image_file``."""

    def __init__(self, kind: str, pages: int, open_page: Callable[[int], ImagePage]) -> None:
        """``kind``: ``png``, ``tiff`` and so on; ``open_page`` gets a 1-based number."""
        self.kind, self.pages, self._open_page = kind, pages, open_page
        self._latest: tuple[int, ImagePage] | None = None

    def page(self, number: int) -> ImagePage:
        """Return page ``number`` (1-based); the latest is kept, so that all who show it decode it once.

        DocumentError where it is not supported or too large, and what Pillow raises on damage.
        """
        if not 1 <= number <= self.pages:
            raise EOFError(f"the file has no page {number}")
        if self._latest is None or self._latest[0] != number:
            self._latest = None  # before the next takes memory
            self._latest = number, self._open_page(number)
        return self._latest[1]


@contextmanager
def open_image_file(path: Path, check: PixelCheck) -> Iterator[ImageFile]:
    """Open as a stream; DocumentError for what is not an image, not supported or too large, OSError.

    What Pillow raises on damage. Given a name instead of a stream, Pillow maps uncompressed files into memory; it then
    garbles TIFFs that lie on their side, and dies of SIGBUS when a file is cut meanwhile.
    """
    with open_source(path) as file:
        head = file.read(_HEAD_BYTES)
        if head[:4] in MARKS:
            yield _tiff(file, check)
        elif is_heic(head):
            yield _of_one_page("heic", open_heic(file), check)
        else:
            if size := _webp_size(head[:30]):
                check(*size, 1)
            yield _by_content(file, head, check)


def _tiff(file: BinaryIO, check: PixelCheck) -> ImageFile:
    directories = page_directories(file)
    return ImageFile("tiff", len(directories), lambda number: tiff_page(directories[number - 1], number, check))


def _by_content(file: BinaryIO, head: bytes, check: PixelCheck) -> ImageFile:
    """Open with Pillow, or else what it is too strict for with help; DocumentError where nobody opens it."""
    file.seek(0)
    try:
        image = Image.open(file, formats=_FORMATS)
    except (OSError, *PILLOW_ERRORS) as e:
        if isinstance(e, OSError) and e.errno is not None:
            raise
        file.seek(0)
        if head.startswith(SIGNATURE):
            return _of_bare_png(file.read(), head, check)
        picture = None
        if head.startswith(b"BM"):
            picture = mupdf_image.decode(file.read(), lambda width, height: check(width, height, 1))
        if picture is None:
            raise refusal(head, str(e)) from e
        return ImageFile("bmp", 1, lambda _: ImagePage(lambda: picture, 1, (0, 0)))

    def damage() -> str:
        if image.format not in {"JPEG", "PNG"}:
            return ""
        file.seek(0)
        data = file.read()
        return png_damage(data) if image.format == "PNG" else jpeg_damage(data, image.width * image.height)

    return _of_one_page(str(image.format).lower(), image, check, head, damage)


def _of_bare_png(data: bytes, head: bytes, check: PixelCheck) -> ImageFile:
    try:
        image = Image.open(bare_png(data), formats=("PNG",))
    except (OSError, *PILLOW_ERRORS) as e:
        raise refusal(head, str(e)) from e
    image.format = None  # so that nobody hands on the file's own bytes
    return _of_one_page("png", image, check, head, lambda: png_damage(data))


def _of_one_page(
    kind: str, image: Image.Image, check: PixelCheck, head: bytes = b"", damage: Callable[[], str] = str
) -> ImageFile:
    """A file whose first picture is its only page: those of a moving one are not, nor a photo's preview."""

    def decode() -> Image.Image:
        try:
            image.load()
        except OSError as e:
            if e.errno is None and kind == "jpeg" and jpeg_feature(head):
                raise refusal(head, str(e)) from e
            raise
        return image

    def open_page(number: int) -> ImagePage:
        check(image.width, image.height, number)
        exif = _exif(image)
        orientation = known_orientation(exif.get(Base.Orientation))
        return ImagePage(lambda: upright(decode(), orientation), orientation, _claimed(image, exif), image, damage)

    return ImageFile(kind, 1, open_page)


def _exif(image: Image.Image) -> Image.Exif:
    """Return the EXIF block; an empty one where it is broken, since the image itself may still be sound."""
    try:
        return image.getexif()
    except (OSError, *PILLOW_ERRORS):
        return Image.Exif()


def _claimed(image: Image.Image, exif: Image.Exif) -> tuple[float, float]:
    """Resolution as the format gives it, or else as the EXIF block does, across and down; 0 where there is none."""
    try:
        if "dpi" in image.info:
            across, down = image.info["dpi"]
            return float(across), float(down)
        unit = 2.54 if exif.get(Base.ResolutionUnit) == _CENTIMETRES else 1.0
        return unit * float(exif.get(Base.XResolution, 0)), unit * float(exif.get(Base.YResolution, 0))
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return 0.0, 0.0


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
