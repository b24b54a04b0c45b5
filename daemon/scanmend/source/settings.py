"""What reading a source needs to know (SourceLimits, ReadSettings), and what inspecting it tells (Inspection)."""

from dataclasses import dataclass
from typing import Literal

from scanmend.document import DocumentWarning

MarksWanted = Literal["none", "barcodes", "patch codes", "barcodes and patch codes"]
"""Marks on page images that are looked for."""


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """Bounds on the size of a source, and what opens it, from the folder's settings of the same names."""

    max_pages: int
    """Pages of the document."""
    max_megapixels: float
    """Megapixels of one page image, and of each image on a PDF page."""
    render_dpi: int
    """Resolution at which PDF pages are rendered that are not simply one scanned image, in dots per inch."""
    passwords: str | None = None
    """Path of the file with passwords that are tried on encrypted PDFs; None: there is none."""


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How the pages of a folder are read."""

    languages: tuple[str, ...]
    """Tesseract's names of the languages, or ``("auto",)``."""
    limits: SourceLimits
    limit_s: float
    """Seconds that Tesseract may take for a page, over all its readings."""
    prepare: Literal["auto", "off"] = "auto"
    """Whether page images are turned, straightened and cleaned before OCR, where that improves the result."""
    pdf_text: Literal["auto", "force", "only", "off"] = "auto"
    """When the text embedded in a PDF replaces OCR: where it can be trusted, wherever there is any, always, never."""
    alternatives: bool = True
    """Whether Tesseract reports alternatives for each glyph; only correction needs them, and they take time."""
    second: Literal["auto", "always", "off"] = "off"
    """What of a page that OCR read the second reader reads as well: lines where that may help, all lines, nothing."""
    marks: MarksWanted = "none"
    """Marks on the page image that are looked for, as documents are to be split at them."""


@dataclass(frozen=True, slots=True)
class PageLook:
    """How a page is shown to people."""

    number: int
    """1-based."""
    size: tuple[int, int]
    """Width and height of the page as it was read, in pixels: what boxes count in."""
    shown: tuple[int, int]
    """Width and height, in pixels, at which it is shown."""
    turned: int = 0
    """Degrees clockwise, a multiple of 90, by which the source's page is turned first."""
    box: tuple[int, int, int, int] | None = None
    """What of it is cut out, in pixels of ``size``; None for all of it."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a source before any page is read."""

    kind: str
    """``pdf``, ``tiff``, ``png``, ``jpeg``, ``bmp``, ``webp`` or ``gif``."""
    pages: int
    sha256: str
    """Digest of the file, hexadecimal."""
    warnings: tuple[DocumentWarning, ...] = ()
    """What of the file cannot be read, though its pages can."""
