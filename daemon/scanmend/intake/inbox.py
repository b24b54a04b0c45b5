"""One inbox folder: what lies in it, taking a file out of it for good, and putting one back."""

import contextlib
import enum
import errno
import itertools
import os
import re
import stat
from pathlib import Path

import structlog

from scanmend.config import Folder
from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.files import NAME_BYTES, appear, sync
from scanmend.intake.format import State, inspect

CLAIMS = ".scanmend"
"""Folder inside the inbox, hence on its file system, that holds the claimed files."""
DEEPEST = 32
"""Levels of folders below the inbox that are looked into."""
LONGEST_SUFFIX = 16
"""Characters; a longer one is no suffix, but part of the name."""

BUSY = {errno.EAGAIN, errno.EBUSY, errno.ETXTBSY, errno.EDEADLK}

NETWORK = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs",
    "gfs2", "ocfs2", "ncpfs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "fuse",
}  # fmt: skip
"""File systems that other machines write to, about which inotify hears nothing."""

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
        folders = [(Path(), 0)]
        while folders:
            folder, depth = folders.pop()
            try:
                with os.scandir(self.root / folder) as entries:
                    for entry in entries:
                        if entry.name == CLAIMS or self._folder.ignores(entry.name):
                            continue
                        with contextlib.suppress(FileNotFoundError):
                            if entry.is_dir(follow_symlinks=False):
                                if self._folder.recursive and depth < DEEPEST:
                                    folders.append((folder / entry.name, depth + 1))
                            elif entry.is_file(follow_symlinks=False):
                                found[folder / entry.name] = Fingerprint.of(entry.stat(follow_symlinks=False))
            except OSError as e:
                if not depth:
                    raise StorageError(f"the inbox {self.root} cannot be listed: {e.strerror}") from e
                log.debug("inbox.folder_skipped", folder=str(folder), error=e.strerror)
        return found

    def ready(self, relative: Path) -> State:
        """Look whether the file is complete; one that cannot be read just now counts as incomplete."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            fd = os.open(self.root / relative, flags)
            try:
                found = os.fstat(fd)
                return inspect(fd, found.st_size) if stat.S_ISREG(found.st_mode) else State.INCOMPLETE
            finally:
                os.close(fd)
        except OSError as e:
            log.debug("inbox.busy", file=str(relative), error=e.strerror)
            return State.INCOMPLETE

    def claim(self, relative: Path, id: str, expected: Fingerprint) -> Path | Missed:  # noqa: A002 -- the field's word
        """Take the file out of the inbox by an atomic rename, under its own name into the claim folder of that id.

        Of any number of daemons exactly one gets it. StorageError when the inbox is gone or may not be written;
        the file may then lie in either place, which ``claimed`` tells.
        """
        source, folder = self.root / relative, self._claim_folder(id)
        target = folder / relative.name
        try:
            self._make_claim_folder(folder)
            source.rename(target)
        except OSError as e:
            self.release(id)
            if e.errno in BUSY:
                return Missed.NOT_YET
            if (
                isinstance(e, FileNotFoundError | NotADirectoryError)
                and self.identity()
                and not os.path.lexists(source)
            ):
                return Missed.GONE
            raise StorageError(f"{source} cannot be claimed: {e.strerror}") from e
        try:
            sync(folder)
            sync(source.parent)
            found = target.lstat()
        except OSError as e:
            raise StorageError(f"{target} cannot be kept safe: {e.strerror}") from e
        if stat.S_ISREG(found.st_mode) and Fingerprint.of(found) == expected:
            return target
        self.put_back(target, relative)
        return Missed.NOT_YET

    def put_back(self, path: Path, relative: Path) -> Path:
        """Return a claimed file to the inbox, as ``name (2).ext`` and so on when its name is taken; say where it lies.

        Nothing is ever overwritten. StorageError when the inbox is gone or may not be written.
        """
        if self.identity() is None:
            raise StorageError(f"the inbox {self.root} is gone; {path} cannot go back there")
        home = self.root / relative.parent
        try:
            home.mkdir(parents=True, exist_ok=True)
            target = next(t for n in itertools.count(1) if _place(path, t := home / _numbered(relative.name, n)))
            sync(home)
        except OSError as e:
            raise StorageError(f"{path} cannot go back to {home}: {e.strerror}") from e
        if path.parent.parent == self._claims:
            self.release(path.parent.name)
        return target

    def release(self, id: str) -> None:  # noqa: A002 -- the field's word
        """Remove the claim folder when nothing is in it."""
        try:
            self._claim_folder(id).rmdir()
        except OSError as e:
            if e.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ENOTEMPTY, errno.EEXIST}:
                log.warning("inbox.claim_folder_stays", id=id, error=e.strerror)

    def claimed(self, id: str) -> Path | None:  # noqa: A002 -- the field's word
        """Return the file in the claim folder of that id; None when there is none."""
        try:
            with os.scandir(self._claim_folder(id)) as entries:
                names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        except OSError:
            return None
        # A file manager or NAS may have left something of its own there.
        first = min(names, key=lambda name: (self._folder.ignores(name), name), default=None)
        return self._claim_folder(id) / first if first is not None else None

    def claims(self) -> list[str]:
        """The ids that have a claim folder, sorted."""
        try:
            with os.scandir(self._claims) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            return []

    def _claim_folder(self, id: str) -> Path:  # noqa: A002 -- the field's word
        if id in {"", ".", ".."} or "/" in id or "\0" in id:
            raise ValueError(f"{id!r} is no id")
        return self._claims / id

    def _make_claim_folder(self, folder: Path) -> None:
        with contextlib.suppress(FileExistsError):
            self._claims.mkdir(0o700)
            sync(self.root)
        if not stat.S_ISDIR(self._claims.lstat().st_mode):  # a link would carry scans out of the inbox
            raise StorageError(f"{self._claims} is no folder; remove it")
        try:
            folder.mkdir(0o700)
        except FileExistsError:
            if self.claimed(folder.name) is not None:  # the rename would overwrite it
                raise StorageError(f"{folder} holds a claimed file already") from None
        sync(self._claims)


def filesystem_of(path: Path, mountinfo: str | None = None) -> str:
    """Type of the file system that the path lies on; mountinfo is the text of /proc/self/mountinfo, read when None."""
    if mountinfo is None:
        mountinfo = os.fsdecode(Path("/proc/self/mountinfo").read_bytes())
    where = path.resolve()
    best, kind = -1, ""
    for line in mountinfo.split("\n"):
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:  # noqa: PLR2004 -- the mount point is the fifth field
            continue
        octal = os.fsencode(fields[4])
        mount = Path(os.fsdecode(re.sub(rb"\\([0-3][0-7]{2})", lambda m: bytes([int(m[1], 8)]), octal)))
        # Of two mounts on one folder the later hides the earlier.
        if len(mount.parts) >= best and where.is_relative_to(mount):
            best, kind = len(mount.parts), after.split(" ", 1)[0]
    return kind


def is_network(path: Path, mountinfo: str | None = None) -> bool:
    """Whether the path lies where other machines may write, so that it must be polled."""
    kind = filesystem_of(path, mountinfo)
    return kind in NETWORK or kind.startswith("fuse.")


def _numbered(name: str, number: int) -> str:
    if number == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    end = f" ({number}){dot}{suffix}"
    while stem and len(os.fsencode(stem + end)) > NAME_BYTES:
        stem = stem[:-1]
    return stem + end


def _place(source: Path, target: Path) -> bool:
    """Give the file its new name; False when that is taken."""
    try:
        appear(source, target)
    except FileExistsError:
        if not os.path.samestat(source.lstat(), target.lstat()):  # else: a crash between link and unlink
            return False
        source.unlink()
    return True
