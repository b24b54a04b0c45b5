"""Inboxes from which a person has nothing taken for now: one empty file a folder in the state folder, over restarts."""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from scanmend.config.schema import Folder
from scanmend.document import local_iso
from scanmend.errors import StorageError
from scanmend.fs.mounts import CAUSES
from scanmend.fs.rename import sync

NAME = "paused"
"""Folder in the state folder; the files in it have the names of the paused folders."""


def paused_fields(since: Mapping[str, float], folders: Iterable[Folder]) -> list[dict[str, str]]:
    """Return the paused ones of these folders as status has them, with the moment in ISO 8601."""
    return [{"folder": f.name, "since": local_iso(since[f.name])} for f in folders if f.name in since]


class Pauses:
    """The paused folders of one state folder; safe to use from any thread and process, as the files are the truth."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._path = state_dir / NAME

    def since(self) -> dict[str, float]:
        """Return the paused folders by name, each with when that began: wall clock in seconds."""
        found: dict[str, float] = {}
        try:
            entries = os.scandir(self._path)
        except OSError:  # no folder was ever paused
            return found
        with entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # resumed at this moment
                    found[entry.name] = entry.stat(follow_symlinks=False).st_mtime
        return found

    def holds(self, name: str) -> bool:
        """Whether the folder of that name is paused at this moment."""
        return os.path.lexists(self._path / name)

    def add(self, name: str) -> None:
        """Pause a folder; nothing where it is paused already. StorageError when that cannot be kept."""
        with self._storage(), self._opened() as fd:
            try:
                file = os.open(
                    name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640, dir_fd=fd
                )
            except FileExistsError:
                return
            os.close(file)
            os.fsync(fd)

    def remove(self, name: str) -> bool:
        """Resume a folder, and return whether it was paused; StorageError when that cannot be kept."""
        if not self.holds(name):
            return False
        with self._storage(), self._opened() as fd:
            try:
                os.unlink(name, dir_fd=fd)
            except FileNotFoundError:
                return False
            os.fsync(fd)
        return True

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Yield a descriptor of the folder, made where it is not there; as root it belongs to the daemon's user."""
        try:
            self._path.mkdir(0o750)
        except FileExistsError:
            pass
        else:
            if os.geteuid() == 0:
                owner = self._state_dir.stat()
                os.chown(self._path, owner.st_uid, owner.st_gid, follow_symlinks=False)
            sync(self._state_dir)
        fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def _storage(self) -> Iterator[None]:
        try:
            yield
        except OSError as e:
            why = CAUSES.get(e.errno or 0, os.strerror(e.errno or errno.EIO))
            raise StorageError(f"{self._path} cannot be written: {why}") from e
