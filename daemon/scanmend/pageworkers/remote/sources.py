"""Which bytes of a source go along with a page: each worker is to get a document once, however many pages it has."""

import os
import secrets
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from scanmend.errors import OcrError, StorageError
from scanmend.fs import password_file
from scanmend.fs.safe_open import open_source
from scanmend.source.settings import ReadSettings

MAX_SENT_BYTES = 512 * 2**20
"""Larger sources are not sent: this machine's workers read them, unless paths are shared."""
SENT_ALWAYS_BYTES = 2**20
"""Sources up to this size go along with every page; larger ones with the first, and where a worker asks."""
KNOWN_SOURCES = 4096
"""How many sources keep their names."""
_ENCRYPTED = b"/Encrypt"
"""What an encrypted PDF has in its trailer, in plain."""


@dataclass(frozen=True, slots=True)
class Source:
    """One state of one file."""

    path: Path
    key: str
    """A name for its content that no other content has."""
    size: int
    mtime_ns: int

    def content(self) -> bytes:
        """Return its bytes; OcrError when they cannot be read."""
        try:
            with open_source(self.path) as file:
                return file.read()
        except OSError as e:
            raise OcrError(f"the source cannot be read: {e.strerror}") from e


class Sources:
    """Gives the states of files their names; any number of threads may call it."""

    def __init__(self, *, shared_paths: bool) -> None:
        """``shared_paths``: workers find the files under the same paths."""
        self._shared_paths = shared_paths
        self._keys: OrderedDict[tuple[int, ...], str] = OrderedDict()
        self._lock = threading.Lock()

    def takes(self, path: Path) -> bool:
        """Whether this file can be read elsewhere; one that is gone is let through, and fails there."""
        try:
            return self._shared_paths or path.stat().st_size <= MAX_SENT_BYTES
        except OSError:
            return True

    def find(self, path: Path) -> Source:
        """Return the file as it is now. OcrError."""
        try:
            found = path.stat()
        except OSError as e:
            raise OcrError(f"the source is gone: {e}") from e
        state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        with self._lock:
            key = self._keys.pop(state, None) or secrets.token_hex(16)
            self._keys[state] = key
            if len(self._keys) > KNOWN_SOURCES:
                self._keys.popitem(last=False)
        return Source(path, key, found.st_size, found.st_mtime_ns)

    def goes_along(self, source: Source, number: int) -> bool:
        """Whether the bytes go along with this page (1-based) unasked."""
        if self._shared_paths:
            return False
        return number == 1 or source.size <= SENT_ALWAYS_BYTES

    def request(self, source: Source, number: int, settings: ReadSettings) -> dict[str, Any]:
        """Return what a worker is told of a page; passwords go along only with a source that is encrypted.

        StorageError where the file of passwords cannot be used.
        """
        request: dict[str, Any] = {
            "number": number,
            "settings": _fields(settings),
            "key": source.key,
            "size": source.size,
            "mtime_ns": source.mtime_ns,
            "name": os.fsencode(source.path.name).hex(),
        }
        if self._shared_paths:
            request["path"] = os.fsencode(os.path.realpath(source.path)).hex()
        if settings.limits.passwords is not None and _is_encrypted(source.path):
            try:
                request["passwords"] = list(password_file.read(Path(settings.limits.passwords)))
            except ValueError as e:
                raise StorageError(f"passwords: {e}") from e
        return request


@lru_cache(64)
def _fields(settings: ReadSettings) -> dict[str, Any]:
    """Return the settings as plain values, without the file of passwords; not to be changed."""
    return asdict(replace(settings, limits=replace(settings.limits, passwords=None)))


def _is_encrypted(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            before = b""
            while block := file.read(1 << 20):
                if _ENCRYPTED in before + block:
                    return True
                before = block[-len(_ENCRYPTED) :]
    except OSError:
        pass
    return False
