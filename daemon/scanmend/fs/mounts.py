"""Whether a folder can be used: it is there, on the disk it was on, writable, and with space left.

What fails here is never a scan's fault: documents wait, and no attempt is counted.
"""

import errno
import os
import re
import stat
from pathlib import Path

from scanmend.errors import TransientError
from scanmend.fs.free_space import shortage

CAUSES = {
    errno.ENOSPC: "no space is left there; free some",
    errno.EDQUOT: "the disk quota is used up; free some space or raise it",
    errno.EFBIG: "the file is larger than the file system or a limit of this process allows",
    errno.EROFS: "the file system is read-only; mount it writable",
    errno.EACCES: "this user may not write there; give it permission",
    errno.EPERM: "this user may not write there; give it permission",
    errno.ENOENT: "the folder or file is gone; create it or mount it",
    errno.ENOTDIR: "a file lies where a folder should be; move it away",
}
"""What an error of the file system means, and its remedy, for messages."""
FILE_SPECIFIC = {errno.EFBIG, errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG, errno.ELOOP}
"""Errors that a folder gives for one file, but not for others."""


class MountWatch:
    """Remembers which file system each folder was on, and says what keeps a folder from being used."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[tuple[int, int], Path]] = {}

    def trouble(self, folder: Path, *, read: bool = False, space: bool = False) -> str | None:
        """Return what is wrong with a folder, None for nothing.

        ``read``: it has to be readable; ``space``: its disk must not be full.
        """
        try:
            found = folder.stat()
        except FileNotFoundError:
            return f"{folder} is gone; waiting for it to come back"
        except OSError as e:
            return f"{folder} is out of reach: {e.strerror}"
        if not stat.S_ISDIR(found.st_mode):
            return f"{folder} cannot be used: {CAUSES[errno.ENOTDIR]}"
        if why := self._unmounted(folder, (found.st_dev, found.st_ino)):
            return why
        if not os.access(folder, os.W_OK | os.X_OK | (os.R_OK if read else 0)):
            return f"{folder} cannot be used: {CAUSES[errno.EROFS if _read_only(folder) else errno.EACCES]}"
        return shortage(folder) if space else None

    def forget(self) -> None:
        """Accept the file system that each folder is on now, as after a reload."""
        self._seen.clear()

    def _unmounted(self, folder: Path, identity: tuple[int, int]) -> str | None:
        """Say so where the folder was on a file system that is not mounted any more, so that another shows there.

        ``identity``: device and inode number of the folder as it is now.
        """
        seen = self._seen.get(folder)
        if seen is not None and seen[0] == identity:
            return None
        try:
            mount, _ = mount_of(folder)
        except OSError:  # no /proc, or the folder has just gone
            return None
        if seen is not None and seen[1] != mount and seen[1].is_relative_to(mount):
            return (
                f"{folder} has lost its disk: nothing is mounted at {seen[1]}; mount it, or reload if it is to stay so"
            )
        self._seen[folder] = identity, mount
        return None


def is_file_specific(e: TransientError | OSError) -> bool:
    """Whether the error is about this one file, so that others may well be stored in the same folder."""
    cause = e if isinstance(e, OSError) else e.__cause__
    return isinstance(cause, OSError) and cause.errno in FILE_SPECIFIC


def mount_of(path: Path, mountinfo: str | None = None) -> tuple[Path, str]:
    """Return where the file system of this path is mounted, and its type.

    ``mountinfo``: the text of /proc/self/mountinfo, which is read when None.
    """
    if mountinfo is None:
        mountinfo = os.fsdecode(Path("/proc/self/mountinfo").read_bytes())
    where = path.resolve()
    best, kind = Path("/"), ""
    for line in mountinfo.split("\n"):
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:  # noqa: PLR2004 -- the mount point is the fifth field
            continue
        octal = os.fsencode(fields[4])
        mount = Path(os.fsdecode(re.sub(rb"\\([0-3][0-7]{2})", lambda m: bytes([int(m[1], 8)]), octal)))
        # Of two mounts on one folder the later hides the earlier.
        if len(mount.parts) >= len(best.parts) and where.is_relative_to(mount):
            best, kind = mount, after.split(" ", 1)[0]
    return best, kind


def _read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False
