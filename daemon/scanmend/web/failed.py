"""The view of documents in quarantine: which page, why, and how to mend it. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from scanmend.control.values import DocumentRow

_PAGE = re.compile(r"\bpage (\d{1,7})\b")
_REMEDIES = (
    (
        r"encrypted|password",
        "Add its password to the folder's file of passwords and retry, or save it without one and drop it again.",
    ),
    (r"max_pages", "Split the document, or raise max_pages of this folder in the configuration; then retry."),
    (r"max_megapixels", "Scan at a lower resolution, or raise max_megapixels of this folder; then retry."),
    (r"page_limit_s|document_limit_s", "Raise the limit that the reason names in the configuration; then retry."),
    (r"cut short|truncated|0 bytes|is empty", "The file never arrived as a whole: have the scanner send it again."),
    (r"is no scan", "Only PDF, TIFF, PNG, JPEG, BMP, WebP, GIF and HEIC are read. Save it as one of these."),
    (r"not supported", "Save it as PNG, TIFF or PDF with another program, and drop that into the inbox."),
    (r"vanished|is gone", "Somebody removed the file while it was worked on: drop it into the inbox again."),
    (r"cannot load a language|tesseract-ocr", "Install the language that the reason names for Tesseract; then retry."),
    (r"for the second time", "This page broke its reader twice. Scan it again; if it is fine, please report it."),
    (r"damaged|nothing of the document", "Scan it again. If other programs open it, save it as a new PDF or as TIFF."),
    (r"\(tried \d+ times\)", "The cause lies outside of the file: mend what the reason names, then retry."),
)
"""What to do by what the reason says; the first that fits is told."""
_OTHERWISE = "Retry once the cause is gone. If it fails again, please report it with the reason."


@dataclass(frozen=True, slots=True)
class Failure:
    """One document that failed, as the page shows it."""

    row: DocumentRow
    page: int | None
    """1-based number of the page that it failed on; None where the reason names none."""
    reason: str
    remedy: str


def failure(row: DocumentRow) -> Failure:
    """Return what a person needs to know of a document in quarantine."""
    reason = row.error or "no reason was recorded"
    found = _PAGE.search(reason)
    return Failure(row, int(found[1]) if found else None, reason, remedy(reason))


def remedy(reason: str) -> str:
    """Return what a person can do about a failure."""
    return next((told for pattern, told in _REMEDIES if re.search(pattern, reason)), _OTHERWISE)


def address(folder: str | None, after: str) -> str:
    """Return the address of the failures from the one on that ``after`` names."""
    return f"/failed?{urlencode({'folder': folder or '', 'after': after}, errors='replace')}"
