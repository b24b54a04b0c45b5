"""One document's way from claim to done: convert, publish, put the source away, run the hook. Ledger first, always."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from scanmend.config.schema import Folder
from scanmend.document import DocumentWarning, printable
from scanmend.errors import StorageError
from scanmend.fs.source_handle import SourceHandle
from scanmend.jobs import hooks, retry_policy
from scanmend.jobs.checkpoint import LedgerCheckpoint
from scanmend.jobs.claimed_source import INBOX_GONE, SOURCE_LOST, ClaimedSource
from scanmend.jobs.pipeline import Pipeline
from scanmend.jobs.publish import add_to_fields_table, publish, published_record, with_free_archive_name
from scanmend.jobs.quarantine import quarantine
from scanmend.jobs.retry_policy import FinishWithoutSource, GiveUp, Hold, Postpone, Resume, Retry
from scanmend.jobs.write_outputs import Outputs, make_outputs, rewrite_record
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.outputs.record import head_of, numbers_of

STOPPED_WITH_ONLY_COPY = (
    "the inbox was removed or unmounted while the document was in work, and scanmend was stopped before it was done; "
    "this is the scan as it was still open"
)
"""Why a document is in quarantine that would have been lost when the daemon stopped."""


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
    ) -> None:
        """``on_stage(id, stage)`` hears what a document is going through, for status; ``stopping`` cuts hooks short.

        ``enter(id, pages)`` may put a document off, once it is known how long it is: see ``Admission``.
        ``trouble(folder, space, inbox)`` tells what keeps the folder's paths from being used; ``space`` on a disk, and
        the ``inbox``, only where these are needed.
        """
        self._ledger = ledger
        self._pipeline = pipeline
        self._on_stage = on_stage
        self._stopping = stopping
        self._enter = enter
        self._trouble = trouble
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
        if entry.state == "failing":
            self._quarantine(source, entry.error or "unknown", begun=entry.put_away)
            return
        try:
            uncorrected = self._publish(source)
            self._put_away(source)
            self._finish(source, uncorrected)
        except Exception as e:  # the document boundary: one bad scan must not end the daemon
            if not isinstance(e, retry_policy.EXPECTED):
                source.log.exception("document.unexpected")
            self._follow_up(source, e)

    def _finish(self, source: ClaimedSource, uncorrected: str) -> None:
        """Run the folder's command, and be done."""
        if hooks.after_success(source.folder, source.recorded(), self._stopping):
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
        return str(published_record(entry).get("uncorrected") or "")

    def _convert(self, source: ClaimedSource) -> str:
        """Convert and publish; return why pages were left uncorrected, empty when they were not."""
        source.record("working", outbox=source.folder.outbox)  # where it is now, whatever it was when the scan came
        source = with_free_archive_name(source)
        checkpoint = LedgerCheckpoint(self._ledger, source.entry.id, self._on_stage, self._enter)
        with self._pipeline.pool.temporary_folder() as work, source.being_read(work) as file:
            outputs = make_outputs(self._pipeline, file, source.folder, checkpoint, work)
            source.confirm(file, outputs.record.sha256)
            self._require_usable(source, space=True)  # it may have gone while the file was read
            publish(source, outputs.files, lambda stem: rewrite_record(outputs, source.archived_as(stem)))
        add_to_fields_table(source.folder, head_of(outputs.record))
        source.record("published", warnings=outputs.record.warnings, numbers=outputs.record.numbers)
        _log_done(outputs, source.log)
        return outputs.converted.uncorrected

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
                self._finish(source, str(published_record(entry).get("uncorrected") or ""))
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
            source.log.error("document.quarantined", reason=reason, where=printable(target))
            hooks.after_failure(source.folder, source.entry, target, reason, self._stopping)


def _log_done(outputs: Outputs, log: FilteringBoundLogger) -> None:
    """Write the one line that sums a document up."""
    converted, tally = outputs.converted, outputs.converted.tally
    warnings, numbers = outputs.record.warnings, outputs.record.numbers
    for warning in warnings:
        log.warning("document.warning", code=warning.code, page=warning.page, text=warning.text)
    (log.warning if converted.uncorrected or warnings else log.info)(
        "document.done",
        pages=len(converted.pages),
        ocr_s=round(tally.ocr_s, 3),
        llm_s=round(tally.correct_s, 3),
        total_s=converted.seconds,
        edits=tally.edits,
        rejected=tally.rejected,
        **({f"numbers_{state}": count for state, count in asdict(numbers).items()} if numbers else {}),
        **({"duplicate_of": outputs.record.duplicate_of} if outputs.record.duplicate_of else {}),
        **({"uncorrected": converted.uncorrected} if converted.uncorrected else {}),
        **({"warnings": len(warnings)} if warnings else {}),
    )
