"""One inbox folder: what lies in it, taking a file out of it for good, and putting one back."""

import contextlib
import enum
import errno
import fcntl
import itertools
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import structlog

from scanmend.config.schema import Folder
from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.fs.free_name import MAX_NAME_BYTES
from scanmend.fs.rename import rename_to_free_name, sync
from scanmend.fs.safe_open import CLAIMS, folder_at, pinned
from scanmend.intake.sniff import ScanState, missing_part, scan_state

MAX_DEPTH = 32
"""Levels of folders below a recursive inbox that are listed."""
MAX_SUFFIX_CHARS = 16
"""Longest suffix of a file name, in characters without the dot; what is longer is part of the name."""

UNSURE_REST_S = 0.5
"""How long a complete scan that was renamed into the inbox should stay unchanged where it is unknown who writes it."""
NO_LEASE_ERRNOS = {errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK}
"""Answers to asking for a lease that say nothing about writers; with EAGAIN there is one."""
DOWNLOAD_SUFFIX = ".aria2"
"""What aria2 adds to a file's name for the list of what is missing in it; the file itself has its final name."""
GROUP_SUFFIX = ".files"
"""What the name of a folder ends in that has the files of one document, wherever they lie once they are taken."""
BUSY_ERRNOS = {errno.EAGAIN, errno.EBUSY, errno.ETXTBSY, errno.EDEADLK}
"""Answers to a rename that mean: not now, but soon."""

log = structlog.get_logger()


class Missed(enum.Enum):
    """Why a claim came to nothing, which is no error."""

    GONE = "gone"
    """The file is not there any more; another daemon took it, or its owner did."""
    NOT_YET = "not yet"
    """It changed since it was listed, or is busy; it lies in the inbox and will settle again."""


