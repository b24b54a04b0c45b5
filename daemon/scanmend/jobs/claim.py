"""Taking a file out of an inbox: ledger first, then the rename; and what became of a claim that was cut off there."""

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from scanmend.assembly.groups import Gathering
from scanmend.config.schema import Folder
from scanmend.document import Fingerprint, printable
from scanmend.errors import StorageError
from scanmend.intake.group_inbox import GroupInbox, folder_name
from scanmend.intake.inbox import Inbox, Missed
from scanmend.intake.presence import daemon_mark
from scanmend.jobs.publish import free_output_stem
from scanmend.jobs.reconcile import already_made
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger

log = structlog.get_logger()


class Claimer:
    """Takes settled files out of inboxes, each under an id that tells this daemon from others."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._mark = daemon_mark(ledger.path.parent)

    def claim(self, folder: Folder, inbox: Inbox, relative: Path, fingerprint: Fingerprint) -> Entry | Missed:
        """Record the claim, then take the file; after a StorageError it lies in the inbox or in the claim folder."""
        id_ = self._new_id()
        entry = new_entry(self._ledger, id_, folder, relative, fingerprint)
        self._ledger.add(entry)
        try:
            claimed = inbox.claim(relative, id_, fingerprint)
        except StorageError:
            settle_interrupted(self._ledger, entry, folder)
            raise
        if isinstance(claimed, Missed):
            self._ledger.drop(id_)
            return claimed
        if folder.original == "keep" and already_made(folder, relative, fingerprint, claimed):
            # Another daemon took it, was done with it and put it back, all since we listed the inbox.
            inbox.put_back(claimed, relative)
            self._ledger.drop(id_)
            return Missed.GONE
        self._ledger.move(id_, "waiting")
        log.info("document.claimed", id=id_, folder=folder.name, file=printable(relative), bytes=fingerprint.size)
        return entry

    def claim_group(
        self, folder: Folder, inbox: GroupInbox, gathering: Gathering, prints: Mapping[Path, Fingerprint]
    ) -> Entry | Missed:
        """Record the claim, then take the files of one document, all or none; otherwise as ``claim``.

        ``prints``: the files' fingerprints as they were listed.
        """
        inbox.require_claims()  # the name that the ledger gets is that of no file in the inbox
        id_, files = self._new_id(), {file: prints[file] for file in gathering.files}
        relative = gathering.name.with_name(folder_name(gathering.name.name))
        whole = Fingerprint.of_all({file.name: one for file, one in files.items()})
        entry = new_entry(self._ledger, id_, folder, relative, whole)
        self._ledger.add(entry)
        try:
            claimed = inbox.claim_group(files, id_, relative.name)
        except StorageError:
            settle_interrupted(self._ledger, entry, folder)
            raise
        if isinstance(claimed, Missed):
            self._ledger.drop(id_)
            return claimed
        self._ledger.move(id_, "waiting")
        log.info(
            "document.claimed",
            id=id_,
            folder=folder.name,
            file=printable(relative),
            bytes=whole.size,
            files=[printable(file) for file in gathering.files],
        )
        return entry

    def _new_id(self) -> str:
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}-{self._mark}"


def settle_interrupted(ledger: Ledger, entry: Entry, folder: Folder) -> None:
    """Go on with a claim that was cut off where it took the file, else forget it; StorageError.

    Where that cannot be told, as the inbox is gone, the claim stays as it is.
    """
    inbox = GroupInbox(folder)
    if inbox.put_gathered_back(entry.id, entry.relative.parent):  # not all were taken
        ledger.drop(entry.id)
        log.info("claim.decided", id=entry.id, taken=False, file=printable(entry.relative))
        return
    taken = inbox.claimed_file(entry.id) is not None and not inbox.undo_half_put_back(entry.id)
    if taken:
        ledger.move(entry.id, "waiting")
    elif inbox.holds_claims() or (folder.inbox / entry.relative).exists():
        inbox.release(entry.id)
        ledger.drop(entry.id)
    else:
        log.warning("claim.undecided", id=entry.id, file=printable(entry.relative))
        return
    log.info("claim.decided", id=entry.id, taken=taken, file=printable(entry.relative))


def new_entry(
    ledger: Ledger, id_: str, folder: Folder, relative: Path, fingerprint: Fingerprint, stem: Path | None = None
) -> Entry:
    """Return an entry, not yet in the ledger, of a file that is about to be claimed.

    ``stem``: the name of its outputs, where they are there already; else one that is free.
    """
    now = time.time()
    return Entry(
        id=id_,
        folder=folder.name,
        inbox=folder.inbox,
        relative=relative,
        stem=stem or free_output_stem(ledger, folder, relative),
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
