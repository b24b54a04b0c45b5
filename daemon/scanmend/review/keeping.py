"""Documents with doubtful places are kept for review as they are published; what a crash cut off there is decided."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from scanmend.config.schema import Folder
from scanmend.document import NumberCounts, printable
from scanmend.errors import StorageError
from scanmend.fs.safe_open import pinned
from scanmend.jobs.claimed_source import ClaimedSource
from scanmend.jobs.publish import documents_of
from scanmend.jobs.write_outputs import Outputs, source_id
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.ledger.reviews import ReviewRow
from scanmend.outputs import record
from scanmend.outputs.page_file import PageFile
from scanmend.review.bundle import Bundle, Facts, digests, kept_settings, link_or_copy, record_fields
from scanmend.review.doubt.decisions import holding
from scanmend.review.doubt.places import Place, document_doubt, doubtful_places
from scanmend.review.glossary import ReviewGlossary

DAY_S = 86_400.0
"""Seconds of a day."""
MAX_BUNDLES = 10_000
"""Most documents that are kept, 600 MiB where each has three pages; the oldest go first, decided ones before others."""

log = structlog.get_logger()


class Shelf:
    """The bundles of all documents in review, below the state folder, and their rows in the ledger; for any thread."""

    def __init__(self, root: Path, ledger: Ledger, glossary: ReviewGlossary) -> None:
        """``root``: folder of the bundles, made when it is needed; ``glossary`` is told what its words did."""
        self.root = root
        self._ledger = ledger
        self._glossary = glossary

    def bundle(self, id_: str) -> Bundle:
        """Return the bundle of a document, whether or not anything is kept of it."""
        if not id_ or "/" in id_ or id_.startswith("."):
            raise StorageError(f"{id_[:60]!r} is no document's id")
        return Bundle(self.root / id_)

    def keep(self, folder: Folder, id_: str, stem: Path, outputs: Outputs, pages: Path) -> None:
        """See ``jobs.lifecycle.Reviewing``."""
        bundle, first = self.bundle(id_), outputs.before_composing
        if folder.review == "on":
            self._glossary.note_edits(folder.name, id_, PageFile.saved(pages))
        if folder.review != "on" or not any(doubtful_places(PageFile.saved(pages), first.fields)):
            if bundle.path.exists():
                bundle.remove()  # of an attempt that was cut off
            return
        facts = Facts(
            id=id_,
            folder=folder.name,
            inbox=os.fspath(folder.inbox),
            outbox=os.fspath(folder.outbox),
            stem=os.fspath(stem),
            relative=os.fspath(first.relative),
            settings=kept_settings(folder),
            record=record_fields(first),
            files=digests(outputs.files),
            days=folder.review_days,
            published=time.time(),
            source_id=source_id(id_, first.part),
        )
        bundle.keep(facts, pages)

    def published(self, source: ClaimedSource) -> None:
        """See ``jobs.lifecycle.Reviewing``."""
        documents = documents_of(source)
        for id_ in [one.id for one in documents] if len(documents) > 1 else [source.entry.id]:
            self._published(source, self.bundle(id_))

    def _published(self, source: ClaimedSource, bundle: Bundle) -> None:
        if not bundle.exists:
            return
        if source.entry.original == source.folder.original == "delete" and not source.recorded().warnings:
            self._keep_source(bundle, source)
        if self._ledger.reviews.get(bundle.facts.id) is None:
            places = bundle.places()
            self._ledger.reviews.put(row_of(bundle, places))
            source.log.info("review.opened", places=len(places), doubt=document_doubt(places))

    def recover(self) -> None:
        """Learn bundles that the ledger lost, and remove those of documents that were never published."""
        for path in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            bundle = Bundle(path)
            if not path.is_dir() or path.name.startswith("."):
                continue
            try:
                entry = self._ledger.get((bundle.facts.source_id if bundle.exists else "") or path.name)
                if entry is None or entry.state not in ACTIVE:
                    self._decide(bundle)
            except StorageError as e:
                log.warning("review.unreadable", id=path.name, reason=str(e))

    def _decide(self, bundle: Bundle) -> None:
        row = self._ledger.reviews.get(bundle.path.name)
        if row is not None and row.state != "expired" and bundle.exists:
            return
        if not bundle.exists or (row is not None and row.state == "expired"):
            bundle.remove()
            return
        if record.head(bundle.target(".json")).get("id") == bundle.facts.id or self._is_known(bundle.facts):
            self._ledger.reviews.put(row_of(bundle, bundle.places()))
        else:
            bundle.remove()

    def _is_known(self, facts: Facts) -> bool:
        """Whether the ledger knows the document, as a source or as one of the documents that were chosen for one."""
        if not facts.source_id:
            return self._ledger.get(facts.id) is not None
        chosen = self._ledger.parts.of(facts.source_id)
        return any(f"{facts.source_id}-{row.number}" == facts.id for row in chosen)

    def expire(self, now: float) -> int:
        """Remove what is kept beyond its time, or beyond MAX_BUNDLES; return of how many documents."""
        over = self._ledger.reviews.over(now, MAX_BUNDLES)
        for row in over:
            self.bundle(row.id).remove()
            self._ledger.reviews.expire(row.id)
            log.info("review.expired", id=row.id, folder=row.folder, decided=row.decided, places=row.places)
        return len(over)

    def _keep_source(self, bundle: Bundle, source: ClaimedSource) -> None:
        """Give a scan that is going to be deleted a second name in the bundle; StorageError."""
        path, own = source.locate(), bundle.own_source()
        if path is None or os.path.lexists(own):
            return
        try:
            with pinned(path) as here:
                link_or_copy(here, own)
        except OSError as e:
            raise StorageError(f"{printable(own)} cannot be written: {e.strerror}") from e


def numbers_of_source(ledger: Ledger, bundle: Bundle) -> NumberCounts:
    """Return how sure the numbers of a document's source are, over all documents that it makes, as records say now."""
    facts = bundle.facts
    if not facts.source_id:
        return record.numbers_of(record.head(bundle.target(".json")))
    records = [row.outbox / row.stem.with_name(f"{row.stem.name}.json") for row in ledger.parts.of(facts.source_id)]
    heads = [record.head(path) for path in records]
    return sum((record.numbers_of(head) for head in heads), NumberCounts()) if all(heads) else NumberCounts()


def row_of(bundle: Bundle, places: Sequence[Place], *, outdated: bool = False) -> ReviewRow:
    """Return what the ledger is to know of a bundle: what is decided, and whether outputs and command know."""
    facts, actions, written = bundle.facts, bundle.journal.read(), bundle.written
    decided = {one.decision.place for one in holding(actions)}
    left = [place for place in places if place.id not in decided]
    latest = max([facts.published, bundle.journal.path.stat().st_mtime])
    return ReviewRow(
        id=facts.id,
        folder=facts.folder,
        relative=Path(facts.relative),
        doubt=document_doubt(left),
        places=len(places),
        decided=len(places) - len(left),
        state="outdated" if outdated else "open" if left else "decided",
        pending=not outdated and (written.steps < len(actions) or written.told < written.steps),
        added=facts.published,
        expires=latest + facts.days * DAY_S,
    )
