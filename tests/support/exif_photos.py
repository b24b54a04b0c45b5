"""Photos as cameras store them: turned or mirrored, with the EXIF orientation that undoes it."""

from PIL import Image
from PIL.ExifTags import Base

_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored_as(upright, orientation):
    """Return the image as a camera stores it for an EXIF orientation (1 to 8), and EXIF data with that orientation."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    return upright.transpose(_STORED[orientation]) if orientation > 1 else upright, exif
