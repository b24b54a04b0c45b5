"""Words as correction sees them: a core of letters between punctuation, their case, and where sentences begin."""

import re
from dataclasses import dataclass

from scanmend.document import Line, Page, Word

_ELISION = r"(?:(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|dell|nell|dall|sull|all|un)['\u2019](?=\w))?"
"""What French, Italian and Catalan run together with the next word; word lists hold the two apart."""
_LEADING = re.compile(rf"\W*{_ELISION}", re.IGNORECASE)
_WORD = re.compile(r"\w")
_SENTENCE_ENDS = (".", "!", "?", ":", "—")
_CLOSING_MARKS = "\"”»'’)]"


@dataclass(frozen=True, slots=True)
class WordParts:
    """A word cut into the punctuation before it, its core, and the punctuation after it."""

    before: str
    core: str
    after: str

    def with_core(self, core: str) -> str:
        """Return the word with another core between the same punctuation."""
        return self.before + core + self.after


def split_punctuation(text: str) -> WordParts:
    """Cut punctuation, and a French or Italian elision, from the ends of a word; without letters the core is empty."""
    found = _LEADING.match(text)
    start, end = found.end() if found else 0, len(text)
    while end > start and not _WORD.match(text, end - 1):
        end -= 1
    return WordParts(text[:start], text[start:end], text[end:])


def count_letters(text: str) -> int:
    """Return how many letters the text has; digits and marks are none."""
    return sum(c.isalpha() for c in text)


def match_case(pattern: str, word: str) -> str:
    """Return the word in the case of the pattern: in capitals, capitalised, or unchanged."""
    if len(pattern) > 1 and 3 * sum(c.isupper() for c in pattern) > 2 * count_letters(pattern):
        return word.upper()
    return word[:1].upper() + word[1:] if pattern[:1].isupper() else word


def starts_sentence(line: Line, index: int, before: Word | None) -> bool:
    """Whether the word at ``index`` begins a sentence; ``before`` is the last word of the line above, if any."""
    previous = line.words[index - 1] if index else before
    return previous is None or previous.text.rstrip(_CLOSING_MARKS).endswith(_SENTENCE_ENDS)


def line_above(page: Page, n: int) -> int | None:
    """Return the index of the nearest line above line ``n`` that has words; None where there is none."""
    return next((i for i in reversed(range(n)) if page.lines[i].words), None)


def line_below(page: Page, n: int) -> int | None:
    """Return the index of the nearest line below line ``n`` that has words; None where there is none."""
    return next((i for i in range(n + 1, len(page.lines)) if page.lines[i].words), None)


def neighbours(page: Page, n: int, first: int, count: int) -> tuple[str, str]:
    """Return the words before and after ``count`` words of line ``n``, across line ends; empty where none is."""
    words, last = page.lines[n].words, first + count
    before = after = ""
    if first:
        before = words[first - 1].text
    elif (above := line_above(page, n)) is not None:
        before = page.lines[above].words[-1].text
    if last < len(words):
        after = words[last].text
    elif (below := line_below(page, n)) is not None:
        after = page.lines[below].words[0].text
    return before, after
