"""Passwords of encrypted PDFs: those of the folder's file are tried in order; no message, log or record has one.

Requests to page workers name the file, and only a PDF that asks for a password has it read. Which one opened the
latest PDF is remembered in the worker's memory alone, as every page of a document is opened anew.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from scanmend.document import DocumentWarning
from scanmend.errors import DocumentError, StorageError
from scanmend.fs import password_file

OTHERS_IN_CLEAR = DocumentWarning(
    "encrypted_source",
    "the scan asks for a password, and was read with one of the folder's passwords; the pdf output is encrypted as the "
    "scan is, with the same passwords, and every other output is not encrypted at all",
)
"""What the record says of a document that a password opened."""

_file: ContextVar[Path | None] = ContextVar("_file", default=None)
_latest: list[str] = []
"""The password that opened the latest PDF, or nothing."""


@contextmanager
def passwords_of(file: str | None) -> Iterator[None]:
    """Within, PDFs that ask for a password are opened with those of this file; with none where it is None."""
    token = _file.set(Path(file) if file else None)
    try:
        yield
    finally:
        _file.reset(token)


def unlock(pdf: Any) -> None:
    """Open MuPDF's document, which asks for a password, with the first that fits.

    DocumentError where none does, StorageError where the file cannot be used.
    """
    file = _file.get()
    if file is None:
        raise DocumentError("the PDF is encrypted; save it without a password and drop it again")
    try:
        known = password_file.read(file)
    except ValueError as e:
        raise StorageError(f"passwords: {e}") from e
    for password in sorted(known, key=lambda one: one not in _latest):  # stable, so the rest keeps its order
        if any(pdf.authenticate(spelling) for spelling in _spellings(password)):
            _latest[:] = [password]
            return
    tried = f"{len(known)} were tried" if len(known) != 1 else "one was tried"
    raise DocumentError(
        f"the PDF is encrypted, and no password of the folder's file opens it ({tried}); add its password there and "
        "give the file back to work, or save it without a password and drop it again"
    )


def _spellings(password: str) -> tuple[str, ...]:
    """Return the password, and as keyboards compose it where the file has its accents as characters of their own."""
    return tuple(dict.fromkeys((password, unicodedata.normalize("NFC", password))))
