"""The life of one claimed file: claim, convert, publish, put away; or back off; or quarantine. Ledger first, always."""

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from scanmend.config import Folder
from scanmend.document import CorrectedPage, Fingerprint, Page, printable
from scanmend.errors import DocumentError, Stopping, StorageError, TransientError
from scanmend.intake.inbox import Inbox, Missed
from scanmend.ledger import Entry, Ledger
from scanmend.ocr.limits import Inspection
from scanmend.outbox import atomic, failure
from scanmend.pipeline import Pipeline, outputs, record_of

BACKOFF = 6.0
LONGEST_DELAY_S = 3600.0
_NAMES_TRIED = 100

log = structlog.get_logger()


class Custody:
    """Takes files out of inboxes and sees each through to its end."""

    def __init__(
        self, ledger: Ledger, pipeline: Pipeline, told: Callable[[str, str], None] = lambda _id, _stage: None
    ) -> None:
        """``told(id, stage)`` hears what a document is going through, for status."""
        self._ledger = ledger
        self._pipeline = pipeline
        self._told = told

    def claim(self, folder: Folder, inbox: Inbox, relative: Path, fingerprint: Fingerprint) -> Entry | Missed:
        """Record the claim, then take the file; at StorageError it lies in the inbox or, recorded, in the claim folder."""
        now = time.time()
        suffixes = [f".{name}" for name in folder.outputs]
        stem = atomic.free_stem(
            folder.outbox, relative.with_suffix(""), suffixes, lambda s: self._ledger.holds_name(folder.outbox, s)
        )
        entry = Entry(
            id=f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}",
            folder=folder.name,
            inbox=folder.inbox,
            relative=relative,
            stem=stem,
            outbox=folder.outbox,
            fingerprint=fingerprint,
            state="claiming",
            attempts=0,
            due=0.0,
            original=folder.original,
            put_away=None,
            sha256=None,
            pages=None,
            error=None,
            claimed=now,
            changed=now,
        )
        self._ledger.add(entry)
        claimed = inbox.claim(relative, entry.id, fingerprint)
        if isinstance(claimed, Missed):
            self._ledger.drop(entry.id)
            return claimed
        self._ledger.move(entry.id, "waiting")
        log.info("document.claimed", id=entry.id, folder=folder.name, file=printable(relative), bytes=fingerprint.size)
        return entry

    def recover(self, folders: dict[str, Folder]) -> None:
        """Bring what a crash or a stop interrupted into a state that work goes on from."""
        for entry in self._ledger.in_state("claiming", "working", "returning"):
            folder = folders.get(entry.folder)
            if folder is None:
                continue
            here = Inbox(folder).claimed(entry.id) is not None
            if entry.state == "returning":
                self._ledger.move(entry.id, "waiting" if here else "quarantined")
            elif here or entry.state == "working":
                self._ledger.move(entry.id, "waiting")
            else:
                Inbox(folder).release(entry.id)
                self._ledger.drop(entry.id)
            log.info("document.resumed", id=entry.id, state=entry.state, file=printable(entry.relative))
        for name, folder in folders.items():
            for unknown in (i for i in Inbox(folder).claims() if self._ledger.get(i) is None):
                log.warning("claim.unknown", folder=name, id=unknown, meaning="of another daemon, or of a lost ledger")

    def work(self, entry: Entry, folder: Folder) -> None:
        """Take a document as far as it goes now; never raises but for a ledger that cannot be written."""
        bound = log.bind(id=entry.id, folder=folder.name, file=printable(entry.relative))
        inbox = Inbox(folder)
        try:
            if entry.state == "failing":
                self._quarantine(entry, folder, inbox, entry.error or "unknown")
                return
            if entry.state != "published":
                self._publish(entry, folder, inbox, bound)
            self._put_away(entry, folder, inbox)
            self._ledger.finish(entry.id)
        except Stopping:
            self._ledger.move(entry.id, "waiting")
            bound.info("document.interrupted")
        except DocumentError as e:
            self._give_up(entry, folder, inbox, str(e), bound)
        except TransientError as e:
            self._back_off(entry, folder, inbox, str(e), bound)
        except Exception as e:  # noqa: BLE001 -- the document boundary: one bad scan must not end the daemon
            bound.exception("document.unexpected")
            self._back_off(entry, folder, inbox, f"unexpected {type(e).__name__}: {e}", bound)

    def _publish(
        self, entry: Entry, folder: Folder, inbox: Inbox, bound: structlog.typing.FilteringBoundLogger
    ) -> None:
        path = inbox.claimed(entry.id)
        if path is None:
            if inbox.identity() is None:
                raise StorageError(f"the inbox {folder.inbox} is gone")
            raise DocumentError("the file vanished from the claim folder; someone removed it")
        self._ledger.move(entry.id, "working")
        if self._complete(entry):
            self._ledger.move(entry.id, "published")
            return
        keeper = _Keeper(self._ledger, entry.id, self._told)
        converted = self._pipeline.convert(path, folder, keeper)
        self._told(entry.id, "writing")
        made = record_of(
            converted,
            folder,
            id_=entry.id,
            folder=folder.name,
            relative=entry.relative,
            size=entry.fingerprint.size,
            attempt=entry.attempts + 1,
            duplicate_of=self._ledger.same_content(converted.inspection.sha256, entry.id),
        )
        self._write(entry, folder, outputs(folder.outputs, made))
        self._ledger.move(entry.id, "published")
        edits = [e for p in converted.pages for e in p.edits]
        bound.info(
            "document.done",
            pages=len(converted.pages),
            ocr_s=converted.ocr_s,
            llm_s=converted.correct_s,
            total_s=converted.seconds,
            edits=sum(e.accepted for e in edits),
            rejected=sum(not e.accepted for e in edits),
            **({"duplicate_of": made.duplicate_of} if made.duplicate_of else {}),
        )

    def _complete(self, entry: Entry) -> bool:
        """Whether a crash came between the record, which is written last, and the ledger."""
        target = entry.outbox / entry.stem.with_name(entry.stem.name + ".json")
        try:
            return bool(json.loads(target.read_bytes()).get("id") == entry.id)
        except (OSError, ValueError, AttributeError, RecursionError):
            return False

    def _write(self, entry: Entry, folder: Folder, files: dict[str, bytes]) -> None:
        """Publish every output under one stem; when a stranger took the name meanwhile, under the next free one."""
        stem = entry.stem
        for _ in range(_NAMES_TRIED):
            written: list[Path] = []
            try:
                for suffix, data in files.items():
                    target = folder.outbox / stem.with_name(stem.name + suffix)
                    atomic.publish(target, data, root=folder.outbox)
                    written.append(target)
            except FileExistsError:
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

    def _put_away(self, entry: Entry, folder: Folder, inbox: Inbox) -> None:
        """Archive, delete or return the source; the place is recorded before, so that a crash cannot make it two."""
        path = inbox.claimed(entry.id)
        if path is not None:
            if entry.original == "keep":
                inbox.put_back(path, entry.relative)
            elif entry.original == "delete":
                path.unlink()
            else:
                target = entry.put_away or self._reserve(entry, folder.archive, entry.relative, "published")
                atomic.move(path, target, root=folder.archive)
        elif inbox.identity() is None:
            raise StorageError(f"the inbox {folder.inbox} is gone, and the source with it")
        inbox.release(entry.id)

    def _reserve(self, entry: Entry, root: Path, relative: Path, state: str) -> Path:
        stem = atomic.free_stem(root, relative.with_suffix(""), [relative.suffix], lambda _: False)
        target = root / stem.with_name(stem.name + relative.suffix)
        self._ledger.move(entry.id, state, put_away=target)
        return target

    def _back_off(
        self, entry: Entry, folder: Folder, inbox: Inbox, reason: str, bound: structlog.typing.FilteringBoundLogger
    ) -> None:
        now = self._ledger.get(entry.id) or entry
        attempts = now.attempts + 1
        published = now.state == "published"
        if attempts > folder.retries and not published:
            self._give_up(entry, folder, inbox, f"{reason} (tried {attempts} times)", bound)
            return
        delay = min(LONGEST_DELAY_S, folder.retry_delay_s * BACKOFF ** (attempts - 1))
        state = "published" if published else "waiting"
        self._ledger.move(entry.id, state, attempts=attempts, due=time.time() + delay, error=reason)
        bound.warning("document.retry", reason=reason, attempt=attempts, of=folder.retries + 1, again_in_s=round(delay))

    def _give_up(
        self, entry: Entry, folder: Folder, inbox: Inbox, reason: str, bound: structlog.typing.FilteringBoundLogger
    ) -> None:
        self._ledger.move(entry.id, "failing", error=reason, due=0.0, put_away=None)
        try:
            target = self._quarantine(entry, folder, inbox, reason)
        except (StorageError, FileExistsError) as e:
            self._ledger.move(entry.id, "failing", due=time.time() + LONGEST_DELAY_S / 10)
            bound.error("document.quarantine_failed", reason=reason, error=str(e))
        else:
            bound.error("document.quarantined", reason=reason, where=printable(target))

    def _quarantine(self, entry: Entry, folder: Folder, inbox: Inbox, reason: str) -> Path:
        """Move the file to quarantine with a report beside it."""
        try:
            folder.quarantine.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise StorageError(f"{folder.quarantine} cannot be made: {e.strerror}") from e
        recorded = self._ledger.get(entry.id)
        target = recorded.put_away if recorded and recorded.put_away else None
        if target is None:
            target = self._reserve(entry, folder.quarantine, Path(entry.relative.name), "failing")
        path = inbox.claimed(entry.id)
        if path is not None:
            atomic.move(path, target, root=folder.quarantine)
        when = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        atomic.replace(report_of(target), failure.render(target.name, reason, when, entry.id))
        inbox.release(entry.id)
        self._ledger.move(entry.id, "quarantined")
        return target


