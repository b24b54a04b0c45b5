"""One document's way from claim to done: convert, publish, put the source away, run the hook. Ledger first, always."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from scanmend.assembly.parts import Part
from scanmend.config.schema import Folder
from scanmend.document import DocumentField, DocumentWarning, printable
from scanmend.error_codes.codes import code_of
from scanmend.errors import DocumentError, StorageError
from scanmend.fs.source_handle import SourceHandle
from scanmend.intake.presence import daemon_mark, taken_over_by
from scanmend.jobs import hooks, retry_policy
from scanmend.jobs.checkpoint import LedgerCheckpoint
from scanmend.jobs.claimed_source import INBOX_GONE, SOURCE_LOST, ClaimedSource
from scanmend.jobs.pipeline import Pipeline
from scanmend.jobs.publish import (
    Named,
    add_to_fields_table,
    choose_documents,
    documents_of,
    publish,
    publish_part,
    published_record,
    renamed,
    with_free_archive_name,
)
from scanmend.jobs.quarantine import quarantine
from scanmend.jobs.retry_policy import FinishWithoutSource, GiveUp, Hold, Postpone, Resume, Retry
from scanmend.jobs.write_outputs import Outputs, SourceFile, make_outputs, pages_path, rewrite_record, whole_of
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.outputs.record import head_of, numbers_of

STOPPED_WITH_ONLY_COPY = (
    "the inbox was removed or unmounted while the document was in work, and scanmend was stopped before it was done; "
    "this is the scan as it was still open"
)
"""Why a document is in quarantine that would have been lost when the daemon stopped."""


class Reviewing(Protocol):
    """Keeps what a person needs to review a document; every call may be made again after a crash. StorageError."""

    def keep(self, folder: Folder, id_: str, stem: Path, outputs: Outputs, pages: Path) -> None:
        """Keep what the outputs are made of, which are about to be published under this name below the outbox.

        ``pages``: path of the document's ``PageFile``.
        """

    def published(self, source: ClaimedSource) -> None:
        """Open the review of a document that is published, before its source is put away."""


class NoReviewing:
    """Keeps nothing, where no folder is reviewed."""

    def keep(self, folder: Folder, id_: str, stem: Path, outputs: Outputs, pages: Path) -> None:
        """See Reviewing."""

    def published(self, source: ClaimedSource) -> None:
        """See Reviewing."""


class TakenOver(Exception):
    """Another daemon goes on with the document."""


class DocumentLifecycle:
    """Sees each claimed file through to its end."""

    def __init__(
        self,
        ledger: Ledger,
        pipeline: Pipeline,
        on_stage: Callable[[str, str], None] = lambda _id, _stage: None,
        stopping: Callable[[], bool] = lambda: False,
        enter: Callable[[str, int], None] = lambda _id, _pages: None,
        trouble: Callable[[Folder, bool, bool], str | None] = lambda _folder, _space, _inbox: None,
        reviewing: Reviewing | None = None,
        daemon: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``on_stage(id, stage)`` hears what a document is going through, for status; ``stopping`` cuts hooks short.

        ``enter(id, pages)`` may put a document off, once it is known how long it is: see ``Admission``.
        ``trouble(folder, space, inbox)`` tells what keeps the folder's paths from being used; ``space`` on a disk, and
        the ``inbox``, only where these are needed. ``daemon`` returns this daemon's name, which records have.
        """
        self._ledger = ledger
        self._pipeline = pipeline
        self._on_stage = on_stage
        self._stopping = stopping
        self._enter = enter
        self._trouble = trouble
        self._reviewing = reviewing or NoReviewing()
        self._daemon = daemon
        self._mark = daemon_mark(ledger.path.parent)
        self._only_copies: dict[str, ClaimedSource] = {}
        """By id: documents that wait, and whose source is gone but for the file that is open."""

    @property
    def inboxes_of_only_copies(self) -> set[Path]:
        """Inboxes of documents that wait and can be finished without their inbox; for any thread."""
        return {source.folder.inbox for source in tuple(self._only_copies.values())}

    def close(self) -> None:
        """Save what is the only copy of a source, as it ends with this process; call when nothing is in work."""
        for source in self._only_copies.values():
            if source.recorded().state == "published":
                try:
                    self._put_away(source)
                except StorageError as e:
                    source.log.error("document.source_lost", error=str(e))  # noqa: TRY400 -- no bug of ours
            else:
                self._quarantine(source, STOPPED_WITH_ONLY_COPY)
            source.handle.close()
        self._only_copies.clear()

    def work(self, entry: Entry, folder: Folder) -> None:
        """Take a document as far as it goes now; never raises but for a ledger that cannot be written."""
        before = self._only_copies.pop(entry.id, None)
        source = ClaimedSource(self._ledger, entry, folder, before.handle if before else SourceHandle())
        try:
            self._work(source)
        finally:
            if source.handle.is_only_copy and source.recorded().state in ACTIVE:
                self._only_copies[entry.id] = source
            else:
                source.handle.close()

    def _work(self, source: ClaimedSource) -> None:
        entry = source.entry
        try:
            self._require_ours(source)
            if entry.state == "failing":
                self._quarantine(source, entry.error or "unknown", begun=entry.put_away)
                return
            uncorrected = self._publish(source)
            self._reviewing.published(source)
            self._put_away(source)
            self._finish(source, uncorrected)
        except Exception as e:  # the document boundary: one bad scan must not end the daemon
            if by := self._taken_over_by(source):
                self._ledger.drop(entry.id)
                source.log.warning("document.taken_over", by=by, meaning="the other daemon goes on with it")
                return
            if not isinstance(e, retry_policy.EXPECTED):
                source.log.exception("document.unexpected")
            self._follow_up(source, e)

    def _finish(self, source: ClaimedSource, uncorrected: str) -> None:
        """Run the folder's command, and be done."""
        entry = source.recorded()
        made = [(document.id, document.outbox, document.stem) for document in documents_of(source)]
        of_each = made if len(made) > 1 else [(entry.id, entry.outbox, entry.stem)]
        about = [replace(entry, id=id_, outbox=outbox, stem=stem) for id_, outbox, stem in of_each]
        told = not source.folder.on_success or all(
            hooks.after_success(source.folder, document, self._stopping) for document in about
        )
        if told:
            self._ledger.finish(source.entry.id, uncorrected)
        # else the daemon stops: the document stays published, and the hook runs at the next start

    def _publish(self, source: ClaimedSource) -> str:
        """Have the outputs in the outbox; return why pages were left uncorrected, empty when they were not."""
        entry = source.entry
        if entry.state != "published":
            self._require_usable(source, space=True)
            if published_record(entry).get("id") != entry.id:
                return self._convert(source)
            # the ledger does not know: a crash came between, or it is an old copy
            add_to_fields_table(source.folder, published_record(entry))
            source.record("published", numbers=numbers_of(published_record(entry)))
        return self._uncorrected(source)

    @staticmethod
    def _uncorrected(source: ClaimedSource) -> str:
        """Return why pages of a published source were left uncorrected, as its records say; empty where none were."""
        records = [one.record for one in documents_of(source)] or [published_record(source.entry)]
        return next((str(why) for fields in records if (why := fields.get("uncorrected"))), "")

    def _convert(self, source: ClaimedSource) -> str:
        """Convert and publish; return why pages were left uncorrected, empty when they were not."""
        source.record("working", outbox=source.folder.outbox)  # where it is now, whatever it was when the scan came
        source = with_free_archive_name(source)
        checkpoint = LedgerCheckpoint(self._ledger, source.entry.id, self._on_stage, self._enter)
        began = time.monotonic()
        documents = documents_of(source)
        known: tuple[Part, ...] | None = () if documents else None
        if any(document.is_published for document in documents):
            known = tuple(document.part for document in documents)

        def planned(file: SourceFile, parts: Sequence[Part], fields: Sequence[tuple[DocumentField, ...]]) -> SourceFile:
            nonlocal source, documents
            documents = choose_documents(source, parts, fields)
            if len(documents) == 1 and documents[0].stem != source.entry.stem:
                source = renamed(source, documents[0].stem)
                file = replace(file, archived_as=source.archived_as(source.entry.stem))
            return file

        with self._pipeline.pool.temporary_folder() as work, source.being_read(work) as opened:
            file = replace(opened, daemon=self._daemon())
            made = make_outputs(self._pipeline, file, source.folder, checkpoint, work, planned, known)
            source.confirm(file, made[0].record.sha256)
            self._require_ours(source)
            self._require_usable(source, space=True)  # it may have gone while the file was read
            if len(made) == 1:
                self._publish_one(source, made[0], work)
            else:
                for document, outputs in zip(documents, made, strict=True):
                    stem = publish_part(source, document, outputs.files, self._keeper(source, document, outputs, work))
                    source.log.info(
                        "document.part", part=document.part.number, of=document.part.of, outputs=printable(stem)
                    )
        for outputs in made:
            add_to_fields_table(source.folder, head_of(outputs.record))
        whole = whole_of(made)
        source.record("published", warnings=whole.record.warnings, numbers=whole.record.numbers)
        write_s = max(0.0, time.monotonic() - began - whole.converted.seconds)
        age_s = max(0.0, time.time() - source.entry.claimed)
        pages = [len(outputs.converted.pages) for outputs in made]
        _log_done(whole, pages, source.log, write_s=write_s, age_s=age_s)
        return whole.converted.uncorrected

    def _publish_one(self, source: ClaimedSource, outputs: Outputs, work: Path) -> None:
        """Publish the only document of a source, and keep it for review before where it is of one file."""

        def keep(stem: Path) -> None:
            if not outputs.record.members:
                self._keep_for_review(source, outputs, stem, work)

        def renamed_to(stem: Path) -> None:
            rewrite_record(outputs, source.archived_as(stem))
            keep(stem)

        keep(source.entry.stem)
        publish(source, outputs.files, renamed_to)

    def _keep_for_review(self, source: ClaimedSource, outputs: Outputs, stem: Path, work: Path) -> None:
        first = replace(outputs.before_composing, archived_as=source.archived_as(stem))
        again = replace(outputs, before_composing=first)
        self._reviewing.keep(source.folder, source.entry.id, stem, again, pages_path(work, outputs.record.part))

    def _keeper(self, source: ClaimedSource, document: Named, outputs: Outputs, work: Path) -> Callable[[Path], None]:
        """Return what keeps one of several documents for review, under the name that it is given."""
        pages = pages_path(work, document.part)
        return lambda stem: self._reviewing.keep(source.folder, document.id, stem, outputs, pages)

    def _put_away(self, source: ClaimedSource) -> None:
        """Archive, delete or return the source, where it still lies in the claim folder."""
        if source.handle.is_only_copy:
            self._require_usable(source, space=True)
            source.log.warning("document.source_saved", where=printable(source.archive()))
            source.warn(DocumentWarning("inbox_gone", INBOX_GONE))
            source.handle.close()
            return
        path = source.locate()
        if path is not None:
            self._require_usable(source, space=False)
            source.put_away(path)
        elif source.is_missing_from_archive():
            source.warn(DocumentWarning("source_lost", SOURCE_LOST))
        source.release()
        source.handle.close()

    def _require_ours(self, source: ClaimedSource) -> None:
        """TakenOver where another daemon goes on with the document, since this one was silent for long."""
        if self._taken_over_by(source):
            raise TakenOver

    def _taken_over_by(self, source: ClaimedSource) -> str | None:
        return taken_over_by(source.folder.inbox, source.entry.id, self._mark)

    def _require_usable(self, source: ClaimedSource, *, space: bool) -> None:
        """Raise StorageError where a path of the folder is gone, read-only or, with ``space``, full.

        The inbox does not matter where the source is gone from it, but open.
        """
        if why := self._trouble(source.folder, space, not source.handle.is_only_copy):
            raise StorageError(why)

    def _follow_up(self, source: ClaimedSource, error: Exception) -> None:
        """Carry out what the retry policy decides on a failed attempt."""
        only_copy = source.handle.is_only_copy
        claims_lost = (
            isinstance(error, StorageError)
            and not only_copy
            and not self._trouble(source.folder, False, True)
            and source.is_lost()
        )
        entry = source.recorded()
        state = "published" if entry.state == "published" else "waiting"
        match retry_policy.decide(error, entry, source.folder, claims_lost=claims_lost):
            case Resume() if only_copy and state != "published":
                source.record("failing", error=STOPPED_WITH_ONLY_COPY, due=0.0, put_away=None)
                self._quarantine(source, STOPPED_WITH_ONLY_COPY)
            case Resume():
                source.record("waiting")
                source.log.info("document.interrupted")
            case Postpone(reason):
                source.record("waiting", due=0.0, error=reason)
                source.log.info("document.postponed", reason=reason)
            case Hold(reason, delay_s, news):
                source.record(state, due=time.time() + delay_s, error=reason)
                if news:
                    source.log.warning("document.held", reason=reason, again_in_s=round(delay_s))
            case Retry(reason, delay_s, attempt, of):
                source.record(state, attempts=attempt, due=time.time() + delay_s, error=reason)
                source.log.warning("document.retry", reason=reason, attempt=attempt, of=of, again_in_s=round(delay_s))
            case FinishWithoutSource():
                source.warn(DocumentWarning("source_lost", SOURCE_LOST))
                self._finish(source, self._uncorrected(source))
            case GiveUp(reason):
                source.record("failing", error=reason, due=0.0, put_away=None)
                self._quarantine(source, reason)

    def _quarantine(self, source: ClaimedSource, reason: str, *, begun: Path | None = None) -> None:
        """Quarantine a document; where that cannot be done now, it stays ``failing`` with its first reason.

        ``begun``: where an earlier attempt at that, which was cut off, was to put the file.
        """
        try:
            target = quarantine(source, reason, begun=begun)
        except (StorageError, OSError) as e:
            source.record("failing", due=time.time() + retry_policy.uncounted_delay_s(source.folder))
            source.log.error("document.quarantine_failed", reason=reason, error=str(e))  # noqa: TRY400 -- no bug of ours
        else:
            code = code_of(reason, DocumentError.kind)
            source.log.error("document.quarantined", reason=reason, code=code, where=printable(target))
            hooks.after_failure(source.folder, source.entry, target, reason, self._stopping)


