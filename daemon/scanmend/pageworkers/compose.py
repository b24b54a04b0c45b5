"""Composes the hOCR, PDF and HTML outputs of a document in a page worker, one page in memory at a time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from scanmend.document import CorrectedPage
from scanmend.outputs.hocr import Hocr
from scanmend.outputs.html import ProofSheet
from scanmend.outputs.page_file import saved_pages
from scanmend.outputs.pdf.from_images import FromImages
from scanmend.outputs.pdf.from_pdf import FromPdf
from scanmend.source.preview import open_preview


class Composer(Protocol):
    """Writes one output page by page."""

    def add(self, page: CorrectedPage) -> None:
        """Add the next page; pages come in order."""

    def finish(self) -> None:
        """Write the rest of the file, and close it."""


def compose(
    source: Path, pages: Path, targets: Mapping[str, Path], facts: Mapping[str, Any], progress: Callable[[], None]
) -> None:
    """Write the outputs named by the keys of ``targets`` (``hocr``, ``pdf``, ``html``) to its paths.

    ``pages``: path of the document's ``PageFile``. ``facts``: ``source`` (name of the scan), ``title``, ``sha256`` of
    the source, ``languages``, number of ``pages``, and of the whole document the number of ``accepted`` and
    ``rejected`` edits and the ``model``'s name or None. ``progress`` is called after each page and each output.
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
    with open_preview(source) as preview:
        made: list[Composer] = []
        if target := targets.get("hocr"):
            made.append(Hocr(target, facts["source"], facts["languages"]))
        if target := targets.get("pdf"):
            if preview.image is None:
                made.append(FromPdf(source, target, facts["title"]))
            else:
                id_ = bytes.fromhex(facts["sha256"])[:16]
                made.append(FromImages(source, preview.image, target, facts["title"], id_))
        if target := targets.get("html"):
            made.append(ProofSheet(target, preview.jpeg, facts))
        yield made
