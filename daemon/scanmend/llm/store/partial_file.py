"""How a download becomes a file: it grows under another name, is checked, and gets its own name last.

Where it is from is recorded in a small JSON file beside it, its provenance.
"""

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
    """Where a downloaded file is from, as the JSON file beside it says."""

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
    """Modification time of the file; one put in its place by hand has another."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a repository, and where it goes on this machine."""

    name: str
    """Name in the repository."""
    url: str
    size: int
    """Bytes."""
    sha256: str | None
    """None where the hub gives none (files that are not in LFS)."""
    path: Path
    """Where it goes."""

    @property
    def part(self) -> Path:
        """The unfinished file; named after its content, so that the part of another revision is never resumed."""
        return self.path.with_name(f"{self.path.name}.{(self.sha256 or 'unknown')[:12]}.part")

    @property
    def bytes_here(self) -> int:
        """How much is on this machine, finished or not."""
        return self.size if _size(self.path) == self.size else min(self.size, _size(self.part))

    @property
    def bytes_missing(self) -> int:
        """How much a download still has to bring."""
        return max(0, self.size - _size(self.part))

    def is_here(self) -> bool:
        """Whether the file is there with exactly this content."""
        return self.sha256 is not None and _size(self.path) == self.size and digest(self.path) == self.sha256

    def remove_stale_parts(self) -> None:
        """Remove unfinished files of other revisions of this file."""
        for stale in self.path.parent.glob(f"{glob.escape(self.path.name)}.*.part"):
            if stale != self.part:
                stale.unlink()

    def reject(self, file: Path) -> Path:
        """Rename a file with wrong content, so that it can still be looked at; return its new path."""
        return file.replace(self.path.with_name(f"{self.path.name}.wrong"))

    def finish(self, repo: str, revision: str, requested: str | None, sha256: str) -> None:
        """Write the provenance, then rename the whole part to the file's name; both are on the disk afterwards.

        ``requested``: branch, tag or commit that was asked for. StorageError.
        """
        provenance = Provenance(repo, revision, requested, self.name, sha256, self.size, self.part.stat().st_mtime_ns)
        atomic.replace(provenance_file(self.path), (json.dumps(asdict(provenance), indent=1) + "\n").encode())
        atomic.commit(self.part, self.path)


class PartialFile:
    """An unfinished file and the SHA-256 of what it has so far; for use in a ``with`` statement. OSError."""

    done: int
    """Bytes it has."""

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
        """SHA-256 of all bytes so far, in hexadecimal."""
        return self._hash.hexdigest()

    def restart(self) -> None:
        """Drop all that it has."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.done = 0

    def append(self, data: bytes) -> None:
        """Add the next bytes; those beyond the size are dropped."""
        data = data[: self.size - self.done]
        self._file.write(data)
        self._hash.update(data)
        self.done += len(data)


def provenance_file(path: Path) -> Path:
    """Return the path of the JSON file beside a download that has its provenance."""
    return path.with_name(f"{path.name}.json")


def read_provenance(path: Path) -> Provenance | None:
    """Return where a downloaded file is from; None where nobody recorded it, or the file was replaced by hand."""
    try:
        provenance = Provenance(**json.loads(provenance_file(path).read_text("utf-8")))
        found = path.stat()
    except (OSError, ValueError, TypeError):
        return None
    return provenance if (provenance.size, provenance.mtime_ns) == (found.st_size, found.st_mtime_ns) else None


def digest(path: Path) -> str:
    """Return the SHA-256 of the file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def folder_lock(folder: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Keep other processes from downloading into this folder; ``wait`` is called again and again while one does.

    Files that a crash left half-written in it are removed. OSError.
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
