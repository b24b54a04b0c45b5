"""Write files so that nobody ever sees half of one, and so that a power cut loses none.

A file is written beside its target under a name of its own, synced, renamed, and its folder synced. ``replace`` and
``commit`` overwrite another file, ``publish``, ``move`` and ``save_open`` never do.
"""

import contextlib
import errno
import fcntl
import itertools
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from scanmend.errors import StorageError
from scanmend.fs.mounts import CAUSES
from scanmend.fs.ownership import Access
from scanmend.fs.rename import rename_to_free_name, sync
from scanmend.fs.safe_open import pinned

PART = re.compile(r"\.scanmend-[0-9a-f]{16}\.part")
"""Names of unfinished files."""
STALE_S = 3600.0
"""Age from which an unfinished file is taken for one that a crash left."""
CHUNK_BYTES = 1 << 20
"""How much is copied or compared at a time."""

PRIVATE_MODE = 0o600
"""Mode of a file that is still being written, where ``Access`` sets the final one."""


def publish(
    target: Path, data: bytes | Path, *, root: Path | None = None, mode: int = 0o644, access: Access | None = None
) -> None:
    """Write a new file; where one of this name and content is there already, nothing is left to do.

    ``data`` may be a file to copy. Folders between root and target are created; root itself must be there. The umask
    applies to mode; ``access`` goes before both, also for those folders.
    FileExistsError when something else has the name; StorageError when it cannot be written. Neither leaves anything.
    """
    with _storage(target):
        make_parents(target, root, access)
        if os.path.lexists(target):
            _claim_same(target, _holds(target, data))
            return
        with _part(target, mode if access is None or access.mode is None else PRIVATE_MODE) as (part, fd):
            for chunk in [data] if isinstance(data, bytes) else _chunks(data):
                _write(fd, chunk)
            if access is not None:
                access.grant(fd)
            os.fsync(fd)
            try:
                rename_to_free_name(part, target)
            except FileExistsError:
                _claim_same(target, _holds(target, data))
        sync(target.parent)


def replace(
    target: Path,
    data: bytes | Iterable[bytes],
    *,
    mode: int = 0o644,
    access: Access | None = None,
    durable: bool = True,
) -> None:
    """Write the file, in place of one that is there; a reader sees the old or the new, never a mixture. StorageError.

    ``data``: all of it, or its pieces in order; what reading these raises, this raises, and nothing has changed.
    With ``durable=False`` the disk is not waited for: for a file that is written again and again, and that nobody
    needs after a power cut.
    """
    with _storage(target):
        with _part(target, mode) as (part, fd):
            for piece in [data] if isinstance(data, bytes) else data:
                _write(fd, piece)
            if access is not None:
                access.grant(fd)
            if durable:
                os.fsync(fd)
            part.replace(target)
        if durable:
            sync(target.parent)


@contextlib.contextmanager
def written_beside(target: Path, data: Path, *, access: Access | None = None) -> Iterator[Path]:
    """Write a copy of a file beside the target, and yield its path, for ``commit``; it is removed if that is not done.

    Several files can so be on the disk before the first of them gets its name. StorageError.
    """
    with (
        _storage(target),
        _part(target, 0o644 if access is None or access.mode is None else PRIVATE_MODE) as (part, fd),
    ):
        for chunk in _chunks(data):
            _write(fd, chunk)
        if access is not None:
            access.grant(fd)
        os.fsync(fd)
        yield part


def commit(part: Path, target: Path) -> None:
    """Give a file that was written under another name in the same folder its final one, in place of one that is there.

    Its content is on the disk before its name is, and both are when this returns. StorageError.
    """
    with _storage(target):
        fd = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        part.replace(target)
        sync(target.parent)


def move(source: Path, target: Path, *, root: Path | None = None, again: bool = True) -> None:
    """Give the file another name, on this or another file system, keeping its time; under one of the two it always is.

    With ``again``, for a move that a crash may have cut off, a target with the same content counts as moved, and the
    source is removed; without, only the very same file does. On one file system it keeps owner, group and mode, else
    its mode. FileExistsError and StorageError as ``publish``.
    """
    with _storage(target), pinned(source) as here:
        make_parents(target, root)
        found = here.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise StorageError(f"{source} is no regular file; it cannot be moved to {target}")
        if os.path.lexists(target):
            if here.parent.samefile(target.parent) and here.name == target.name:
                return
            _claim_same(target, _same(here, target, again=again))
        else:
            try:
                rename_to_free_name(here, target)
            except FileExistsError:
                _claim_same(target, _same(here, target, again=again))
            except OSError as e:
                if e.errno != errno.EXDEV:
                    raise
                _copy(here, target, found, again=again)
        sync(target.parent)
        here.unlink(missing_ok=True)
        sync(here.parent)


