"""The words that a folder protects and prefers: names, products, codes.

An entry may hold several words, ``Müller & Söhne GmbH``; each that has letters counts by itself, as do the halves of
``Hewlett-Packard``. They hold as they are written and in capitals; what is written small also holds capitalised, as
sentences begin with any word.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.tokens import count_letters, split_punctuation

GLOSSARY_ZIPF = 5.0
"""Zipf frequency of a glossary word for whoever weighs candidates: as common as ``office`` or ``father``."""
MIN_LETTERS_ONE_EDIT, MIN_LETTERS_TWO_EDITS = 4, 6
"""Letters from which a word may be read wrongly in one place, and in two; with fewer, too many words look alike."""
MAX_NEAR_WORDS = 10
"""Candidates for one word."""
_POSSESSIVE = re.compile(r"'s$", re.IGNORECASE)
_HALVES = re.compile(r"[-\u2010\u2011/]")


class Glossary:
    """Words that are kept where they were read, and preferred where something like them was."""

    zipf = GLOSSARY_ZIPF

    def __init__(self, entries: Iterable[str]) -> None:
        """``entries``: words and groups of words, in any Unicode form."""
        self.words = tuple(dict.fromkeys(word for entry in entries for word in _words_of_entry(entry)))
        """Every word, as it is written in the glossary."""
        self._forms = frozenset(form for word in self.words for form in _forms(word))
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for form in dict.fromkeys(form for word in self.words for form in _forms(word)):
            self._by_length[len(form)].append(form)
        self._near = lru_cache(1 << 12)(self._find_near)

    def __bool__(self) -> bool:
        return bool(self.words)

    def protects(self, word: str) -> bool:
        """Whether the word, whatever punctuation is around it, is to stay as it was read."""
        core = _core(word)
        return self._contains(core) or self._contains(_POSSESSIVE.sub("", core))

    def near(self, core: str) -> list[str]:
        """Glossary words that may have been read as this one, the nearest first; none for a glossary word.

        ``core`` has no punctuation around it. Within one edit from 4 letters, two from 6, a letter in the wrong case
        being one; in the form that is nearest, so in capitals for a word in capitals. Digits and signs are the same.
        """
        return list(self._near(_normalised(core)))

    def _contains(self, core: str) -> bool:
        return core in self._forms or ("-" in core and all(half in self._forms for half in core.split("-")))

    def _find_near(self, core: str) -> tuple[str, ...]:
        if len(core) < MIN_LETTERS_ONE_EDIT or self.protects(core):
            return ()
        figures = numbers.number_characters(core)
        found: list[tuple[int, str]] = []
        for length in range(max(MIN_LETTERS_ONE_EDIT, len(core) - 2), len(core) + 3):
            reach = _max_edits(min(length, len(core)))
            if abs(length - len(core)) <= reach:
                alike = process.extract(
                    core, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=reach, limit=None
                )
                found += [(int(edits), form) for form, edits, _ in alike if numbers.number_characters(form) == figures]
        found.sort(key=lambda f: (f[0], abs(len(f[1]) - len(core))))
        nearest: dict[str, str] = {}
        for _, form in found:
            nearest.setdefault(form.upper(), form)
        return tuple(nearest.values())[:MAX_NEAR_WORDS]


@lru_cache(8)
def glossary(entries: tuple[str, ...]) -> Glossary:
    """The glossary of these entries; built once, however many pages come with them."""
    return Glossary(entries)


def _words_of_entry(entry: str) -> Iterator[str]:
    for chunk in entry.split():
        core = _core(chunk)
        if count_letters(core):
            yield core
            if not any(c.isdigit() for c in core):  # half a code would be any letter or two
                yield from (half for half in _HALVES.split(core) if half != core and count_letters(half) > 1)


def _forms(word: str) -> tuple[str, ...]:
    capitalised = (word[:1].upper() + word[1:],) if word.islower() else ()
    return (word, *capitalised, _normalised(word.upper()))


def _core(word: str) -> str:
    return split_punctuation(_normalised(word)).core


def _normalised(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\u2019", "'")


def _max_edits(count: int) -> int:
    return 2 if count >= MIN_LETTERS_TWO_EDITS else 1
