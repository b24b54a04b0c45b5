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

    def __init__(self, frequencies: Iterable[tuple[str, float]]) -> None:
        """``frequencies``: words in lower case with their Zipf frequencies, log10 of occurrences per billion words."""
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
        """Zipf frequency of the word, case ignored; of a hyphenated one, that of its rarest part; 0.0 when unknown."""
        low = word.lower().replace("\u2019", "'")
        found = self._zipf.get(low, 0.0)
        if not found and "-" in low.strip("-"):
            return min(self._zipf.get(part, 0.0) for part in low.split("-") if part)
        if not found and low.endswith("'s"):
            return self._zipf.get(low[:-2], 0.0)
        return found

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
        (word, math.log10(frequency) + 9)
        for code in sorted(codes)
        for word, frequency in wordfreq.get_frequency_dict(code).items()
        if frequency >= 10 ** (KNOWN - 9.5)
    )
