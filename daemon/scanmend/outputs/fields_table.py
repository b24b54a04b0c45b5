"""The ``csv`` output, and the growing table of a folder: a row of fields for each document, safe for spreadsheets.

The growing table gets each row once and whole, whatever ends the daemon: a row is one write at the end of the locked
file, synced before the ledger learns of it. What a power cut left of a row is cut off before the next one, and a
document whose id is there already is not written again. Where a person decided a fact otherwise, the document's row is
exchanged in its place, unless somebody changed it since.
"""

import contextlib
import csv
import errno
import fcntl
import io
import itertools
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.fs import atomic
from scanmend.fs.append import append as append_to_file
from scanmend.fs.find_last import find_last
from scanmend.fs.free_name import candidates
from scanmend.fs.ownership import Access
from scanmend.fs.rename import rename_to_free_name, sync

COLUMNS = ("id", "source", "finished")
"""Columns before those of the fields; the id comes first, as a row is known by it."""
DOUBTFUL = "doubtful"
"""The last column: names of fields that a person should look at."""
MAX_SEARCHED_BYTES = 1 << 26
"""Most bytes from the end in which an id is looked for: what was appended before a crash stands near the end."""
COPIED_BYTES = 1 << 20
"""Bytes of a table that are in memory while a row is exchanged."""
END = b"\r\n"
"""End of a row (RFC 4180)."""
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def table(head: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the ``csv`` output of one document; ``head``: the fields of its record."""
    yield header(head["fields"])
    yield row(head)


def header(fields: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the header of a table of these fields."""
    return _line([*COLUMNS, *(field["name"] for field in fields), DOUBTFUL])


def row(head: Mapping[str, Any]) -> bytes:
    """Return the row of one document."""
    fields = head["fields"]
    doubtful = " ".join(field["name"] for field in fields if field["doubt"])
    return _line([*(str(head[name]) for name in COLUMNS), *(field["value"] or "" for field in fields), doubtful])


def append(path: Path, head: Mapping[str, Any], access: Access | None = None) -> None:
    """Add a document's row to the table at ``path``, unless it is there; StorageError.

    The folder of the table must exist. A table with other columns is set aside under a free name, and a new one begun.
    """
    try:
        with _locked(path, access) as fd:
            size = _whole_rows(fd, head)
            wanted = header(head["fields"])
            if size and os.pread(fd, len(wanted), 0) != wanted:
                _set_aside(path)
                again = True
            else:
                again = False
                if find_last(fd, size, b"\n" + _cell_bytes(head["id"]) + b",", most=MAX_SEARCHED_BYTES) is None:
                    append_to_file(fd, size, (b"" if size else wanted) + row(head))
                    sync(path.parent)
    except OSError as e:
        raise StorageError(f"{path} cannot be written: {e.strerror}") from e
    if again:
        append(path, head, access)


def exchange(path: Path, before: bytes, after: bytes) -> bool:
    """Put a document's new row in the place of its old one; False where the table does not have that as it was written.

    Also True where the new row is there already. The table is written anew beside, and takes its place; StorageError.
    """
    try:
        with _locked(path, None, create=False) as fd:
            found = os.fstat(fd)
            if find_last(fd, found.st_size, b"\n" + after, most=MAX_SEARCHED_BYTES) is not None:
                return True
            at = find_last(fd, found.st_size, b"\n" + before, most=MAX_SEARCHED_BYTES)
            if at is None:
                return False
            above, below = _rows(fd, 0, at + 1), _rows(fd, at + 1 + len(before), found.st_size)
            same = Access(stat.S_IMODE(found.st_mode), str(found.st_gid))
            atomic.replace(path, itertools.chain(above, [after], below), mode=0o600, access=same)
            return True
    except FileNotFoundError:
        return False
    except OSError as e:
        raise StorageError(f"{path} cannot be read: {e.strerror}") from e


def _rows(fd: int, begin: int, end: int) -> Iterator[bytes]:
    """Yield the bytes between two places of an open table, a piece at a time: it may have grown for years. OSError."""
    while begin < end:
        piece = os.pread(fd, min(COPIED_BYTES, end - begin), begin)
        if not piece:
            raise OSError(errno.EIO, os.strerror(errno.EIO))  # somebody cuts it while it is locked
        yield piece
        begin += len(piece)


@contextlib.contextmanager
def _locked(path: Path, access: Access | None, *, create: bool = True) -> Iterator[int]:
    """Open the table that has the name once its lock is held: another may have taken its place meanwhile. OSError."""
    while True:
        fd = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0) | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(fd), path.lstat()):
                    if access is not None and not os.fstat(fd).st_size:
                        access.grant(fd)
                    yield fd
                    return
        finally:
            os.close(fd)


def _whole_rows(fd: int, head: Mapping[str, Any]) -> int:
    """Cut off a torn row behind the last line's end, and return the size that is left, in bytes.

    A row of another document that lacks nothing but its end, as some editors leave it, gets that.
    """
    size = os.fstat(fd).st_size
    last = find_last(fd, size, b"\n", most=size)
    whole = 0 if last is None else last + 1
    if whole == size:
        return size
    tail = os.pread(fd, size - whole, whole).removesuffix(b"\r")
    cells = next(csv.reader([tail.decode("utf-8", "replace")]), [])
    if len(cells) == len(COLUMNS) + len(head["fields"]) + 1 and cells[0] != head["id"]:
        os.pwrite(fd, END, whole + len(tail))
        return whole + len(tail) + len(END)
    os.ftruncate(fd, whole)
    return whole


def _set_aside(path: Path) -> None:
    for stem in candidates(Path(f"{path.stem}.old"), [path.suffix]):
        try:
            rename_to_free_name(path, path.with_name(f"{stem}{path.suffix}"))
        except FileExistsError:
            continue
        return


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue().encode("utf-8", "replace")


def _cell_bytes(text: str) -> bytes:
    return _line([text]).removesuffix(END)


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, on one line: text of a scan is anybody's."""
    text = printable(_CONTROL.sub(" ", cell))
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
