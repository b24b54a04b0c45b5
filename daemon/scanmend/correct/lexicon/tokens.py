"""Words as correction sees them: a core of letters between punctuation, and where sentences begin."""

import re
from dataclasses import dataclass

from scanmend.document import Line, Page, Word

_ELISION = r"(?:(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|dell|nell|dall|sull|all|un)['\u2019](?=\w))?"
"""What French, Italian and Catalan run together with the next word; word lists hold the two apart."""
_LEADING = re.compile(rf"\W*{_ELISION}", re.IGNORECASE)
_WORD = re.compile(r"\w")
BREAK_HYPHENS = "-\u00ac\u2010\u00ad"
"""Hyphens that a line end puts into a word."""
_SENTENCE_ENDS = (".", "!", "?", ":", "—")
_CLOSING_MARKS = "\"”»'’)]"


@dataclass(frozen=True, slots=True)
class WordParts:
    """A word cut into what stands before, the core, and what stands after."""

    before: str
    core: str
    after: str

    def with_core(self, core: str) -> str:
        """Another core between the same punctuation."""
        return self.before + core + self.after


def split_punctuation(text: str) -> WordParts:
    """Cut punctuation from both ends."""
    found = _LEADING.match(text)
    start, end = found.end() if found else 0, len(text)
    while end > start and not _WORD.match(text, end - 1):
        end -= 1
    return WordParts(text[:start], text[start:end], text[end:])


def count_letters(text: str) -> int:
    """How many letters the text has."""
    return sum(c.isalpha() for c in text)


def match_case(pattern: str, word: str) -> str:
    """The word in the case of the pattern: capitals, capitalised, or as it is."""
    if len(pattern) > 1 and 3 * sum(c.isupper() for c in pattern) > 2 * count_letters(pattern):
        return word.upper()
    return word[:1].upper() + word[1:] if pattern[:1].isupper() else word


def starts_sentence(line: Line, index: int, before: Word | None) -> bool:
    """Whether the word at ``index`` begins a sentence; ``before`` ends the line above in its paragraph."""
    previous = line.words[index - 1] if index else before
    return previous is None or previous.text.rstrip(_CLOSING_MARKS).endswith(_SENTENCE_ENDS)


def is_broken(before: str, after: str) -> bool:
    """Whether a line end, or what was one, broke a word between the two: ``trans-`` and ``ported``."""
    left = split_punctuation(before)
    return (
        bool(left.after)
        and left.after in BREAK_HYPHENS
        and left.core.isalpha()
        and after[:1].islower()
        and split_punctuation(after).core.isalpha()
    )


def rejoin(text: str) -> str:
    """The words with what a line end broke put together again."""
    out: list[str] = []
    for word in text.split():
        if out and is_broken(out[-1], word):
            out[-1] = out[-1][:-1] + word
        else:
            out.append(word)
    return " ".join(out)


def neighbours(page: Page, n: int, first: int, count: int) -> tuple[str, str]:
    """The words before and after some words of line ``n``, across line ends; empty where there is none."""
    words, last = page.lines[n].words, first + count
    above = words[first - 1 : first] if first else page.lines[n - 1].words[-1:] if n else ()
    below = words[last : last + 1] or (page.lines[n + 1].words[:1] if n + 1 < len(page.lines) else ())
    return "".join(w.text for w in above), "".join(w.text for w in below)


def broken_pieces_beside(page: Page, n: int, first: int, count: int) -> tuple[str, str]:
    """The parts of broken words that lie before and after some words of line ``n``; both mostly empty."""
    words = page.lines[n].words
    above, below = neighbours(page, n, first, count)
    before = split_punctuation(above).core if above and is_broken(above, words[first].text) else ""
    after = split_punctuation(below).core if below and is_broken(words[first + count - 1].text, below) else ""
    return before, after
