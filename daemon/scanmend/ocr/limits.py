"""What a source may cost, and what is known of it before any page is read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a source may cost."""

    max_pages: int
    max_megapixels: float
    """Of one page image."""
    render_dpi: int
    """Resolution of PDF pages that are not simply one scanned image."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a source before any page is read."""

    kind: str
    pages: int
    sha256: str
