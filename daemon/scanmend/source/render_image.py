"""Image files (TIFF, PNG, JPEG, BMP, WebP, GIF, HEIC) become page images: upright, grey or bilevel.

Runs in page workers only: what decodes them parses untrusted files in native code.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scanmend.document import DocumentWarning
from scanmend.errors import DocumentError
from scanmend.fs.safe_open import open_source
from scanmend.source import foreign
from scanmend.source.image.image_file import ImageFile, open_image_file
from scanmend.source.image.refusal import NotAnImage
from scanmend.source.image.seen import grey
from scanmend.source.page_image import PageImage, check_pixels, write_page_image
from scanmend.source.settings import SourceLimits


@contextmanager
def open_image(path: Path, limits: SourceLimits) -> Iterator[ImageFile]:
    """Open an image file; DocumentError for what is not an image or is too large, OSError, and what Pillow raises."""
    with ExitStack() as stack:
        try:
            opened = open_image_file(path, lambda width, height, number: check_pixels(width, height, number, limits))
            image = stack.enter_context(opened)
        except NotAnImage as e:
            with open_source(path) as file:
                what = foreign.describe(file)
            raise DocumentError(f"{e}, but {what}" if what else str(e)) from e
        yield image


def render_image_page(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    """Write page ``number`` (1-based), upright and in grey or bilevel, into the folder ``work``.

    DocumentError, StorageError, OSError, and what Pillow raises on damage.
    """
    with open_image(path, limits) as image:
        page = image.page(number)
        picture = grey(page.picture)
        dpi = round(page.resolution[0]) if page.resolution else 0
        reason = page.damage()
    text = f"the picture could not be read whole: {reason}; scan the page again"
    warnings = (DocumentWarning("picture_not_read", text, number),) if reason else ()
    target = work / f"page-{number}.pnm"
    write_page_image(target, lambda file: picture.save(file, "PPM"))
    return PageImage(target, picture.width, picture.height, dpi, warnings)
