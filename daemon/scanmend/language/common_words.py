"""The roughly 30,000 most common words of a language, from wordfreq's small lists (Robyn Speer).

Page workers use these: half a MiB and 20 ms for each language, where the large lists take ten times that.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from scanmend.language.codes import CODES
from scanmend.language.word_files import CENTIBELS, common_words_by_centibel, list_codes
from scanmend.language.word_table import WordTable

_WORD = re.compile(r"[^\W\d_]{2,}")


def words_in(text: str) -> Iterator[str]:
    """Yield the words of two letters or more, case-folded; apostrophes and hyphens separate words."""
    return (found.group().casefold() for found in _WORD.finditer(text))


@cache
def common_words(language: str) -> Mapping[str, float]:
    """Return the case-folded words of a language (Tesseract's name) with their frequencies, from 1e-6 to 1.

    Empty for languages without a list.
    """
    code = CODES.get(language.lower(), "")
    if code not in list_codes("small"):
        return WordTable(())
    return WordTable((10 ** (-centibels / CENTIBELS), words) for centibels, words in common_words_by_centibel(code))
