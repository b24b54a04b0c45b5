"""Aligns the characters of both readers within one line, so that each of Tesseract's words gets its second reading.

Characters are matched by what they are and by where they stand: a word that Tesseract lost must not shift all words
after it. Blanks play no part, as the second reader often does not see them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanmend.correct.two_readers.frame import LineFrame
from scanmend.correct.two_readers.lattice import Character
from scanmend.document import Word

OTHER_CASE = 0.7
"""Cost of matching a letter with the same letter in another case; leaving out a character costs 1."""
OTHER_CHARACTER = 0.85
"""Cost of matching two letters or digits, or two marks, that differ."""
OTHER_KIND = 1.2
"""Cost of matching a letter or digit with a mark."""
FREE_SHIFT = 2.0
"""Characters' widths by which two matched characters may stand apart without cost."""
SHIFT_COST = 0.5
"""Cost of each further width by which they stand apart."""
MAX_SHIFT = 4.0
"""Widths above which a further shift costs nothing more."""
WORD_MARGIN = 0.6
"""Widths of a character by which an unmatched one may stand outside a word's box and still belong to the word."""
GLUED_WIDTHS = 2.2
"""Widths within which a character without a blank beside it belongs to the same word as its neighbour."""


@dataclass(frozen=True, slots=True)
class AlignedLine:
    """Which characters of the second reading each word has, and which belong to none."""

    spans: tuple[tuple[int, int] | None, ...]
    """For each word: index of its first and of its last character in the reading; None where it has none."""
    extra: tuple[tuple[int, int], ...]
    """First and last index of each run of characters, without blanks, that belongs to no word."""


def align(words: Sequence[Word], frame: LineFrame, characters: Sequence[Character]) -> AlignedLine:
    """Align words with boxes, in their order along the line, with the characters of its second reading."""
    places = [frame.span(w.box) if w.box else (0.0, 0.0) for w in words]
    own = [
        (c, start + (end - start) * (k + 0.5) / len(word.text), i)
        for i, (word, (start, end)) in enumerate(zip(words, places, strict=True))
        for k, c in enumerate(word.text)
    ]
    solid = [k for k, c in enumerate(characters) if c.text != " "]
    if not own or not solid:
        return AlignedLine((None,) * len(words), tuple(_runs(solid)))
    width = 1 / max(len(own), len(solid))
    costs = _costs([(c, at) for c, at, _ in own], [(characters[k].text, characters[k].at) for k in solid], width)
    owner: list[int | None] = [None] * len(solid)
    for row, column in _matches(costs):
        owner[column] = own[row][2]
    _claim_by_place(owner, [characters[k].at for k in solid], places, width)
    _keep_order(owner)
    _claim_glued(owner, solid, [characters[k].at for k in solid], width)
    _claim_enclosed(owner)
    spans: list[tuple[int, int] | None] = [None] * len(words)
    for k, word in zip(solid, owner, strict=True):
        if word is not None:
            before = spans[word]
            spans[word] = (before[0] if before else k, k)
    extra = [k for k, word in zip(solid, owner, strict=True) if word is None]
    return AlignedLine(tuple(spans), tuple(_runs(extra)))


def _costs(
    own: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]], width: float
) -> npt.NDArray[np.float64]:
    """Cost of matching each of Tesseract's characters (rows) with each of the second reader's (columns)."""
    rows, columns = [c for c, _ in own], [c for c, _ in other]
    same_letter = _equal([c.casefold() for c in rows], [c.casefold() for c in columns])
    same_kind = _equal([c.isalnum() for c in rows], [c.isalnum() for c in columns])
    known = [_equal(rows, columns), same_letter, same_kind]
    costs = np.select(known, [0.0, OTHER_CASE, OTHER_CHARACTER], OTHER_KIND)
    shift = np.abs(np.array([at for _, at in own])[:, None] - np.array([at for _, at in other])[None, :]) / width
    costs += SHIFT_COST * np.clip(shift - FREE_SHIFT, 0.0, MAX_SHIFT)
    return costs


def _equal(rows: Sequence[str] | Sequence[bool], columns: Sequence[str] | Sequence[bool]) -> npt.NDArray[np.bool_]:
    """Return for each row and each column whether the two are equal."""
    return np.asarray(np.array(rows)[:, None] == np.array(columns)[None, :])


def _matches(costs: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the matched pairs of the cheapest alignment (Wagner and Fischer 1974)."""
    rows, columns = costs.shape
    total = np.empty((rows + 1, columns + 1))
    left_out = np.arange(columns + 1)  # what it costs to leave out all characters up to a column
    total[0] = left_out
    for i in range(1, rows + 1):
        total[i, 0] = i
        np.minimum(total[i - 1, 1:] + 1, total[i - 1, :-1] + costs[i - 1], out=total[i, 1:])
        total[i] = np.minimum.accumulate(total[i] - left_out) + left_out
    pairs = []
    i, j = rows, columns
    while i and j:
        if abs(total[i, j] - (total[i - 1, j - 1] + costs[i - 1, j - 1])) < 1e-9:  # noqa: PLR2004 -- rounding
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif abs(total[i, j] - (total[i, j - 1] + 1)) < 1e-9:  # noqa: PLR2004 -- rounding
            j -= 1
        else:
            i -= 1
    return pairs


def _claim_by_place(
    owner: list[int | None], at: Sequence[float], places: Sequence[tuple[float, float]], width: float
) -> None:
    """Give each unmatched character to the word within whose box it stands."""
    for j, word in enumerate(owner):
        if word is None:
            margin = WORD_MARGIN * width
            owner[j] = next((i for i, (a, b) in enumerate(places) if a - margin <= at[j] <= b + margin), None)


def _keep_order(owner: list[int | None]) -> None:
    """Let no character belong to a word before that of the character before it."""
    last = -1
    for j, word in enumerate(owner):
        if word is not None:
            last = owner[j] = max(word, last)


def _claim_glued(owner: list[int | None], solid: Sequence[int], at: Sequence[float], width: float) -> None:
    """Give a character that nothing parts from a word's character to the same word."""
    changed = True
    while changed:
        changed = False
        for j, word in enumerate(owner):
            if word is not None:
                continue
            for k in (j - 1, j + 1):
                beside = 0 <= k < len(owner) and owner[k] is not None and abs(solid[j] - solid[k]) == 1
                if beside and abs(at[j] - at[k]) < GLUED_WIDTHS * width:
                    owner[j], changed = owner[k], True
                    break


def _claim_enclosed(owner: list[int | None]) -> None:
    """Give each character between two of one word to that word, as no other can have it."""
    last: dict[int, int] = {}
    for j, word in enumerate(owner):
        if word is not None:
            owner[last.get(word, j) : j] = [word] * (j - last.get(word, j))
            last[word] = j


def _runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of indices that follow each other."""
    runs: list[tuple[int, int]] = []
    for k in indices:
        if runs and runs[-1][1] == k - 1:
            runs[-1] = (runs[-1][0], k)
        else:
            runs.append((k, k))
    return runs
