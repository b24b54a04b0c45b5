"""Renaming files so that nothing is overwritten, and making what a folder lists survive a power cut."""

import ctypes
import errno
import os
import stat
from pathlib import Path

_UNSUPPORTED = {
    errno.EPERM,
    errno.EACCES,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EINVAL,
    errno.EMLINK,
}
"""Answers of a file system that does not know one way of renaming; the next way is tried."""
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES}
"""Answers of a file system that cannot sync a folder."""


def rename_to_free_name(source: Path, target: Path) -> None:
    """Rename without replacing, by the first way that the file system knows; FileExistsError, OSError."""
    for way in (by_link, by_renameat2):
        try:
            way(source, target)
        except FileExistsError:
            raise
        except OSError as e:
            if e.errno not in _UNSUPPORTED:
                raise
        else:
            return
    by_reservation(source, target)


def by_link(source: Path, target: Path) -> None:
    """Link the file to its new name, and remove the old one; not for folders."""
    os.link(source, target, follow_symlinks=False)
    sync(target.parent)
    source.unlink()


def by_renameat2(source: Path, target: Path) -> None:
    """Rename by the Linux call that can be told not to replace."""
    here, no_replace = -100, 1
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        raise OSError(errno.ENOSYS, "this C library has no renameat2")
    if function(here, os.fsencode(source), here, os.fsencode(target), no_replace) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(target))


def by_reservation(source: Path, target: Path) -> None:
    """Create an empty file of that name, then rename over it; the last resort, as a crash in between leaves it."""
    folder = stat.S_ISDIR(source.lstat().st_mode)
    if folder:
        target.mkdir()
    else:
        target.touch(0o600, exist_ok=False)
    try:
        source.rename(target)
    except OSError:
        target.rmdir() if folder else target.unlink()
        raise


def sync(folder: Path) -> None:
    """Make the folder's entries survive a power cut, where its file system can."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as e:
        if e.errno not in _NO_FOLDER_SYNC:
            raise
