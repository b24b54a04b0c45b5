"""Words as correction sees them: a core of letters between punctuation, and where sentences begin."""

import re
from dataclasses import dataclass

from scanmend.document import Line, Word

_ELISION = r"(?:(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|dell|nell|dall|sull|all|un)['\u2019](?=\w))?"
"""What French, Italian and Catalan run together with the next word; word lists hold the two apart."""
_BEFORE = re.compile(rf"\W*{_ELISION}", re.IGNORECASE)
_WORD = re.compile(r"\w")
_ENDS = (".", "!", "?", ":", "—")
_CLOSING = "\"”»'’)]"


@dataclass(frozen=True, slots=True)
class Parts:
    """A word cut into what stands before, the core, and what stands after."""

    before: str
    core: str
    after: str

    def around(self, core: str) -> str:
        """Another core between the same punctuation."""
        return self.before + core + self.after


def parts(text: str) -> Parts:
    """Cut punctuation from both ends."""
    found = _BEFORE.match(text)
    start, end = found.end() if found else 0, len(text)
    while end > start and not _WORD.match(text, end - 1):
        end -= 1
    return Parts(text[:start], text[start:end], text[end:])


def letters(text: str) -> int:
    """How many letters the text has."""
    return sum(c.isalpha() for c in text)


def like(pattern: str, word: str) -> str:
    """The word in the case of the pattern: capitals, capitalised, or as it is."""
    if len(pattern) > 1 and pattern.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if pattern[:1].isupper() else word


def starts_sentence(line: Line, index: int, before: Word | None) -> bool:
    """Whether the word at ``index`` begins a sentence; ``before`` ends the line above in its paragraph."""
    previous = line.words[index - 1] if index else before
    return previous is None or previous.text.rstrip(_CLOSING).endswith(_ENDS)
