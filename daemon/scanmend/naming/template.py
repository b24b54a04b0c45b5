"""The pattern in a folder's ``output_name``: plain text with tokens in braces, ``{date} {barcode|unknown}``."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from scanmend.naming.safe import safe_name

FIELDS = "fields."
"""What tokens for the document's own facts begin with."""
TOKENS = ("stem", "folder", "date", "barcode", "counter", "pages", "part", "parts")
"""All others."""
NUMBERS = {"counter", "part", "parts"}
"""Tokens that are numbers, whose format is a width: ``{counter:04}``."""
DATE_DIRECTIVES = "YymdHMSjGVu%"
"""What may follow ``%`` in the format of a date: those that are digits everywhere."""
DATE_FORMAT = "%Y-%m-%d"
"""Format of a date that has none."""
MAX_WIDTH = 12
"""Most digits that a number is filled up to."""
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<inside>[^{}]*)\}|(?P<brace>[{}])|[^{}]+")
_FIELD = re.compile(r"fields\.[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a document when its name is chosen."""

    stem: str
    """Name of the scan without its suffix."""
    folder: str
    """Name of the configured folder."""
    scanned: datetime
    """When the scan was written, by its file."""
    barcode: str | None = None
    """Value of the barcode that it begins with."""
    counter: int = 1
    """Number of the document in its folder."""
    pages: tuple[int, ...] = (1,)
    """Numbers of its pages in the source."""
    part: int = 1
    parts: int = 1
    """Which document of the source it is, of how many."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Facts read from the document, by name."""


@dataclass(frozen=True, slots=True)
class Token:
    """Something in braces."""

    name: str
    format: str = ""
    fallback: str = ""
    """What stands there where the document has no such value."""

    def text(self, facts: Facts) -> str:
        """Return what stands there for a document."""
        return self._value(facts) or self.fallback

    def _value(self, facts: Facts) -> str:
        if self.name == "date":
            return facts.scanned.strftime(self.format or DATE_FORMAT)
        if self.name in NUMBERS:
            return f"{getattr(facts, self.name):0{int(self.format or 1)}d}"
        if self.name == "pages":
            first, last = facts.pages[0], facts.pages[-1]
            return str(first) if first == last else f"{first}-{last}"
        if self.name.startswith(FIELDS):
            return _formatted(facts.fields.get(self.name.removeprefix(FIELDS), ""), self.format)
        return str(getattr(facts, self.name) or "")


@dataclass(frozen=True, slots=True)
class Template:
    """A pattern that was read; see ``parse``."""

    pieces: tuple[str | Token, ...]

    @property
    def tokens(self) -> frozenset[str]:
        """Names of the tokens in it."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Token))

    def render(self, facts: Facts) -> str:
        """Return the name of a document; that of its scan, where nothing else is left of it."""
        text = "".join(piece if isinstance(piece, str) else piece.text(facts) for piece in self.pieces)
        return safe_name(text if text.strip(" .") else facts.stem)


@lru_cache(maxsize=64)
def parse(pattern: str) -> Template:
    """Read a pattern; ValueError that names the place and the remedy. ``{{`` and ``}}`` are braces."""
    pieces: list[str | Token] = []
    for match in _PIECE.finditer(pattern):
        where = f"at character {match.start() + 1}"
        if match["brace"]:
            raise ValueError(f"{where}: a brace without its other half; write {{{{ or }}}} for a brace itself")
        if match["inside"] is not None:
            pieces.append(_token(match["inside"], where))
            continue
        text = match[0].replace("{{", "{").replace("}}", "}")
        if "/" in text:
            raise ValueError(f"{where}: a name has no /; it cannot make folders")
        pieces.append(text)
    if not any(isinstance(piece, Token) for piece in pieces):
        raise ValueError(f"has no token, so that all documents would be called the same; use {_listed()}")
    return Template(tuple(pieces))


def _token(inside: str, where: str) -> Token:
    shape, _, fallback = inside.partition("|")
    name, _, format_ = shape.partition(":")
    name = name.strip()
    if "/" in fallback:
        raise ValueError(f"{where}: a name has no /; it cannot make folders")
    if name.startswith(FIELDS):
        if not _FIELD.fullmatch(name):
            raise ValueError(f"{where}: {{{name}}} is no field; they look like fields.total")
        if format_:
            _check_date_format(format_, where)
    elif name not in TOKENS:
        close = difflib.get_close_matches(name, TOKENS, n=1)
        remedy = f"did you mean {{{close[0]}}}?" if close else f"use {_listed()}"
        raise ValueError(f"{where}: there is no {{{name}}}; {remedy}")
    elif name == "date" and format_:
        _check_date_format(format_, where)
    elif name in NUMBERS and format_:
        if not format_.isascii() or not format_.isdecimal() or not 1 <= int(format_) <= MAX_WIDTH:
            raise ValueError(f"{where}: {{{name}:{format_}}} needs a number of digits up to {MAX_WIDTH}: {{{name}:04}}")
    elif format_:
        raise ValueError(f"{where}: {{{name}}} takes no format; remove :{format_}")
    return Token(name, format_, fallback)


def _check_date_format(format_: str, where: str) -> None:
    directives = re.findall(r"%(.?)", format_)
    if not directives or any(one not in DATE_DIRECTIVES or not one for one in directives) or "/" in format_:
        known = " ".join(f"%{one}" for one in DATE_DIRECTIVES if one != "%")
        raise ValueError(f"{where}: {format_!r} is no format of a date; combine {known}, without /")


def _formatted(value: str, format_: str) -> str:
    """Return a field's value; a date in its format, all else as it is."""
    if not value or not format_:
        return value
    try:
        return date.fromisoformat(value).strftime(format_)
    except ValueError:
        return value


def _listed() -> str:
    return ", ".join(f"{{{name}}}" for name in TOKENS) + " or {fields.NAME}"
