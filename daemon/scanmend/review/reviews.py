"""The one entry point of review: the queue, a document with its doubtful places, and decisions that rewrite outputs.

``decide``, ``undo`` and ``restore_machine`` return as soon as the journal has the step; one thread then writes the
outputs again, in one go for steps that follow each other quickly.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from scanmend.document import CorrectedPage, Page, printable
from scanmend.errors import StorageError
from scanmend.fs.safe_open import open_source
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.reviews import ReviewRow, State
from scanmend.pageworkers.pool import PagePool
from scanmend.review.bundle import Bundle, FileDigest
from scanmend.review.decided import decided_page
from scanmend.review.decisions import (
    Action,
    Decided,
    Decision,
    DecisionRefused,
    can_undo,
    decide,
    holding,
    plain_name,
)
from scanmend.review.glossary import LearnedWord, ReviewGlossary
from scanmend.review.keeping import Shelf, numbers_of_source, row_of
from scanmend.review.pictures import Pictures
from scanmend.review.places import Place
from scanmend.review.rewriting import Outcome, Outdated, carry_on, rewrite
from scanmend.review.writer import QUIET_S, RETRY_S, Writer

EXPIRE_S = 3600.0
"""How often bundles whose time is over are looked for, in seconds."""
MAX_LISTED = 500
"""Most documents that one look at the queue returns."""
REMEMBERED = 8
"""Documents whose places are remembered, so that each step on them does not find them again."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One document in the queue."""

    id: str
    folder: str
    name: str
    """Of the scan, below its inbox, fit for any output."""
    doubt: float
    """How many wrong places are to be expected among those left to decide."""
    places: int
    decided: int
    state: State
    added: float
    """When it was published, wall clock in seconds."""

    @property
    def cursor(self) -> str:
        """What ``Reviews.queue`` takes as ``after`` for the documents behind this one."""
        return f"{self.doubt!r} {self.id}"


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    """A doubtful place, and what was decided of it."""

    place: Place
    decided: Decided | None = None
    """None while it is open."""

    @property
    def text(self) -> str:
        """What is to be published there by now."""
        return self.place.text if self.decided is None else self.decided.after


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One page of a document in review."""

    number: int
    """1-based."""
    width: int
    """Pixels in which boxes count, upright; 0 where there is no image."""
    height: int
    text: str
    """The corrected text with all decisions."""


@dataclass(frozen=True, slots=True)
class ReviewDocument:
    """A document in review."""

    item: QueueItem
    pages: tuple[ReviewPage, ...]
    places: tuple[ReviewPlace, ...]
    """Most doubtful first."""
    steps: int
    """Steps that were taken."""
    written: int
    """Of these, those that the outputs have."""
    left: dict[str, str]
    """Outputs, by suffix, that were not written again when the others were, and why."""
    trouble: str
    """Why the outputs cannot be written just now; empty where they can."""
    can_undo: bool

    @property
    def is_written(self) -> bool:
        """Whether the outputs have every step."""
        return self.written == self.steps


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
        writes: bool = True,
    ) -> None:
        """``on_change`` hears, from any thread, that outputs or decisions changed.

        ``state_dir``: bundles lie in its ``review/``, learned words in its ``glossary/``. ``quiet_s``: QUIET_S. With
        ``writes=False``, as in commands, no thread writes outputs: another process, or ``write_now``, does.
        """
        root = state_dir / "review"
        self.glossary = ReviewGlossary(state_dir / "glossary", ledger)
        self.shelf = Shelf(root, ledger, self.glossary)
        self._ledger = ledger
        self._pool = pool
        self._on_change = on_change
        self._pictures = Pictures(root, pool)
        self._lock = threading.RLock()
        self._known: OrderedDict[str, tuple[Place, ...]] = OrderedDict()
        self._writing = threading.Lock()
        self._writes = writes
        self._writer = Writer(self.write_now, self._note_outdated, on_change, quiet_s)
        self._expired_at = -EXPIRE_S

    def queue(self, after: str = "", limit: int = 50, state: State = "open") -> list[QueueItem]:
        """Return documents of a state, most doubtful first; ``after``: ``cursor`` of the last one already seen."""
        rows = self._ledger.reviews.queue(state, _cursor(after), min(max(1, limit), MAX_LISTED))
        return [_item(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many documents are in each state."""
        return self._ledger.reviews.counts()

    def open(self, id_: str) -> ReviewDocument:
        """Return a document with its places; DecisionRefused where it is not in review, StorageError."""
        row, bundle = self._row(id_), self.shelf.bundle(id_)
        places, actions, written = self._places(bundle), bundle.journal.read(), bundle.written
        held = {one.decision.place: one for one in holding(actions)}
        return ReviewDocument(
            _item(row),
            tuple(_review_page(page, places, held) for page in bundle.pages),
            tuple(ReviewPlace(place, held.get(place.id)) for place in places),
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
        decided = decide(self._places(bundle), decisions, by, at)
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
        return self._pictures.page(bundle, _page(bundle, number), lambda: self._source(bundle))

    def crop(self, id_: str, place_id: str) -> Path:
        """Return a PNG of one place with a margin, cut from the page; errors as ``page_image``."""
        bundle = self._open_bundle(id_)
        place = next((place for place in self._places(bundle) if place.id == place_id), None)
        if place is None:
            raise DecisionRefused(f"the document has no place {place_id[:40]!r}")
        return self._pictures.crop(bundle, _page(bundle, place.page), place, lambda: self._source(bundle))

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
        self._note(bundle)
        if numbers := numbers_of_source(self._ledger, bundle):
            self._ledger.set_numbers(bundle.facts.source_id or id_, numbers)
        self.glossary.note(bundle.facts.folder, id_, holding(bundle.journal.read()))
        return outcome

    def close(self) -> None:
        """End the thread; steps that are not written yet are written at the next start. Close the pool first."""
        self._writer.close()

    def _step(self, bundle: Bundle, action: Action) -> ReviewDocument:
        id_ = bundle.facts.id
        with self._lock, bundle.locked():  # the latter against other processes
            self._ledger.reviews.mark_pending(id_)  # first: what is marked for nothing is found to be written
            bundle.journal.append(action)
            self._ledger.reviews.put(row_of(bundle, self._places(bundle)))
        if self._writes:
            self._writer.step_taken(id_)
        log.info("review.step", id=id_, does=action.does, places=len(action.decided), by=action.by)
        self._on_change()
        return self.open(id_)

    def _note(self, bundle: Bundle, *, outdated: bool = False) -> None:
        """Bring the ledger's row up to date with the bundle."""
        with self._lock, bundle.locked():
            self._ledger.reviews.put(row_of(bundle, self._places(bundle), outdated=outdated))

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
            raise DecisionRefused(f"no document {id_[:60]!r} is in review" + (" any more" if row else ""))
        return row

    def _open_bundle(self, id_: str) -> Bundle:
        self._row(id_)
        return self.shelf.bundle(id_)

    def _places(self, bundle: Bundle) -> tuple[Place, ...]:
        id_ = bundle.facts.id
        with self._lock:
            if (known := self._known.get(id_)) is None:
                known = self._known[id_] = bundle.places()
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            self._known.move_to_end(id_)
            return known

    def _source(self, bundle: Bundle) -> Path:
        if (found := self._find_source(bundle)) is None:
            raise Outdated("the scan is not where it was put, and no copy is kept")
        return found

    def _find_source(self, bundle: Bundle) -> Path | None:
        """Return where the scan lies by now, told by its content; None where it is not to be found."""
        facts, told = bundle.facts, bundle.facts.record
        entry = self._ledger.get(facts.source_id or facts.id)
        places = [bundle.own_source()]
        places += [entry.put_away] if entry is not None and entry.put_away is not None else []
        places += [Path(told["archived_as"])] if told["archived_as"] else []
        places.append(Path(facts.inbox, facts.relative))
        for path in places:
            if _is_file_of(path, told["size"]) and _digest_of(path) == told["sha256"]:
                return path
        return None


def _cursor(after: str) -> tuple[float, str] | None:
    if not after:
        return None
    doubt, _, id_ = after.partition(" ")
    try:
        return float(doubt), id_
    except ValueError as e:
        raise DecisionRefused("this is no place in the queue") from e


def _item(row: ReviewRow) -> QueueItem:
    return QueueItem(
        row.id, row.folder, printable(row.relative), row.doubt, row.places, row.decided, row.state, row.added
    )


def _review_page(page: CorrectedPage, places: Sequence[Place], held: dict[str, Decided]) -> ReviewPage:
    read = page.page
    decided = [
        (place.span, held[place.id])
        for place in places
        if place.page == read.number and place.id in held and place.span is not None
    ]
    return ReviewPage(read.number, read.width, read.height, decided_page(page, decided).corrected)


def _page(bundle: Bundle, number: int) -> Page:
    page = next((page.page for page in bundle.pages if page.page.number == number), None)
    if page is None or not page.width:
        raise DecisionRefused(f"the document has no image of a page {number}")
    return page


def _is_file_of(path: Path, size: int) -> bool:
    try:
        with open_source(path) as file:
            return os.fstat(file.fileno()).st_size == size
    except OSError:
        return False


def _digest_of(path: Path) -> str:
    try:
        digest = FileDigest.of(path)
    except StorageError:  # it is out of reach, as if it were not there
        return ""
    return digest.sha256 if digest else ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
