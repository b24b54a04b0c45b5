"""The text file that a folder's ``glossary`` names: one entry a line, read again when it has changed."""

import re
from dataclasses import dataclass
from pathlib import Path

import structlog

from scanmend.errors import StorageError

MAX_BYTES = 1024 * 1024
"""Largest file that is read: some fifty thousand names; with more, every word would look like one of them."""

_COMMENT = re.compile(r"^\s*#.*|\s#(\s.*)?$")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")

log = structlog.get_logger()


def read(path: Path) -> tuple[str, ...]:
    """Return the entries, each once; ValueError says what is wrong with the file, and what to do.

    Empty lines are skipped, and comments: a line that begins with ``#``, or the end of one after a ``#`` that stands
    alone; ``C#`` and ``Suite #5`` are entries.
    """
    lines = (_COMMENT.sub("", line).strip() for line in _text(path).splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # reading a pipe would block
            raise ValueError(f"{path} is no text file but a folder or device; name a file with one word a line")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as e:
        raise ValueError(f"there is no file {path}; create it, with one word a line, or remove the key") from e
    except OSError as e:
        raise ValueError(f"{path} cannot be read ({e.strerror}); let the user who runs scanmend read it") from e
    if len(data) > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES >> 10} KiB; keep the words that matter most")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise ValueError(f"{path}:{line}: not UTF-8 (byte {data[e.start]:#04x}); save the file as UTF-8") from e
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ValueError(f"{path}:{line}: holds a control character ({ord(found[0]):#04x}); save it as plain text")
    return text


@dataclass(frozen=True, slots=True)
class _Cached:
    stamp: tuple[int, ...] | None
    entries: tuple[str, ...]


class GlossaryFiles:
    """Glossary files, each read again when it has changed; for any number of threads, which may read a file twice."""

    def __init__(self) -> None:
        self._known: dict[Path, _Cached] = {}
        self._rejected: dict[Path, str] = {}

    def entries(self, path: Path) -> tuple[str, ...]:
        """Return the entries of this file as it is now.

        Of a file that cannot be used any more, the entries read before are returned, and the log says so once;
        StorageError when there are none.
        """
        known, stamp = self._known.get(path), _stamp(path)
        if known is not None and stamp is not None and known.stamp == stamp:
            return known.entries
        try:
            entries = read(path)
        except ValueError as e:
            if known is None:
                raise StorageError(f"glossary: {e}") from e
            if self._rejected.get(path) != str(e):
                self._rejected[path] = str(e)
                log.warning("glossary.rejected", problem=str(e), meaning="the words read before stay")
            return known.entries
        self._known[path] = _Cached(stamp, entries)
        self._rejected.pop(path, None)
        if known is not None:
            log.info("glossary.reloaded", path=str(path), entries=len(entries))
        return entries


def _stamp(path: Path) -> tuple[int, ...] | None:
    """Values that differ once the file has changed; ctime also changes with permissions and by a rename."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
