"""The life of one claimed file: claim, convert, publish, put away; or back off; or quarantine. Ledger first, always."""

import json
import secrets
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from scanmend.config import Folder
from scanmend.document import CorrectedPage, Fingerprint, Page, printable
from scanmend.errors import DocumentError, Stopping, StorageError, TransientError
from scanmend.intake.inbox import CLAIMS, Inbox, Missed
from scanmend.ledger import Entry, Ledger
from scanmend.ocr.limits import Inspection
from scanmend.outbox import atomic, failure
from scanmend.pipeline import Pipeline, outputs, record_of

BACKOFF = 6.0
LONGEST_DELAY_S = 3600.0
ANEW: dict[str, Any] = {"attempts": 0, "due": 0.0, "error": None, "put_away": None}
"""What the ledger forgets of a document that is tried again from the start."""
_NAMES_TRIED = 100
_STEEPEST = 50
"""Powers of BACKOFF beyond this one are of no use, and beyond 396 no floating-point number holds them."""

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
        """Record the claim, then take the file; after a StorageError it lies in the inbox or in the claim folder."""
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
        try:
            claimed = inbox.claim(relative, entry.id, fingerprint)
        except StorageError:
            self._decide(entry, folder, inbox)
            raise
        if isinstance(claimed, Missed):
            self._ledger.drop(entry.id)
            return claimed
        self._ledger.move(entry.id, "waiting")
        log.info("document.claimed", id=entry.id, folder=folder.name, file=printable(relative), bytes=fingerprint.size)
        return entry

    def recover(self, folders: Iterable[Folder], in_work: Collection[str] = ()) -> None:
        """Bring what a crash or a stop interrupted into a state that work goes on from, but for ids ``in_work``."""
        for folder in folders:
            for entry in self._of(folder, "working"):
                if entry.id not in in_work:
                    self._ledger.move(entry.id, "waiting")
                    log.info("document.resumed", id=entry.id, state=entry.state, file=printable(entry.relative))
            self.adopt(folder)

    def adopt(self, folder: Folder) -> None:
        """Decide what became of moves into the claim folder that were cut off, now that the inbox is there.

        While it is not, nobody can tell: such a document stays as it is.
        """
        inbox = Inbox(folder)
        try:
            for entry in self._of(folder, "claiming"):
                self._decide(entry, folder, inbox)
            for entry in self._of(folder, "returning") if _holds_claims(folder) else ():
                here = inbox.claimed(entry.id) is not None
                self._ledger.move(entry.id, "waiting" if here else "quarantined", **(ANEW if here else {}))
            self._look_for_unknown(folder, inbox)
        except StorageError as e:
            log.warning("claims.undecided", folder=folder.name, error=str(e))

    def _decide(self, entry: Entry, folder: Folder, inbox: Inbox) -> None:
        """Go on with a claim that was cut off where it took the file, else forget it, where that can be told."""
        path = inbox.claimed(entry.id)
        if path is not None and _is_also_in(inbox, path):
            try:
                path.unlink()  # putting it back was cut off, and it has both names
            except OSError as e:
                raise StorageError(f"{path} cannot be removed: {e.strerror}") from e
            path = None
        if path is not None:
            self._ledger.move(entry.id, "waiting")
        elif _holds_claims(folder) or (folder.inbox / entry.relative).exists():
            inbox.release(entry.id)
            self._ledger.drop(entry.id)
        else:
            log.warning("claim.undecided", id=entry.id, file=printable(entry.relative))
            return
        log.info("claim.decided", id=entry.id, taken=path is not None, file=printable(entry.relative))

    def _look_for_unknown(self, folder: Folder, inbox: Inbox) -> None:
        for id_ in inbox.claims():
            known = self._ledger.get(id_)
            if known is None:
                log.warning(
                    "claim.unknown", folder=folder.name, id=id_, meaning="of another daemon, or of a lost ledger"
                )
            elif known.state == "quarantined" and known.put_away is None and inbox.claimed(id_) is not None:
                self._ledger.move(id_, "waiting", **ANEW)
                log.info("document.found_again", id=id_, folder=folder.name, file=printable(known.relative))

    def _of(self, folder: Folder, state: str) -> list[Entry]:
        return [entry for entry in self._ledger.in_state(state) if entry.inbox == folder.inbox]

    def work(self, entry: Entry, folder: Folder) -> None:
        """Take a document as far as it goes now; never raises but for a ledger that cannot be written."""
        bound = log.bind(id=entry.id, folder=folder.name, file=printable(entry.relative))
        inbox = Inbox(folder)
        if entry.state == "failing":
            self._try_quarantine(entry, folder, inbox, entry.error or "unknown", bound)
            return
        try:
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
        path = _claimed(entry, folder, inbox)
        if path is None:
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
        path = _claimed(entry, folder, inbox)
        if path is not None:
            if entry.original == "keep":
                inbox.put_back(path, entry.relative)
            elif entry.original == "delete":
                path.unlink(missing_ok=True)
            else:
                self._move(path, entry, folder.archive, entry.relative, "published")
        inbox.release(entry.id)

    def _move(self, path: Path | None, entry: Entry, root: Path, relative: Path, state: str) -> Path:
        """Move the file below root under a free name; the place is recorded before it goes there, and returned."""
        target = entry.put_away
        for _ in range(_NAMES_TRIED):
            if target is None:
                stem = atomic.free_stem(root, relative.with_suffix(""), [relative.suffix], lambda _: False)
                target = root / stem.with_name(stem.name + relative.suffix)
                self._ledger.move(entry.id, state, put_away=target)
            try:
                if path is not None:
                    atomic.move(path, target, root=root)
            except FileExistsError:
                target = None
            else:
                return target
        raise StorageError(f"{root}: no free name for {printable(relative)} after {_NAMES_TRIED} tries")

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
            self._ledger.move(entry.id, "failing", due=time.time() + folder.retry_delay_s * BACKOFF)
            bound.error("document.quarantine_failed", reason=reason, error=str(e))
        else:
            bound.error("document.quarantined", reason=reason, where=printable(target))

    def _quarantine(self, entry: Entry, folder: Folder, inbox: Inbox, reason: str) -> Path:
        """Move the file to quarantine with a report beside it."""
        try:
            # Not its parents: beneath a share that is not mounted nobody would find it.
            folder.quarantine.mkdir(exist_ok=True)
        except OSError as e:
            raise StorageError(f"{folder.quarantine} cannot be made: {e.strerror}") from e
        path = inbox.claimed(entry.id)
        target = self._move(path, entry, folder.quarantine, Path(entry.relative.name), "failing")
        when = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        atomic.replace(report_of(target), failure.render(target.name, reason, when, entry.id))
        inbox.release(entry.id)
        self._ledger.move(entry.id, "quarantined", put_away=target if target.exists() else None)
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
    claims = folder.inbox / CLAIMS
    ledger.move(entry.id, "returning")
    try:
        for place in (claims, claims / entry.id):  # never the inbox: beneath a missing share nobody would find it
            place.mkdir(exist_ok=True, mode=0o700)
        atomic.move(source, claims / entry.id / entry.relative.name)
        report_of(source).unlink(missing_ok=True)
    except (OSError, StorageError) as e:
        ledger.move(entry.id, "quarantined")
        raise StorageError(f"{printable(source)} cannot be taken back to work: {e}") from e
    ledger.move(entry.id, "waiting", **ANEW)


def _holds_claims(folder: Folder) -> bool:
    """Whether this is the inbox that files were claimed in: what lies beneath an unmounted share is another folder."""
    return (folder.inbox / CLAIMS).is_dir()


def _claimed(entry: Entry, folder: Folder, inbox: Inbox) -> Path | None:
    """Return the claimed file, None when it is not there any more; StorageError when that cannot be told."""
    path = inbox.claimed(entry.id)
    if path is None and not _holds_claims(folder):
        raise StorageError(f"the inbox {folder.inbox} is gone, and the source with it")
    return path


def _is_also_in(inbox: Inbox, path: Path) -> bool:
    """Whether a claimed file has a name in the inbox, too."""
    found = path.lstat()
    return found.st_nlink > 1 and any(f.inode == Fingerprint.of(found).inode for f in inbox.listing().values())


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
