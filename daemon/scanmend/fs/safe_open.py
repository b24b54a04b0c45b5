"""Opening files without following links, in folders where others may put links; for any folder.

Whoever may write to an inbox may rename our claim folder there, and put links in its place or in place of the
folders inside an inbox. So what goes on in an inbox goes through descriptors of folders, reached without links.
"""

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


@contextmanager
def folder_at(root: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Yield a path of the folder ``root/parts…`` that leads to this very folder, whatever is renamed meanwhile.

    Below root no link is followed, and ``..`` refused; root may be reached through links. OSError when it is not
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
    """Yield a path of a claimed file that no link can divert; for any other file, its own path. OSError."""
    place = _claim_of(path.parent)
    if place is None:
        yield path
        return
    with folder_at(*place) as folder:
        yield folder / path.name


@contextmanager
def pinned_folder(path: Path) -> Iterator[Path]:
    """Yield a path of a claimed folder that no link can divert; for any other folder, its own path. OSError."""
    place = _claim_of(path)
    if place is None:
        yield path
        return
    with folder_at(*place) as folder:
        yield folder


def open_source(path: Path) -> BufferedReader:
    """Open a scan for reading. OSError for a pipe or device, which could block, and for a link in a claim folder."""
    with pinned(path) as here:
        return open_regular(here, follow=not is_claimed(path), named=path)


def open_regular(path: Path, *, follow: bool = False, named: Path | None = None) -> BufferedReader:
    """Open a regular file for reading. OSError for anything else, and for a link unless it is to be followed.

    ``named``: the path that the error names, where it is another.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    if not stat.S_ISREG(kind := os.fstat(fd).st_mode):
        os.close(fd)
        number = errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL
        raise OSError(number, "it is no regular file", os.fspath(named or path))
    return os.fdopen(fd, "rb")


class SecretUnusable(Exception):
    """A file for a secret does not serve; the message goes on after its path, and never has its content."""


def read_secret(path: Path, max_bytes: int) -> bytes:
    """Return the content of a file that holds a secret, links followed; SecretUnusable.

    It has to be a regular file of at most so many bytes, and others than its user and group must not have any right.
    """
    try:
        with open_regular(path, follow=True) as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IRWXO:
                raise SecretUnusable(f"may be read by anyone; run: chmod o= {path}")
            data = file.read(max_bytes + 1)
    except OSError as e:
        if e.errno in (errno.EINVAL, errno.EISDIR):
            raise SecretUnusable("is no regular file") from e
        raise SecretUnusable(f"cannot be read: {e.strerror}") from e
    if len(data) > max_bytes:
        raise SecretUnusable(f"is larger than {max_bytes >> 10} KiB")
    return data


def is_claimed(path: Path) -> bool:
    """Whether a file lies in a claim folder, where others may put links."""
    return _claim_of(path.parent) is not None


def _claim_of(folder: Path) -> tuple[Path, tuple[str, ...]] | None:
    """Return the inbox of a claim folder, or of a folder in it, and the names that lead there; None for another."""
    for claims in (folder.parent, folder.parent.parent):
        if claims.name == CLAIMS:
            return claims.parent, folder.relative_to(claims.parent).parts
    return None
