"""Who may read and write what comes into an outbox: the mode and the group that its folder sets."""

import grp
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from scanmend.errors import StorageError

_MINE, _THEIRS = 0o666, 0o444
"""Bits of a file that may be set at all, and those that open a folder to the same people."""


@dataclass(frozen=True, slots=True)
class Access:
    """Permissions for what is written; None leaves that to the umask, and to the folder it lies in."""

    mode: int | None = None
    group: str | None = None
    """Name or number."""

    def grant(self, fd: int) -> None:
        """Set both on an open file, whatever the umask is; StorageError when that is not allowed."""
        self._group_to(fd)
        if self.mode is not None:
            try:
                os.fchmod(fd, self.mode & _MINE)
            except OSError as e:
                raise StorageError(
                    f"output_mode {self.mode:04o} cannot be set there ({e.strerror}); remove it from this folder"
                ) from e

    def open_folder(self, path: Path) -> None:
        """Let a folder that was just made be entered by whoever may read the files in it; StorageError."""
        if self == Access():
            return
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._group_to(fd)
            if self.mode is not None:
                self._enter(fd, 0o700 | self.mode | (self.mode & _THEIRS) >> 2)
        except OSError as e:
            raise StorageError(f"{path}: output_mode cannot be set there ({e.strerror}); remove it") from e
        finally:
            os.close(fd)

    def _enter(self, fd: int, wanted: int) -> None:
        now = stat.S_IMODE(os.fstat(fd).st_mode)
        if now & 0o777 == wanted:
            return
        try:
            os.fchmod(fd, now & ~0o777 | wanted)
        except PermissionError:
            os.fchmod(fd, wanted)  # a service may not be allowed to set the set-group-ID bit, not even where it is

    def _group_to(self, fd: int) -> None:
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
