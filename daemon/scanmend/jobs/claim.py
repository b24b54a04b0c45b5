"""How files come into the claim folder, from an inbox or back from quarantine, and what became of moves cut off."""

import hashlib
import os
import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog

from scanmend.config.schema import Folder
from scanmend.document import Fingerprint, printable
from scanmend.errors import DocumentError, StorageError, TransientError
from scanmend.fs import atomic
from scanmend.fs.safe_open import CLAIMS, open_source, pinned
from scanmend.intake.inbox import Inbox, Missed
from scanmend.jobs.reconcile import already_made, mark_of, quarantined, records
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.outputs import error_report

ANEW: dict[str, Any] = {"attempts": 0, "due": 0.0, "error": None, "put_away": None}
"""What the ledger forgets of a document that is tried again from the start."""
GOES_ON = "somebody wrote to the file while it was read; where that is how scans come, raise settle_s"
"""A file that is moved keeps its writer: one that holds it open can go on after the claim."""

log = structlog.get_logger()


class Claims:
    """Takes files out of inboxes, and decides about claims that a crash or an outage cut off."""

    def __init__(self, ledger: Ledger, hints: Mapping[str, Path] = MappingProxyType({})) -> None:
        """Every claim is recorded in the ledger before the file moves.

        ``hints``: where claims that the ledger does not know may have lain in their inbox, by id.
        """
        self._ledger = ledger
        self._mark = "-" + mark_of(ledger.path.parent)
        self._hints = hints

    def claim(self, folder: Folder, inbox: Inbox, relative: Path, fingerprint: Fingerprint) -> Entry | Missed:
        """Record the claim, then take the file; after a StorageError it lies in the inbox or in the claim folder."""
        id_ = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}{self._mark}"
        entry = self._entry(id_, folder, relative, fingerprint, self._free_stem(folder, relative))
        self._ledger.add(entry)
        try:
            claimed = inbox.claim(relative, entry.id, fingerprint)
        except StorageError:
            self._decide(entry, folder, inbox)
            raise
        if isinstance(claimed, Missed):
            self._ledger.drop(entry.id)
            return claimed
        if already_made(folder, relative, fingerprint, claimed):
            # Another daemon took it, was done with it and put it back, all since we listed the inbox.
            inbox.put_back(claimed, relative)
            self._ledger.drop(entry.id)
            return Missed.GONE
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
            self._learn_quarantined(folder)
            self._forget(folder)
        self._ledger.prune()

    def adopt(self, folder: Folder) -> None:
        """Decide what became of moves into the claim folder that were cut off, now that the inbox is there.

        While it is not, nobody can tell: such a document stays as it is.
        """
        inbox = Inbox(folder)
        try:
            for entry in self._of(folder, "claiming"):
                self._decide(entry, folder, inbox)
            for entry in self._of(folder, "returning") if holds_claims(folder) else ():
                here = inbox.claimed(entry.id) is not None
                self._ledger.move(entry.id, "waiting" if here else "quarantined", **(ANEW if here else {}))
            self._look_for_unknown(folder, inbox)
        except StorageError as e:
            log.warning("claims.undecided", folder=folder.name, error=str(e))

    def take_over(self, folders: Iterable[Folder], ids: Iterable[str]) -> set[str]:
        """Go on with claims of another daemon, which must never run again; return the ids that were such claims."""
        taken: set[str] = set()
        for folder in folders:
            inbox = Inbox(folder)
            found = {id_ for id_ in set(ids).intersection(inbox.claims()) if self._ledger.get(id_) is None}
            self._take_up(folder, inbox, sorted(found))
            taken |= found
        return taken

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
        elif holds_claims(folder) or (folder.inbox / entry.relative).exists():
            inbox.release(entry.id)
            self._ledger.drop(entry.id)
        else:
            log.warning("claim.undecided", id=entry.id, file=printable(entry.relative))
            return
        log.info("claim.decided", id=entry.id, taken=path is not None, file=printable(entry.relative))

    def _look_for_unknown(self, folder: Folder, inbox: Inbox) -> None:
        """Take up claims of ours that a lost ledger knew; those of other daemons are theirs."""
        others: list[str] = []
        ours: list[str] = []
        for id_ in inbox.claims():
            known = self._ledger.get(id_)
            if known is None:
                (ours if id_.endswith(self._mark) else others).append(id_)
            elif known.state == "quarantined" and known.put_away is None and inbox.claimed(id_) is not None:
                self._ledger.move(id_, "waiting", **ANEW)
                log.info("document.found_again", id=id_, folder=folder.name, file=printable(known.relative))
        if others:
            log.info("claims.of_others", folder=folder.name, count=len(others), ids=others[:10])
        if ours:
            self._take_up(folder, inbox, ours)

    def _take_up(self, folder: Folder, inbox: Inbox, ids: Iterable[str]) -> None:
        made = records(folder)
        for id_ in ids:
            path = inbox.claimed(id_)
            if path is None or folder.ignores(path.name):  # empty, or what a file manager left there
                inbox.release(id_)
                continue
            stem, told = made.get(id_, (None, {}))
            relative = _place_of(path.name, str(told.get("relative", "")), self._hints.get(id_))
            entry = self._entry(id_, folder, relative, _state(path), stem or self._free_stem(folder, relative))
            self._ledger.add(replace(entry, state="published" if stem else "waiting", sha256=told.get("sha256")))
            log.warning("claim.taken_up", id=id_, folder=folder.name, file=printable(relative), made=stem is not None)

    def _learn_quarantined(self, folder: Folder) -> None:
        """Know files in quarantine again that a lost ledger knew, so that they can be retried."""
        for found in quarantined(folder):
            if found.id.endswith(self._mark) and self._ledger.get(found.id) is None:
                relative = Path(found.file.name)
                entry = self._entry(found.id, folder, relative, _state(found.file), self._free_stem(folder, relative))
                self._ledger.add(replace(entry, state="quarantined", put_away=found.file, error=found.reason))
                log.warning("document.known_again", id=found.id, folder=folder.name, file=printable(relative))

    def _forget(self, folder: Folder) -> None:
        """Forget what nobody can ask for any more: sources and quarantined files that somebody took away."""
        gone = [e for e in self._of(folder, "quarantined") if e.put_away and _taken_away(e.put_away)]
        if holds_claims(folder):
            gone += [e for e in self._ledger.old_kept(folder.inbox) if not os.path.lexists(e.inbox / e.relative)]
        for entry in gone:
            self._ledger.drop(entry.id)

    def _free_stem(self, folder: Folder, relative: Path) -> Path:
        suffixes = [f".{name}" for name in folder.outputs]
        return atomic.free_stem(
            folder.outbox, relative.with_suffix(""), suffixes, lambda s: self._ledger.holds_name(folder.outbox, s)
        )

    def _entry(self, id_: str, folder: Folder, relative: Path, fingerprint: Fingerprint, stem: Path) -> Entry:
        now = time.time()
        return Entry(
            id=id_,
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
    ledger.move(entry.id, "returning", inbox=folder.inbox)  # it may have another by now
    try:
        for place in (claims, claims / entry.id):  # never the inbox: beneath a missing share nobody would find it
            place.mkdir(exist_ok=True, mode=0o700)
        atomic.move(source, claims / entry.id / entry.relative.name)
        error_report.report_path(source).unlink(missing_ok=True)
    except (OSError, StorageError) as e:
        ledger.move(entry.id, "quarantined", inbox=entry.inbox)
        if not source.exists():
            raise StorageError(f"{printable(source)} is not there any more; drop the scan into the inbox again") from e
        raise StorageError(f"{printable(source)} cannot be taken back to work: {e}") from e
    ledger.move(entry.id, "waiting", **ANEW)


def claimed_file(entry: Entry, folder: Folder, inbox: Inbox) -> Path | None:
    """Return the claimed file, None when it is not there any more; StorageError when that cannot be told."""
    path = inbox.claimed(entry.id)
    if path is None and not holds_claims(folder):
        raise StorageError(f"the inbox {folder.inbox} is gone, and the source with it")
    return path


@contextmanager
def no_half(path: Path) -> Iterator[Fingerprint]:
    """Yield the state of a claimed file; what fails while somebody writes to it is not the file's fault."""
    before = _state(path)
    try:
        yield before
    except DocumentError as e:
        if _state(path) != before:
            raise TransientError(GOES_ON) from e
        raise


def as_read(path: Path, before: Fingerprint, sha256: str) -> Fingerprint:
    """Return the state of a claimed file now; TransientError when it was written to since and is not what was read."""
    now = _state(path)
    if now != before:
        with open_source(path) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise TransientError(GOES_ON)
    return now


def _state(path: Path) -> Fingerprint:
    try:
        with pinned(path) as here:
            return Fingerprint.of(here.lstat())
    except OSError as e:
        raise StorageError(f"{printable(path)} is out of reach: {e.strerror}") from e


def _place_of(name: str, *told: str | Path | None) -> Path:
    """Where a claimed file lay in its inbox, by the first of those who tell that can be true; else at its top."""
    for one in told:
        path = Path(one or "")
        if path.name in (name, printable(name)) and not path.is_absolute() and ".." not in path.parts:
            return path.with_name(name)
    return Path(name)


def _taken_away(quarantined: Path) -> bool:
    """Whether somebody removed a file and the report on it from a quarantine that is there."""
    left = os.path.lexists(quarantined) or os.path.lexists(error_report.report_path(quarantined))
    return not left and quarantined.parent.is_dir()


def holds_claims(folder: Folder) -> bool:
    """Whether this is the inbox that files were claimed in: what lies beneath an unmounted share is another folder."""
    return (folder.inbox / CLAIMS).is_dir()


def _is_also_in(inbox: Inbox, path: Path) -> bool:
    """Whether a claimed file has a name in the inbox, too."""
    found = path.lstat()
    return found.st_nlink > 1 and any(f.inode == Fingerprint.of(found).inode for f in inbox.listing().values())
