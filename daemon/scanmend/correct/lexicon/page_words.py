"""The words of one page: those of its languages, of the folder's glossary, and the names that the page repeats.

Its languages are the folder's, and others whose words stand on the page (``foreign``).
"""

import functools
import math
from collections import Counter
from collections.abc import Collection, Iterator

from rapidfuzz.distance import OSA

from scanmend.correct.lexicon.foreign import ForeignWords, find_foreign
from scanmend.correct.lexicon.glossary import Glossary
from scanmend.correct.lexicon.tokens import count_letters, line_above, line_below, match_case, split_punctuation
from scanmend.correct.lexicon.wordlists import KNOWN_ZIPF, Lexicon
from scanmend.document import Page

REPEATED_NAME_ZIPF = 2.2
"""Zipf frequency of a name that stands twice on the page and is in no lexicon: little more than a rare word's."""
_MIN_NAME_LETTERS = 5
"""Letters from which a repeated capitalised word is more likely a name than the same misreading twice."""
_MIN_TELLING = 4
"""Letters from which a word tells its language; many shorter ones are words of several."""
_PRIOR_UNKNOWN_WORDS = 1
"""Unknown words that are added to a page's count, so that a few words prove nothing."""
_PRIOR_WORDS = 20
"""Words that are added to a page's count, so that a few words prove nothing."""


class PageWords:
    """A lexicon with a folder's glossary and the repeated names of one page."""

    def __init__(
        self,
        lexicon: Lexicon,
        page: Page,
        glossary: Glossary = Glossary(()),  # noqa: B008 -- immutable
        languages: Collection[str] = (),
    ) -> None:
        """Take the lexicon of ``languages``, by Tesseract's names; without these no other language is looked for."""
        self._lexicon = lexicon
        self._page = page
        self._glossary = glossary
        self.protects = glossary.protects
        self._count = Counter(split_punctuation(word.text).core for line in page.lines for word in line.words)
        self._names = sorted(
            w
            for w, n in self._count.items()
            if n > 1 and len(w) >= _MIN_NAME_LETTERS and w[0].isupper() and w.isalpha()
        )
        self._languages = languages if lexicon else ()
        self.zipf = functools.lru_cache(1 << 14)(self._zipf)

    def _zipf(self, word: str) -> float:
        """Return the Zipf frequency of the word; 0.0 when it is unknown."""
        found = self.listed_zipf(word)
        if self.protects(word):
            return max(found, self._glossary.zipf)
        return found if found >= KNOWN_ZIPF or not self._is_repeated_name(word) else max(found, REPEATED_NAME_ZIPF)

    def listed_zipf(self, word: str) -> float:
        """Return the Zipf frequency of the word in the lists of the page's languages; 0.0 when it is in none."""
        return max(self._lexicon.zipf(word), self._foreign.zipf(word))

    def rarest_zipf(self, text: str) -> float:
        """Return the Zipf frequency of the rarest word in the text; 0 where one is unknown, or where there is none.

        What has neither letters nor digits is no word, though word lists have some marks.
        """
        cores = [core for word in text.split() if any(map(str.isalnum, core := split_punctuation(word).core))]
        found = min((self.zipf(core) for core in cores), default=0.0)
        return found if found >= KNOWN_ZIPF else 0.0

    def knows(self, word: str) -> bool:
        """Whether the word is in a lexicon of the page's languages or in the glossary."""
        return self.listed_zipf(word) >= KNOWN_ZIPF or self.protects(word)

    def foreign_share(self, n: int) -> float:
        """Return how much of the text around line ``n`` is in another language than the folder's, from 0 to 1.

        The words of the line and its neighbours say it; the fewer there are, the more the whole page counts.
        """
        if not self._foreign:
            return 0.0
        near = [self._page.lines[i] for i in (line_above(self._page, n), n, line_below(self._page, n)) if i is not None]
        cores = [
            core for line in near for w in line.words if len(core := split_punctuation(w.text).core) >= _MIN_TELLING
        ]
        zipfs = [(self._lexicon.zipf(core), self._foreign.zipf(core)) for core in cores]
        foreign = sum(theirs > ours for ours, theirs in zipfs)
        known = sum(ours >= max(KNOWN_ZIPF, theirs) for ours, theirs in zipfs)
        return (foreign + self._foreign.share) / (foreign + known + 1)

    def near_in_glossary(self, core: str) -> list[str]:
        """Return glossary words that may have been misread as the core, in their own case."""
        return self._glossary.near(core)

    def near(self, core: str) -> Iterator[str]:
        """Yield known words near the core, in its case, and then names of the page near it, in their own."""
        yield from (text for near in self._lexicon.near(core) if (text := match_case(core, near)) != core)
        reach = 1 if len(core) <= _MIN_NAME_LETTERS else 2
        yield from (n for n in self._names if n != core and OSA.distance(core, n, score_cutoff=reach) <= reach)

    def repetition(self, core: str) -> float:
        """Return the natural logarithm of how often a name stands on the page; 0 for other words."""
        return math.log(self._count[core]) if self._is_repeated_name(core) else 0.0

    @functools.cached_property
    def _foreign(self) -> ForeignWords:
        """The other languages on the page, looked for once somebody asks."""
        unknown = (core for core in self._count if core and not self._lexicon.knows(core) and not self.protects(core))
        return find_foreign(unknown, self._languages)

    @functools.cached_property
    def unknown_share(self) -> float:
        """Share (0–1) of the page's words in small letters that are in no lexicon, smoothed for short pages.

        Other words may be names, which are unknown without being misread.
        """
        counted = [
            (n, self.knows(core)) for core, n in self._count.items() if count_letters(core) > 1 and core.islower()
        ]
        unknown = sum(n for n, known in counted if not known)
        return (unknown + _PRIOR_UNKNOWN_WORDS) / (sum(n for n, _ in counted) + _PRIOR_WORDS)

    def _is_repeated_name(self, word: str) -> bool:
        return self._count[word] > 1 and len(word) >= _MIN_NAME_LETTERS and word[0].isupper()
