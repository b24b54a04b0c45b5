"""The glossary: words that a folder protects and prefers, such as names, products and codes.

An entry may hold several words, as ``Müller & Söhne GmbH`` does; each word with letters counts by itself, and so do
the halves of ``Hewlett-Packard``. A word counts as it is written and in capitals. A word in small letters also counts
with a capital first letter, as it may begin a sentence.
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
"""Zipf frequency that a glossary word is given when candidates are weighed: that of ``office`` or ``father``."""
MIN_LETTERS_ONE_EDIT = 4
"""Letters from which a word within one edit of a glossary word may be that word; shorter words are too alike."""
MIN_LETTERS_TWO_EDITS = 6
"""Letters from which a word within two edits of a glossary word may be that word."""
MAX_NEAR_WORDS = 10
"""Most glossary words that are returned as near one raw word."""
_POSSESSIVE = re.compile(r"'s$", re.IGNORECASE)
_HALVES = re.compile(r"[-\u2010\u2011/]")


class Glossary:
    """Words that stay as read where they stand on a page, and are preferred where something like them was read."""

    zipf = GLOSSARY_ZIPF
    """Zipf frequency of each of its words."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Take the entries of a glossary file: words and groups of words, in any Unicode form."""
        self.words = tuple(dict.fromkeys(word for entry in entries for word in _words_of_entry(entry)))
        """Every word of the glossary as it is written there, halves of hyphenated words included."""
        self._forms = frozenset(form for word in self.words for form in _forms(word))
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for form in dict.fromkeys(form for word in self.words for form in _forms(word)):
            self._by_length[len(form)].append(form)
        self._near = lru_cache(1 << 12)(self._find_near)

    def __bool__(self) -> bool:
        return bool(self.words)

    def protects(self, word: str) -> bool:
        """Whether the word, without the punctuation around it and a possessive ``'s``, is in the glossary."""
        core = _core(word)
        return self._contains(core) or self._contains(_POSSESSIVE.sub("", core))

    def near(self, core: str) -> list[str]:
        """Return glossary words that may have been misread as ``core``, the nearest first; none for a glossary word.

        ``core`` has no punctuation around it. Words from 4 letters may differ by one edit, from 6 letters by two; a
        letter in the wrong case is one edit. Each comes in its nearest form, so in capitals for a core in capitals.
        Digits and signs are the same as in the core.
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
    """Return the glossary of these entries; built once for all pages of a folder."""
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
