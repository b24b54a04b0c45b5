"""Language detection for ``languages: auto``: the language whose word frequencies fit the text best."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from scanmend.document import Page
from scanmend.language.codes import script_of_language
from scanmend.language.common_words import common_words, words_in
from scanmend.language.installed import FALLBACK, auto_languages, can_detect_language

UNKNOWN_WORD_FREQUENCY = 1e-7
"""Frequency assumed for a word that is not in a list; the rarest words in the lists have 1e-6."""
MIN_KNOWN_SHARE = 0.3
"""Least share of known words for a text to be in the language, and not in another one with the same letters."""


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """The likeliest language of a text."""

    language: str
    """Tesseract's name."""
    known_share: float
    """Share (0 to 1) of the text's words that the language's list has."""


def guess_language(text: str, among: Sequence[str]) -> LanguageGuess | None:
    """Return the language of ``among`` whose word frequencies fit the text best; None without words or lists.

    The fit is the sum of the logarithms of the words' frequencies.
    """
    found = list(words_in(text))
    lists = {language: common for language in among if (common := common_words(language))}
    if not found or not lists:
        return None
    fit = {name: sum(math.log(common.get(w, UNKNOWN_WORD_FREQUENCY)) for w in found) for name, common in lists.items()}
    best = max(fit, key=lambda name: fit[name])
    return LanguageGuess(best, sum(w in lists[best] for w in found) / len(found))


def read_in_detected_language(read: Callable[[tuple[str, ...]], Page], installed: frozenset[str]) -> Page:
    """Read a page in the language detected from its text, or else in FALLBACK.

    ``read`` reads the page in the languages it is given, and sets ``Page.languages``. A page is read once where it
    is in the language tried first, mostly twice where it is not, and once for each further script. The result has
    the seconds of all readings.
    """
    first: Page | None = None
    seconds = 0.0
    for group in group_by_script(auto_languages(installed)):
        tried = (group[0],)
        page = read(tried)
        seconds += page.seconds
        first = first or page
        best = guess_language(page.raw, group) if can_detect_language(page) else None
        if best is not None and best.known_share >= MIN_KNOWN_SHARE:
            if best.language != group[0]:
                chosen = (best.language,)
                page = read(chosen)
                seconds += page.seconds
            return replace(page, seconds=round(seconds, 3))
        if not page.lines:
            break  # a page without text has none in another script either
    if first is None:
        first = read((FALLBACK,))
        seconds = first.seconds
    return replace(first, seconds=round(seconds, 3))


def group_by_script(among: Sequence[str]) -> list[tuple[str, ...]]:
    """Group languages by script, Latin first; in each group the language to try first leads."""
    scripts = dict.fromkeys(["Latin", *sorted(set(map(script_of_language, among)))])
    return [group for script in scripts if (group := tuple(_languages_of_script(script, among)))]


def _languages_of_script(script: str, among: Sequence[str]) -> Iterator[str]:
    mine = [language for language in among if script_of_language(language) == script]
    return iter(sorted(mine, key=lambda language: (language not in (FALLBACK, "rus"), language)))
