"""A file of passwords: one a line, readable by nobody else; what is in it never becomes part of a message."""

import os
import stat
from pathlib import Path

from scanmend.fs.safe_open import open_regular

MAX_BYTES = 64 * 1024
"""Largest file that is read: a few thousand passwords, of which each takes some milliseconds to try."""

_REMEDY = "make it as the daemon's user, with one password a line: (umask 077; nano {})"


def read(path: Path) -> tuple[str, ...]:
    """Return the passwords, each once, in the order in which they are tried; ValueError says what to do about the file.

    A password is all of its line: blanks, ``#`` and quotes belong to it. Empty lines are skipped.
    """
    data = _bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:  # not from e, whose text has the byte in it
        line = data.count(b"\n", 0, e.start) + 1
        raise ValueError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from None
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    found = tuple(dict.fromkeys(line for line in lines if line))
    if any("\0" in password for password in found):
        raise ValueError(f"{path} holds a null character; save it as plain text, with one password a line")
    return found


def _bytes(path: Path) -> bytes:
    try:
        with open_regular(path, follow=True) as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IRWXO:
                raise ValueError(f"{path} may be read by anyone; run: chmod o= {path}")
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as e:
        raise ValueError(f"there is no file {path}; {_REMEDY.format(path)}") from e
    except OSError as e:
        raise ValueError(f"{path} cannot be read ({e.strerror}); let the user who runs scanmend read it") from e
    if len(data) > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES >> 10} KiB; keep the passwords that scans still need")
    return data
