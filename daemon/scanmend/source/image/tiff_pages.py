"""The pages of a TIFF, each decoded by whoever knows its pixels: Pillow, ``tiff_samples``, or MuPDF."""

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from scanmend.errors import DocumentError
from scanmend.source.image import mupdf_image, tiff_layout, tiff_samples
from scanmend.source.image import tiff_directories as tiff
from scanmend.source.image.image_page import ImagePage, PixelCheck, known_orientation, upright
from scanmend.source.image.tiff_directories import Directory
from scanmend.source.packed.checksums import deflate_damage
from scanmend.source.packed.fax import GROUP_4, fax_damage
from scanmend.source.packed.jpeg import jpeg_damage

MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How a TIFF or BigTIFF begins, in either byte order."""
_UNITS = {2: 1.0, 3: 2.54}
"""Dots per inch for one dot per unit of resolution: inch, centimetre."""

_FAX, _JPEG, _DEFLATE = (2, 3, 4), 7, (8, 32946)
"""Compressions whose data tell whether they are whole: Huffman, Group 3 and 4; JPEG; Deflate."""
_GROUP_3_2D = 1
"""Bit of T4Options that says that most rows are coded by the one before."""
_MAX_SAMPLE_BYTES = 8

TiffImagePlugin.READ_LIBTIFF = True  # Pillow's own reader of unpacked strips takes subsampled colours for a cut file


def tiff_page(directory: Directory, number: int, check: PixelCheck) -> ImagePage:
    """Return the page of a directory; ``number`` is for messages.

    DocumentError where it is not supported or too large, and what Pillow raises on damage.
    """
    check(*directory.size, number)
    orientation = known_orientation(directory.value(tiff.ORIENTATION, 1))
    unit = _UNITS.get(directory.value(tiff.RESOLUTION_UNIT, 2), 0.0)
    across, down = (unit * next(iter(directory.values(tag)), 0.0) for tag in (tiff.X_RESOLUTION, tiff.Y_RESOLUTION))
    if not tiff_layout.is_needed(directory):
        image = _opened(directory.as_first())
        if image is not None:
            # Pillow turns TIFFs upright itself
            return ImagePage(lambda: _loaded(image), orientation, (across, down), damage=lambda: _damage(directory))
    if tiff_layout.is_possible(directory):

        def decode() -> Image.Image:
            return upright(tiff_samples.decode(directory), orientation)

        return ImagePage(decode, orientation, (across, down), damage=lambda: _damage(directory))
    picture = None
    if tiff_layout.is_plain(directory):
        picture = mupdf_image.decode(directory.as_first().read(), lambda width, height: check(width, height, number))
    if picture is None or picture.size != directory.size:
        raise DocumentError(
            f"page {number} is a TIFF of a kind that is not supported ({tiff_layout.features(directory)}); "
            "save it with 8 bits a sample, or as PNG"
        )
    return ImagePage(lambda: upright(picture, orientation), orientation, (across, down))


def _opened(file: object) -> Image.Image | None:
    """Open with Pillow; None for pixels or a compression that it does not know."""
    try:
        return Image.open(file, formats=("TIFF",))  # type: ignore[arg-type]
    except (UnidentifiedImageError, KeyError):
        return None


def _loaded(image: Image.Image) -> Image.Image:
    image.load()
    return image


def _damage(directory: Directory) -> str:
    """Why the data of a strip or tile are not whole; empty where nothing speaks against them."""
    packing = directory.value(tiff.COMPRESSION, 1)
    if packing not in (*_FAX, _JPEG, *_DEFLATE):
        return ""
    tiled = tiff.TILE_OFFSETS in directory.fields
    offsets = directory.values(tiff.TILE_OFFSETS if tiled else tiff.STRIP_OFFSETS)
    sizes = directory.values(tiff.TILE_SIZES if tiled else tiff.STRIP_SIZES)
    width, left = directory.size
    height = min(directory.value(tiff.ROWS_PER_STRIP, left) or left, left)
    if tiled:
        width, height = directory.value(tiff.TILE_WIDTH), directory.value(tiff.TILE_HEIGHT)
    for at, size in zip(offsets, sizes, strict=False):
        rows = height if tiled else min(height, left)
        left -= 0 if tiled else height
        if rows < 1:  # the next plane's first strip
            rows, left = height, directory.size[1] - height
        directory.file.seek(int(at))
        reason = _data_damage(directory, directory.file.read(int(size)), (width, rows), packing)
        if reason:
            return reason
    return ""


def _data_damage(directory: Directory, data: bytes, size: tuple[int, int], packing: int) -> str:
    if packing == _JPEG:
        tables = directory.content(tiff.JPEG_TABLES)
        return jpeg_damage(tables[:-2] + data[2:] if tables else data, size[0] * size[1])
    if packing in _DEFLATE:
        return deflate_damage(data, _MAX_SAMPLE_BYTES * max(1, directory.value(tiff.SAMPLES, 1)) * size[0] * size[1])
    mixed = directory.value(tiff.T4_OPTIONS) & _GROUP_3_2D
    k = {2: 0, 3: int(mixed), 4: GROUP_4}[packing]
    reverse = directory.value(tiff.FILL_ORDER, 1) == 2  # noqa: PLR2004 -- lowest bit first
    return fax_damage(data, size, k, aligned=packing == _FAX[0], reversed_bits=reverse)
