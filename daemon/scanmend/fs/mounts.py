"""Whether the places that scans pass through can be used: there, on the disk they were on, writable, with room left.

What fails here is never a scan's fault: documents wait, and no attempt is counted.
"""

import errno
import os
import re
import stat
from pathlib import Path

from scanmend.errors import StorageError
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
OF_THE_FILE = {errno.EFBIG, errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG, errno.ELOOP}
"""What a place answers to one file, but not to others."""


class MountWatch:
    """Remembers which file system each place lay on, and tells what keeps a place from being used."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[tuple[int, int], Path]] = {}

    def trouble(self, place: Path, *, read: bool = False, room: bool = False) -> str | None:
        """Return what is wrong with a folder, None for nothing; ``read``: it must be listed; ``room``: written to."""
        try:
            found = place.stat()
        except FileNotFoundError:
            return f"{place} is gone; waiting for it to come back"
        except OSError as e:
            return f"{place} is out of reach: {e.strerror}"
        if not stat.S_ISDIR(found.st_mode):
            return f"{place} cannot be used: {CAUSES[errno.ENOTDIR]}"
        if why := self._unmounted(place, (found.st_dev, found.st_ino)):
            return why
        if not os.access(place, os.W_OK | os.X_OK | (os.R_OK if read else 0)):
            return f"{place} cannot be used: {CAUSES[errno.EROFS if _read_only(place) else errno.EACCES]}"
        return shortage(place) if room else None

    def forget(self) -> None:
        """Take every place as it lies now."""
        self._seen.clear()

    def _unmounted(self, place: Path, identity: tuple[int, int]) -> str | None:
        """Say so where the place lay on a file system that is not mounted any more: this is what lies beneath it."""
        seen = self._seen.get(place)
        if seen is not None and seen[0] == identity:
            return None
        try:
            mount, _ = mount_of(place)
        except OSError:  # no /proc, or the place has just gone
            return None
        if seen is not None and seen[1] != mount and seen[1].is_relative_to(mount):
            return (
                f"{place} has lost its disk: nothing is mounted at {seen[1]}; mount it, or reload if it is to stay so"
            )
        self._seen[place] = identity, mount
        return None


def of_the_file(e: StorageError | OSError) -> bool:
    """Whether another file might well be stored where this one could not."""
    cause = e if isinstance(e, OSError) else e.__cause__
    return isinstance(cause, OSError) and cause.errno in OF_THE_FILE


def mount_of(path: Path, mountinfo: str | None = None) -> tuple[Path, str]:
    """Where the file system of this path is mounted, and its type; mountinfo is read when None.

    ``mountinfo``: the text of /proc/self/mountinfo.
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


def _read_only(place: Path) -> bool:
    try:
        return bool(os.statvfs(place).f_flag & os.ST_RDONLY)
    except OSError:
        return False
