"""What goes from the daemon to the page process that makes outputs with page images: light, as both import it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from scanmend.document import CorrectedPage, without_glyphs

PRESSED = ("hocr", "pdf", "html")
"""The outputs made there."""

_corrected = TypeAdapter(CorrectedPage)


def save_pages(pages: Sequence[CorrectedPage], target: Path) -> None:
    """Write pages to a file, one a line; OSError."""
    with target.open("wb") as file:
        for page in pages:
            file.write(_corrected.dump_json(without_glyphs(page)) + b"\n")


def saved_pages(source: Path) -> Iterator[CorrectedPage]:
    """Yield the pages that ``save_pages`` wrote, one at a time."""
    with source.open("rb") as file:
        for line in file:
            yield _corrected.validate_json(line)
