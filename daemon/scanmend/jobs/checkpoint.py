"""Who remembers the finished pages of a document: the ledger, from which they come back after a crash, or nobody."""

from collections.abc import Callable
from typing import Protocol

from scanmend.document import CorrectedPage, Page
from scanmend.ledger.ledger import Ledger
from scanmend.source.settings import Inspection


class Checkpoint(Protocol):
    """Remembers finished pages over attempts."""

    def recall(self, number: int) -> Page | CorrectedPage | None:
        """Return what is known of a page."""

    def keep_page(self, page: Page) -> None:
        """Remember a page as read, where it is not known yet."""

    def keep_corrected(self, page: CorrectedPage) -> None:
        """Remember a page as corrected."""

    def inspected(self, found: Inspection) -> None:
        """Learn the digest and the number of pages."""

    def advance(self, number: int, stage: str) -> None:
        """Learn that a page is in work."""


class NoCheckpoint:
    """A keeper that remembers nothing, for one-shot work; it counts pages into a callable."""

    def __init__(self, advanced: Callable[[int, int], None] = lambda _done, _of: None) -> None:
        self._advanced = advanced
        self._pages = 0

    def recall(self, number: int) -> None:
        """See Keeper."""

    def keep_page(self, page: Page) -> None:
        """See Keeper."""

    def keep_corrected(self, page: CorrectedPage) -> None:
        """See Keeper."""
        self._advanced(page.page.number, self._pages)

    def inspected(self, found: Inspection) -> None:
        """See Keeper."""
        self._pages = found.pages
        self._advanced(0, found.pages)

    def advance(self, number: int, stage: str) -> None:
        """See Keeper."""


class LedgerCheckpoint:
    """Keeps the finished pages of one document in the ledger."""

    def __init__(
        self, ledger: Ledger, id_: str, told: Callable[[str, str], None], enter: Callable[[str, int], None]
    ) -> None:
        """``told(id, stage)`` hears what the document is going through; ``enter(id, pages)`` may put it off."""
        self._ledger, self._id, self._told, self._enter = ledger, id_, told, enter
        self._finished = ledger.finished_pages(id_)
        self._pages = 0

    def recall(self, number: int) -> Page | CorrectedPage | None:
        """See Keeper."""
        return self._ledger.read_page(self._id, number) if number in self._finished else None

    def keep_page(self, page: Page) -> None:
        """See Keeper."""
        self._ledger.save_page(self._id, page)

    def keep_corrected(self, page: CorrectedPage) -> None:
        """See Keeper."""
        self._ledger.save_corrected(self._id, page)

    def inspected(self, found: Inspection) -> None:
        """See Keeper; Postponed where there is no room for so long a document."""
        self._pages = found.pages
        known = self._ledger.get(self._id)
        if self._finished and known is not None and known.sha256 != found.sha256:
            # Somebody mended the file in quarantine, or went on writing to it after the claim.
            self._ledger.forget_pages(self._id)
            self._finished = {}
        self._ledger.move(self._id, "working", sha256=found.sha256, pages=found.pages)
        self._enter(self._id, found.pages)

    def advance(self, number: int, stage: str) -> None:
        """See Keeper."""
        self._told(self._id, f"{stage} page {number} of {self._pages}")
