"""Decodes images with MuPDF that Pillow refuses though they are sound: bitmaps with other bit masks, rare TIFFs."""

import struct
from collections.abc import Callable

from PIL import Image

_BMP_BITFIELDS = (3, 6)
"""Compressions of a BMP that are none: samples lie where masks say."""


def decode(data: bytes, check: Callable[[int, int], None]) -> Image.Image | None:
    """Return the first picture as MuPDF decodes it: L, RGB, or with alpha LA or RGBA; None where it cannot.

    ``check`` gets width and height in pixels before anything is unpacked. None, too, for a file that is not whole, as
    MuPDF shows what is left of it. MemoryError.
    """
    if not _is_whole(data):
        return None
    import pymupdf  # noqa: PLC0415 -- a third of a page worker's start; hardly an image needs it

    try:
        info = pymupdf.mupdf.fz_new_image_from_buffer(pymupdf.mupdf.fz_new_buffer_from_copied_data(data))
        check(info.w(), info.h())
        pixels = pymupdf.Pixmap(data)
        if pixels.colorspace is None or pixels.colorspace.n not in (1, 3):
            pixels = pymupdf.Pixmap(pymupdf.csRGB, pixels)
    except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError):
        return None
    mode = {(1, 0): "L", (3, 0): "RGB", (1, 1): "LA", (3, 1): "RGBA"}[pixels.colorspace.n, pixels.alpha]
    return Image.frombytes(mode, (pixels.width, pixels.height), pixels.samples)


def _is_whole(data: bytes) -> bool:
    if data[:2] == b"BM" and len(data) > 54:  # noqa: PLR2004 -- both headers
        start, width, height, bits, packing = struct.unpack_from("<10xI4xii2xHI", data)
        rows = abs(height) * ((abs(width) * bits + 31) // 32 * 4)
        return packing not in (0, *_BMP_BITFIELDS) or len(data) >= start + rows
    return True