def save_open(fd: int, target: Path, *, root: Path | None = None, again: bool = True) -> None:
    """Write what an open file holds to a new file, with its mode and time, whether or not it still has a name.

    With ``again``, for a copy that a crash may have cut off, a target with the same content counts as written.
    FileExistsError and StorageError as ``publish``.
    """
    with _storage(target):
        make_parents(target, root)
        if os.path.lexists(target):
            _claim_same(target, again and _same_as_open(fd, target))
            return
        found = os.fstat(fd)
        with _part(target, stat.S_IMODE(found.st_mode) & 0o777) as (part, copy):
            _write_copy(copy, _chunks_of_open(fd), found)
            try:
                rename_to_free_name(part, target)
            except FileExistsError:
                _claim_same(target, again and _same_as_open(fd, target))
        sync(target.parent)


def sweep(folder: Path, now: float, *, stale_s: float = STALE_S) -> int:
    """Remove what a crash left unfinished below the folder stale_s ago or longer; now is ``time.time()``.

    A file that a process of this machine still writes stays, whatever the clock says; one with a time in the future is
    removed. Returns how many were removed.
    """
    swept = 0
    for where, _, names in os.walk(folder):
        for path in (Path(where, name) for name in names if PART.fullmatch(name)):
            # The time of change, as that of modification may be that of an archived source.
            with contextlib.suppress(OSError):  # another daemon's, finished or swept just now
                if abs(now - path.lstat().st_ctime) >= stale_s and not _is_being_written(path):
                    path.unlink()
                    swept += 1
    return swept


@contextlib.contextmanager
def _storage(target: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as e:
        raise StorageError(f"{target} cannot be written: {CAUSES.get(e.errno or 0, e.strerror or e)}") from e


def _claim_same(target: Path, same: bool) -> None:  # noqa: FBT001 -- the question is the name of the function
    if not same:
        raise FileExistsError(errno.EEXIST, "another file has this name", os.fspath(target))


def make_parents(target: Path, root: Path | None, access: Access | None = None) -> None:
    """Create the folders below root; never root, as that would write into the mount point of an absent share."""
    if root is None or target.parent.is_dir():
        return
    for folder in reversed([f for f in target.parents if f.is_relative_to(root) and f != root]):
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            if access is not None:
                access.open_folder(folder)
            sync(folder.parent)


@contextlib.contextmanager
def _part(target: Path, mode: int) -> Iterator[tuple[Path, int]]:
    """Open a new file beside the target, and remove it afterwards, unless it was renamed."""
    part = target.with_name(f".scanmend-{secrets.token_hex(8)}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        try:
            with contextlib.suppress(OSError):  # a file system without locks: then only age decides
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield part, fd
        finally:
            os.close(fd)
    finally:
        with contextlib.suppress(OSError):  # sweep() removes it later
            part.unlink(missing_ok=True)


def _is_being_written(part: Path) -> bool:
    """Whether a process of this machine holds the lock that it takes while it writes."""
    fd = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(fd)
    return False


def _copy(source: Path, target: Path, found: os.stat_result, *, again: bool) -> None:
    with _part(target, stat.S_IMODE(found.st_mode) & 0o777) as (part, fd):
        _write_copy(fd, _chunks(source), found)
        try:
            rename_to_free_name(part, target)
        except FileExistsError:
            _claim_same(target, _same(source, target, again=again))


def _write_copy(fd: int, chunks: Iterable[bytes], found: os.stat_result) -> None:
    """Write the content of a file and its time, and wait for the disk."""
    for chunk in chunks:
        _write(fd, chunk)
    with contextlib.suppress(PermissionError):  # the time is lost where the file system keeps none
        os.utime(fd, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.fsync(fd)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _chunks(path: Path) -> Iterator[bytes]:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        while chunk := os.read(fd, CHUNK_BYTES):
            yield chunk
    finally:
        os.close(fd)


def _chunks_of_open(fd: int) -> Iterator[bytes]:
    at = 0
    while chunk := os.pread(fd, CHUNK_BYTES, at):
        yield chunk
        at += len(chunk)


def _same_as_open(fd: int, path: Path) -> bool:
    one, other = os.fstat(fd), path.lstat()
    if not stat.S_ISREG(other.st_mode) or one.st_size != other.st_size:
        return False
    return all(x == y for x, y in itertools.zip_longest(_chunks_of_open(fd), _chunks(path)))


def _holds(path: Path, data: bytes | Path) -> bool:
    if isinstance(data, Path):
        return _same(path, data)
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and found.st_size == len(data) and b"".join(_chunks(path)) == data


def _same(one: Path, other: Path, *, again: bool = True) -> bool:
    a, b = one.lstat(), other.lstat()
    if not again:
        return os.path.samestat(a, b)
    if not (stat.S_ISREG(a.st_mode) and stat.S_ISREG(b.st_mode)) or a.st_size != b.st_size:
        return False
    return os.path.samestat(a, b) or all(x == y for x, y in itertools.zip_longest(_chunks(one), _chunks(other)))
