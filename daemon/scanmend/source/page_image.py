"""A page image on disk: what rendering leaves and Tesseract reads."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scanmend.document import DocumentWarning
from scanmend.errors import DocumentError, StorageError
from scanmend.source.settings import SourceLimits

PLAUSIBLE_DPI = range(70, 1201)
"""Resolutions that a scanner may have; others that a file claims are ignored, and no PDF page is rendered at less."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page image on disk: grey (8 bits) or bilevel, uncompressed PNM; width and height in pixels."""

    path: Path
    width: int
    height: int
    dpi: int
    """Dots per inch; 0 when the source gives no plausible resolution."""
    warnings: tuple[DocumentWarning, ...] = ()
    """What of the page it does not show."""


def write_page_image(target: Path, save: Callable[[BinaryIO], object]) -> None:
    """Open ``target`` and have ``save`` write the image; StorageError when it cannot be written.

    A failed write is never a DocumentError: it is the disk's fault, not the document's.
    """
    try:
        with target.open("wb") as file:
            save(file)
    except OSError as e:
        reason = " ".join(str(e).split())
        raise StorageError(f"the page image {target} cannot be written: {reason}") from e


def check_pixels(width: int, height: int, number: int, limits: SourceLimits) -> None:
    """DocumentError when an image of page ``number``, size in pixels, is larger than ``max_megapixels`` allows."""
    megapixels = width * height / 1e6
    if megapixels > limits.max_megapixels:
        raise DocumentError(
            f"page {number} has {megapixels:.0f} megapixels ({width} x {height}), "
            f"more than max_megapixels: {limits.max_megapixels:g} allows"
        )
