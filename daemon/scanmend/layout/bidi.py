"""Puts the words of a line into the order in which they are read, where some are written from right to left. Pure.

The usual way is from reading order to places on the page (Unicode Standard Annex 9). Here the places are known and
the order is sought, of which the annex does not speak; words, not letters, have to be put in order, since MuPDF gives
letters of right-to-left words in reading order. So: words are taken from the right, and sequences of words from left
to right, Latin ones with the numbers among them, are kept as they stand.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from scanmend.document import Word, least_confidence, union

_GLUE_HEIGHTS = 0.1
"""Words with less than this multiple of their height between them have no blank there: they are parts of one word."""
_LEADING_MARKS = ".,:;!?\u060c\u061b\u061f"
"""Marks that stand left of the last word of a sentence from right to left, hence before a number or Latin word."""
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_OPENING, _CLOSING = "([{", ")]}"


def is_right_to_left(words: Iterable[str]) -> bool:
    """Whether most words are written from right to left, as those of Hebrew and Arabic; numbers do not count."""
    kinds = [_kind(word) for word in words]
    return kinds.count(True) > kinds.count(False)


def has_right_to_left(text: str) -> bool:
    """Whether there is a letter that is written from right to left."""
    return not text.isascii() and any(map(_is_rtl, text))


def in_reading_order(words: Sequence[Word], *, from_right: bool) -> tuple[Word, ...]:
    """Order words that stand side by side, without a wide gap, by their boxes; words without one stay as they are.

    ``from_right``: the line as a whole is read from right to left.
    """
    if any(w.box is None for w in words) or not (from_right or any(has_right_to_left(w.text) for w in words)):
        return tuple(words)
    placed = sorted(words, key=lambda w: w.box or (0, 0, 0, 0))
    parts = [list(same) for _, same in groupby(_directions(placed, from_right=from_right), key=lambda part: part[1])]
    ordered: list[tuple[Word, bool]] = []
    for part in reversed(parts) if from_right else parts:
        ordered += reversed(part) if part[0][1] else part
    return tuple(_with_marks_in_place(_glued(ordered)))


def _is_rtl(character: str) -> bool:
    return unicodedata.bidirectional(character) in {"R", "AL"}


def _directions(placed: Sequence[Word], *, from_right: bool) -> Iterator[tuple[Word, bool]]:
    """Yield each word and whether it is read from right to left, given from left to right.

    Numbers and marks follow the words around them: beside a Latin word they belong to it in a line from right to left,
    between words from right to left to these in any line.
    """
    kinds = [_kind(w.text) for w in placed]
    at = 0
    for kind, same in groupby(kinds):
        end = at + len(list(same))
        for word in placed[at:end]:
            if kind is not None:
                yield word, kind
            else:
                before = kinds[at - 1] if at else None
                after = kinds[end] if end < len(kinds) else None
                yield word, False not in {before, after} if from_right else before is after is True
        at = end


def _kind(text: str) -> bool | None:
    """True for a word from right to left, False for one from left to right, None for numbers and marks."""
    if has_right_to_left(text):
        return True
    return False if any(map(str.isalpha, text)) else None


def _glued(ordered: Iterable[tuple[Word, bool]]) -> Iterator[tuple[Word, bool]]:
    """Join the parts of words that only a change of direction has parted; brackets are turned as they are read."""
    before: tuple[Word, bool] | None = None
    for word, from_right in ordered:
        part = replace(word, text=_as_read(word.text)) if from_right else word
        if before is None:
            before = part, from_right
        elif (before[1] or from_right) and _touch(before[0], part):
            whole = Word(
                before[0].text + part.text, union([before[0].box, part.box]), least_confidence([before[0], part])
            )
            before = whole, before[1] or from_right
        else:
            yield before
            before = part, from_right
    if before is not None:
        yield before


def _as_read(text: str) -> str:
    """Turn marks that stand from left to right as they are on paper, such as ``:(``; letters and digits stay."""
    if any(map(str.isalnum, text)):
        marks = len(text) - len(text.lstrip(_LEADING_MARKS))
        return text if has_right_to_left(text) else text[marks:] + text[:marks][::-1]
    return text[::-1]


def _touch(a: Word, b: Word) -> bool:
    if a.box is None or b.box is None:
        return False
    gap = max(a.box[0], b.box[0]) - min(a.box[2], b.box[2])
    return gap <= _GLUE_HEIGHTS * min(a.box[3] - a.box[1], b.box[3] - b.box[1])


def _with_marks_in_place(ordered: Iterable[tuple[Word, bool]]) -> list[Word]:
    """Mirror brackets where that makes them open before they close: paper shows their mirror image."""
    found = list(ordered)
    if _depth_errors(w.text for w, _ in found) <= _depth_errors(w.text.translate(_MIRRORED) for w, _ in found):
        return [word for word, _ in found]
    return [replace(w, text=w.text.translate(_MIRRORED)) if from_right else w for w, from_right in found]


def _depth_errors(texts: Iterable[str]) -> int:
    """Count the brackets that close what was not opened."""
    depth = errors = 0
    for character in "".join(texts):
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth < 0:
            errors, depth = errors + 1, 0
    return errors
