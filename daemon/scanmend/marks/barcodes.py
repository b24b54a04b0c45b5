"""Barcodes on a page image, read by zxing-cpp."""

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from scanmend.document import Mark

KINDS = {
    zxingcpp.BarcodeFormat.Code39: "code39",
    zxingcpp.BarcodeFormat.Code128: "code128",
    zxingcpp.BarcodeFormat.EAN13: "ean13",
    zxingcpp.BarcodeFormat.EAN8: "ean8",
    zxingcpp.BarcodeFormat.QRCode: "qr",
    zxingcpp.BarcodeFormat.DataMatrix: "datamatrix",
}
"""The formats that are looked for, by the library's name, and what a Mark calls them."""
MAX_VALUE_CHARS = 1000
"""Longest value that a Mark keeps, in characters; a QR code may hold several thousand."""


def find_barcodes(grey: NDArray[np.uint8]) -> tuple[Mark, ...]:
    """Return the barcodes on an image (rows by columns, 0 is black), from top to bottom; without control characters."""
    found = zxingcpp.read_barcodes(np.ascontiguousarray(grey), formats=list(KINDS))
    marks = [
        Mark(kind, printable[:MAX_VALUE_CHARS], _box(code.position, grey.shape))
        for code in found
        if (kind := _kind(code.format)) and (printable := "".join(c for c in code.text if c.isprintable()))
    ]
    return tuple(sorted(set(marks), key=lambda mark: (mark.box[1], mark.box[0], mark.value)))


def _kind(found: object) -> str | None:
    """Return our name of a format; the library tells variants of Code 39 and QR codes apart, which we do not."""
    if known := next((kind for format_, kind in KINDS.items() if format_ == found), None):
        return known
    name = str(getattr(found, "name", found)).rpartition(".")[2].lower()
    return next((kind for kind in KINDS.values() if name.startswith(kind)), None)


def _box(position: zxingcpp.Position, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    height, width = shape
    return max(0, min(xs)), max(0, min(ys)), min(width, max(xs) + 1), min(height, max(ys) + 1)
