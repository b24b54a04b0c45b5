"""Mode and group of the files that are written: who may read and change them."""

import grp
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from scanmend.errors import StorageError

_READ_WRITE = 0o666
"""Mode bits that may be set on a file: outputs are not executable."""
_READ = 0o444
"""Mode bits of a file that let the same people enter its folder."""


@dataclass(frozen=True, slots=True)
class Access:
    """Permissions of files that are written; None leaves the mode to the umask, and the group to the folder."""

    mode: int | None = None
    group: str | None = None
    """Name or number."""

    def grant(self, fd: int) -> None:
        """Set mode and group of an open file, whatever the umask is; StorageError when that is not allowed."""
        self._set_group(fd)
        if self.mode is not None:
            try:
                os.fchmod(fd, self.mode & _READ_WRITE)
            except OSError as e:
                raise StorageError(
                    f"output_mode {self.mode:04o} cannot be set there ({e.strerror}); remove it from this folder"
                ) from e

    def open_folder(self, path: Path) -> None:
        """Let those who may read the files in a new folder enter it; StorageError when that is not allowed."""
        if self == Access():
            return
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._set_group(fd)
            if self.mode is not None:
                self._set_mode(fd, 0o700 | self.mode | (self.mode & _READ) >> 2)
        except OSError as e:
            raise StorageError(f"{path}: output_mode cannot be set there ({e.strerror}); remove it") from e
        finally:
            os.close(fd)

    def _set_mode(self, fd: int, wanted: int) -> None:
        now = stat.S_IMODE(os.fstat(fd).st_mode)
        if now & 0o777 == wanted:
            return
        try:
            os.fchmod(fd, now & ~0o777 | wanted)
        except PermissionError:
            os.fchmod(fd, wanted)  # a service may not be allowed to set the set-group-ID bit, not even where it is

    def _set_group(self, fd: int) -> None:
        if self.group is None:
            return
        try:
            number = int(self.group) if self.group.isdecimal() else grp.getgrnam(self.group).gr_gid
            if os.fstat(fd).st_gid != number:
                os.fchown(fd, -1, number)
        except (KeyError, OSError) as e:
            why = e.strerror if isinstance(e, OSError) else "there is no such group"
            raise StorageError(
                f"output_group {self.group} cannot be set ({why}); the user who runs scanmend must be in that group: "
                f"usermod -aG {self.group} USER, then restart scanmend"
            ) from e