def report_of(quarantined: Path) -> Path:
    """Where the report on a quarantined file lies."""
    return quarantined.with_name(quarantined.name + ".error.txt")


def give_back(ledger: Ledger, entry: Entry, folder: Folder) -> None:
    """Return a quarantined file to its claim folder, to be worked on anew; StorageError when it cannot be moved.

    The daemon may run meanwhile: it takes up the document when the ledger says ``waiting``.
    """
    if entry.put_away is None:
        raise StorageError(f"{entry.id}: the ledger does not know where the file lies")
    source = entry.put_away
    claim = folder.inbox / ".scanmend" / entry.id
    ledger.move(entry.id, "returning")
    try:
        claim.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.move(source, claim / entry.relative.name)
        report_of(source).unlink(missing_ok=True)
    except (OSError, StorageError) as e:
        ledger.move(entry.id, "quarantined")
        raise StorageError(f"{printable(source)} cannot be taken back to work: {e}") from e
    ledger.move(entry.id, "waiting", attempts=0, due=0.0, error=None, put_away=None)


class _Keeper:
    """Keeps the finished pages of one document in the ledger."""

    def __init__(self, ledger: Ledger, id_: str, told: Callable[[str, str], None]) -> None:
        self._ledger, self._id, self._told = ledger, id_, told
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
        """See pipeline.Keeper."""
        self._pages = found.pages
        self._ledger.move(self._id, "working", sha256=found.sha256, pages=found.pages)

    def advance(self, number: int, stage: str) -> None:
        """See pipeline.Keeper."""
        self._told(self._id, f"{stage} page {number} of {self._pages}")
