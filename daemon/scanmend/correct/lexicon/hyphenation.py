"""Hyphen repair: recognise words that a line end broke in two, join them for judging, divide replies among the parts.

The page keeps its hyphens and line ends; only the model and the judge see such a word as one.
"""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from scanmend.correct.lexicon.tokens import neighbours, split_punctuation
from scanmend.document import Page

BREAK_HYPHENS = "-\u00ac\u2010\u00ad"
"""Characters that stand for the hyphen of a broken word: hyphen-minus, not sign, hyphen and soft hyphen."""


def is_broken(before: str, after: str) -> bool:
    """Whether two adjacent words are one that a line end broke: ``trans-`` and ``ported``."""
    left = split_punctuation(before)
    return (
        bool(left.after)
        and left.after in BREAK_HYPHENS
        and left.core.isalpha()
        and after[:1].islower()
        and split_punctuation(after).core.isalpha()
    )


def rejoin(text: str) -> str:
    """Return the words of a text, one blank apart, with each broken word in one piece and without its hyphen."""
    out: list[str] = []
    for word in text.split():
        if out and is_broken(out[-1], word):
            out[-1] = out[-1][:-1] + word
        else:
            out.append(word)
    return " ".join(out)


def broken_pieces_beside(page: Page, n: int, first: int, count: int) -> tuple[str, str]:
    """Return the other halves of broken words on both sides of words ``first`` … of line ``n``; empty without one."""
    words = page.lines[n].words
    above, below = neighbours(page, n, first, count)
    before = split_punctuation(above).core if above and is_broken(above, words[first].text) else ""
    after = split_punctuation(below).core if below and is_broken(words[first + count - 1].text, below) else ""
    return before, after


def split_over_lines(parts: Sequence[str], new: str) -> list[str]:
    """Divide ``new`` among the raw ``parts`` of a word that line ends broke; each part keeps its own hyphen.

    The cuts are those with the least edit distance to the parts. A word too short to divide replaces the first part.
    """
    head = parts[0].rstrip(BREAK_HYPHENS)
    tail = "".join(parts[1:])
    if len(parts) == 1 or len(new) < len(parts):
        return [new, *parts[1:]]
    ends = range(1, len(new) - len(parts) + 2)
    end = min(ends, key=lambda k: Levenshtein.distance(head, new[:k]) + Levenshtein.distance(tail, new[k:]))
    return [new[:end].rstrip() + parts[0][len(head) :], *split_over_lines(parts[1:], new[end:].lstrip())]
