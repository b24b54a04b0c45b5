"""The one entry point of review: the queue, a document with its doubtful places, and decisions that rewrite outputs.

``decide``, ``undo`` and ``restore_machine`` return as soon as the journal has the step; one thread then writes the
outputs again, in one go for steps that follow each other quickly.
"""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.reviews import ReviewRow, State
from scanmend.pageworkers.pool import PagePool
from scanmend.review.bundle import Bundle
from scanmend.review.documents import QueueItem, ReviewDocument, ReviewPlace, position_of
from scanmend.review.doubt.decisions import (
    Action,
    Decision,
    DecisionRefused,
    NotInReview,
    can_undo,
    decide,
    holding,
    plain_name,
)
from scanmend.review.glossary import LearnedWord, ReviewGlossary
from scanmend.review.keeping import Shelf, numbers_of_source, row_of
from scanmend.review.opened import OpenDocument, OpenDocuments
from scanmend.review.pictures import Pictures
from scanmend.review.rewriting import Outcome, Outdated, carry_on, rewrite
from scanmend.review.scans import find_scan
from scanmend.review.telling import Telling
from scanmend.review.writer import QUIET_S, RETRY_S, Writer

EXPIRE_S = 3600.0
"""How often bundles whose time is over are looked for, in seconds."""
MAX_LISTED = 500
"""Most documents that one look at the queue returns."""

log = structlog.get_logger()


