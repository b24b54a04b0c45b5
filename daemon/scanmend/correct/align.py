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
            yield from _paired(raw, reply, i1, i2, j1, j2)


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


def _paired(raw: Sequence[str], reply: Sequence[str], i1: int, i2: int, j1: int, j2: int) -> Iterator[Pair]:
    """Best pairing inside one block: one word for one, one for several, several for one, or none."""
    n, m = i2 - i1, j2 - j1
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    step: list[list[tuple[int, int]]] = [[(1, 0)] * (m + 1) for _ in range(n + 1)]
    moves = [(1, 1), *((1, k) for k in range(2, _SPAN + 1)), *((k, 1) for k in range(2, _SPAN + 1))]
    for i in range(n, -1, -1):
        for j in range(m, -1, -1):
            options = [(best[i + 1][j], (1, 0))] if i < n else []
            options += [(best[i][j + 1], (0, 1))] if j < m else []
            for a, b in moves:
                if i + a <= n and j + b <= m:
                    left = "".join(raw[i1 + i : i1 + i + a])
                    right = "".join(reply[j1 + j : j1 + j + b])
                    alike = Levenshtein.normalized_similarity(left.casefold(), right.casefold())
                    if alike >= SIMILAR:
                        options.append((alike * max(a, b) + best[i + a][j + b], (a, b)))
            if options:
                best[i][j], step[i][j] = max(options, key=lambda o: o[0])
    i = j = 0
    while i < n and j <= m:
        a, b = step[i][j]
        if a and b:
            new = " ".join(reply[j1 + j : j1 + j + b])
            if new != " ".join(raw[i1 + i : i1 + i + a]):
                yield Pair(i1 + i, i1 + i + a, new)
        i, j = i + a, j + b
