"""A page of an image file: upright, opaque, decoded when asked for, with the resolution that is believed of it."""

import math
from collections.abc import Callable
from functools import cached_property
from types import MappingProxyType

from PIL import Image

from scanmend.source.image.seen import seen

_BELIEVED_DPI = range(70, 1201)
"""Resolutions along one side that a scanner may have."""
_MIN_BELIEVED_DPI = 100
"""The larger of both resolutions is at least this, or neither is believed: phones and programs write 72 or 96."""

_TRANSPOSITIONS = MappingProxyType(
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
"""The transposition that makes a stored picture upright, by its orientation as EXIF and TIFF number them."""


PixelCheck = Callable[[int, int, int], None]
"""Gets width and height in pixels and the number of a page, and raises DocumentError where it is too large."""


class ImagePage:
    """A page of an image file; from ``ImageFile.page``."""

    def __init__(
        self,
        decode: Callable[[], Image.Image],
        orientation: int,
        resolution: tuple[float, float],
        stored: Image.Image | None = None,
        damage: Callable[[], str] = str,
    ) -> None:
        """``decode`` returns the picture, upright; ``orientation``: how it is stored, 1 to 8.

        ``resolution``: what the file claims of the stored picture, in dots per inch across and down, 0 where nothing.
        ``stored``: the picture as Pillow opened it, not decoded yet, where its file has no other.
        ``damage``: returns why its packed data are not whole, although they can be decoded; empty where they are.
        """
        self._decode, self.damage = decode, damage
        self.orientation, self.stored = orientation, stored
        self.resolution = believed(*resolution, on_its_side=orientation in (5, 6, 7, 8))

    @cached_property
    def picture(self) -> Image.Image:
        """The page upright, in one of ``PLAIN_MODES``; what Pillow raises on damage."""
        return seen(self._decode())


def upright(picture: Image.Image, orientation: int) -> Image.Image:
    """Return a picture that is stored so as it is to be seen."""
    turn = _TRANSPOSITIONS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def known_orientation(claimed: object) -> int:
    """Return an orientation that a file claims, 1 to 8; 1 where it claims something else."""
    return claimed if isinstance(claimed, int) and claimed in _TRANSPOSITIONS else 1


def believed(across: float, down: float, *, on_its_side: bool) -> tuple[float, float] | None:
    """Return the resolution of an upright page in dots per inch, across and down; None where it is hardly meant."""
    if not (math.isfinite(across) and math.isfinite(down)):
        return None
    across, down = across or down, down or across
    pair = (round(across, 1), round(down, 1))  # formats that count in metres come back with 199.9996
    if max(pair) < _MIN_BELIEVED_DPI or not all(_BELIEVED_DPI.start <= n < _BELIEVED_DPI.stop for n in pair):
        return None
    return pair[::-1] if on_its_side else pair
