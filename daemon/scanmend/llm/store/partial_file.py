"""How a download becomes a file: it grows under another name, is checked, recorded, and only then named."""

import fcntl
import glob
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Self

from scanmend.fs import atomic

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is recorded of a file that was downloaded, in a small JSON file beside it."""

    repo: str
    revision: str
    """Commit."""
    requested: str | None
    """Branch, tag or commit that was asked for."""
    file: str
    """Name in the repository."""
    sha256: str
    size: int
    """Bytes."""
    mtime_ns: int
    """When the file was written; a file put in its place by hand has another time."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file to bring."""

    name: str
    """In the repository."""
    url: str
    size: int
    """Bytes."""
    sha256: str | None
    """None where the hub gives none (files that are not in LFS)."""
    path: Path
    """Where it will lie."""

    @property
    def part(self) -> Path:
        """The unfinished file, named after its content: what is left of another revision is never taken up."""
        return self.path.with_name(f"{self.path.name}.{(self.sha256 or 'unknown')[:12]}.part")

    @property
    def come(self) -> int:
        """Bytes that are here, finished or not."""
        return self.size if _size(self.path) == self.size else min(self.size, _size(self.part))

    @property
    def missing(self) -> int:
        """Bytes that are still to come."""
        return max(0, self.size - _size(self.part))

    def is_here(self) -> bool:
        """Whether exactly this content has the final name already."""
        return self.sha256 is not None and _size(self.path) == self.size and digest(self.path) == self.sha256

    def clear_stale(self) -> None:
        """Remove what is left of other revisions of this file."""
        for stale in self.path.parent.glob(f"{glob.escape(self.path.name)}.*.part"):
            if stale != self.part:
                stale.unlink()

    def set_aside(self) -> Path:
        """Move what came with wrong content out of the way, where it can be looked at; return where."""
        return self.part.replace(aside(self.path))

    def land(self, repo: str, revision: str, requested: str | None, sha256: str) -> None:
        """Record where the file is from, then give it its final name; both are on the disk when this returns.

        StorageError.
        """
        origin = Provenance(repo, revision, requested, self.name, sha256, self.size, self.part.stat().st_mtime_ns)
        atomic.replace(provenance_file(self.path), (json.dumps(asdict(origin), indent=1) + "\n").encode())
        atomic.commit(self.part, self.path)


class PartialFile:
    """A file that grows towards its size, and the SHA-256 of what it has; for use in a ``with`` statement."""

    def __init__(self, path: Path, size: int) -> None:
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b")
        self._hash = hashlib.sha256()
        self.size = size
        self.done = 0
        while piece := self._file.read(_CHUNK_BYTES):
            self._hash.update(piece)
            self.done += len(piece)
        if self.done > size:
            self.restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()  # what a power cut takes is fetched again; ``RemoteFile.finish`` syncs

    @property
    def sha256(self) -> str:
        """Of all bytes so far, in hexadecimal."""
        return self._hash.hexdigest()

    def restart(self) -> None:
        """Drop everything."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.done = 0

    def append(self, data: bytes) -> None:
        """Take what comes next, never beyond the size."""
        data = data[: self.size - self.done]
        self._file.write(data)
        self._hash.update(data)
        self.done += len(data)


def provenance_file(path: Path) -> Path:
    """Return the small JSON file beside a download that says where it is from."""
    return path.with_name(f"{path.name}.json")


def aside(path: Path) -> Path:
    """Return where a file goes that has the wrong content."""
    return path.with_name(f"{path.name}.wrong")


def read_provenance(path: Path) -> Provenance | None:
    """Return where a downloaded file is from; None for one that has no record, or was put in its place by hand."""
    try:
        origin = Provenance(**json.loads(provenance_file(path).read_text("utf-8")))
        found = path.stat()
    except (OSError, ValueError, TypeError):
        return None
    return origin if (origin.size, origin.mtime_ns) == (found.st_size, found.st_mtime_ns) else None


def digest(path: Path) -> str:
    """SHA-256 of the file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def folder_lock(folder: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Keep other processes from downloading into this folder; ``wait`` is called again and again while one does.

    What a crash left half-written in it is removed.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                wait()
        atomic.sweep(folder, time.time(), stale_s=0)
        yield
    finally:
        os.close(handle)


def _size(path: Path) -> int:
    try:
        found = path.stat()
    except FileNotFoundError:  # never there, or renamed just now
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