def _log_done(
    outputs: Outputs, pages: Sequence[int], log: FilteringBoundLogger, *, write_s: float, age_s: float
) -> None:
    """Write the one line that sums a source up.

    ``write_s``: seconds that making and publishing the outputs took. ``age_s``: seconds since the file was claimed.
    ``pages``: how many each of its documents has.
    """
    converted, tally = outputs.converted, outputs.converted.tally
    warnings, numbers = outputs.record.warnings, outputs.record.numbers
    for warning in warnings:
        log.warning("document.warning", code=warning.code, page=warning.page, text=warning.text)
    (log.warning if converted.uncorrected or warnings else log.info)(
        "document.done",
        pages=sum(pages),
        ocr_s=round(tally.ocr_s, 3),
        llm_s=round(tally.correct_s, 3),
        write_s=round(write_s, 3),
        total_s=converted.seconds,
        age_s=round(age_s, 3),
        edits=tally.edits,
        rejected=tally.rejected,
        **({f"numbers_{state}": n for state, n in asdict(numbers).items() if state != "confirmed"} if numbers else {}),
        **({"parts": len(pages)} if len(pages) > 1 else {}),
        **({"duplicate_of": outputs.record.duplicate_of} if outputs.record.duplicate_of else {}),
        **({"uncorrected": converted.uncorrected} if converted.uncorrected else {}),
        **({"warnings": len(warnings)} if warnings else {}),
    )
