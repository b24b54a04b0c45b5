"""scanmend.review.pictures: pages and places as pictures, from the scan or from the cache."""

import pytest
from PIL import Image

from review_world import AMOUNT
from scanmend.review.doubt.decisions import DecisionRefused
from two_readers_page import HEIGHT, WIDTH


def test_page_and_place(world):
    """The page in its own size; the crop shows the place, in colour."""
    id_ = world.publish()
    with Image.open(world.reviews.page_image(id_, 1)) as page:
        assert page.size == (WIDTH, HEIGHT)
        assert page.convert("RGB").getpixel((260, 255)) == (0, 0, 128)
    with Image.open(world.reviews.crop(id_, AMOUNT)) as crop:
        assert crop.size == (80 + 4 * 30, 30 + 2 * 30)
        assert crop.convert("RGB").getpixel((100, 45)) == (0, 0, 128)
    (world.folder.archive / "a.png").unlink()
    assert world.reviews.crop(id_, AMOUNT).exists()  # from the cache
    with pytest.raises(DecisionRefused, match="no image of a page 2"):
        world.reviews.page_image(id_, 2)
