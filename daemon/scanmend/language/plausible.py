"""Judges by the text alone whether a PDF's embedded text can be what its page shows. Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from scanmend.language.common_words import common_words, words_in
from scanmend.language.scripts import UNSPACED, script_of, scripts_in

MAX_MEANINGLESS_SHARE = 0.05
"""Largest share of characters without meaning; symbol fonts have some."""
MIN_JUDGED_WORDS = 20
"""Fewest words for tests that count shares of words; for the test against word lists, of three letters or more."""
MIN_KNOWN_SHARE = 0.15
"""Least share of words in a word list: shuffled letters mostly have a tenth, but so have other languages."""
MAX_IMPOSSIBLE_SHARE = 0.1
"""Largest share of words that no language has: without vowels, or with letters of two scripts. In running text of some
thirty languages it is 0.005 at most, in shuffled letters 0.1 to 0.6."""
MAX_ACCENTED_SHARE = 0.5
"""Largest share of Latin letters with accents; above it, another script was decoded as Latin. Vietnamese has 0.3."""
MAX_CONSONANTS = 6
"""Most consonants in a row."""
MAX_SINGLE_LETTER_SHARE = 0.6
"""Largest share of single letters among the words; above it, there are blanks between all letters."""
MAX_MEAN_LETTERS = 18
"""Largest mean number of letters in a word; above it, blanks are missing."""
MAX_MOJIBAKE_SHARE = 0.03
"""Largest share of words with mojibake, which is UTF-8 decoded as another encoding."""

_CP1252 = "\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122"
"""What the bytes 0x80 to 0x9f are in the Windows encoding."""
_MOJIBAKE = re.compile(
    f"[\u00c2\u00c3\u00c5][\u0080-\u00bf{_CP1252}]|\u00e2\u20ac|\u00e2\u0080|(?:[\u00ce-\u00d1\u00d7-\u00d9][\u0080-\u00bf{_CP1252}]){{2}}"
)
"""UTF-8 decoded as Latin-1 or its Windows kin: Latin letters, dashes and quotes; Greek, Cyrillic, Hebrew and Arabic."""
_VOWELS = {
    "Latin": frozenset("aeiouy\u00e6\u0153\u00f8\u0131\u0259\u025b\u0254"),
    "Cyrillic": frozenset("\u0430\u0435\u0438\u043e\u0443\u044a\u044b\u044d\u044e\u044f\u0456\u0454\u0463"),
    "Greek": frozenset("\u03b1\u03b5\u03b7\u03b9\u03bf\u03c5\u03c9"),
}
"""Letters without accents, one of which nearly every word has, in the scripts that write vowels as letters."""
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
        if sum(
            len(t) == 1 and t.isalpha() and script_of(t) not in UNSPACED for t in tokens
        ) > MAX_SINGLE_LETTER_SHARE * len(tokens):
            yield "its words are torn into letters"
        if sum(bool(_MOJIBAKE.search(t)) for t in tokens) > MAX_MOJIBAKE_SHARE * len(tokens):
            yield "its encoding is wrong"
    found = [w for w in words_in(text) if len(w) > 2]  # noqa: PLR2004 -- shorter ones are words by chance
    parted = [w for w in found if script_of(w[0]) not in UNSPACED]
    if sum(map(len, parted)) > MAX_MEAN_LETTERS * max(len(parted), MIN_JUDGED_WORDS):
        yield "its words are not parted"
    if may_be_wrong(text, languages) and _is_impossible(text):
        yield "hardly a word is known, and no language has such words"


def may_be_wrong(text: str, languages: Sequence[str]) -> bool:
    """Whether hardly a word is known: it is in another language, or not what the page shows; OCR can tell."""
    share = known_share(text, languages)
    return share is not None and share < MIN_KNOWN_SHARE


def known_share(text: str, languages: Sequence[str]) -> float | None:
    """Return the share of words of three letters or more in the best fitting list; None for too few, or no list."""
    found = [w for w in words_in(text) if len(w) > 2]  # noqa: PLR2004 -- shorter ones are words by chance
    lists = [common for language in languages if (common := common_words(language))]
    if not lists or len(found) < MIN_JUDGED_WORDS:
        return None
    return max(sum(w in common for w in found) for common in lists) / len(found)


def hole_share(words: Collection[str]) -> float:
    """Return the share of words some of whose characters stand for nothing; a lone one is a bullet, say, or an icon."""
    holes = sum(
        any(map(has_no_meaning, w)) and (any(map(str.isalnum, w)) or sum(map(has_no_meaning, w)) > 1) for w in words
    )
    return holes / len(words) if words else 0.0


def _is_impossible(text: str) -> bool:
    """Whether too many words cannot be of any language that is written in their letters."""
    found = [w for w in words_in(text) if len(w) > 2]  # noqa: PLR2004 -- shorter ones are words by chance
    judged = [w for w in found if not _VOWELS.keys().isdisjoint(scripts_in(w))]
    if len(judged) < max(MIN_JUDGED_WORDS, len(found) / 2):
        return False  # a script without vowels, and abbreviations
    letters = [c for w in judged for c in w if script_of(c) == "Latin"]
    if sum(not c.isascii() for c in letters) > MAX_ACCENTED_SHARE * max(len(letters), 1):
        return True
    return sum(map(_is_impossible_word, judged)) > MAX_IMPOSSIBLE_SHARE * max(len(judged), 1)


def _is_impossible_word(word: str) -> bool:
    scripts = scripts_in(word)
    vowels = _VOWELS.get(next(iter(scripts)))
    if len(scripts) > 1 or vowels is None:
        return len(scripts) > 1
    bare = unicodedata.normalize("NFD", word)
    pattern = "".join("v" if c in vowels else "c" for c in bare if script_of(c))
    return "v" not in pattern or "c" * (MAX_CONSONANTS + 1) in pattern
