"""Judges by the text alone whether a PDF's embedded text can be what its page shows. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from scanmend.language.common_words import common_words, words_in

MAX_MEANINGLESS_SHARE = 0.05
"""Largest share of characters without meaning; symbol fonts have some."""
MIN_JUDGED_WORDS = 20
"""Fewest words for tests that count shares of words; for the test against word lists, of three letters or more."""
MIN_KNOWN_SHARE = 0.15
"""Least share of words in a word list: text in another language has somewhat more, shuffled letters mostly a tenth."""
MAX_SINGLE_LETTER_SHARE = 0.6
"""Largest share of single letters among the words; above it, there are blanks between all letters."""
MAX_MEAN_LETTERS = 18
"""Largest mean number of letters in a word; above it, blanks are missing."""
MAX_MOJIBAKE_SHARE = 0.03
"""Largest share of words with mojibake, which is UTF-8 decoded as another encoding."""

_MOJIBAKE = re.compile(
    "[\u00c3\u00c2\u00c5][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2013-\u2122]|\u00e2\u20ac|\u00e2\u0080"
)
_MEANINGLESS_CATEGORIES = {"Cc", "Cn", "Co", "Cs"}
"""Unicode categories: control, unassigned, private use, surrogate."""


def has_no_meaning(character: str) -> bool:
    """Whether the character stands for nothing: the PDF does not say what its glyph means."""
    return character == "\ufffd" or (
        unicodedata.category(character) in _MEANINGLESS_CATEGORIES and not character.isspace()
    )


def why_implausible(text: str, languages: Sequence[str]) -> str:
    """Return why the text cannot be what the page shows; empty when it is plausible.

    ``languages``: those the page may be in, by Tesseract's names; without a word list for any, words are not tested.
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
