"""Align a model's free reply to the raw words: every difference that has a raw counterpart becomes an edit.

What aligns to nothing (preambles, invented sentences, fences, reasoning, repetitions) yields no edit, and raw words
that the reply leaves out stay. Words are compared and not lines, so moved line breaks do not matter. Case, quotes and
the punctuation around a word are taken from the scan, so that an edit holds nothing but what was misread.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq, Levenshtein

from scanmend.correct.lexicon.hyphenation import BREAK_HYPHENS

_MAX_PIECES = 3
"""Most words of one side that one word of the other side may stand for."""
_MAX_WORD_CHARACTERS = 80
"""Characters beyond which a word is not compared by letters, and only equal to itself."""
_MAX_COMPARISONS = 6000
"""Most pairs of words compared by letters in one reply; a reply that needs more is no correction of the text."""
_MAX_REPLY_RATIO = 10
"""Words of a reply that are looked at, for each raw word; ``_MAX_REPLY_EXTRA`` come on top."""
_MAX_REPLY_EXTRA = 400
"""Words of a reply that are looked at on top of ``_MAX_REPLY_RATIO`` for each raw word."""
_MIN_CHECKED_WORDS = 4
"""Raw words from which a differing stretch is checked for invented text.

Raw words with a counterpart must then number at least half the words of the shorter side, or the stretch is dropped.
"""
_MAX_MISREAD_LETTERS = 3
"""Letters up to which a word may have been misread altogether, as ``l`` for ``I``."""
_MATCH = 1.0
"""Alignment score of the same word on both sides."""
_MISMATCH = -0.25
"""Alignment score of two different words."""
_DELETION = 1.0
"""Alignment penalty for opening a gap in the reply: a raw word that it leaves out."""
_INSERTION = 0.5
"""Alignment penalty for opening a gap in the raw text: a word that only the reply has.

What the reply has before and after the whole raw text costs nothing.
"""
_GAP_WORD = 0.02
"""Alignment penalty for each further word of a gap."""
_MARKDOWN = "*_`~#>"
_CODE_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w-]*[ \t]*$", re.MULTILINE)
_REASONING_BEGINS = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_REASONING_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_USUAL_BEFORE = re.compile(r"[\"'(\[{«»„“‘¿¡–—-]*")
_USUAL_AFTER = re.compile(r"[\"')\]}«»“”’.,;:!?…–—-]*")
"""Usual punctuation after a word, as ``_USUAL_BEFORE`` before it; other marks there may be misread letters."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Raw words ``first`` to ``last`` (exclusive, 0-based) and the text that the reply has in their place."""

    first: int
    last: int
    new: str


def reply_words(reply: str, raw: Sequence[str]) -> list[str]:
    """Return the words of the reply without reasoning, Markdown marks and invisible characters, unless raw has such."""
    if not any(_REASONING_BEGINS.search(word) or _REASONING_ENDS.search(word) for word in raw):
        reply = _REASONING_BEGINS.split(_REASONING_ENDS.split(reply)[-1], maxsplit=1)[0]
    known = set().union(*raw)
    hidden = {c for c in set(reply) - known if not c.isspace() and unicodedata.category(c).startswith("C")}
    words = _CODE_FENCE.sub("", reply.translate(dict.fromkeys(map(ord, hidden)))).split()
    marks = "".join(set(_MARKDOWN) - known)
    return [w.strip(marks) or w for w in words[: _MAX_REPLY_RATIO * len(raw) + _MAX_REPLY_EXTRA]]


def differences(raw: Sequence[str], reply: Sequence[str]) -> Iterator[Difference]:
    """Yield the differences between raw words and reply with words on both sides, as small as possible, in order."""
    cells = _MAX_COMPARISONS
    for (i1, j1), (i2, j2) in pairwise([(-1, -1), *_matching_words(raw, reply), (len(raw), len(reply))]):
        n, m = i2 - i1 - 1, j2 - j1 - 1
        if n and m and n * m <= cells:
            cells -= n * m
            pairs = list(_aligned_stretch(raw[i1 + 1 : i2], reply[j1 + 1 : j2]))
            if n < _MIN_CHECKED_WORDS or 2 * sum(p.last - p.first for p in pairs) >= min(n, m):
                yield from (Difference(i1 + 1 + p.first, i1 + 1 + p.last, p.new) for p in pairs if p.new)


