"""Image files (TIFF, PNG, JPEG, BMP, WebP, GIF, HEIC) become page images: upright, grey or bilevel.

Runs in page workers only: what decodes them parses untrusted files in native code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanmend.source.image.image_file import ImageFile, open_image_file
from scanmend.source.image.seen import grey
from scanmend.source.page_image import PageImage, check_pixels, write_page_image
from scanmend.source.settings import SourceLimits


@contextmanager
def open_image(path: Path, limits: SourceLimits) -> Iterator[ImageFile]:
    """Open an image file; DocumentError for what is not an image or is too large, OSError, and what Pillow raises."""
    with open_image_file(path, lambda width, height, number: check_pixels(width, height, number, limits)) as image:
        yield image


def render_image_page(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    """Write page ``number`` (1-based), upright and in grey or bilevel, into the folder ``work``.

    DocumentError, StorageError, OSError, and what Pillow raises on damage.
    """
    with open_image(path, limits) as image:
        page = image.page(number)
        picture = grey(page.picture)
        dpi = round(page.resolution[0]) if page.resolution else 0
    target = work / f"page-{number}.pnm"
    write_page_image(target, lambda file: picture.save(file, "PPM"))
    return PageImage(target, picture.width, picture.height, dpi)
