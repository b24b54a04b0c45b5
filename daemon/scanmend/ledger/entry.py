"""An entry of the ledger: one document, and its conversion to and from a row of the database."""

import os
import sqlite3
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from scanmend.document import NO_NUMBERS, DocumentWarning, Fingerprint, NumberCounts

MAX_WARNINGS = 20
"""Warnings of one document that the ledger keeps for ``scanmend status``."""
_warnings = TypeAdapter(tuple[DocumentWarning, ...])
_numbers = TypeAdapter(NumberCounts)


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as the ledger knows it."""

    id: str
    folder: str
    """Name of the folder in the configuration."""
    inbox: Path
    relative: Path
    """Where the source was, below the inbox."""
    stem: Path
    """Name of the outputs below the outbox, without a suffix."""
    outbox: Path
    fingerprint: Fingerprint
    """Of the source when it was claimed."""
    state: str
    """One of those that ``ledger`` describes."""
    attempts: int
    due: float
    """Wall clock in seconds, before which the document is not tried again."""
    original: str
    """What becomes of the source: ``archive``, ``delete`` or ``keep``."""
    put_away: Path | None
    """Where the source went, or is going."""
    sha256: str | None
    """Of the source, in hexadecimal."""
    pages: int | None
    error: str | None
    """Why the latest attempt failed, or why a finished document has pages that are not corrected."""
    claimed: float
    changed: float
    """Wall clock in seconds, as ``claimed``."""
    warnings: tuple[DocumentWarning, ...] = ()
    """What of a finished document was not read, kept or made: MAX_WARNINGS of them at most, as the record has all."""
    numbers: NumberCounts = NO_NUMBERS
    """How many numbers of a finished document are agreed, disputed and single."""


COLUMNS = {f.name for f in fields(Entry) if f.name != "fingerprint"} | {f.name for f in fields(Fingerprint)}
"""The names of an entry's columns in the database."""


def to_row(entry: Entry) -> dict[str, Any]:
    """Return the values of an entry by column."""
    row = {f.name: getattr(entry, f.name) for f in fields(entry) if f.name != "fingerprint"}
    row |= {f.name: getattr(entry.fingerprint, f.name) for f in fields(entry.fingerprint)}
    return {key: to_sql(value) for key, value in row.items()}


def to_sql(value: object) -> object:
    """Return a value as SQLite takes it: paths as bytes, warnings and numbers as JSON, texts without lone surrogates.

    A message that names a file may have lone surrogates, which stand for bytes that are not UTF-8.
    """
    if isinstance(value, tuple):
        kept = [replace(warning, text=to_sql(warning.text)) for warning in value[:MAX_WARNINGS]]
        return _warnings.dump_json(tuple(kept)).decode() if kept else None
    if isinstance(value, NumberCounts):
        return _numbers.dump_json(value).decode() if value else None
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return os.fsencode(value) if isinstance(value, Path) else value


def from_row(row: sqlite3.Row) -> Entry:
    """Return the entry that a row holds."""
    plain = {key: row[key] for key in row.keys() if key not in ("inode", "size", "mtime_ns")}  # noqa: SIM118 -- not a dict
    for key in ("inbox", "relative", "stem", "outbox", "put_away"):
        plain[key] = None if plain[key] is None else Path(os.fsdecode(plain[key]))
    plain["warnings"] = _warnings.validate_json(plain["warnings"]) if plain["warnings"] else ()
    plain["numbers"] = _numbers.validate_json(plain["numbers"]) if plain["numbers"] else NO_NUMBERS
    return Entry(fingerprint=Fingerprint(row["inode"], row["size"], row["mtime_ns"]), **plain)
