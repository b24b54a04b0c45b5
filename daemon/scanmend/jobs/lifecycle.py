"""One document's way from claim to done: convert, publish, put the source away, run the hook. Ledger first, always."""

import time
from collections.abc import Callable
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from scanmend.config.schema import Folder
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.jobs import hooks, retry_policy
from scanmend.jobs.checkpoint import LedgerCheckpoint
from scanmend.jobs.claimed_source import ClaimedSource
from scanmend.jobs.pipeline import Pipeline
from scanmend.jobs.publish import publish, published_record
from scanmend.jobs.quarantine import quarantine
from scanmend.jobs.retry_policy import GiveUp, Hold, Postpone, Resume, Retry
from scanmend.jobs.write_outputs import Outputs, make_outputs
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger


class DocumentLifecycle:
    """Sees each claimed file through to its end."""

    def __init__(
        self,
        ledger: Ledger,
        pipeline: Pipeline,
        on_stage: Callable[[str, str], None] = lambda _id, _stage: None,
        stopping: Callable[[], bool] = lambda: False,
        enter: Callable[[str, int], None] = lambda _id, _pages: None,
        trouble: Callable[[Folder, bool], str | None] = lambda _folder, _space: None,
    ) -> None:
        """``on_stage(id, stage)`` hears what a document is going through, for status; ``stopping`` cuts hooks short.

        ``enter(id, pages)`` may put a document off, once it is known how long it is: see ``Admission``.
        ``trouble(folder, space)`` tells what keeps the folder's paths from being used, with ``space`` also a full disk.
        """
        self._ledger = ledger
        self._pipeline = pipeline
        self._on_stage = on_stage
        self._stopping = stopping
        self._enter = enter
        self._trouble = trouble

    def work(self, entry: Entry, folder: Folder) -> None:
        """Take a document as far as it goes now; never raises but for a ledger that cannot be written."""
        source = ClaimedSource(self._ledger, entry, folder)
        if entry.state == "failing":
            self._quarantine(source, entry.error or "unknown", begun=entry.put_away)
            return
        try:
            uncorrected = self._publish(source)
            self._put_away(source)
            if hooks.after_success(folder, source.recorded(), self._stopping):
                self._ledger.finish(entry.id, uncorrected)
            # else the daemon stops: the document stays published, and the hook runs at the next start
        except Exception as e:  # the document boundary: one bad scan must not end the daemon
            if not isinstance(e, retry_policy.EXPECTED):
                source.log.exception("document.unexpected")
            self._follow_up(source, e)

    def _publish(self, source: ClaimedSource) -> str:
        """Have the outputs in the outbox; return why pages were left uncorrected, empty when they were not."""
        entry = source.entry
        if entry.state != "published":
            self._require_usable(source.folder, space=True)
            if published_record(entry).get("id") != entry.id:
                return self._convert(source)
            source.record("published")  # the ledger does not know: a crash came between, or it is an old copy
        return str(published_record(entry).get("uncorrected") or "")

    def _convert(self, source: ClaimedSource) -> str:
        """Convert and publish; return why pages were left uncorrected, empty when they were not."""
        source.record("working", outbox=source.folder.outbox)  # where it is now, whatever it was when the scan came
        checkpoint = LedgerCheckpoint(self._ledger, source.entry.id, self._on_stage, self._enter)
        with self._pipeline.pool.temporary_folder() as work, source.being_read() as file:
            outputs = make_outputs(self._pipeline, file, source.folder, checkpoint, work)
            source.confirm(file, outputs.record.sha256)
            self._require_usable(source.folder, space=True)  # it may have gone while the file was read
            publish(source, outputs.files)
        source.record("published", warnings=outputs.record.warnings)
        _log_done(outputs, source.log)
        return outputs.converted.uncorrected

    def _put_away(self, source: ClaimedSource) -> None:
        """Archive, delete or return the source, where it still lies in the claim folder."""
        path = source.locate()
        if path is not None:
            self._require_usable(source.folder, space=False)
            source.put_away(path)
        source.release()

    def _require_usable(self, folder: Folder, *, space: bool) -> None:
        """Raise StorageError where a path of the folder is gone, read-only or, with ``space``, full."""
        if why := self._trouble(folder, space):
            raise StorageError(why)

    def _follow_up(self, source: ClaimedSource, error: Exception) -> None:
        """Carry out what the retry policy decides on a failed attempt."""
        claims_lost = isinstance(error, StorageError) and not self._trouble(source.folder, False) and source.is_lost()
        entry = source.recorded()
        state = "published" if entry.state == "published" else "waiting"
        match retry_policy.decide(error, entry, source.folder, claims_lost=claims_lost):
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
    warnings = outputs.record.warnings
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
        **({"duplicate_of": outputs.record.duplicate_of} if outputs.record.duplicate_of else {}),
        **({"uncorrected": converted.uncorrected} if converted.uncorrected else {}),
        **({"warnings": len(warnings)} if warnings else {}),
    )
