"""Several scans as the pages of one PDF: pictures go in with the data that they came in, pages of PDFs as they are.

The same files give the same bytes, so that pages that were read before a crash are those of the file that is joined
again after it.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pymupdf

from scanmend.document import CorrectedPage, DocumentWarning, Page
from scanmend.outputs.pdf.from_images import FromImages
from scanmend.source.image.image_page import ImagePage
from scanmend.source.pdf.page_tree import mend_page_tree
from scanmend.source.render import is_pdf
from scanmend.source.render_image import open_image
from scanmend.source.render_pdf import open_pdf
from scanmend.source.settings import SourceLimits


class Joined:
    """A PDF in the making, to which files are added one after the other."""

    def __init__(self, work: Path, limits: SourceLimits) -> None:
        """``work``: folder for what is in between."""
        self._work, self._limits = work, limits
        self._pdf: Any = pymupdf.open()
        self._damaged: list[list[DocumentWarning]] = []

    def add(self, path: Path, id_: bytes, progress: Callable[[], None]) -> int:
        """Add all pages of a PDF or image file; return how many. ``id_``: 16 bytes of its digest.

        DocumentError, OSError, and what MuPDF and Pillow raise on damage. ``progress`` is called after each page.
        """
        before = int(self._pdf.page_count)
        self._damaged.append([])
        if is_pdf(path):
            self._add_pdf(path)
            progress()
        else:
            drawn = self._work / "images.pdf"
            with open_image(path, self._limits) as image, closing(FromImages(path, image, drawn, "", id_)) as pages:
                for number in range(1, image.pages + 1):
                    self._look_at(image.page(number), number)
                    pages.add(CorrectedPage(Page(number, ()), ""))
                    progress()
                pages.finish()
            self._add_pdf(drawn)
            drawn.unlink()
        return int(self._pdf.page_count) - before

    def damaged(self, index: int) -> list[DocumentWarning]:
        """Return what could not be read of the pictures of the file that was added at this place, from 0."""
        return self._damaged[index]

    def save(self, target: Path, order: Sequence[int]) -> None:
        """Write the file with its pages in this order; ``order`` has the 0-based numbers of all, as they were added."""
        if list(order) != list(range(self._pdf.page_count)):
            self._pdf.select(list(order))
        self._pdf.save(str(target), garbage=2, no_new_id=True)
        self._pdf.close()

    def _look_at(self, page: ImagePage, number: int) -> None:
        """Decode a picture, which fails where it is cut short, as it does alone; and note other damage."""
        page.picture.load()
        if reason := page.damage():
            text = f"the picture could not be read whole: {reason}; scan the page again"
            self._damaged[-1].append(DocumentWarning("picture_not_read", text, number))

    def _add_pdf(self, path: Path) -> None:
        with open_pdf(path) as pdf:
            mend_page_tree(pdf)  # as when it was counted, so that page numbers are the same
            self._pdf.insert_pdf(pdf)
