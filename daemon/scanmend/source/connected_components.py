"""Connected components of a bilevel image: which pixels of ink touch each other, and so make one mark. numpy only."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Mark:
    """Bounding box of a connected component in pixels (right and bottom exclusive), and how many pixels it has."""

    left: int
    top: int
    right: int
    bottom: int
    pixels: int

    @property
    def longer_side(self) -> int:
        """The larger of width and height, in pixels."""
        return max(self.right - self.left, self.bottom - self.top)


def connected_marks(ink: NDArray[np.bool_]) -> Collection[Mark]:
    """Return the connected components of ``ink`` (rows by columns); pixels that touch at corners are connected.

    Works on runs, the stretches of ink in each row, joined to overlapping runs of the row above by union-find.
    """
    runs = _runs(ink)
    parent = list(range(len(runs)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above = 0
    for here, (row, start, end) in enumerate(runs):
        while above < here and (runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] < start)):
            above += 1
        for other in range(above, here):
            if runs[other][0] != row - 1 or runs[other][1] > end:
                break
            parent[root(other)] = root(here)
    found: dict[int, Mark] = {}
    for here, (row, start, end) in enumerate(runs):
        mark = found.get(root(here), Mark(start, row, end, row + 1, 0))
        found[root(here)] = Mark(
            min(mark.left, start), min(mark.top, row), max(mark.right, end), row + 1, mark.pixels + end - start
        )
    return found.values()


def _runs(ink: NDArray[np.bool_]) -> list[Any]:
    """``(row, start, end)`` of each run of ink, ``end`` exclusive; from top to bottom and left to right."""
    padded = np.zeros((ink.shape[0], ink.shape[1] + 2), np.int8)
    padded[:, 1:-1] = ink
    step = np.diff(padded, axis=1)
    rows, starts = np.nonzero(step == 1)
    ends = np.nonzero(step == -1)[1]
    return list(zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True))
