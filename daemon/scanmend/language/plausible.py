"""Whether text that a PDF brings along is what the page says, as far as the text itself tells. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from scanmend.language.common_words import common_words, words_in

MAX_MEANINGLESS_SHARE = 0.05
"""Share of characters without meaning, above which the text is rubbish; symbol fonts have some."""
MIN_JUDGED_WORDS = 20
"""Words of three letters or more that are enough to ask for how many a word list knows."""
MIN_KNOWN_SHARE = 0.15
"""Least share of them: text in another language has some more, shuffled letters mostly a tenth of them."""
MAX_SINGLE_LETTER_SHARE = 0.6
"""Share of single letters among the words, above which its blanks are torn between all letters."""
MAX_MEAN_LETTERS = 18
"""Mean letters of a word, above which its blanks are lost."""
MAX_MOJIBAKE_SHARE = 0.03
"""Share of the words with UTF-8 taken for another encoding."""

_MOJIBAKE = re.compile(
    "[\u00c3\u00c2\u00c5][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2013-\u2122]|\u00e2\u20ac|\u00e2\u0080"
)
_NO_CHARACTERS = {"Cc", "Cn", "Co", "Cs"}
"""Control characters, unassigned, private and half ones."""


def has_no_meaning(character: str) -> bool:
    """Whether the PDF does not tell what the character is."""
    return character == "\ufffd" or (unicodedata.category(character) in _NO_CHARACTERS and not character.isspace())


def why_implausible(text: str, languages: Sequence[str]) -> str:
    """Return why the text cannot be what the page says; empty when nothing speaks against it.

    ``languages``: by Tesseract's names; those without a word list are not held against it.
    """
    return next(_reasons(text, languages), "")


def _reasons(text: str, languages: Sequence[str]) -> Iterator[str]:
    characters = [c for c in text if not c.isspace()]
    if not characters:
        yield "there is none"
    if sum(map(has_no_meaning, characters)) > MAX_MEANINGLESS_SHARE * len(characters):
        yield "its characters have no meaning"
    tokens = text.split()
    if len(tokens) >= MIN_JUDGED_WORDS:
        if sum(len(t) == 1 and t.isalpha() for t in tokens) > MAX_SINGLE_LETTER_SHARE * len(tokens):
            yield "its words are torn into letters"
        if sum(bool(_MOJIBAKE.search(t)) for t in tokens) > MAX_MOJIBAKE_SHARE * len(tokens):
            yield "its encoding is wrong"
    found = [w for w in words_in(text) if len(w) > 2]  # noqa: PLR2004 -- shorter ones are words by chance
    if sum(map(len, found)) > MAX_MEAN_LETTERS * max(len(found), MIN_JUDGED_WORDS):
        yield "its words are not parted"
    lists = [common for language in languages if (common := common_words(language))]
    if lists and len(found) >= MIN_JUDGED_WORDS:
        known = max(sum(w in common for w in found) for common in lists)
        if known < MIN_KNOWN_SHARE * len(found):
            yield "hardly a word is known"