def _matching_words(raw: Sequence[str], reply: Sequence[str]) -> list[tuple[int, int]]:
    """Return the index pairs of equal words in the best alignment with affine gaps (Gotoh 1982), a row at a time.

    Opening a gap costs more than making it longer. This keeps the alignment together: a word of a preamble, or of a
    repetition of the text, is not taken for a word of the text.
    """
    n, m = len(raw), len(reply)
    ids: dict[str, int] = {}
    left, right = (
        np.array([ids.setdefault(_comparison_key(w), len(ids)) for w in words], np.int32) for words in (raw, reply)
    )
    at = np.arange(m + 1, dtype=np.float32)
    best = np.zeros(m + 1, np.float32)
    lowest = np.float32(-1e9)
    dropped = np.full(m + 1, lowest)
    inserts, diagonal, opens = (np.zeros((n + 1, m + 1), bool) for _ in range(3))
    source = np.zeros((n + 1, m + 1), np.int32)
    for i in range(n):
        step = np.where(right == left[i], np.float32(_MATCH), np.float32(_MISMATCH))
        paired = np.concatenate(([lowest], best[:-1] + step))
        opens[i + 1] = best - np.float32(_DELETION) >= dropped - np.float32(_GAP_WORD)
        dropped = np.maximum(best - np.float32(_DELETION), dropped - np.float32(_GAP_WORD))
        diagonal[i + 1] = paired >= dropped
        ahead = np.maximum(paired, dropped)
        slope = ahead + np.float32(_GAP_WORD) * at
        peak = np.maximum.accumulate(slope)
        source[i + 1, 1:] = np.maximum.accumulate(np.where(slope == peak, np.arange(m + 1), 0))[:-1]
        inserted = np.concatenate(([lowest], peak[:-1] - np.float32(_INSERTION) - np.float32(_GAP_WORD) * at[:-1]))
        inserts[i + 1] = inserted > ahead
        best = np.maximum(ahead, inserted)
    return _traced_back(left, right, int(best.argmax()), (inserts, diagonal, opens), source)


def _traced_back(
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    j: int,
    steps: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]],
    source: NDArray[np.int32],
) -> list[tuple[int, int]]:
    """Walk the alignment back from its end ``j`` in the reply, and return the index pairs of equal words."""
    inserts, diagonal, opens = steps
    i = len(left)
    found: list[tuple[int, int]] = []
    while i:
        if inserts[i, j]:
            j = int(source[i, j])
        if diagonal[i, j]:
            i, j = i - 1, j - 1
            if left[i] == right[j]:
                found.append((i, j))
            continue
        while not opens[i, j]:
            i -= 1
        i -= 1
    return found[::-1]


def _aligned_stretch(raw: Sequence[str], reply: Sequence[str]) -> Iterator[Difference]:
    """Yield the best pairing of a stretch: one word to one, one to several, or several to one.

    A pair whose words are the same has an empty new text.
    """
    n, m = len(raw), len(reply)
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    step: list[list[tuple[int, int]]] = [[(0, 1)] * (m + 1) for _ in range(n + 1)]
    moves = [(1, 1), *((1, k) for k in range(2, _MAX_PIECES + 1)), *((k, 1) for k in range(2, _MAX_PIECES + 1)), (2, 2)]
    bare = [w.casefold() for w in raw], [w.casefold() for w in reply]
    for i in range(n - 1, -1, -1):
        step[i][m] = (1, 0)
        for j in range(m - 1, -1, -1):
            best[i][j], step[i][j] = best[i][j + 1], (0, 1)
            if best[i + 1][j] > best[i][j]:
                best[i][j], step[i][j] = best[i + 1][j], (1, 0)
            for a, b in moves:
                if i + a <= n and j + b <= m:
                    alike = _similarity(bare[0][i : i + a], bare[1][j : j + b], even=n == m)
                    if alike > 0 and alike + best[i + a][j + b] > best[i][j]:
                        best[i][j], step[i][j] = alike + best[i + a][j + b], (a, b)
    i = j = 0
    while i < n and j < m:
        a, b = step[i][j]
        if a and b:
            old, new = " ".join(raw[i : i + a]), _in_style_of_scan(raw[i : i + a], reply[j : j + b])
            yield Difference(i, i + a, new if new != old and not _is_completion(old, new) else "")
        i, j = i + a, j + b


