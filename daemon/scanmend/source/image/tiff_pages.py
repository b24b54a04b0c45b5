"""The pages of a TIFF, each decoded by whoever knows its pixels: Pillow, ``tiff_samples``, or MuPDF."""

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from scanmend.errors import DocumentError
from scanmend.source.image import mupdf_image, tiff_layout, tiff_samples
from scanmend.source.image import tiff_directories as tiff
from scanmend.source.image.image_page import ImagePage, PixelCheck, known_orientation, upright
from scanmend.source.image.tiff_directories import Directory

MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How a TIFF or BigTIFF begins, in either byte order."""
_UNITS = {2: 1.0, 3: 2.54}
"""Dots per inch for one dot per unit of resolution: inch, centimetre."""

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
            return ImagePage(lambda: _loaded(image), orientation, (across, down))  # Pillow turns TIFFs upright itself
    if tiff_layout.is_possible(directory):
        return ImagePage(lambda: upright(tiff_samples.decode(directory), orientation), orientation, (across, down))
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