class Reviews:
    """Documents in review; every method may be called from any thread, and blocks for files and page workers only."""

    def __init__(
        self,
        state_dir: Path,
        ledger: Ledger,
        pool: PagePool,
        on_change: Callable[[], None] = lambda: None,
        quiet_s: float = QUIET_S,
        *,
        telling: Telling | None = None,
        writes: bool = True,
    ) -> None:
        """``on_change`` hears, from any thread, that outputs or decisions changed.

        ``state_dir``: bundles lie in its ``review/``, learned words in its ``glossary/``. ``quiet_s``: QUIET_S.
        ``telling`` runs the commands of folders. With ``writes=False``, as in commands, no thread writes outputs:
        another process, or ``write_now``, does.
        """
        root = state_dir / "review"
        self.glossary = ReviewGlossary(state_dir / "glossary", ledger)
        self.shelf = Shelf(root, ledger, self.glossary)
        self._ledger = ledger
        self._pool = pool
        self._on_change = on_change
        self._pictures = Pictures(root, pool)
        self._lock = threading.RLock()
        self._documents = OpenDocuments()
        self._writing = threading.Lock()
        self._telling = telling or Telling()
        self._writes = writes
        self._writer = Writer(self.write_now, self._note_outdated, on_change, quiet_s)
        self._expired_at = -EXPIRE_S

    def queue(self, after: str = "", limit: int = 50, state: State = "open") -> list[QueueItem]:
        """Return documents of a state, most doubtful first; ``after``: ``cursor`` of the last one already seen."""
        rows = self._ledger.reviews.queue(state, position_of(after), min(max(1, limit), MAX_LISTED))
        return [QueueItem.of(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many documents are in each state."""
        return self._ledger.reviews.counts()

    def open(self, id_: str) -> ReviewDocument:
        """Return a document with its places; DecisionRefused where it is not in review, StorageError."""
        row, bundle = self._row(id_), self.shelf.bundle(id_)
        opened, actions, written = self._opened(bundle), bundle.journal.read(), bundle.written
        held = holding(actions)
        decided = {one.decision.place: one for one in held}
        return ReviewDocument(
            QueueItem.of(row),
            opened.pages(held),
            tuple(ReviewPlace(place, decided.get(place.id)) for place in opened.places),
            len(actions),
            written.steps,
            written.left,
            self._writer.trouble(id_),
            can_undo(actions),
        )

    def decide(self, id_: str, decisions: Iterable[Decision], name: str) -> ReviewDocument:
        """Take decisions, all or none, under a name that nobody checks; DecisionRefused, StorageError."""
        bundle = self._open_bundle(id_)
        by, at = plain_name(name), _now()
        decided = decide(self._opened(bundle).places, decisions, by, at)
        return self._step(bundle, Action("decide", by, at, decided))

    def undo(self, id_: str, name: str) -> ReviewDocument:
        """Take the latest step back that still holds; DecisionRefused where there is none, StorageError."""
        bundle = self._open_bundle(id_)
        with self._lock:
            if not can_undo(bundle.journal.read()):
                raise DecisionRefused("there is nothing to take back")
            return self._step(bundle, Action("undo", plain_name(name), _now()))

    def restore_machine(self, id_: str, name: str = "") -> ReviewDocument:
        """Bring the outputs back as the machine published them; it is a step that ``undo`` takes back. StorageError."""
        return self._step(self._open_bundle(id_), Action("restore", plain_name(name), _now()))

    def page_image(self, id_: str, number: int) -> Path:
        """Return a PNG of a page, upright; its width is ``ReviewPage.width`` but for very large pages.

        DecisionRefused where there is no such page, Outdated, StorageError, DocumentError, OcrError, Stopping.
        """
        bundle = self._open_bundle(id_)
        return self._pictures.page(bundle, self._opened(bundle).page(number), lambda: self._source(bundle))

    def crop(self, id_: str, place_id: str) -> Path:
        """Return a PNG of one place with a margin, cut from the page; errors as ``page_image``."""
        bundle = self._open_bundle(id_)
        opened = self._opened(bundle)
        place = opened.by_id.get(place_id)
        if place is None:
            raise DecisionRefused(f"the document has no place {place_id[:40]!r}")
        return self._pictures.crop(bundle, opened.page(place.page), place, lambda: self._source(bundle))

    def output(self, id_: str, suffix: str) -> Path | None:
        """Return where an output of a document in review lies; None where it has none of this suffix."""
        bundle = self._open_bundle(id_)
        return bundle.target(suffix) if suffix in bundle.facts.files else None

    def learned(self, folder: str) -> tuple[LearnedWord, ...]:
        """Return the words of a folder's review glossary, how often each was confirmed, and the edits that it made."""
        return self.glossary.learned(folder)

    def recover(self) -> None:
        """Learn what a crash left: bundles, outputs that were taking their places, steps that outputs lack."""
        self.shelf.recover()
        self._ledger.reviews.try_outdated_again()
        for row in self._ledger.reviews.pending():
            try:
                bundle = self.shelf.bundle(row.id)
                if bundle.exists and bundle.intent is not None:
                    with self._writing:
                        carry_on(bundle)
            except StorageError as e:
                log.warning("review.held", id=row.id, reason=str(e), again_in_s=RETRY_S)
        self.look()

    def look(self) -> None:
        """Begin with what another process noted in the ledger, and remove what is over; quick when there is nothing."""
        for row in self._ledger.reviews.pending() if self._writes else ():
            self._writer.due(row.id)
        now = time.monotonic()
        if now - self._expired_at >= EXPIRE_S:
            self._expired_at = now
            self.shelf.expire(time.time())

    def wait_written(self, id_: str, limit_s: float) -> bool:
        """Wait until the outputs have every step; whether they do."""

        def over() -> bool:
            row = self._ledger.reviews.get(id_)
            return row is None or not row.pending or bool(self._writer.trouble(id_))

        self._writer.wait_for(over, limit_s)
        bundle = self.shelf.bundle(id_)
        return bundle.exists and bundle.written.steps == len(bundle.journal.read())

    def write_now(self, id_: str) -> Outcome | None:
        """Write the outputs of a document in this thread; for commands, while no daemon runs. Errors of ``rewrite``."""
        bundle = self.shelf.bundle(id_)
        with self._writing:
            if not bundle.exists:
                return None
            outcome = self._rewrite(bundle)
        if numbers := numbers_of_source(self._ledger, bundle):
            self._ledger.set_numbers(bundle.facts.source_id or id_, numbers)
        self.glossary.note(bundle.facts.folder, id_, holding(bundle.journal.read()))
        self._on_change()
        self._telling.tell(bundle, self._opened(bundle).places, lambda: self._find_source(bundle))
        self._note(bundle)
        return outcome

    def close(self) -> None:
        """End the thread; steps that are not written yet are written at the next start. Close the pool first."""
        self._writer.close()

    def _step(self, bundle: Bundle, action: Action) -> ReviewDocument:
        id_ = bundle.facts.id
        with self._lock, bundle.locked():  # the latter against other processes
            self._ledger.reviews.mark_pending(id_)  # first: what is marked for nothing is found to be written
            bundle.journal.append(action)
            self._ledger.reviews.put(row_of(bundle, self._opened(bundle).places))
        if self._writes:
            self._writer.step_taken(id_)
        log.info("review.step", id=id_, does=action.does, places=len(action.decided), by=action.by)
        self._on_change()
        return self.open(id_)

    def _note(self, bundle: Bundle, *, outdated: bool = False) -> None:
        """Bring the ledger's row up to date with the bundle."""
        with self._lock, bundle.locked():
            self._ledger.reviews.put(row_of(bundle, self._opened(bundle).places, outdated=outdated))

    def _note_outdated(self, id_: str) -> None:
        self._note(self.shelf.bundle(id_), outdated=True)

    def _rewrite(self, bundle: Bundle) -> Outcome | None:
        facts = bundle.facts
        started = time.monotonic()
        outcome = rewrite(bundle, self._pool, self._find_source(bundle))
        if outcome is not None:
            log.info(
                "review.written",
                id=facts.id,
                folder=facts.folder,
                file=printable(facts.relative),
                outputs=len(outcome.written),
                left=[suffix for suffix, _ in outcome.left],
                seconds=round(time.monotonic() - started, 3),
            )
        return outcome

    def _row(self, id_: str) -> ReviewRow:
        row = self._ledger.reviews.get(id_)
        if row is None or row.state == "expired":
            raise NotInReview(f"no document {id_[:60]!r} is in review" + (" any more" if row else ""))
        return row

    def _open_bundle(self, id_: str) -> Bundle:
        self._row(id_)
        return self.shelf.bundle(id_)

    def _opened(self, bundle: Bundle) -> OpenDocument:
        return self._documents.get(bundle)

    def _source(self, bundle: Bundle) -> Path:
        if (found := self._find_source(bundle)) is None:
            raise Outdated("the scan is not where it was put, and no copy is kept")
        return found

    def _find_source(self, bundle: Bundle) -> Path | None:
        facts = bundle.facts
        return find_scan(bundle, self._ledger.get(facts.source_id or facts.id))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
