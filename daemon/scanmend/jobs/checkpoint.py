"""Who remembers the finished pages of a document: the ledger, from which they come back after a crash, or nobody."""

from collections.abc import Callable
from typing import Protocol

from scanmend.document import CorrectedPage, Page
from scanmend.ledger.ledger import Ledger
from scanmend.source.settings import Inspection


class Checkpoint(Protocol):
    """Remembers finished pages over attempts, and hears how far a document has come."""

    def recall(self, number: int) -> Page | CorrectedPage | None:
        """Return what is known of the page of this 1-based number."""

    def keep_page(self, page: Page) -> None:
        """Remember a page as read, where it is not known yet."""

    def keep_corrected(self, page: CorrectedPage) -> None:
        """Remember a page as corrected."""

    def inspected(self, found: Inspection) -> None:
        """Learn the digest and the number of pages; Postponed where so long a document cannot be worked on now."""

    def advance(self, number: int, stage: str) -> None:
        """Learn that a page is in work."""

    def writing(self) -> None:
        """Learn that all pages are done and the outputs are being written."""

    def duplicate_of(self, sha256: str) -> str | None:
        """Return the id of an earlier document with this content, where one is known."""


class NoCheckpoint:
    """Remembers nothing, for one-shot work; it counts pages into a callable."""

    def __init__(self, advanced: Callable[[int, int], None] = lambda _done, _of: None) -> None:
        """``advanced(done, of)`` hears how many pages are done, of how many."""
        self._advanced = advanced
        self._pages = 0

    def recall(self, number: int) -> None:
        """See Checkpoint."""

    def keep_page(self, page: Page) -> None:
        """See Checkpoint."""

    def keep_corrected(self, page: CorrectedPage) -> None:
        """See Checkpoint."""
        self._advanced(page.page.number, self._pages)

    def inspected(self, found: Inspection) -> None:
        """See Checkpoint."""
        self._pages = found.pages
        self._advanced(0, found.pages)

    def advance(self, number: int, stage: str) -> None:
        """See Checkpoint."""

    def writing(self) -> None:
        """See Checkpoint."""

    def duplicate_of(self, sha256: str) -> None:
        """See Checkpoint."""


class LedgerCheckpoint:
    """Keeps the finished pages of one document in the ledger."""

    def __init__(
        self, ledger: Ledger, id_: str, on_stage: Callable[[str, str], None], enter: Callable[[str, int], None]
    ) -> None:
        """``on_stage(id, stage)`` hears what the document is going through; ``enter(id, pages)`` may put it off."""
        self._ledger, self._id, self._on_stage, self._enter = ledger, id_, on_stage, enter
        self._finished = ledger.finished_pages(id_)
        self._pages = 0

    def recall(self, number: int) -> Page | CorrectedPage | None:
        """See Checkpoint."""
        return self._ledger.read_page(self._id, number) if number in self._finished else None

    def keep_page(self, page: Page) -> None:
        """See Checkpoint."""
        self._ledger.save_page(self._id, page)

    def keep_corrected(self, page: CorrectedPage) -> None:
        """See Checkpoint."""
        self._ledger.save_corrected(self._id, page)

    def inspected(self, found: Inspection) -> None:
        """See Checkpoint."""
        self._pages = found.pages
        known = self._ledger.get(self._id)
        if self._finished and known is not None and known.sha256 != found.sha256:
            # Somebody mended the file in quarantine, or went on writing to it after the claim.
            self._ledger.forget_pages(self._id)
            self._finished = {}
        self._ledger.move(self._id, "working", sha256=found.sha256, pages=found.pages)
        self._enter(self._id, found.pages)

    def advance(self, number: int, stage: str) -> None:
        """See Checkpoint."""
        self._on_stage(self._id, f"{stage} page {number} of {self._pages}")

    def writing(self) -> None:
        """See Checkpoint."""
        self._on_stage(self._id, "writing")

    def duplicate_of(self, sha256: str) -> str | None:
        """See Checkpoint."""
        return self._ledger.same_content(sha256, self._id)
