"""What goes from the daemon to the page process that makes outputs with page images: light, as both import it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from scanmend.document import CorrectedPage

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


def without_glyphs(page: CorrectedPage) -> CorrectedPage:
    """Leave out what correction alone needed: it is most of a page's memory."""
    lines = tuple(
        replace(line, words=tuple(replace(word, glyphs=()) if word.glyphs else word for word in line.words))
        for line in page.page.lines
    )
    return replace(page, page=replace(page.page, lines=lines))
