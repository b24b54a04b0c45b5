"""Which words a language has, and how common they are (wordfreq's lists, by Robyn Speer)."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import wordfreq
from rapidfuzz import process
from rapidfuzz.distance import OSA

KNOWN = 2.0
"""Zipf frequency from which a word counts as one: once in ten million. Below, the lists hold many typing errors."""

COMPOUNDING = {"da", "de", "fi", "nb", "nl", "sv"}
_LONG, _PART = 4, 3.0
"""Least letters of each part of a compound, and its least Zipf frequency."""

CODES = {
    "ara": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "dan": "da", "deu": "de", "deu_latf": "de",
    "ell": "el", "eng": "en", "est": "et", "fas": "fa", "fil": "fil", "fin": "fi", "fra": "fr", "frk": "de",
    "frm": "fr", "heb": "he", "hin": "hi", "hrv": "sh", "hun": "hu", "ind": "id", "isl": "is", "ita": "it",
    "lav": "lv", "lit": "lt", "mkd": "mk", "msa": "ms", "nld": "nl", "nor": "nb", "pol": "pl", "por": "pt",
    "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl", "spa": "es", "srp_latn": "sh", "swe": "sv", "tur": "tr",
    "ukr": "uk", "vie": "vi",
}  # fmt: skip
"""Tesseract's language names (ISO 639-2/T, more or less) to wordfreq's (ISO 639-1)."""


class Lexicon:
    """The words of some languages together."""

    def __init__(self, frequencies: Iterable[tuple[str, float]], *, compounds: bool = False) -> None:
        """``frequencies``: case-folded words (``strasse``) and their Zipf frequencies, log10 of uses per billion.

        ``compounds``: whether the language writes compounds as one word, so that no list can hold them all.
        """
        self._compounds = compounds
        self._zipf: dict[str, float] = {}
        for word, zipf in frequencies:
            if zipf > self._zipf.get(word, 0.0):
                self._zipf[word] = zipf
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word, zipf in self._zipf.items():
            if zipf >= KNOWN and len(word) > 1 and word.isalpha():
                self._by_length[len(word)].append(word)

    def __bool__(self) -> bool:
        return bool(self._zipf)

    def zipf(self, word: str) -> float:
        """Zipf frequency of the word, case ignored; 0.0 when unknown.

        A hyphenated word is as common as its rarest part, or as the word that a line end broke.
        """
        low = word.casefold().replace("\u2019", "'")
        found = self._zipf.get(low, 0.0)
        if not found and "-" in low.strip("-"):
            parts = min(self._zipf.get(part, 0.0) for part in low.split("-") if part)
            return max(parts, self._zipf.get(low.replace("-", ""), 0.0))
        if not found and low.endswith("'s"):
            return self._zipf.get(low[:-2], 0.0)
        if found < KNOWN and self._compounds and len(low) >= 2 * _LONG:
            return max(found, self._compound(low))
        return found

    def _compound(self, low: str) -> float:
        """Zipf frequency of two known words written as one, with or without a joining s; 0.0 when it is none."""
        best = 0.0
        for i in range(_LONG, len(low) - _LONG + 1):
            lefts = [low[:i], low[: i - 1]] if low[i - 1] == "s" else [low[:i]]
            left = max(self._zipf.get(part, 0.0) for part in lefts)
            best = max(best, min(left, self._zipf.get(low[i:], 0.0)))
        return KNOWN if best >= _PART else 0.0

    def knows(self, word: str) -> bool:
        """Whether the word is one."""
        return self.zipf(word) >= KNOWN

    def near(self, word: str, most: int = 40) -> Iterator[str]:
        """Known words within one to three edits (by length of the word), in lower case, the nearest first."""
        low = word.lower()
        reach = 1 if len(low) <= 4 else 2 if len(low) <= 8 else 3  # noqa: PLR2004
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
            if frequency >= 10 ** (KNOWN - 9.5)
        ),
        compounds=bool(codes & COMPOUNDING),
    )
