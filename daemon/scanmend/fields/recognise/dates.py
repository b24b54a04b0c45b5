"""Recognises dates, in figures and with names of months, and reads them in the convention of their document."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

Order = Literal["dmy", "mdy", "ymd"]
"""Which of day, month and year comes first."""

YEARS = range(1950, 2100)
"""Years that a document can be of."""
CENTURY_TURN = 70
"""Years of two digits from this one on are of the twentieth century, as POSIX has it (69)."""
MONTH_FIRST_LANGUAGES = frozenset({"eng_us"})
"""Languages whose figures begin with the month where nothing on the page says otherwise."""

_MONTHS: tuple[tuple[str, ...], ...] = (
    ("january", "jan", "januar", "janvier", "janv", "enero", "ene", "gennaio", "gen", "januari", "janner"),
    ("february", "feb", "februar", "fevrier", "fevr", "fev", "febrero", "febbraio", "februari"),
    ("march", "mar", "marz", "mrz", "mars", "marzo", "maart", "mrt", "maerz"),
    ("april", "apr", "avril", "avr", "abril", "abr", "aprile"),
    ("may", "mai", "mayo", "maggio", "mag", "mei"),
    ("june", "jun", "juni", "juin", "junio", "giugno", "giu"),
    ("july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug"),
    ("august", "aug", "aout", "agosto", "ago", "augustus"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre", "set"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott"),
    ("november", "nov", "novembre", "noviembre"),
    ("december", "dec", "dezember", "dez", "decembre", "diciembre", "dic", "dicembre"),
)
"""Names and abbreviations of the months in English, German, French, Spanish, Italian and Dutch, without accents."""
_NAMED = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_LETTERS_FOR_ERROR = 5
"""A month's name of so many letters is known with one of them misread."""

_FIGURES = re.compile(
    r"(?<![\d/-])(?<!\d[.,])(?P<a>\d{1,4})(?:(?P<mark>[-\u2013·])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{4}|\d{2})"
    r"|\s?(?P<mark2>[./])\s?(?P<b2>\d{1,2})\s?(?P=mark2)\s?(?P<c2>\d{4}|\d{2}))(?!\d)(?![./-]\d)"
)
_DAY_MONTH = re.compile(
    r"(?<![\d.,/])(?P<d>\d{1,2})\s?(?:st|nd|rd|th|er|\.|º|°)?[\s\-./]*(?:de\s|of\s)?(?P<m>[^\W\d_]{3,10})\.?[\s\-./,']*(?:de\s|del\s)?"
    r"(?P<y>\d{4}|\d{2})(?!\d)(?![.,:]\d)(?!\s?,\s?\d{4})"
)
_MONTH_DAY = re.compile(r"(?P<m>[^\W\d_]{3,10})\.?\s?(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:\s?,\s?|\s)(?P<y>\d{4})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(?P<y>20\d{2})(?P<mo>\d{2})(?P<d>\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A date in a text, with all that it can mean."""

    start: int
    end: int
    """Index behind its last character."""
    readings: tuple[tuple[Order, dt.date], ...]
    named: bool = False
    """Whether its month is a word."""
    short_year: bool = False
    """Whether its year has two digits."""


def find_dates(text: str) -> list[DateSpan]:
    """Return the dates in a text, none overlapping another."""
    found: list[DateSpan] = []
    for span in (*_in_figures(text), *_with_names(text)):
        if not any(span.start < other.end and other.start < span.end for other in found):
            found.append(span)
    return sorted(found, key=lambda span: span.start)


def convention(spans: Iterable[DateSpan], languages: Sequence[str] = ()) -> Order:
    """Return whether figures on this document begin with the day or the month: most of its unambiguous dates tell.

    Where none does, its language decides; all but American English put the day first.
    """
    votes = {"dmy": 0, "mdy": 0}
    for span in spans:
        orders = {order for order, _ in span.readings}
        if len(span.readings) == 1 and not span.named:
            for order in orders & votes.keys():
                votes[order] += 1
    if votes["dmy"] != votes["mdy"]:
        return "dmy" if votes["dmy"] > votes["mdy"] else "mdy"
    return "mdy" if MONTH_FIRST_LANGUAGES.intersection(languages) else "dmy"


def settled(span: DateSpan, order: Order) -> dt.date:
    """Return the one date that a span means in a document of this convention."""
    return next((date for known, date in span.readings if known == order), span.readings[0][1])


def _in_figures(text: str) -> Iterator[DateSpan]:
    for m in _FIGURES.finditer(text):
        a, b, c = m["a"], m["b"] or m["b2"], m["c"] or m["c2"]
        if len(a) == 4:  # noqa: PLR2004 -- digits of a year
            readings = _valid([("ymd", a, b, c)])
        elif len(a) == 3:  # noqa: PLR2004 -- neither a day nor a year
            readings = ()
        else:
            readings = _valid([("dmy", c, b, a), ("mdy", c, a, b)])
        if readings:
            yield DateSpan(m.start(), m.end(), readings, short_year=max(len(a), len(c)) < 4)  # noqa: PLR2004
    for m in _COMPACT.finditer(text):
        if readings := _valid([("ymd", m["y"], m["mo"], m["d"])]):
            yield DateSpan(m.start(), m.end(), readings)


def _with_names(text: str) -> Iterator[DateSpan]:
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        for m in pattern.finditer(text):
            month = _month(m["m"])
            if month and (readings := _valid([("dmy", m["y"], str(month), m["d"])])):
                yield DateSpan(m.start(), m.end(), readings, named=True, short_year=len(m["y"]) < 4)  # noqa: PLR2004


def _valid(parts: Iterable[tuple[Order, str, str, str]]) -> tuple[tuple[Order, dt.date], ...]:
    """Return those that are days of the calendar, each day once; parts are order, year, month and day."""
    out: list[tuple[Order, dt.date]] = []
    for order, year, month, day in parts:
        number = int(year) if len(year) > 2 else int(year) + (1900 if int(year) >= CENTURY_TURN else 2000)  # noqa: PLR2004
        try:
            date = dt.date(number, int(month), int(day))
        except ValueError:
            continue
        if number in YEARS and all(date != known for _, known in out):
            out.append((order, date))
    return tuple(out)


def _month(name: str) -> int:
    """Return the number of a month by its name in any of the languages; 0 where it is none."""
    decomposed = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    if plain in _NAMED:
        return _NAMED[plain]
    if len(plain) >= _LETTERS_FOR_ERROR:
        near = {n for known, n in _NAMED.items() if len(known) >= _LETTERS_FOR_ERROR and _is_near(plain, known)}
        return near.pop() if len(near) == 1 else 0
    return 0


def _is_near(read: str, name: str) -> bool:
    """Whether a name was read with one letter wrong, or one for two as in ``rn`` for ``m``."""
    return Levenshtein.distance(read.replace("rn", "m"), name.replace("rn", "m"), score_cutoff=1) <= 1
