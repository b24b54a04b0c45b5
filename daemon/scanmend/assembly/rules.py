"""How a folder's sources are split into documents, and what of a page separates them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from scanmend.document import Mark

PATCH = "patch"
"""The kind of a Mark that is a patch code; all others are barcodes."""


@dataclass(frozen=True, slots=True)
class Separator:
    """What on a page says that a document begins."""

    page: int
    """1-based number of the page in the source."""
    kind: str
    """That of the Mark."""
    value: str
    """What the barcode says: its part in the pattern's first group, where it has one; or the name of the patch code."""


@dataclass(frozen=True, slots=True)
class Split:
    """Where a source is parted."""

    by: Literal["barcode", "patch", "blank", "pages"]
    """At barcodes, patch codes or blank pages, or ``every`` so many pages."""
    pattern: str = ""
    """Regular expression that the whole value of a barcode has to match to separate."""
    codes: tuple[str, ...] = ()
    """Names of the patch codes that separate; with barcodes, these do so, too."""
    every: int = 0
    """Pages of each document."""
    separator: Literal["keep", "drop"] = "keep"
    """Whether the page that separates is a page of a document, or left out."""

    def separator_on(self, page: int, marks: Iterable[Mark]) -> Separator | None:
        """Return what begins a document on a page with these marks, the topmost where there are several."""
        for mark in marks:
            if mark.kind == PATCH:
                if mark.value in self.codes:
                    return Separator(page, mark.kind, mark.value)
            elif self.by == "barcode" and (match := re.fullmatch(self.pattern, mark.value)):
                return Separator(page, mark.kind, (match[1] if match.re.groups else None) or mark.value)
        return None
