"""Which languages the second reader can read, and which of its symbols a folder's languages need. Light and pure.

Its network was trained on Chinese, Japanese and some fifty languages in Latin letters, and has 18,708 symbols. A page
in Latin letters needs some six hundred of them; without the others, no letter is mistaken for a character of another
script, and a line takes a seventh less time.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from scanmend.language.codes import script_of_language

FULL_WIDTH_SCRIPTS = frozenset({"Han", "Japanese"})
"""Scripts that need all symbols: they have thousands of characters, and mix with Latin letters on every page."""
UNREADABLE_LANGUAGES = frozenset({"vie", "yor"})
"""Languages in Latin letters, by Tesseract's names, of whose letters the network has too few."""

_LATIN_END = 0x250
"""End of the code points of the letters of European languages; beyond come those of phonetics."""
_MARKS_END = 0x2C00
"""End of the code points at which punctuation and currency symbols for Latin text stand."""
_DRAWN = range(0x2300, 0x27C0)
"""Code points of technical signs, box drawing and dingbats, which rules and pictures are mistaken for."""
_SIGNS = "•●■□▪✓✔✗✘→←↑↓☐☑☒−×÷≤≥≠≈∞°′″№℃™©®"
"""Signs that office pages have all the same: bullets, arrows, boxes to tick, and those of arithmetic."""
_GREEK = "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθλμξπρσφχψω"
"""Greek letters that formulas have and that no Latin letter looks like."""


def unsupported(languages: Iterable[str]) -> tuple[str, ...]:
    """Return those of the languages (Tesseract's names, ``auto`` aside) that the second reader cannot read."""
    readable = FULL_WIDTH_SCRIPTS | {"Latin", "auto"}
    return tuple(
        language
        for language in languages
        if script_of_language(language) not in readable or language in UNREADABLE_LANGUAGES
    )


def supports(languages: Sequence[str]) -> bool:
    """Whether the second reader can read pages in these languages, which are Tesseract's names."""
    return bool(languages) and not unsupported(languages)


def columns(languages: Iterable[str], symbols: Sequence[str]) -> tuple[int, ...]:
    """Return the columns of the last layer that pages in these languages need, ascending.

    ``symbols``: what each column stands for; the first is "no new symbol", which is always among them.
    """
    if any(script_of_language(language) in FULL_WIDTH_SCRIPTS for language in languages):
        return tuple(range(len(symbols)))
    return tuple(_latin(symbols))


def _latin(symbols: Sequence[str]) -> Iterator[int]:
    for column, symbol in enumerate(symbols):
        if symbol in ("", " ") or symbol in _SIGNS or symbol in _GREEK or _is_latin(symbol):
            yield column


def _is_latin(symbol: str) -> bool:
    code = ord(symbol[0])
    if code < _LATIN_END:
        return True
    is_mark = unicodedata.category(symbol[0]) in ("Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sc")
    is_letter = unicodedata.name(symbol[0], "").startswith("LATIN ") and code >= 0x1E00  # noqa: PLR2004 -- phonetics end
    return (is_mark or is_letter) and code < _MARKS_END and code not in _DRAWN
