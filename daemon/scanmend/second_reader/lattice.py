"""Turns the recognizer's probabilities into lattice steps: the few best symbols of each, in nats. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scanmend.document import LatticeStep

Probabilities = npt.NDArray[np.float32]
"""Steps by symbols; each row sums to 1. Column 0 is "no new symbol here"."""

SURE_BLANK = 0.995
"""Probability of "no new symbol" above which steps in a row become one: they say nothing but where the gap is."""
MOST_SYMBOLS = 4
"""Most symbols of a step."""
LEAST_LOG_PROBABILITY = -9.0
"""Symbols less likely than this, in nats, are left out, but for the best of a step."""

_FLOOR = 1e-30
"""Least probability whose logarithm is taken."""
_SORTED_STEPS = 16
"""Steps whose symbols are sorted at a time."""


def lattice(probabilities: Probabilities, symbols: Sequence[str], width: float) -> tuple[LatticeStep, ...]:
    """Return the steps of a line.

    ``symbols``: what the columns stand for. ``width``: how many steps the line itself takes, the rest of the rows
    being beyond its right end; a fraction counts.
    """
    used = probabilities[: min(len(probabilities), math.ceil(width) + 1)]
    best = _best_columns(used)
    logs = np.log(np.maximum(np.take_along_axis(used, best, axis=1), _FLOOR))
    steps = [{int(c): float(log) for c, log in zip(*row, strict=True)} for row in zip(best, logs, strict=True)]
    blanks = np.log(np.maximum(used[:, 0], _FLOOR))
    return tuple(
        LatticeStep(
            round(min((first + end) / 2 / max(width, 1.0), 1.0), 4),
            _kept(
                _merged(steps[first:end], float(blanks[first:end].sum())) if end - first > 1 else steps[first], symbols
            ),
        )
        for first, end in _runs(used[:, 0] > SURE_BLANK)
    )


def greedy_text(steps: Iterable[LatticeStep]) -> str:
    """Return the likeliest text: the best symbol of each step, repeated ones once."""
    best = [step.symbols[0][0] for step in steps]
    return "".join(symbol for before, symbol in pairwise(("", *best)) if symbol != before)


def _best_columns(probabilities: Probabilities) -> npt.NDArray[np.intp]:
    """Return the columns of the most likely symbols of each step, in no particular order.

    A few steps at a time, as with all symbols the sorting of a long line would take 50 MiB.
    """
    count = probabilities.shape[1]
    if count <= MOST_SYMBOLS:
        return np.tile(np.arange(count), (len(probabilities), 1))
    parts = (probabilities[i : i + _SORTED_STEPS] for i in range(0, len(probabilities), _SORTED_STEPS))
    return np.concatenate([np.argpartition(p, count - MOST_SYMBOLS, axis=1)[:, -MOST_SYMBOLS:] for p in parts])


def _runs(sure: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield first and end of each run of steps that are surely blank, and of each other step by itself."""
    first = 0
    while first < len(sure):
        end = first + 1
        while sure[first] and end < len(sure) and sure[end]:
            end += 1
        yield first, end
        first = end


def _merged(steps: Sequence[dict[int, float]], blank: float) -> dict[int, float]:
    """Return a run as one step: blank all along, or one symbol at the step where it is most likely.

    ``blank``: log-probability of the former; columns come with their log-probabilities.
    """
    found: dict[int, float] = {}
    for step in steps:
        for column, log in step.items():
            found[column] = max(found.get(column, -math.inf), log)
    return {**found, 0: blank}


def _kept(found: dict[int, float], symbols: Sequence[str]) -> tuple[tuple[str, float], ...]:
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_SYMBOLS]
    return tuple(
        (symbols[column], round(log, 3))
        for rank, (column, log) in enumerate(ranked)
        if rank == 0 or log >= LEAST_LOG_PROBABILITY
    )
