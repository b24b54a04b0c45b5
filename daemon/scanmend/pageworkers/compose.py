"""Outputs that show the pages: made in a page process, from the source and its corrected pages, one page at a time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from scanmend.document import CorrectedPage
from scanmend.outputs.hocr import Hocr
from scanmend.outputs.html import ProofSheet
from scanmend.outputs.page_file import saved_pages
from scanmend.outputs.pdf.text_pdf import FromImages, FromPdf
from scanmend.source.preview import open_preview


class Composer(Protocol):
    """Writes one output, page by page."""

    def add(self, page: CorrectedPage) -> None:
        """Take in the next page."""

    def finish(self) -> None:
        """Write what is still to be written, and close the file."""


def compose(
    source: Path, pages: Path, targets: Mapping[str, Path], facts: Mapping[str, Any], progress: Callable[[], None]
) -> None:
    """Write the outputs named in ``targets``; ``pages`` is what ``handover.save_pages`` wrote.

    ``facts``: ``source`` (name of the scan), ``title``, ``sha256`` of the source, ``languages``, how many ``pages``,
    and of the whole document ``accepted``, ``rejected`` and ``model``. ``progress`` is called after each page.
    OSError, and what MuPDF and Pillow raise on damage.
    """
    with _composers(source, targets, facts) as composers:
        for page in saved_pages(pages):
            for composer in composers:
                composer.add(page)
            progress()
        for composer in composers:
            composer.finish()
            progress()


@contextmanager
def _composers(source: Path, targets: Mapping[str, Path], facts: Mapping[str, Any]) -> Iterator[list[Composer]]:
    with open_preview(source) as sheets:
        made: list[Composer] = []
        if target := targets.get("hocr"):
            made.append(Hocr(target, facts["source"], facts["languages"]))
        if target := targets.get("pdf"):
            if sheets.image is None:
                made.append(FromPdf(source, target, facts["title"]))
            else:
                id_ = bytes.fromhex(facts["sha256"])[:16]
                made.append(FromImages(source, sheets.image, target, facts["title"], id_))
        if target := targets.get("html"):
            made.append(ProofSheet(target, sheets.jpeg, facts))
        yield made
