"""How wide a gap between two words is on the page image itself, as Tesseract's boxes are not always exact."""

import numpy as np

from scanmend.document import Box
from scanmend.ocr.page_analysis import Grey
from scanmend.ocr.transform import full_copy
from scanmend.source.page_image import PageImage

_INK_SHARE = 0.05
"""Share of a line's height that must be dark in a column of pixels for ink: less is dust."""


class InkGaps:
    """Measures gaps on one page image, which is only opened for the first of them."""

    def __init__(self, image: PageImage) -> None:
        """Take the image that the boxes belong to."""
        self._image = image
        self._pixels: Grey | None = None

    def between(self, a: Box, b: Box) -> int:
        """Return the widest gap in pixels between the middles of two boxes of one line."""
        if self._pixels is None:
            self._pixels = full_copy(self._image)
        return widest_gap(self._pixels, a, b)


def widest_gap(pixels: Grey, a: Box, b: Box) -> int:
    """Return the most columns in a row without ink between the middles of two boxes, dark on light.

    A ruled line, dark from top to bottom, counts as a gap: it parts what stands on its sides.
    """
    left, right = sorted(max(0, (box[0] + box[2]) // 2) for box in (a, b))
    line = pixels[max(0, min(a[1], b[1])) : max(a[3], b[3], 0), left:right]
    if not line.size:
        return 0
    dark = (line < (int(line.min()) + int(line.max())) / 2).sum(axis=0)
    inked = (dark > _INK_SHARE * len(line)) & (dark < len(line))
    edges = np.flatnonzero(np.concatenate(([True], inked, [True])))
    return int(np.diff(edges).max()) - 1
