"""A file of passwords: one a line, readable by nobody else; what is in it never becomes part of a message."""

from pathlib import Path

from scanmend.fs.safe_open import SecretUnusable, read_secret

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
        return read_secret(path, MAX_BYTES)
    except SecretUnusable as e:
        remedy = "" if "chmod" in str(e) else f"; {_REMEDY.format(path)}"
        raise ValueError(f"{path} {e}{remedy}") from None
