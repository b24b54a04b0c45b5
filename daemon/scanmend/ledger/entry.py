"""One document as the ledger knows it, and as a row of its database."""

import os
import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scanmend.document import Fingerprint


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as the ledger knows it."""

    id: str
    folder: str
    inbox: Path
    relative: Path
    stem: Path
    outbox: Path
    fingerprint: Fingerprint
    state: str
    attempts: int
    due: float
    """Wall clock in seconds: not to be tried before."""
    original: str
    put_away: Path | None
    sha256: str | None
    pages: int | None
    error: str | None
    claimed: float
    changed: float


COLUMNS = {f.name for f in fields(Entry) if f.name != "fingerprint"} | {f.name for f in fields(Fingerprint)}
"""The names of an entry's columns in the database."""


def row_of(entry: Entry) -> dict[str, Any]:
    """Return what the database keeps of an entry, by column."""
    row = {f.name: getattr(entry, f.name) for f in fields(entry) if f.name != "fingerprint"}
    row |= {f.name: getattr(entry.fingerprint, f.name) for f in fields(entry.fingerprint)}
    return {key: stored(value) for key, value in row.items()}


def stored(value: object) -> object:
    """Return a value as the database keeps it: paths as bytes, texts without lone surrogates.

    A message that names a file may hold such.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return os.fsencode(value) if isinstance(value, Path) else value


def entry_of(row: sqlite3.Row) -> Entry:
    """Return the entry that a row holds."""
    plain = {key: row[key] for key in row.keys() if key not in ("inode", "size", "mtime_ns")}  # noqa: SIM118 -- not a dict
    for key in ("inbox", "relative", "stem", "outbox", "put_away"):
        plain[key] = None if plain[key] is None else Path(os.fsdecode(plain[key]))
    return Entry(fingerprint=Fingerprint(row["inode"], row["size"], row["mtime_ns"]), **plain)
