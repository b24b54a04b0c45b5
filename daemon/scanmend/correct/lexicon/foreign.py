"""Other languages on a page: words that are in no list of the folder's languages but are words of another one.

A Dutch invoice read as English is not a badly read English page. Its words are no misreadings, and what no list holds
is more likely a word of that language than one of English. A single word proves nothing, as a misread word may happen
to be a word somewhere; a language is taken to be on the page where it has several of the unknown words and a good
share of them.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from scanmend.language.common_words import common_words

OTHER_LANGUAGES = (
    "eng", "deu", "fra", "spa", "ita", "por", "nld", "cat", "dan", "swe", "nor", "fin", "pol", "ces", "hun", "ron",
    "tur",
)  # fmt: skip
"""Languages that are looked for, by Tesseract's names: those in Latin letters that most offices get letters in."""
MIN_WORDS = 3
"""Fewest different unknown words in a language's list from which it may be on the page."""
MIN_SHARE = 0.2
"""Least share of the different unknown words that a language's list must have; misread words are there by chance."""
_MIN_LETTERS = 4
"""Fewest letters of a counted word; shorter ones are words of some language by chance."""


@dataclass(frozen=True, slots=True)
class ForeignWords:
    """The languages on a page besides the folder's; false where there are none."""

    languages: tuple[str, ...] = ()
    """By Tesseract's names."""
    share: float = 0.0
    """Share (0–1) of the page's different unknown words that are words of these languages."""

    def __bool__(self) -> bool:
        return bool(self.languages)

    def zipf(self, word: str) -> float:
        """Return the Zipf frequency of a word in these languages; 0.0 where it is unknown there."""
        low = word.casefold()
        frequency = max((common_words(language).get(low, 0.0) for language in self.languages), default=0.0)
        return math.log10(frequency) + 9 if frequency else 0.0


def load_other_languages(languages: Collection[str]) -> None:
    """Load what ``find_foreign`` will ask for, a third of a second, before it is in anybody's way."""
    for language in OTHER_LANGUAGES:
        if language not in languages:
            common_words(language)


def find_foreign(unknown: Iterable[str], languages: Collection[str]) -> ForeignWords:
    """Return the other languages that a page's unknown words are in; ``languages`` are the folder's, never found."""
    counted = {w.casefold() for w in unknown if w.isalpha() and len(w) >= _MIN_LETTERS}
    if not languages or len(counted) < MIN_WORDS:
        return ForeignWords()
    least = max(MIN_WORDS, math.ceil(MIN_SHARE * len(counted)))
    found: list[str] = []
    rest = counted
    others = [language for language in OTHER_LANGUAGES if language not in languages]
    while others:
        of_language = {language: {w for w in rest if w in common_words(language)} for language in others}
        best = max(others, key=lambda language: len(of_language[language]))
        if len(of_language[best]) < least:
            break
        found.append(best)
        others.remove(best)
        rest = rest - of_language[best]
    return ForeignWords(tuple(found), 1 - len(rest) / len(counted)) if found else ForeignWords()
