"""Which words a language has, and how common they are (wordfreq's lists, by Robyn Speer)."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import wordfreq
from rapidfuzz import process
from rapidfuzz.distance import OSA

from scanmend.language.codes import CODES

KNOWN_ZIPF = 2.0
"""Zipf frequency from which a word counts as one: once in ten million. Below, the lists hold many typing errors."""

COMPOUNDING_LANGUAGES = {"da", "de", "fi", "nb", "nl", "sv"}
_UMLAUTS = {"a": "ä", "o": "ö", "u": "ü"}
_E_ABOVE = re.compile("([aou])\u0364")
"""Umlauts as black letter prints them, with a small e above."""
_EXTRA_EDIT_LENGTHS = (4, 7, 10)
"""Letters from which a word may be two, three and four edits away."""
_MIN_PART_LETTERS, _MIN_PART_ZIPF = 4, 3.0
"""Least letters of each part of a compound, and its least Zipf frequency."""

OLD_SPELLINGS = {
    "de": (("th", "t"), ("ey", "ei"), ("irt", "iert"), ("iren", "ieren"), ("niss", "nis"), ("c", "k"), ("gieb", "gib")),
    "fr": (("oit", "ait"), ("oient", "aient"), ("ans", "ants"), ("ens", "ents"), ("tems", "temps")),
    "en": (("shew", "show"), ("chuse", "choose"), ("connexion", "connection"), ("to-", "to"), ("gaol", "jail")),
}
"""How older prints write what the lists have in today's spelling: no misreading."""
OLD_SPELLING_ZIPF = 0.5
"""Zipf steps above KNOWN for a word in old spelling."""


class Lexicon:
    """The words of some languages together."""

    def __init__(
        self,
        frequencies: Iterable[tuple[str, float]],
        *,
        compounds: bool = False,
        old: Iterable[tuple[str, str]] = (),
    ) -> None:
        """``frequencies``: case-folded words (``strasse``) and their Zipf frequencies, log10 of uses per billion.

        ``compounds``: whether the language writes compounds as one word, so that no list can hold them all.
        ``old``: what older spelling has in the place of what.
        """
        self._compounds = compounds
        self._old = tuple(old)
        self._zipf: dict[str, float] = {}
        for word, zipf in frequencies:
            if zipf > self._zipf.get(word, 0.0):
                self._zipf[word] = zipf
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word, zipf in self._zipf.items():
            if zipf >= KNOWN_ZIPF and len(word) > 1 and word.isalpha():
                self._by_length[len(word)].append(word)

    def __bool__(self) -> bool:
        return bool(self._zipf)

    def zipf(self, word: str) -> float:
        """Zipf frequency of the word, case ignored; 0.0 when unknown.

        A hyphenated word is as common as its rarest part, or as the word that a line end broke.
        """
        low = _E_ABOVE.sub(lambda found: _UMLAUTS[found.group(1)], word.casefold()).replace("\u2019", "'")
        found = self._zipf.get(low, 0.0)
        if not found and "-" in low.strip("-"):
            parts = min(self._zipf.get(part, 0.0) for part in low.split("-") if part)
            return max(parts, self._zipf.get(low.replace("-", ""), 0.0))
        if not found and low.endswith("'s"):
            return self._zipf.get(low[:-2], 0.0)
        if found < KNOWN_ZIPF and len(low) > _MIN_PART_LETTERS and any(self._modern_spelling_is_common(low)):
            return KNOWN_ZIPF + OLD_SPELLING_ZIPF
        if found < KNOWN_ZIPF and self._compounds and len(low) >= 2 * _MIN_PART_LETTERS:
            return max(found, self._compound(low))
        return found

    def _modern_spelling_is_common(self, low: str) -> Iterator[bool]:
        """For each old spelling in the word: whether today's is a common one."""
        for old, new in self._old:
            if old in low:
                yield self._zipf.get(low.replace(old, new), 0.0) >= _MIN_PART_ZIPF

    def _compound(self, low: str) -> float:
        """Zipf frequency of two known words written as one, with or without a joining s; 0.0 when it is none."""
        best = 0.0
        for i in range(_MIN_PART_LETTERS, len(low) - _MIN_PART_LETTERS + 1):
            lefts = [low[:i], low[: i - 1]] if low[i - 1] == "s" else [low[:i]]
            left = max(self._zipf.get(part, 0.0) for part in lefts)
            best = max(best, min(left, self._zipf.get(low[i:], 0.0)))
        return KNOWN_ZIPF if best >= _MIN_PART_ZIPF else 0.0

    def knows(self, word: str) -> bool:
        """Whether the word is one."""
        return self.zipf(word) >= KNOWN_ZIPF

    def near(self, word: str, most: int = 60) -> Iterator[str]:
        """Known words within one to four edits (by length of the word), in lower case, the nearest first."""
        low = word.lower()
        reach = sum(len(low) >= least for least in (0, *_EXTRA_EDIT_LENGTHS))
        pool = [w for d in range(-reach, reach + 1) for w in self._by_length.get(len(low) + d, ())]
        found = process.extract(low, pool, scorer=OSA.distance, score_cutoff=reach, limit=None)
        found.sort(key=lambda f: (f[1], -self._zipf[f[0]]))
        return (w for w, _, _ in found[:most] if w != low)


@cache
def lexicon(languages: Sequence[str]) -> Lexicon:
    """The lexicon of some Tesseract languages; empty, hence false, for languages that wordfreq has no list of."""
    available = wordfreq.available_languages()
    codes = {CODES.get(language.lower(), "") for language in languages} & set(available)
    return Lexicon(
        (
            (word, math.log10(frequency) + 9)
            for code in sorted(codes)
            for word, frequency in wordfreq.get_frequency_dict(code).items()
            if frequency >= 10 ** (KNOWN_ZIPF - 9.5)
        ),
        compounds=bool(codes & COMPOUNDING_LANGUAGES),
        old=[pair for code in sorted(codes) for pair in OLD_SPELLINGS.get(code, ())],
    )
