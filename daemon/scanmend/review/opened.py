"""Documents that people look at, parsed once: a step of a review then reads the pages that were decided, no others."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanmend.document import CorrectedPage, DocumentField, Fingerprint
from scanmend.errors import StorageError
from scanmend.outputs.page_file import PageFile
from scanmend.review.bundle import Bundle
from scanmend.review.documents import ReviewPage
from scanmend.review.doubt.decided import decided_page
from scanmend.review.doubt.decisions import Decided, DecisionRefused
from scanmend.review.doubt.places import Place, doubtful_places
from scanmend.review.doubt.spans import Span

REMEMBERED = 8
"""Documents that are remembered: as many people review at a time. One of 100 pages takes about 1 MiB."""

_OnPage = tuple[tuple[Span, Decided], ...]


@dataclass(frozen=True, slots=True)
class MachinePage:
    """A page as the machine published it, without its words."""

    number: int
    """1-based."""
    width: int
    """Pixels of the image that was read, upright; 0 where there was none."""
    height: int
    turned: int
    """Degrees clockwise by which the source's page is turned to stand upright."""
    text: str

    @classmethod
    def of(cls, page: CorrectedPage) -> "MachinePage":
        """Return what is kept in mind of a page."""
        read = page.page
        return cls(read.number, read.width, read.height, read.turned, page.corrected)


class OpenDocument:
    """The machine's pages of one document, and their doubtful places; for any thread."""

    def __init__(self, pages: PageFile, fields: Sequence[DocumentField] = ()) -> None:
        """Parse all pages; StorageError. ``fields``: the facts that the machine found on them."""
        self._file = pages
        self._pages: list[MachinePage] = []
        self.places = doubtful_places(self._noted(pages), fields)
        """Most doubtful first."""
        self.by_id: Mapping[str, Place] = {place.id: place for place in self.places}
        self._decided: dict[int, tuple[_OnPage, str]] = {}
        """By index of a page: the decisions that it was last shown with, and its text with them."""

    def page(self, number: int) -> MachinePage:
        """Return a page that has an image; DecisionRefused where there is none of this number."""
        page = next((page for page in self._pages if page.number == number), None)
        if page is None or not page.width:
            raise DecisionRefused(f"the document has no image of a page {number}")
        return page

    def pages(self, held: Iterable[Decided]) -> tuple[ReviewPage, ...]:
        """Return all pages with these decisions in their texts; StorageError."""
        of_page: dict[int, list[tuple[Span, Decided]]] = {}
        for one in held:
            place = self.by_id.get(one.decision.place)
            if place is not None and place.span is not None:
                of_page.setdefault(place.page, []).append((place.span, one))
        return tuple(
            ReviewPage(page.number, page.width, page.height, self._text(n, page, tuple(of_page.get(page.number, ()))))
            for n, page in enumerate(self._pages)
        )

    def _text(self, n: int, page: MachinePage, decided: _OnPage) -> str:
        if not decided:
            return page.text
        known = self._decided.get(n)
        if known is None or known[0] != decided:
            known = self._decided[n] = decided, decided_page(self._file.at(n), decided).corrected
        return known[1]

    def _noted(self, pages: PageFile) -> Iterable[CorrectedPage]:
        for page in pages:
            self._pages.append(MachinePage.of(page))
            yield page


class OpenDocuments:
    """The documents that were looked at last; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Path, tuple[Fingerprint, OpenDocument]] = OrderedDict()

    def get(self, bundle: Bundle) -> OpenDocument:
        """Return the document of a bundle, parsed anew where its pages are others by now; StorageError."""
        file = bundle.path / "pages"
        try:
            fingerprint = Fingerprint.of(file.stat())
        except OSError as e:
            raise StorageError(f"{file} cannot be read: {e.strerror}") from e
        with self._lock:
            known = self._known.get(bundle.path)
        if known is None or known[0] != fingerprint:
            known = (
                fingerprint,
                OpenDocument(bundle.pages, bundle.fields),
            )  # not under the lock: other documents need not wait
        with self._lock:
            self._known[bundle.path] = known
            self._known.move_to_end(bundle.path)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return known[1]
