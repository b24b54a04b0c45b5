"""Sources that a worker was sent, as files of its own: each comes once, and goes when others need the room."""

import shutil
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_BYTES = 2 * 2**30
"""Bytes of all files that are kept beyond those in use."""


class SourceCache:
    """A folder of files by their keys; any number of threads may call it."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        """``folder``: made when it is needed, for its owner alone."""
        self._folder, self._max_bytes = folder, max_bytes
        self._files: OrderedDict[str, tuple[Path, int]] = OrderedDict()
        self._used: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, key: str, name: str, content: bytes | None) -> Iterator[Path | None]:
        """Yield the file's path, which stays until the end; None where it is not here and no ``content`` came. OSError.

        ``name``: what the file is called.
        """
        with self._lock:
            path = self._find(key, name, content)
            self._used[key] += path is not None
        try:
            yield path
        finally:
            if path is not None:
                with self._lock:
                    self._used[key] -= 1
                    self._make_room()

    def clear(self) -> None:
        """Remove what is not in use."""
        with self._lock:
            self._make_room(0)

    def _find(self, key: str, name: str, content: bytes | None) -> Path | None:
        if key in self._files:
            self._files.move_to_end(key)
            return self._files[key][0]
        if content is None:
            return None
        home = self._folder / key
        home.mkdir(mode=0o700, parents=True)
        try:
            path = home / name
            path.write_bytes(content)
        except OSError:
            shutil.rmtree(home, ignore_errors=True)
            raise
        self._files[key] = (path, len(content))
        return path

    def _make_room(self, most: int | None = None) -> None:
        """Remove the files used longest ago until the rest fits."""
        limit = self._max_bytes if most is None else most
        total = sum(size for _, size in self._files.values())
        for key in [key for key in self._files if not self._used[key]]:
            if total <= limit:
                break
            path, size = self._files.pop(key)
            shutil.rmtree(path.parent, ignore_errors=True)
            self._used.pop(key, None)
            total -= size
