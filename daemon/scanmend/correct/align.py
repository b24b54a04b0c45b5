"""Align a model's free reply to the raw words: every difference that has a raw counterpart becomes an edit.

What aligns to nothing (preambles, invented sentences, fences, reasoning) yields no edit, and raw words that the
reply leaves out stay. Moved line breaks do not matter: words are compared, not lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel, Levenshtein

SIMILAR = 0.5
"""Normalised similarity from which two words can be the same word read differently."""
_SPAN = 3
"""Most words that one word may have been split into."""
_WIDE = 60
"""Longer stretches without a single common word are invention, not correction."""
_INVENTED = 4
"""In stretches of so many raw words and more, at least half must find a counterpart."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Raw words ``first`` to ``last`` (exclusive) and what the reply has in their place."""

    first: int
    last: int
    new: str


def differences(raw: Sequence[str], reply: Sequence[str]) -> Iterator[Pair]:
    """Yield every place where the reply has other words than raw, as small as possible, in order."""
    for tag, i1, i2, j1, j2 in _blocks(raw, reply):
        if tag == "replace" and i2 - i1 <= _WIDE and j2 - j1 <= _WIDE:
            pairs = list(_paired(raw[i1:i2], reply[j1:j2]))
            if i2 - i1 < _INVENTED or 2 * sum(p.last - p.first for p in pairs) >= i2 - i1:
                yield from (Pair(i1 + p.first, i1 + p.last, p.new) for p in pairs if p.new)


def _blocks(raw: Sequence[str], reply: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Opcodes on whole words, with neighbouring changes joined to one block."""
    out: list[tuple[str, int, int, int, int]] = []
    for op in Indel.opcodes(raw, reply):
        if op.tag == "equal":
            out.append(("equal", op.src_start, op.src_end, op.dest_start, op.dest_end))
        elif out and out[-1][0] == "replace":
            out[-1] = ("replace", out[-1][1], op.src_end, out[-1][3], op.dest_end)
        else:
            out.append(("replace", op.src_start, op.src_end, op.dest_start, op.dest_end))
    return out


def _paired(raw: Sequence[str], reply: Sequence[str]) -> Iterator[Pair]:
    """Pair a stretch at its best: one word for one, for several, or several for one; no new text where none changed."""
    n, m = len(raw), len(reply)
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    step: list[list[tuple[int, int]]] = [[(1, 0)] * (m + 1) for _ in range(n + 1)]
    moves = [(1, 1), *((1, k) for k in range(2, _SPAN + 1)), *((k, 1) for k in range(2, _SPAN + 1))]
    for i in range(n, -1, -1):
        for j in range(m, -1, -1):
            options = [(best[i + 1][j], (1, 0))] if i < n else []
            options += [(best[i][j + 1], (0, 1))] if j < m else []
            for a, b in moves:
                if i + a <= n and j + b <= m:
                    left, right = "".join(raw[i : i + a]).casefold(), "".join(reply[j : j + b]).casefold()
                    alike = Levenshtein.normalized_similarity(left, right)
                    if alike >= SIMILAR:
                        options.append((alike * max(a, b) + best[i + a][j + b], (a, b)))
            if options:
                best[i][j], step[i][j] = max(options, key=lambda o: o[0])
    i = j = 0
    while i < n and j <= m:
        a, b = step[i][j]
        if a and b:
            new = " ".join(reply[j : j + b])
            yield Pair(i, i + a, new if new != " ".join(raw[i : i + a]) else "")
        i, j = i + a, j + b
