"""Puts lines that were read out of order at their place: what stands above in a column is read before. Pure.

Tesseract reads a page block by block, and now and then a block that stands far below comes first. In columns, order and
height may well disagree; but of two lines that share most of their width the upper one is read first, always.
"""

import heapq
from collections.abc import Sequence
from dataclasses import replace

from scanmend.document import Box, Line, union

SHARED_WIDTH = 0.5
"""Least share of the narrower line's width that two lines of one column have in common."""


def in_vertical_order(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines in an order in which no line stands below another of its column that follows it.

    Among those, the order stays as near to the one given as can be. Where nothing moves, the same lines come back;
    else paragraphs are numbered anew, and a line that moved begins one. Lines without boxes stay behind the line
    before them.
    """
    groups: list[list[int]] = []
    boxes: list[Box | None] = []
    for n, line in enumerate(lines):
        box = union(w.box for w in line.words)
        if box is None and groups:
            groups[-1].append(n)
        else:
            groups.append([n])
            boxes.append(box)
    order = [n for k in _sorted([_below(boxes, k) for k in range(len(groups))]) for n in groups[k]]
    if order == list(range(len(lines))):
        return tuple(lines)
    out: list[Line] = []
    paragraph = 0
    for k, n in enumerate(order):
        if k and (lines[order[k - 1]].paragraph != lines[n].paragraph or n != order[k - 1] + 1):
            paragraph += 1
        out.append(replace(lines[n], paragraph=paragraph))
    return tuple(out)


def _below(boxes: Sequence[Box | None], k: int) -> list[int]:
    """Return the indices of the boxes that stand below box ``k`` in its column."""
    box = boxes[k]
    if box is None:
        return []
    return [i for i, other in enumerate(boxes) if other is not None and i != k and _is_above(box, other)]


def _is_above(upper: Box, lower: Box) -> bool:
    shared = min(upper[2], lower[2]) - max(upper[0], lower[0])
    narrower = min(upper[2] - upper[0], lower[2] - lower[0])
    return (
        upper[3] <= (lower[1] + lower[3]) / 2
        and (upper[1] + upper[3]) / 2 <= lower[1]
        and shared > SHARED_WIDTH * narrower
    )


def _sorted(followers: Sequence[Sequence[int]]) -> list[int]:
    """Return all indices so that each comes before its followers, the smallest first where there is a choice.

    Kahn's algorithm (1962); indices in a circle, which boxes one above the other cannot make, come last.
    """
    waits = [0] * len(followers)
    for below in followers:
        for k in below:
            waits[k] += 1
    free = [n for n, count in enumerate(waits) if not count]
    order: list[int] = []
    while free:
        n = heapq.heappop(free)
        order.append(n)
        for k in followers[n]:
            waits[k] -= 1
            if not waits[k]:
                heapq.heappush(free, k)
    return [*order, *(n for n in range(len(followers)) if waits[n] > 0)]
