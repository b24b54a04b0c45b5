"""Whether text that a PDF brings along is what the page says, as far as the text itself tells. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from scanmend.language.common_words import common_words, words

UNREADABLE = 0.05
"""Share of characters without meaning, above which the text is rubbish; symbol fonts have some."""
TELLING_WORDS = 20
"""Words of three letters or more that are enough to ask for how many a word list knows."""
KNOWN = 0.15
"""Least share of them: text in another language has some more, shuffled letters mostly a tenth of them."""
TORN = 0.6
"""Share of single letters among the words, above which its blanks are torn between all letters."""
LONGEST = 18
"""Mean letters of a word, above which its blanks are lost."""
MOJIBAKE = 0.03
"""Share of the words with UTF-8 taken for another encoding."""

_MOJIBAKE = re.compile(
    "[\u00c3\u00c2\u00c5][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2013-\u2122]|\u00e2\u20ac|\u00e2\u0080"
)
_NO_CHARACTERS = {"Cc", "Cn", "Co", "Cs"}
"""Control characters, unassigned, private and half ones."""


def meaningless(character: str) -> bool:
    """Whether the PDF does not tell what the character is."""
    return character == "\ufffd" or (unicodedata.category(character) in _NO_CHARACTERS and not character.isspace())


def rubbish(text: str, languages: Sequence[str]) -> str:
    """Return why the text cannot be what the page says; empty when nothing speaks against it.

    ``languages``: by Tesseract's names; those without a word list are not held against it.
    """
    return next(_faults(text, languages), "")


def _faults(text: str, languages: Sequence[str]) -> Iterator[str]:
    characters = [c for c in text if not c.isspace()]
    if not characters:
        yield "there is none"
    if sum(map(meaningless, characters)) > UNREADABLE * len(characters):
        yield "its characters have no meaning"
    tokens = text.split()
    if len(tokens) >= TELLING_WORDS:
        if sum(len(t) == 1 and t.isalpha() for t in tokens) > TORN * len(tokens):
            yield "its words are torn into letters"
        if sum(bool(_MOJIBAKE.search(t)) for t in tokens) > MOJIBAKE * len(tokens):
            yield "its encoding is wrong"
    found = [w for w in words(text) if len(w) > 2]  # noqa: PLR2004 -- shorter ones are words by chance
    if sum(map(len, found)) > LONGEST * max(len(found), TELLING_WORDS):
        yield "its words are not parted"
    lists = [common for language in languages if (common := common_words(language))]
    if lists and len(found) >= TELLING_WORDS:
        known = max(sum(w in common for w in found) for common in lists)
        if known < KNOWN * len(found):
            yield "hardly a word is known"
