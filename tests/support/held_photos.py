"""Photos as cameras store them: turned or mirrored, with the way back in their EXIF data."""

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


def held(upright, orientation):
    """The picture as it is stored for an EXIF orientation from 1 to 8, and the EXIF data that say so."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    return upright.transpose(_STORED[orientation]) if orientation > 1 else upright, exif
