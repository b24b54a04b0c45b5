"""How pages are read, what a source may cost, and what is known of it before any page is read."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """What a source may cost."""

    max_pages: int
    max_megapixels: float
    """Of one page image."""
    render_dpi: int
    """Resolution of PDF pages that are not simply one scanned image."""


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How pages of a folder are read."""

    languages: tuple[str, ...]
    """Tesseract's names."""
    limits: SourceLimits
    limit_s: float
    """Seconds that Tesseract may take for a page."""
    prepare: Literal["auto", "off"] = "auto"
    """Whether page images are turned, straightened and cleaned before Tesseract sees them, where that pays."""
    pdf_text: Literal["auto", "force", "only", "off"] = "auto"
    """What becomes of the text that a PDF brings along."""
    alternatives: bool = True
    """Whether Tesseract is to tell what else it took each glyph for: only correction needs that, and it takes time."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a source before any page is read."""

    kind: str
    pages: int
    sha256: str
