"""The pipeline's memory of one document: finished pages go to the ledger, and come back after a crash."""

from collections.abc import Callable

from scanmend.document import CorrectedPage, Page
from scanmend.ledger import Ledger
from scanmend.ocr.limits import Inspection


class LedgerKeeper:
    """Keeps the finished pages of one document in the ledger."""

    def __init__(
        self, ledger: Ledger, id_: str, told: Callable[[str, str], None], enter: Callable[[str, int], None]
    ) -> None:
        """``told(id, stage)`` hears what the document is going through; ``enter(id, pages)`` may put it off."""
        self._ledger, self._id, self._told, self._enter = ledger, id_, told, enter
        self._finished = ledger.finished_pages(id_)
        self._pages = 0

    def recall(self, number: int) -> Page | CorrectedPage | None:
        """See pipeline.Keeper."""
        return self._ledger.read_page(self._id, number) if number in self._finished else None

    def keep_page(self, page: Page) -> None:
        """See pipeline.Keeper."""
        self._ledger.save_page(self._id, page)

    def keep_corrected(self, page: CorrectedPage) -> None:
        """See pipeline.Keeper."""
        self._ledger.save_corrected(self._id, page)

    def inspected(self, found: Inspection) -> None:
        """See pipeline.Keeper; Postponed where there is no room for so long a document."""
        self._pages = found.pages
        known = self._ledger.get(self._id)
        if self._finished and known is not None and known.sha256 != found.sha256:
            # Somebody mended the file in quarantine, or went on writing to it after the claim.
            self._ledger.forget_pages(self._id)
            self._finished = {}
        self._ledger.move(self._id, "working", sha256=found.sha256, pages=found.pages)
        self._enter(self._id, found.pages)

    def advance(self, number: int, stage: str) -> None:
        """See pipeline.Keeper."""
        self._told(self._id, f"{stage} page {number} of {self._pages}")
