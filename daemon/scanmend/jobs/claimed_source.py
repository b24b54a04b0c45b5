"""What a claim took, a file or several: where it lies, whether it is still what was read, where it goes in the end."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from scanmend.config.schema import Folder
from scanmend.document import DocumentWarning, Fingerprint, printable
from scanmend.errors import DocumentError, StorageError, TransientError
from scanmend.fs import atomic, free_name
from scanmend.fs.file_group import is_folder, move_files, remove_files
from scanmend.fs.safe_open import CLAIMS, open_source, pinned
from scanmend.fs.source_handle import SourceHandle
from scanmend.intake.group_inbox import GroupInbox
from scanmend.intake.inbox import MAX_SUFFIX_CHARS, Inbox
from scanmend.jobs.write_outputs import SourceFile
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger

NAMES_TRIED = 100
"""Free names that are tried before a folder counts as unusable: each was taken between the look and the move."""
INBOX_GONE = (
    "the inbox, or the scan in its folder .scanmend, was removed or unmounted while the document was in work; it was "
    "finished from the open file, and the scan is saved in the archive"
)
"""What a person is told of a document whose source was gone before it could be put away."""
SOURCE_LOST = (
    "the outputs are whole, but the scan was gone from the inbox's folder .scanmend before it could be put away, and "
    "is not in the archive"
)
STILL_WRITTEN = "somebody wrote to the file while it was read; where that is how scans come, raise settle_s"
"""Why an attempt failed: a file that is moved keeps its writer; one that holds it open can go on after the claim."""


@dataclass(frozen=True, slots=True)
class ClaimedSource:
    """The claimed file of one document, its row in the ledger, and the folder that it belongs to."""

    ledger: Ledger
    entry: Entry
    """The document as the ledger had it when this attempt began."""
    folder: Folder
    handle: SourceHandle = field(default_factory=SourceHandle)
    """The file as it was opened for this attempt, or for an earlier one after which it was the only copy."""

    @property
    def log(self) -> FilteringBoundLogger:
        """The logger whose lines say which document they are about."""
        bound: FilteringBoundLogger = structlog.get_logger().bind(
            id=self.entry.id, folder=self.folder.name, file=printable(self.entry.relative)
        )
        return bound

    def record(self, state: str, **changes: Any) -> None:
        """Set the document's state in the ledger, and other columns with it."""
        self.ledger.move(self.entry.id, state, **changes)

    def recorded(self) -> Entry:
        """Return the document as the ledger has it now."""
        return self.ledger.get(self.entry.id) or self.entry

    def locate(self) -> Path | None:
        """Return where the file lies, None when it is not there any more; StorageError when that cannot be told."""
        inbox = Inbox(self.folder)
        path = inbox.claimed_file(self.entry.id)
        if path is None and not inbox.holds_claims():
            raise StorageError(f"{inbox.root / CLAIMS} is gone, and the source with it")
        return path

    def is_lost(self) -> bool:
        """Whether the inbox is there but the folder of its claims is not, so that nothing says it will come back."""
        inbox = Inbox(self.folder)
        return not inbox.holds_claims() and inbox.identity() is not None

    def archived_as(self, stem: Path) -> Path:
        """Return where the file goes when it is archived and its outputs have this name."""
        return self.folder.archive / archive_name(stem, self.entry.relative)

    def is_missing_from_archive(self) -> bool:
        """Whether the source belongs in the archive by now, and is not there."""
        put_away = self.recorded().put_away
        return self.entry.original == "archive" and (put_away is None or not os.path.lexists(put_away))

    @contextmanager
    def being_read(self, work: Path) -> Iterator[SourceFile]:
        """Open the file and yield it, under a path in the folder ``work`` that leads to it when its name is gone, too.

        What fails while somebody writes to it is not the file's fault: TransientError. DocumentError when the file is
        not there any more, StorageError when it is out of reach. Several files are not opened: they are to be joined.
        """
        path = None
        if not self.handle.is_only_copy:
            path = self.locate()
            if path is None:
                raise DocumentError("the file vanished from the claim folder; someone removed it")
            if not is_folder(path):
                self.handle.open(path)
                path = None
        files = tuple(path / name for name in GroupInbox(self.folder).members(path)) if path else ()
        before = self._fingerprint_now()
        try:
            yield SourceFile(
                path or self.handle.link_in(work),
                self.entry.id,
                self.folder.name,
                self.entry.relative,
                before,
                self.entry.attempts + 1,
                original=self.entry.original,
                archived_as=self.archived_as(self.entry.stem),
                notices=self._notices,
                files=files,
            )
        except DocumentError as e:
            if self._fingerprint_now() != before:
                raise TransientError(STILL_WRITTEN) from e
            raise

    def confirm(self, read: SourceFile, sha256: str) -> None:
        """Record the file's state now; TransientError when it was written to since and is not what was read."""
        now = self._fingerprint_now()
        if now != read.fingerprint:
            if read.files:
                raise TransientError(STILL_WRITTEN)
            with open_source(read.path if self.handle.is_only_copy else self.locate() or read.path) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    raise TransientError(STILL_WRITTEN)
        if now != self.entry.fingerprint:
            self.record("working", **asdict(now))

    def _fingerprint_now(self) -> Fingerprint:
        path = None if self.handle.is_only_copy else self.locate()
        return Fingerprint.of(self.handle.stat()) if path is None else fingerprint_of(path, self.folder)

    def _notices(self) -> tuple[DocumentWarning, ...]:
        """What the record is to say of the file itself, as it is written."""
        if not self.handle.is_only_copy:
            return ()
        return (DocumentWarning("inbox_gone", INBOX_GONE),)

    def warn(self, warning: DocumentWarning) -> None:
        """Add a warning to those of a published document, unless it has one of this kind; say it in the log."""
        known = self.recorded().warnings
        if all(one.code != warning.code for one in known):
            self.log.warning("document.warning", code=warning.code, page=None, text=warning.text)
            self.record("published", warnings=(*known, warning))

    def put_away(self, path: Path) -> None:
        """Archive, delete or return the file, which lies there, to its inbox, as its folder says; StorageError.

        The source of a document with warnings is never deleted, as its outputs do not have all of it: it is archived.
        """
        if self.entry.original == "keep":
            Inbox(self.folder).put_back(path, self.entry.relative)
        elif self.entry.original == self.folder.original == "delete" and not self.recorded().warnings:
            # and whoever took "delete" back meanwhile is heard
            if is_folder(path):
                remove_files(path)
                return
            with pinned(path) as here:
                here.unlink(missing_ok=True)
        else:
            self.archive()

    def archive(self, state: str = "published") -> Path:
        """Move the file to the archive or, when its path is gone, write what is open there; return where; StorageError.

        An archive that the folder needs only in such a case, as it does not say ``original: archive``, is made.
        """
        if self.folder.original != "archive":
            try:
                self.folder.archive.mkdir(exist_ok=True)  # not its parents: a missing share would hide it
            except OSError as e:
                raise StorageError(f"{self.folder.archive} cannot be made: {e.strerror}") from e
        known = self.recorded()
        name = archive_name(known.stem, known.relative)
        where = self.move_below(self.folder.archive, name, state, begun=known.put_away)
        if where != self.folder.archive / name:
            self.log.warning("document.archived_elsewhere", name=printable(name), where=printable(where))
        return where

    def move_below(
        self, root: Path, relative: Path, state: str, *, begun: Path | None = None, beside: str = ""
    ) -> Path:
        """Move the file, where it is still there, below root under a free name, and return that; StorageError.

        Where its path is gone but it is open, what it holds is written there.

        The ledger learns the name before the file goes there, so that a crash cannot make it two. ``begun``: the name
        that it learned for a move that was cut off. With the suffix ``beside`` added, the name is free and fits, too.
        """
        path, target = Inbox(self.folder).claimed_file(self.entry.id), begun
        for _ in range(NAMES_TRIED):
            if fresh := target is None:
                target = _free_target(root, relative, beside)
                self.record(state, put_away=target)
            try:
                if path is not None:
                    move = move_files if is_folder(path) else atomic.move
                    move(path, target, root=root, again=not fresh)
                elif self.handle.fd is not None:
                    atomic.save_open(self.handle.fd, target, root=root, again=not fresh)
            except FileExistsError:
                target = None
            else:
                return target
        raise StorageError(f"{root}: no free name for {printable(relative)} after {NAMES_TRIED} tries")

    def release(self) -> None:
        """Remove the document's claim folder when nothing is in it."""
        Inbox(self.folder).release(self.entry.id)


def fingerprint_of(path: Path, folder: Folder) -> Fingerprint:
    """Return the state of a claimed or quarantined file, or of several; StorageError when it is out of reach."""
    if is_folder(path) and (members := GroupInbox(folder).members(path)):
        return Fingerprint.of_all(members)
    try:
        with pinned(path) as here:
            return Fingerprint.of(here.lstat())
    except OSError as e:
        raise StorageError(f"{printable(path)} is out of reach: {e.strerror}") from e


def archive_name(stem: Path, relative: Path) -> Path:
    """Return a source's path below the archive: under the name of its outputs, with the suffix that it had."""
    return stem.with_name(free_name.shortened(free_name.clean(stem.name + relative.suffix)))


def _free_target(root: Path, relative: Path, beside: str) -> Path:
    # A very long suffix leaves no room for a number, and is part of the name.
    suffix = relative.suffix if len(relative.suffix) <= MAX_SUFFIX_CHARS else ""
    stem = relative.with_suffix("") if suffix else relative
    stem = free_name.free_stem(root, stem, [suffix, suffix + beside], lambda _: False)
    return root / stem.with_name(stem.name + suffix)
