"""Files that belong together, in a folder of their own: listed, moved and removed, whatever cuts it off.

A folder is moved by one renaming where that can be done. Else, as to another file system, each file is moved by itself,
and what was done before a crash is found done.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanmend.errors import StorageError
from scanmend.fs import atomic
from scanmend.fs.mounts import CAUSES
from scanmend.fs.rename import rename_to_free_name, sync
from scanmend.fs.safe_open import pinned, pinned_folder


def is_folder(path: Path) -> bool:
    """Whether a folder lies at this path, claimed or not; a link in a claim folder is none. StorageError."""
    try:
        with pinned(path) as here:
            return stat.S_ISDIR(here.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as e:
        raise StorageError(f"{path} is out of reach: {e.strerror}") from e


def files_in(path: Path) -> dict[str, os.stat_result]:
    """Return the regular files that a folder has, by name; none where it is not there. StorageError."""
    try:
        with pinned_folder(path) as here, os.scandir(here) as entries:
            found = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as e:
        raise StorageError(f"{path} cannot be listed: {e.strerror}") from e
    return {name: one for name, one in found.items() if stat.S_ISREG(one.st_mode)}


def move_files(source: Path, target: Path, *, root: Path | None = None, again: bool = True) -> None:
    """Give a folder of files another place, or move what is left of it there after a move that was cut off.

    Without ``again`` the target must not be there yet. Folders between ``root`` and target are made. FileExistsError
    and StorageError as ``atomic.move``.
    """
    if not (again and target.is_dir()):
        with _storage(target):
            atomic.make_parents(target, root)
            if _renamed(source, target):
                return
            target.mkdir()
            sync(target.parent)
    for name in sorted(files_in(source)):
        atomic.move(source / name, target / name, root=root)
    remove_emptied(source)


def remove_files(source: Path) -> None:
    """Remove all files of a folder, and the folder; StorageError."""
    for name in files_in(source):
        with _storage(source), pinned_folder(source) as here:
            (here / name).unlink(missing_ok=True)
    remove_emptied(source)


def remove_emptied(folder: Path) -> None:
    """Remove a folder where nothing is in it any more; a NAS or file manager may have left something of its own."""
    with contextlib.suppress(OSError), pinned(folder) as here:
        here.rmdir()
        sync(here.parent)


def _renamed(source: Path, target: Path) -> bool:
    """Rename the folder where nothing has the new name; False where that leads to another file system."""
    with pinned(source) as here:
        try:
            rename_to_free_name(here, target)
        except OSError as e:
            if e.errno != errno.EXDEV:
                raise
            return False
        sync(target.parent)
        sync(here.parent)
    return True


@contextmanager
def _storage(target: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as e:
        cause = CAUSES.get(e.errno or 0, e.strerror or e)
        raise StorageError(f"{target} cannot be written: {cause}") from e
