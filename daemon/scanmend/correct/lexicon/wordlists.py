"""Word lists: which words a language has, and how common each is (wordfreq's lists, by Robyn Speer)."""

import heapq
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import groupby, takewhile
from operator import itemgetter

from rapidfuzz import process
from rapidfuzz.distance import OSA

from scanmend.language.codes import CODES
from scanmend.language.word_files import CENTIBELS, list_codes, words_by_centibel
from scanmend.language.word_table import WordTable

KNOWN_ZIPF = 2.0
"""Zipf frequency (2: once in ten million words) from which a word counts as known.

Below it the lists hold many typing errors.
"""
LEAST_FREQUENCY = 10 ** (KNOWN_ZIPF - 9.5)
"""Share of all words from which a word is in a lexicon, known or not."""

COMPOUNDING_LANGUAGES = {"da", "de", "fi", "nb", "nl", "sv"}
"""wordfreq's codes of languages that write compounds as one word."""
_UMLAUTS = {"a": "ä", "o": "ö", "u": "ü"}
_E_ABOVE = re.compile("([aou])\u0364")
"""Finds umlauts as black letter prints them, with a small e above."""
_EXTRA_EDIT_LENGTHS = (4, 7, 10)
"""Letters from which a word counts as near at two, three and four edits."""
_MIN_PART_LETTERS = 4
"""Fewest letters of each part of a compound; words in old spelling must have more."""
_MIN_PART_ZIPF = 3.0
"""Least Zipf frequency of each part of a compound, and of the modern form of a word in old spelling."""

OLD_SPELLINGS = {
    "de": (("th", "t"), ("ey", "ei"), ("irt", "iert"), ("iren", "ieren"), ("niss", "nis"), ("c", "k"), ("gieb", "gib")),
    "fr": (("oit", "ait"), ("oient", "aient"), ("ans", "ants"), ("ens", "ents"), ("tems", "temps")),
    "en": (("shew", "show"), ("chuse", "choose"), ("connexion", "connection"), ("to-", "to"), ("gaol", "jail")),
}
"""Old and modern spelling by language code: a word in old spelling is no misreading, though no list has it."""
OLD_SPELLING_BONUS_ZIPF = 0.5
"""Zipf steps above KNOWN for a word in old spelling."""


class Lexicon:
    """The words of one or more languages together; false when it is empty."""

    def __init__(self, words: WordTable, *, compounds: bool = False, old: Iterable[tuple[str, str]] = ()) -> None:
        """Take case-folded words (``strasse``) with their Zipf frequencies: log10 of uses in a billion words.

        ``compounds``: whether the language writes compounds as one word, so that no list can hold them all.
        ``old``: pairs of an old spelling and the modern one.
        """
        self._compounds = compounds
        self._old = tuple(old)
        self._words = words
        self._zipf = words.value

    @classmethod
    def of(cls, frequencies: Iterable[tuple[str, float]], *, compounds: bool = False) -> "Lexicon":
        """Return the lexicon of a few words with their Zipf frequencies."""
        groups = groupby(sorted(frequencies, key=itemgetter(1), reverse=True), itemgetter(1))
        return cls(WordTable((zipf, [word.encode() for word, _ in some]) for zipf, some in groups), compounds=compounds)

    def __bool__(self) -> bool:
        return bool(self._words)

    def zipf(self, word: str) -> float:
        """Return the Zipf frequency of the word, case ignored; 0.0 when it is unknown.

        A hyphenated word is as common as its rarest part, or as the word without hyphens, whichever is more.
        """
        low = _E_ABOVE.sub(lambda found: _UMLAUTS[found.group(1)], word.casefold()).replace("\u2019", "'")
        found = self._zipf(low)
        if not found and "-" in low.strip("-"):
            parts = min(self._zipf(part) for part in low.split("-") if part)
            return max(parts, self._zipf(low.replace("-", "")))
        if not found and low.endswith("'s"):
            return self._zipf(low[:-2])
        if found < KNOWN_ZIPF and len(low) > _MIN_PART_LETTERS and any(self._modern_spelling_is_common(low)):
            return KNOWN_ZIPF + OLD_SPELLING_BONUS_ZIPF
        if found < KNOWN_ZIPF and self._compounds and len(low) >= 2 * _MIN_PART_LETTERS:
            return max(found, self._compound(low))
        return found

    def _modern_spelling_is_common(self, low: str) -> Iterator[bool]:
        """Yield, for each old spelling in the word, whether the word in modern spelling is common."""
        for old, new in self._old:
            if old in low:
                yield self._zipf(low.replace(old, new)) >= _MIN_PART_ZIPF

    def _compound(self, low: str) -> float:
        """Return the Zipf frequency of a compound of two words, with or without a joining s; 0.0 for other words."""
        best = 0.0
        for i in range(_MIN_PART_LETTERS, len(low) - _MIN_PART_LETTERS + 1):
            lefts = [low[:i], low[: i - 1]] if low[i - 1] == "s" else [low[:i]]
            left = max(self._zipf(part) for part in lefts)
            best = max(best, min(left, self._zipf(low[i:])))
        return KNOWN_ZIPF if best >= _MIN_PART_ZIPF else 0.0

    def knows(self, word: str) -> bool:
        """Whether the word is in the lists, or built from words that are."""
        return self.zipf(word) >= KNOWN_ZIPF

    def near(self, word: str, most: int = 60) -> Iterator[str]:
        """Return known words within one to four edits (more for longer words), in lower case, the nearest first."""
        low = word.lower()
        reach = sum(len(low) >= least for least in (0, *_EXTRA_EDIT_LENGTHS))
        pool = [w for d in range(-reach, reach + 1) for w in self._by_length.get(len(low) + d, ())]
        found = process.extract(low, pool, scorer=OSA.distance, score_cutoff=reach, limit=None)
        found.sort(key=lambda f: (f[1], -self._zipf(f[0])))
        return (w for w, _, _ in found[:most] if w != low)

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        """The known words by their length: much memory, which only a search for near ones needs."""
        found: dict[int, list[str]] = defaultdict(list)
        for zipf, words in self._words.groups():
            for word in words if zipf >= KNOWN_ZIPF else ():
                if len(word) > 1 and word.isalpha():
                    found[len(word)].append(word)
        return found


@cache
def lexicon(languages: Sequence[str]) -> Lexicon:
    """Return the lexicon of languages by Tesseract's names; empty, hence false, where there is no list of them."""
    codes = sorted(
        {CODES.get(language.lower(), "") for language in languages} & (list_codes("large") | list_codes("small"))
    )
    merged = heapq.merge(*map(_common_enough, codes), key=itemgetter(0))
    return Lexicon(
        WordTable((math.log10(10 ** (-centibels / CENTIBELS)) + 9, words) for centibels, words in merged),
        compounds=not COMPOUNDING_LANGUAGES.isdisjoint(codes),
        old=[pair for code in codes for pair in OLD_SPELLINGS.get(code, ())],
    )


def _common_enough(code: str) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the words of a language that are used often enough to be of use, by centibels below 1."""
    return takewhile(lambda group: 10 ** (-group[0] / CENTIBELS) >= LEAST_FREQUENCY, words_by_centibel(code))
