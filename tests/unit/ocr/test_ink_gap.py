"""scanmend.ocr.ink_gap: gaps between words are measured on the page image."""

import numpy as np
import pytest
from PIL import Image

from scanmend.ocr.ink_gap import InkGaps, widest_gap
from scanmend.source.page_image import PageImage


def strip(*columns, ground=250, ink=20):
    """A line of 40 rows: ``(kind, width)`` side by side, where glyphs ("#") are inked in their middle rows."""
    parts = []
    for kind, width in columns:
        part = np.full((40, width), ground, np.uint8)
        part[{"#": slice(6, 34), "|": slice(0, 40), ".": slice(20, 21), " ": slice(0, 0)}[kind]] = ink
        parts.append(part)
    return np.hstack(parts)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((("#", 60), (" ", 12), ("#", 60)), 12),
        ((("#", 40), (" ", 3), ("#", 40), (" ", 5), ("#", 44)), 5),
        ((("#", 50), (" ", 20), (".", 3), (" ", 9), ("#", 50)), 32),
        ((("#", 50), (" ", 20), ("|", 3), (" ", 9), ("#", 50)), 32),
        ((("#", 132),), 0),
    ],
)
def test_gaps_on_the_image(columns, expected):
    """The boxes' edges do not count, ink does; dust is none, and a ruled line parts as much as paper does."""
    pixels = strip(*columns)
    assert widest_gap(pixels, (0, 0, 30, 40), (pixels.shape[1] - 8, 0, pixels.shape[1], 40)) == expected


def test_boxes_that_are_nowhere():
    """Boxes outside the image, or one on the other, have no gap between them."""
    pixels = strip(("#", 20), (" ", 20), ("#", 20))
    assert widest_gap(pixels, (200, 50, 260, 90), (300, 50, 320, 90)) == 0
    assert widest_gap(pixels, (0, 0, 60, 40), (0, 0, 60, 40)) == 0


def test_a_page_image_is_opened_for_the_first_gap(tmp_path):
    """Grey and bilevel images are measured alike; one without Chinese, Japanese or Korean is never opened."""
    pixels = strip(("#", 60), (" ", 17), ("#", 60))
    for mode in ("L", "1"):
        path = tmp_path / f"{mode}.pnm"
        gaps = InkGaps(PageImage(path, 137, 40, 150))
        Image.fromarray(pixels).convert(mode).save(path, "PPM")
        assert gaps.between((0, 0, 60, 40), (77, 0, 137, 40)) == 17