class Inbox:
    """The inbox of one configured folder."""

    def __init__(self, folder: Folder) -> None:
        self.root = folder.inbox
        self._folder = folder
        self._claims = folder.inbox / CLAIMS
        self.subfolder_inodes: frozenset[int] = frozenset()
        """Inode numbers of the folders below the inbox, as of the last listing."""

    def identity(self) -> tuple[int, int] | None:
        """Device and inode of the inbox; None when it is gone. A change means another folder lies there now."""
        try:
            found = self.root.stat()
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None

    def listing(self) -> dict[Path, Fingerprint]:
        """Every file that may be a scan, relative to the inbox; StorageError when the inbox cannot be listed.

        Only regular files: symbolic links, pipes, devices and sockets are left alone, and never opened.
        """
        found: dict[Path, Fingerprint] = {}
        folders, inodes = [(Path(), 0)], set()
        unfinished: set[Path] = set()
        while folders:
            folder, depth = folders.pop()
            try:
                with self._at(folder) as at, os.scandir(at) as entries:
                    for entry in entries:
                        if entry.name == CLAIMS or self._folder.ignores(entry.name):
                            unfinished.add(folder / entry.name.removesuffix(DOWNLOAD_SUFFIX))
                            continue
                        with contextlib.suppress(FileNotFoundError):
                            if entry.is_dir(follow_symlinks=False):
                                if self._folder.recursive and depth < MAX_DEPTH:
                                    folders.append((folder / entry.name, depth + 1))
                                    inodes.add(entry.stat(follow_symlinks=False).st_ino)
                            elif entry.is_file(follow_symlinks=False):
                                found[folder / entry.name] = Fingerprint.of(entry.stat(follow_symlinks=False))
            except OSError as e:
                if not depth:
                    raise StorageError(f"the inbox {self.root} cannot be listed: {e.strerror}") from e
                log.debug("inbox.folder_skipped", folder=str(folder), error=e.strerror)
        self.subfolder_inodes = frozenset(inodes)
        return {path: fingerprint for path, fingerprint in found.items() if path not in unfinished}

    def scan_state(self, relative: Path) -> ScanState:
        """Return whether the file is a complete scan; one that cannot be read just now counts as incomplete."""
        try:
            with self._opened(relative) as fd:
                found = os.fstat(fd)
                return scan_state(fd, found.st_size) if stat.S_ISREG(found.st_mode) else ScanState.INCOMPLETE
        except OSError as e:
            log.debug("inbox.busy", file=str(relative), error=e.strerror)
            return ScanState.INCOMPLETE

    def missing_part(self, relative: Path) -> str:
        """Say what a file lacks whose state is INCOMPLETE, for a person."""
        try:
            with self._opened(relative) as fd:
                return missing_part(fd, os.fstat(fd).st_size)
        except OSError as e:
            return f"it cannot be read just now: {e.strerror}"

    def rest_s(self, relative: Path) -> float | None:
        """Return for how many seconds a file that was renamed into the inbox should stay unchanged before it is taken.

        0 where it is a complete scan that nobody has open for writing; None, for as long as any other file, where it is
        incomplete or somebody has. Whether somebody has, the kernel tells of files of this user alone (as a lease on
        the file, fcntl(2)), and not on every file system: else ``UNSURE_REST_S``.
        """
        try:
            with self._opened(relative) as fd:
                found = os.fstat(fd)
                if not stat.S_ISREG(found.st_mode) or scan_state(fd, found.st_size) is not ScanState.READY:
                    return None
                # Who opens it for writing while the lease is held has the kernel send a signal: not SIGIO, which kills.
                fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
                fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
                fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as e:
            return UNSURE_REST_S if e.errno in NO_LEASE_ERRNOS else None
        return 0.0

    @contextlib.contextmanager
    def _opened(self, relative: Path) -> Iterator[int]:
        """Open a file of the inbox for reading, without following links; OSError."""
        with self._at(relative.parent) as home:
            fd = os.open(home / relative.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            yield fd
        finally:
            os.close(fd)

    def claim(self, relative: Path, id: str, expected: Fingerprint) -> Path | Missed:  # noqa: A002 -- the field's word
        """Take the file out of the inbox by an atomic rename, under its own name into the claim folder of that id.

        Of any number of daemons exactly one gets it. StorageError when the inbox is gone or may not be written;
        the file may then lie in either place: see ``claimed_file``.
        """
        target = self._claim_folder(id) / relative.name
        try:
            self._make_claim_folder(id)
            with self._at(relative.parent) as home, self._claim_at(id) as own:
                (home / relative.name).rename(own / relative.name)
                try:
                    sync(own)
                    sync(home)
                    found = (own / relative.name).lstat()
                except OSError as e:
                    raise StorageError(f"{target} cannot be kept safe: {e.strerror}") from e
        except OSError as e:
            self.release(id)
            if e.errno in BUSY_ERRNOS:
                return Missed.NOT_YET
            if isinstance(e, FileNotFoundError | NotADirectoryError) and self.identity() and not self._holds(relative):
                return Missed.GONE
            raise StorageError(f"{self.root / relative} cannot be claimed: {e.strerror}") from e
        if stat.S_ISREG(found.st_mode) and Fingerprint.of(found) == expected:
            return target
        self.put_back(target, relative)
        return Missed.NOT_YET

    def put_back(self, path: Path, relative: Path) -> Path:
        """Return a claimed file to the inbox, as ``name (2).ext`` and so on when its name is taken; return its path.

        Nothing is ever overwritten. StorageError when the inbox is gone or may not be written.
        """
        if self.identity() is None:
            raise StorageError(f"the inbox {self.root} is gone; {path} cannot go back there")
        try:
            home = self._make_home(relative.parent)
            with self._at(home) as at, pinned(path) as here:
                name = next(n for n in _numbered_names(relative.name) if _rename_if_free(here, at / n))
                sync(at)
        except OSError as e:
            raise StorageError(f"{path} cannot go back to {self.root / relative.parent}: {e.strerror}") from e
        if path.parent.parent == self._claims:
            self.release(path.parent.name)
        return self.root / home / name

    def release(self, id: str) -> None:  # noqa: A002 -- the field's word
        """Remove the claim folder when nothing is in it."""
        self._claim_folder(id)
        try:
            with self._claim_at(id) as own, os.scandir(own) as entries:
                for name in [entry.name for entry in entries if entry.name.endswith(GROUP_SUFFIX)]:
                    with contextlib.suppress(OSError):  # a file, or a folder that is not emptied
                        (own / name).rmdir()
            with self._at(Path(CLAIMS)) as claims:
                (claims / id).rmdir()
        except OSError as e:
            if e.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENOTEMPTY, errno.EEXIST}:
                log.warning("inbox.claim_folder_stays", id=id, error=e.strerror)

    def claimed_file(self, id: str) -> Path | None:  # noqa: A002 -- the field's word
        """Return the file in the claim folder of that id, or the folder of several; None when there is none."""
        folder = self._claim_folder(id)
        try:
            with self._claim_at(id) as own, os.scandir(own) as entries:
                names = [entry.name for entry in entries if _is_source(entry)]
        except OSError:
            return None
        # A file manager or NAS may have left something of its own there.
        first = min(names, key=lambda name: (self._folder.ignores(name), name), default=None)
        return folder / first if first is not None else None

    def claim_ids(self) -> list[str]:
        """The ids that have a claim folder, sorted."""
        try:
            with self._at(Path(CLAIMS)) as claims, os.scandir(claims) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            return []

    def holds_claims(self) -> bool:
        """Whether this is the inbox that files were claimed in: beneath an unmounted share lies another folder."""
        return self._claims.is_dir()

    def undo_half_put_back(self, id: str) -> bool:  # noqa: A002 -- the field's word
        """Remove a claimed file that has a name in the inbox, too, as putting it back was cut off.

        False where it has none there. StorageError when it cannot be removed or the inbox cannot be listed.
        """
        path = self.claimed_file(id)
        if path is None:
            return False
        try:
            found = path.lstat()
            if found.st_nlink == 1 or all(f.inode != Fingerprint.of(found).inode for f in self.listing().values()):
                return False
            path.unlink()
        except OSError as e:
            raise StorageError(f"{path} cannot be removed: {e.strerror}") from e
        return True

    def _claim_folder(self, id: str) -> Path:  # noqa: A002 -- the field's word
        if id in {"", ".", ".."} or "/" in id or "\0" in id:
            raise ValueError(f"{id!r} is no id")
        return self._claims / id

    def _make_claim_folder(self, id: str) -> None:  # noqa: A002 -- the field's word
        self._make_claims()
        if not stat.S_ISDIR(self._claims.lstat().st_mode):  # a link would carry scans out of the inbox
            raise StorageError(f"{self._claims} is no folder; remove it")
        with self._at(Path(CLAIMS)) as claims:
            try:
                (claims / id).mkdir(0o700)
            except FileExistsError:
                if self.claimed_file(id) is not None:  # the rename would overwrite it
                    raise StorageError(f"{self._claims / id} holds a claimed file already") from None
            # By what a folder of ours looks like here: network file systems show owners of their own.
            mine, owner = (claims / id).lstat().st_uid, claims.stat().st_uid
            if owner not in {mine, 0}:
                self.release(id)
                raise StorageError(f"{self._claims} belongs to user id {owner}, who could swap files in it; remove it")
            sync(claims)

    def _make_claims(self) -> None:
        with contextlib.suppress(FileExistsError):
            self._claims.mkdir(0o700)
            sync(self.root)

    def _make_home(self, folder: Path) -> Path:
        """Make the folder that a file goes back to, where it is gone; the inbox itself when a link is in the way."""
        for depth, name in enumerate(folder.parts):
            try:
                with self._at(Path(*folder.parts[:depth])) as above, contextlib.suppress(FileExistsError):
                    (above / name).mkdir()
            except NotADirectoryError:
                return Path()
        try:
            with self._at(folder):
                return folder
        except NotADirectoryError:
            return Path()

    def _at(self, folder: Path) -> AbstractContextManager[Path]:
        """A folder of the inbox, relative to it, whatever becomes of its name; no link leads there. OSError."""
        return folder_at(self.root, folder.parts)

    def _claim_at(self, id: str) -> AbstractContextManager[Path]:  # noqa: A002 -- the field's word
        return self._at(self._claim_folder(id).relative_to(self.root))

    def _holds(self, relative: Path) -> bool:
        """Whether the inbox has an entry of this name, of any kind."""
        try:
            with self._at(relative.parent) as home:
                return os.path.lexists(home / relative.name)
        except OSError:
            return False


def _is_source(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a claim folder is a scan, or a folder with the files of one."""
    if not entry.is_dir(follow_symlinks=False):
        return entry.is_file(follow_symlinks=False)
    if not entry.name.endswith(GROUP_SUFFIX):
        return False
    with os.scandir(entry.path) as files:
        return any(file.is_file(follow_symlinks=False) for file in files)


def _numbered_names(name: str) -> Iterator[str]:
    return (_numbered(name, n) for n in itertools.count(1))


def _numbered(name: str, number: int) -> str:
    if number == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > MAX_SUFFIX_CHARS:
        stem, dot, suffix = name, "", ""
    end = f" ({number}){dot}{suffix}"
    while stem and len(os.fsencode(stem + end)) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + end


def _rename_if_free(source: Path, target: Path) -> bool:
    """Give the file its new name; False when that is taken."""
    try:
        rename_to_free_name(source, target)
    except FileExistsError:
        if not os.path.samestat(source.lstat(), target.lstat()):  # else: a crash between link and unlink
            return False
        source.unlink()
    return True