def _similarity(raw: Sequence[str], reply: Sequence[str], *, even: bool) -> float:
    """Return shared letters less those not shared: positive where both can be the same words, read differently.

    ``even`` says that the stretch has as many words in the reply as in the raw text.
    """
    left, right = "".join(raw), "".join(reply)
    total = len(left) + len(right)
    if max(len(left), len(right)) > _MAX_WORD_CHARACTERS:
        return 0.0
    if len(raw) == len(reply) == 2:  # noqa: PLR2004 -- a blank that moved, as in `oft he`
        return total if left == right else 0.0
    alike = 4.0 * LCSseq.similarity(left, right) - total
    if alike <= 0 and len(raw) == len(reply) == 1 and even and max(len(left), len(right)) <= _MAX_MISREAD_LETTERS:
        return 0.25
    return alike


def _in_style_of_scan(raw: Sequence[str], reply: Sequence[str]) -> str:
    """Return the words of the reply in the case, the quotes and the punctuation of the scan."""
    old = " ".join(raw)
    new = _without_line_end_hyphens(reply) if len(raw) == 1 else " ".join(reply)
    for mark, other in ("'\u2019", "\u2019'"):
        if mark in old and other not in old:
            new = new.replace(other, mark)
    (before, core, after), (opening, word, closing) = _split_at_alphanumerics(old), _split_at_alphanumerics(new)
    if not core or not word:
        return new
    if _USUAL_BEFORE.fullmatch(before):
        nearer = bool(opening) and not before and _marks_are_letters(core, opening + word, word)
        before, word = (before, opening + word) if nearer else (before, word)
    else:
        before = opening
    if _USUAL_AFTER.fullmatch(after):
        word = word + closing if closing and not after and _marks_are_letters(core, word + closing, word) else word
    else:
        after = closing
    return before + _in_case_of(core, word) + after


def _marks_are_letters(raw: str, marked: str, word: str) -> bool:
    """Whether the punctuation that the reply adds was misread as a letter, as in ``endl`` for ``end!``."""
    return Levenshtein.distance(raw, marked) <= Levenshtein.distance(raw, word)


def _in_case_of(raw: str, new: str) -> str:
    """Return the new word in the case of raw, letter by letter where they are the same letters."""
    if len(raw) > 1 and raw.isupper():
        return "".join(c.upper() if len(c.upper()) == 1 else c for c in new)
    low, high = raw.lower(), new.lower()
    if (len(low), len(high)) != (len(raw), len(new)):
        return new
    return "".join(
        raw[op.src_start : op.src_end] if op.tag == "equal" else new[op.dest_start : op.dest_end]
        for op in Levenshtein.opcodes(low, high)
    )


def _without_line_end_hyphens(reply: Sequence[str]) -> str:
    """Return the reply's words for one raw word, without hyphens at which a line end of the reply broke that word."""
    return "".join(w[:-1] if w[-1:] in BREAK_HYPHENS and len(w) > 1 else f"{w} " for w in reply[:-1]) + reply[-1]


def _is_completion(raw: str, new: str) -> bool:
    """Whether raw breaks off with a hyphen and the reply made up the end of the word."""
    return raw[-1:] in BREAK_HYPHENS and len(_split_at_alphanumerics(new)[1]) > len(_split_at_alphanumerics(raw)[1]) + 1


def _split_at_alphanumerics(text: str) -> tuple[str, str, str]:
    """Return what stands before the first letter or digit, what is between, and what stands after the last one."""
    inner = [i for i, c in enumerate(text) if c.isalnum()]
    if not inner:
        return text, "", ""
    return text[: inner[0]], text[inner[0] : inner[-1] + 1], text[inner[-1] + 1 :]


def _comparison_key(word: str) -> str:
    """Return what is compared of a word: letters and digits, without case and the punctuation around them."""
    return (len(word) <= _MAX_WORD_CHARACTERS and _split_at_alphanumerics(word)[1].casefold()) or word
