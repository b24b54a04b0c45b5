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


def neighbours(page: Page, n: int, first: int, count: int) -> tuple[str, str]:
    """Return the words before and after ``count`` words of line ``n``, across line ends; empty where none is."""
    words, last = page.lines[n].words, first + count
    above = words[first - 1 : first] if first else page.lines[n - 1].words[-1:] if n else ()
    below = words[last : last + 1] or (page.lines[n + 1].words[:1] if n + 1 < len(page.lines) else ())
    return "".join(w.text for w in above), "".join(w.text for w in below)
