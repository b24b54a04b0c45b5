"""Naming files so that nothing is overwritten and no link is followed, and a power cut loses nothing; for any folder.

Whoever may write to an inbox may rename our claim folder there, and put links in its place or in place of the
folders inside an inbox. So what goes on in an inbox goes through descriptors of folders, reached without links.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

CLAIMS = ".scanmend"
"""Folder inside an inbox that holds the claimed files, each in a folder named by its id."""
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC

NAME_BYTES = 255
"""Most bytes of one file name, on nearly every file system."""
CANNOT = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EMLINK}
"""Answers of a file system that does not know one way of naming a file; the next way is tried."""
NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES}


def rename_to_free_name(source: Path, target: Path) -> None:
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


@contextmanager
def folder_at(root: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Yield a name of the folder ``root/parts…`` that keeps meaning this very folder, whatever is renamed meanwhile.

    Below root no link is followed, and ``..`` not taken; root may be reached through links. OSError when it is not
    there, or a link is in the way.
    """
    fd = os.open(root, _FOLDER)
    try:
        for part in parts:
            if part in {"", ".", ".."} or "/" in part:
                raise OSError(errno.EINVAL, "a name that leads elsewhere", part)
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield Path(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)


@contextmanager
def pinned(path: Path) -> Iterator[Path]:
    """Yield a name for a claimed file that no link in its way can turn elsewhere; for any other file, its own name."""
    if not _is_claimed(path):
        yield path
        return
    claims = path.parent.parent
    with folder_at(claims.parent, (CLAIMS, path.parent.name)) as folder:
        yield folder / path.name


def open_source(path: Path) -> BufferedReader:
    """Open a scan for reading; never a pipe or device, which could hold us up, nor, in a claim, a link. OSError."""
    nofollow = os.O_NOFOLLOW if _is_claimed(path) else 0
    with pinned(path) as here:
        fd = os.open(here, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | nofollow)
    if not stat.S_ISREG(kind := os.fstat(fd).st_mode):
        os.close(fd)
        number = errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL
        raise OSError(number, "it is no regular file", os.fspath(path))
    return os.fdopen(fd, "rb")


def _is_claimed(path: Path) -> bool:
    return path.parent.parent.name == CLAIMS


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
