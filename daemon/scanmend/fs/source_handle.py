"""A claimed file that is kept open while its document is in work, so that it can be read when its name is gone."""

import errno
import os
from pathlib import Path

from scanmend.errors import StorageError, TransientError
from scanmend.fs.safe_open import open_source, pinned

GONE_ERRNOS = {errno.ENOENT, errno.ENOTDIR, errno.ESTALE}
"""Answers that mean that a path leads to nothing; any other means that it is out of reach."""


class SourceHandle:
    """At most one open file; used by the thread that works on its document."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._fd: int | None = None

    @property
    def fd(self) -> int | None:
        """Descriptor of the open file; None where none is open."""
        return self._fd

    def open(self, path: Path) -> None:
        """Open the claimed file at this path in place of the one before, without following a link; TransientError."""
        self.close()
        try:
            with open_source(path) as file:
                self._fd, self._path = os.dup(file.fileno()), path
        except OSError as e:
            if e.errno in GONE_ERRNOS:
                raise StorageError(f"{path} is gone") from e
            raise TransientError(f"the source cannot be read: {e.strerror}") from e

    @property
    def is_only_copy(self) -> bool:
        """Whether the path that was opened leads to nothing any more, though the file is open."""
        if self._path is None:
            return False
        try:
            with pinned(self._path) as here:
                here.lstat()
        except OSError as e:
            return e.errno in GONE_ERRNOS
        return False

    def stat(self) -> os.stat_result:
        """Return the state of the open file; StorageError."""
        if self._fd is None:
            raise StorageError("the source is not open")
        try:
            return os.fstat(self._fd)
        except OSError as e:
            raise StorageError(f"the open source is out of reach: {e.strerror}") from e

    def link_in(self, folder: Path) -> Path:
        """Make a path in a folder of ours that leads to the open file, for this process and its children.

        It ends in the file's name. Children of the same user may follow it while this process keeps the file open.
        """
        if self._fd is None or self._path is None:
            raise StorageError("the source is not open")
        home = folder / self._path.parent.name
        try:
            home.mkdir(exist_ok=True)
            link = home / self._path.name
            link.symlink_to(f"/proc/{os.getpid()}/fd/{self._fd}")
        except OSError as e:
            raise StorageError(f"{home} cannot be made: {e.strerror}") from e
        return link

    def close(self) -> None:
        """Close the file, where one is open."""
        fd, self._fd, self._path = self._fd, None, None
        if fd is not None:
            os.close(fd)
