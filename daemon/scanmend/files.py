"""Naming files so that nothing is ever overwritten and a power cut loses nothing; for inboxes and outboxes alike."""

import ctypes
import errno
import os
import stat
from pathlib import Path

NAME_BYTES = 255
"""Most bytes of one file name, on nearly every file system."""
CANNOT = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EMLINK}
"""Answers of a file system that does not know one way of naming a file; the next way is tried."""
NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES}


def appear(source: Path, target: Path) -> None:
    """Rename without replacing, by the first way that the file system knows."""
    for way in (_by_link, _by_renameat2):
        try:
            way(source, target)
        except FileExistsError:
            raise
        except OSError as e:
            if e.errno not in CANNOT:
                raise
        else:
            return
    _by_reservation(source, target)


def _by_link(source: Path, target: Path) -> None:
    os.link(source, target, follow_symlinks=False)
    sync(target.parent)
    source.unlink()


def _by_renameat2(source: Path, target: Path) -> None:
    here, no_replace = -100, 1
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        raise OSError(errno.ENOSYS, "this C library has no renameat2")
    if function(here, os.fsencode(source), here, os.fsencode(target), no_replace) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(target))


def _by_reservation(source: Path, target: Path) -> None:
    """Create the name, then rename over it; a crash in between leaves an empty one, as this is the last resort."""
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
        if e.errno not in NO_FOLDER_SYNC:
            raise
