"""How files come into the claim folder, from an inbox or back from quarantine, and what became of moves cut off."""

import secrets
import time
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from scanmend.config import Folder
from scanmend.document import Fingerprint, printable
from scanmend.errors import StorageError
from scanmend.intake.inbox import CLAIMS, Inbox, Missed
from scanmend.ledger import Entry, Ledger
from scanmend.outbox import atomic, failure

ANEW: dict[str, Any] = {"attempts": 0, "due": 0.0, "error": None, "put_away": None}
"""What the ledger forgets of a document that is tried again from the start."""

log = structlog.get_logger()


class Claims:
    """Takes files out of inboxes, and decides about claims that a crash or an outage cut off."""

    def __init__(self, ledger: Ledger) -> None:
        """Every claim is recorded in the ledger before the file moves."""
        self._ledger = ledger

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
        failure.report_of(source).unlink(missing_ok=True)
    except (OSError, StorageError) as e:
        ledger.move(entry.id, "quarantined")
        raise StorageError(f"{printable(source)} cannot be taken back to work: {e}") from e
    ledger.move(entry.id, "waiting", **ANEW)


def claimed_file(entry: Entry, folder: Folder, inbox: Inbox) -> Path | None:
    """Return the claimed file, None when it is not there any more; StorageError when that cannot be told."""
    path = inbox.claimed(entry.id)
    if path is None and not _holds_claims(folder):
        raise StorageError(f"the inbox {folder.inbox} is gone, and the source with it")
    return path


def _holds_claims(folder: Folder) -> bool:
    """Whether this is the inbox that files were claimed in: what lies beneath an unmounted share is another folder."""
    return (folder.inbox / CLAIMS).is_dir()


def _is_also_in(inbox: Inbox, path: Path) -> bool:
    """Whether a claimed file has a name in the inbox, too."""
    found = path.lstat()
    return found.st_nlink > 1 and any(f.inode == Fingerprint.of(found).inode for f in inbox.listing().values())
