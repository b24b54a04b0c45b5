"""The life of one claimed file: convert, publish, put away; or back off; or quarantine. Ledger first, always."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from scanmend.config.schema import Folder
from scanmend.document import printable
from scanmend.errors import DocumentError, PageFailed, Postponed, Stopping, StorageError, TransientError
from scanmend.fs import atomic
from scanmend.fs.mounts import of_the_file
from scanmend.fs.safe_open import pinned
from scanmend.intake.inbox import LONGEST_SUFFIX, Inbox
from scanmend.jobs import hooks
from scanmend.jobs.checkpoint import LedgerCheckpoint
from scanmend.jobs.claim import as_read, claimed_file, holds_claims, no_half
from scanmend.jobs.pipeline import Pipeline, record_of
from scanmend.jobs.write_outputs import write_outputs
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.outputs import error_report, record
from scanmend.outputs.page_file import PageFile

BACKOFF = 6.0
LONGEST_DELAY_S = 3600.0
HELD_S = 60.0
"""When at the latest a document is tried again that had no place to go."""
_NAMES_TRIED = 100
_STEEPEST = 50
"""Powers of BACKOFF beyond this one are of no use, and beyond 396 no floating-point number holds them."""

log = structlog.get_logger()


class Custody:
    """Sees each claimed file through to its end."""

    def __init__(
        self,
        ledger: Ledger,
        pipeline: Pipeline,
        told: Callable[[str, str], None] = lambda _id, _stage: None,
        stopping: Callable[[], bool] = lambda: False,
        enter: Callable[[str, int], None] = lambda _id, _pages: None,
        trouble: Callable[[Folder, bool], str | None] = lambda _folder, _room: None,
    ) -> None:
        """``told(id, stage)`` hears what a document is going through, for status; ``stopping`` cuts commands short.

        ``enter(id, pages)`` may put a document off, once it is known how long it is: see ``Admission``.
        ``trouble(folder, room)`` tells what keeps its places from being used, be it that they have no room.
        """
        self._trouble = trouble
        self._enter = enter
        self._stopping = stopping
        self._ledger = ledger
        self._pipeline = pipeline
        self._told = told

    def work(self, entry: Entry, folder: Folder) -> None:
        """Take a document as far as it goes now; never raises but for a ledger that cannot be written."""
        bound = log.bind(id=entry.id, folder=folder.name, file=printable(entry.relative))
        inbox = Inbox(folder)
        if entry.state == "failing":
            self._try_quarantine(entry, folder, inbox, entry.error or "unknown", bound)
            return
        try:
            if entry.state != "published":
                uncorrected = self._publish(entry, folder, inbox, bound)
            else:
                uncorrected = str(self._record(entry).get("uncorrected") or "")
            self._put_away(entry, folder, inbox)
            if not hooks.after_success(folder, self._ledger.get(entry.id) or entry, self._stopping):
                return  # the daemon stops; the document stays published, and the command comes at the next start
            self._ledger.finish(entry.id, uncorrected)
        except Postponed as e:
            self._ledger.move(entry.id, "waiting", due=0.0, error=str(e))
            bound.info("document.postponed", reason=str(e))
        except Stopping:
            self._ledger.move(entry.id, "waiting")
            bound.info("document.interrupted")
        except DocumentError as e:
            self._give_up(entry, folder, inbox, str(e), bound)
        except TransientError as e:
            self._put_off(e, entry, folder, inbox, bound)
        except Exception as e:  # noqa: BLE001 -- the document boundary: one bad scan must not end the daemon
            bound.exception("document.unexpected")
            self._back_off(entry, folder, inbox, f"unexpected {type(e).__name__}: {e}", bound)

    def _publish(self, entry: Entry, folder: Folder, inbox: Inbox, bound: structlog.typing.FilteringBoundLogger) -> str:
        """Convert and write; return why pages were left uncorrected, empty when they were not."""
        self._see_to_places(folder, room=True)
        path = claimed_file(entry, folder, inbox)
        made_before = self._record(entry)
        if made_before.get("id") == entry.id:  # the ledger does not know: a crash came between, or it is an old copy
            self._ledger.move(entry.id, "published")
            return str(made_before.get("uncorrected") or "")
        if path is None:
            raise DocumentError("the file vanished from the claim folder; someone removed it")
        entry = replace(entry, outbox=folder.outbox)  # where it is now, whatever it was when the scan came
        self._ledger.move(entry.id, "working", outbox=entry.outbox)
        keeper = LedgerCheckpoint(self._ledger, entry.id, self._told, self._enter)
        with self._pipeline.pool.temporary_folder() as work, no_half(path) as taken:
            pages = PageFile(work / "pages")
            converted = self._pipeline.convert(path, folder, keeper, pages)
            self._told(entry.id, "writing")
            made = record_of(
                converted,
                folder,
                id_=entry.id,
                folder=folder.name,
                relative=entry.relative,
                size=taken.size,
                modified_ns=taken.mtime_ns,
                attempt=entry.attempts + 1,
                duplicate_of=self._ledger.same_content(converted.inspection.sha256, entry.id),
            )
            files = write_outputs(folder, made, pages, path, work, self._pipeline.pool)
            if (now := as_read(path, taken, made.sha256)) != entry.fingerprint:
                self._ledger.move(entry.id, "working", **asdict(now))
            self._see_to_places(folder, room=True)  # they may have gone while it was read
            self._write(entry, folder, files)
        self._ledger.move(entry.id, "published")
        tally = converted.tally
        (bound.warning if converted.uncorrected else bound.info)(
            "document.done",
            pages=len(converted.pages),
            ocr_s=round(tally.ocr_s, 3),
            llm_s=round(tally.correct_s, 3),
            total_s=converted.seconds,
            edits=tally.edits,
            rejected=tally.rejected,
            **({"duplicate_of": made.duplicate_of} if made.duplicate_of else {}),
            **({"uncorrected": converted.uncorrected} if converted.uncorrected else {}),
        )
        return converted.uncorrected

    def _record(self, entry: Entry) -> dict[str, Any]:
        """What lies under the record's name; empty where that is no record."""
        return record.head(entry.outbox / entry.stem.with_name(entry.stem.name + ".json"))

    def _write(self, entry: Entry, folder: Folder, files: Mapping[str, Path]) -> None:
        """Publish every output under one stem; when a stranger took the name meanwhile, under the next free one."""
        stem = entry.stem
        for _ in range(_NAMES_TRIED):
            targets = {folder.outbox / stem.with_name(stem.name + suffix): data for suffix, data in files.items()}
            written: list[Path] = []
            try:
                for target, data in targets.items():
                    if len(written) + 1 == len(targets):  # another daemon may have taken back what was the same as ours
                        self._write_all(folder, {t: targets[t] for t in written if not t.exists()})
                    self._write_all(folder, {target: data})
                    written.append(target)
            except FileExistsError:
                if not self._record(replace(entry, stem=stem)):  # else another daemon's, of which these may be, too
                    for target in written:
                        target.unlink(missing_ok=True)
                stem = atomic.free_stem(
                    folder.outbox,
                    entry.relative.with_suffix(""),
                    list(files),
                    lambda s: self._ledger.holds_name(folder.outbox, s),
                )
                self._ledger.move(entry.id, "working", stem=stem)
            else:
                return
        raise StorageError(f"{folder.outbox}: no free name for {printable(entry.stem)} after {_NAMES_TRIED} tries")

    def _write_all(self, folder: Folder, files: Mapping[Path, Path]) -> None:
        for target, data in files.items():
            atomic.publish(target, data, root=folder.outbox, access=folder.output_access)

    def _put_away(self, entry: Entry, folder: Folder, inbox: Inbox) -> None:
        """Archive, delete or return the source; the place is recorded before, so that a crash cannot make it two."""
        path = claimed_file(entry, folder, inbox)
        if path is not None:
            self._see_to_places(folder, room=False)
            if entry.original == "keep":
                inbox.put_back(path, entry.relative)
            elif entry.original == folder.original == "delete":  # whoever takes that back meanwhile is heard
                with pinned(path) as here:
                    here.unlink(missing_ok=True)
            else:
                self._move(path, entry, folder.archive, entry.relative, "published")
        inbox.release(entry.id)

    def _move(self, path: Path | None, entry: Entry, root: Path, relative: Path, state: str, beside: str = "") -> Path:
        """Move the file below root under a free name; the place is recorded before it goes there, and returned.

        With ``beside`` added to it, the name is free, too, and not too long.
        """
        target = entry.put_away
        for _ in range(_NAMES_TRIED):
            if fresh := target is None:
                # A very long suffix leaves no room for a number, and is part of the name.
                suffix = relative.suffix if len(relative.suffix) <= LONGEST_SUFFIX else ""
                stem = relative.with_suffix("") if suffix else relative
                stem = atomic.free_stem(root, stem, [suffix, suffix + beside], lambda _: False)
                target = root / stem.with_name(stem.name + suffix)
                self._ledger.move(entry.id, state, put_away=target)
            try:
                if path is not None:
                    atomic.move(path, target, root=root, again=not fresh)
            except FileExistsError:
                target = None
            else:
                return target
        raise StorageError(f"{root}: no free name for {printable(relative)} after {_NAMES_TRIED} tries")

    def _see_to_places(self, folder: Folder, *, room: bool) -> None:
        if why := self._trouble(folder, room):
            raise StorageError(why)

    def _put_off(
        self,
        e: TransientError,
        entry: Entry,
        folder: Folder,
        inbox: Inbox,
        bound: structlog.typing.FilteringBoundLogger,
    ) -> None:
        """Try again later, unless the same page failed before; what a place cannot do is not counted.

        But where the inbox is there, and what was claimed in it is not, nothing says that it will come back.
        """
        lost = self._trouble(folder, False) is None and not holds_claims(folder)
        if isinstance(e, StorageError) and not of_the_file(e) and not (lost and inbox.identity()):
            self._hold(entry, folder, str(e), bound)
        elif isinstance(e, PageFailed) and e.repeats(entry.error):
            self._give_up(entry, folder, inbox, f"{e} (for the second time)", bound)
        else:
            self._back_off(entry, folder, inbox, str(e), bound)

    def _hold(self, entry: Entry, folder: Folder, reason: str, bound: structlog.typing.FilteringBoundLogger) -> None:
        """Put a document off for want of a place; that is no mark against it, however often."""
        now = self._ledger.get(entry.id) or entry
        delay = min(HELD_S, folder.retry_delay_s * BACKOFF)
        state = "published" if now.state == "published" else "waiting"
        self._ledger.move(entry.id, state, due=time.time() + delay, error=reason)
        if reason != entry.error:
            bound.warning("document.held", reason=reason, again_in_s=round(delay))

    def _back_off(
        self, entry: Entry, folder: Folder, inbox: Inbox, reason: str, bound: structlog.typing.FilteringBoundLogger
    ) -> None:
        now = self._ledger.get(entry.id) or entry
        attempts = now.attempts + 1
        published = now.state == "published"
        if attempts > folder.retries and not published:
            self._give_up(entry, folder, inbox, f"{reason} (tried {attempts} times)", bound)
            return
        delay = min(LONGEST_DELAY_S, folder.retry_delay_s * BACKOFF ** min(attempts - 1, _STEEPEST))
        state = "published" if published else "waiting"
        self._ledger.move(entry.id, state, attempts=attempts, due=time.time() + delay, error=reason)
        bound.warning("document.retry", reason=reason, attempt=attempts, of=folder.retries + 1, again_in_s=round(delay))

    def _give_up(
        self, entry: Entry, folder: Folder, inbox: Inbox, reason: str, bound: structlog.typing.FilteringBoundLogger
    ) -> None:
        self._ledger.move(entry.id, "failing", error=reason, due=0.0, put_away=None)
        self._try_quarantine(replace(entry, put_away=None), folder, inbox, reason, bound)

    def _try_quarantine(
        self, entry: Entry, folder: Folder, inbox: Inbox, reason: str, bound: structlog.typing.FilteringBoundLogger
    ) -> None:
        """Quarantine a document; where that cannot be done now, it stays ``failing`` with its first reason."""
        try:
            target = self._quarantine(entry, folder, inbox, reason)
        except (StorageError, OSError) as e:
            self._ledger.move(
                entry.id, "failing", due=time.time() + min(LONGEST_DELAY_S, folder.retry_delay_s * BACKOFF)
            )
            bound.error("document.quarantine_failed", reason=reason, error=str(e))
        else:
            bound.error("document.quarantined", reason=reason, where=printable(target))
            hooks.after_failure(folder, entry, target, reason, self._stopping)

    def _quarantine(self, entry: Entry, folder: Folder, inbox: Inbox, reason: str) -> Path:
        """Move the file to quarantine with a report beside it."""
        try:
            # Not its parents: beneath a share that is not mounted nobody would find it.
            folder.quarantine.mkdir(exist_ok=True)
        except OSError as e:
            raise StorageError(f"{folder.quarantine} cannot be made: {e.strerror}") from e
        path = inbox.claimed(entry.id)
        target = self._move(path, entry, folder.quarantine, Path(entry.relative.name), "failing", error_report.SUFFIX)
        when = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        report = error_report.render(target.name, reason, when, entry.id)
        atomic.replace(error_report.report_path(target), report, access=folder.output_access)
        inbox.release(entry.id)
        self._ledger.move(entry.id, "quarantined", put_away=target if target.exists() else None)
        return target
