"""The second reader's reading of one line: its characters with their places, and the probability of any other text.

The second reader is a network for connectionist temporal classification (Graves et al. 2006): at each step along the
line it says how likely each symbol is there, or none. The probability of a text is the sum over all ways to set it
along the steps, which the forward algorithm adds up. So the image itself can be asked how well *any* text fits it.
"""

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scanmend.document import SecondLine

MISSING_SYMBOL_NATS = -11.0
"""Log-probability of a symbol that is not among the best of its step."""
IMPOSSIBLE_NATS = -60.0
"""Log-probability of a text for which the line has too few steps; less where a text that fits may be as low."""
CONTEXT_CHARACTERS = 2
"""Characters of the reading, on each side, that are weighed together with the text that is asked for."""
_NO_SYMBOL = ""
_LOWEST = -1e9
_EQUIVALENT = {"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "—": "-", "–": "-", "…": "."}
"""Symbols that the network hardly tells apart: the one stands for the other where the other was not seen."""


@dataclass(frozen=True, slots=True)
class Character:
    """One character of the reading, blanks included."""

    text: str
    first: int
    """Index of its first step."""
    last: int
    """Index of its last step."""
    at: float
    """Where its middle stands along the line: 0 at the left end, 1 at the right end."""
    probability: float
    """How likely it is at its first step."""


class LineReading:
    """What the second reader read in one line."""

    def __init__(self, line: SecondLine) -> None:
        self.line = line
        self._steps = line.steps

    @cached_property
    def characters(self) -> tuple[Character, ...]:
        """The most likely character of each run of steps (greedy decoding)."""
        out: list[Character] = []
        before = _NO_SYMBOL
        for i, step in enumerate(self._steps):
            symbol, nats = step.symbols[0]
            if symbol not in (_NO_SYMBOL, before):
                out.append(Character(symbol, i, i, step.at, math.exp(nats)))
            elif symbol != _NO_SYMBOL:
                first = out[-1]
                at = (self._steps[first.first].at + step.at) / 2
                out[-1] = Character(symbol, first.first, i, at, first.probability)
            before = symbol
        return tuple(out)

    @property
    def text(self) -> str:
        """The reading, with the blanks that the second reader saw."""
        return "".join(c.text for c in self.characters)

    @cached_property
    def confidence(self) -> float:
        """Mean probability of the characters, from 0 to 1; 0 where nothing was read."""
        known = [c.probability for c in self.characters]
        return sum(known) / len(known) if known else 0.0

    def substring(self, first: int, last: int) -> str:
        """Return the characters from index ``first`` to index ``last``, both included, with single blanks within.

        A wide gap is now and then read as two blanks.
        """
        return " ".join("".join(c.text for c in self.characters[first : last + 1]).split())

    def log_probability(self, first: int, last: int, text: str) -> float:
        """Return the log-probability, in nats, that the image shows ``text`` in place of these characters.

        The characters are those from index ``first`` to ``last``, both included; ``last`` is ``first - 1`` for the
        place before ``first``. Together with ``CONTEXT_CHARACTERS`` of the reading on each side, so that only
        differences between two texts at the same place mean something.
        """
        chars = self.characters
        begin, end = max(0, first - CONTEXT_CHARACTERS), min(len(chars) - 1, last + CONTEXT_CHARACTERS)
        left = "".join(c.text for c in chars[begin:first])
        right = "".join(c.text for c in chars[last + 1 : end + 1])
        start = chars[begin - 1].last + 1 if begin > 0 else 0
        stop = chars[end + 1].first if end + 1 < len(chars) else len(self._steps)
        return ctc_log_probability(self._matrix[start:stop], self._columns_of(left + text + right))

    def gain(self, first: int, last: int, raw: str, new: str) -> float:
        """Return the log-probability of ``new`` less that of ``raw``, in nats, in place of these characters."""
        return self.log_probability(first, last, new) - self.log_probability(first, last, raw)

    def _columns_of(self, text: str) -> list[int]:
        other = len(self._columns)
        found = []
        for c in text:
            column = self._columns.get(c)
            if column is None:
                column = self._columns.get(_EQUIVALENT.get(c, ""), other) or other
            found.append(column)
        return found

    @cached_property
    def _columns(self) -> dict[str, int]:
        symbols = {symbol for step in self._steps for symbol, _ in step.symbols}
        return {_NO_SYMBOL: 0, **{s: i for i, s in enumerate(sorted(symbols - {_NO_SYMBOL}), 1)}}

    @cached_property
    def _matrix(self) -> npt.NDArray[np.float64]:
        """Log-probabilities, steps by symbols; the last column is for any symbol that was not seen in the line."""
        matrix = np.full((len(self._steps), len(self._columns) + 1), MISSING_SYMBOL_NATS)
        for i, step in enumerate(self._steps):
            for symbol, nats in step.symbols:
                matrix[i, self._columns[symbol]] = max(nats, MISSING_SYMBOL_NATS)
        return matrix


def ctc_log_probability(steps: npt.NDArray[np.float64], labels: list[int]) -> float:
    """Return the log-probability, in nats, of the labels over the steps, by the forward algorithm.

    ``steps``: log-probabilities, steps by symbols; column 0 is for no symbol. ``labels``: columns, without those of no
    symbol. Where there are too few steps for the labels, a value below that of any labels that fit.
    """
    repeats = sum(a == b for a, b in itertools.pairwise(labels))
    if len(steps) < len(labels) + repeats or not len(steps):
        return min(IMPOSSIBLE_NATS, MISSING_SYMBOL_NATS * (len(steps) + 1))
    extended = np.zeros(2 * len(labels) + 1, dtype=int)
    extended[1::2] = labels
    emitted = steps[:, extended]
    skips = np.zeros(len(extended), dtype=bool)
    skips[3::2] = extended[3::2] != extended[1:-2:2]
    forward = np.full(len(extended) + 2, _LOWEST)  # two places of padding on the left
    forward[2] = emitted[0, 0]
    if labels:
        forward[3] = emitted[0, 1]
    for row in emitted[1:]:
        skipped = np.where(skips, forward[:-2], _LOWEST)
        forward[2:] = np.logaddexp(np.logaddexp(forward[2:], forward[1:-1]), skipped) + row
    return float(np.logaddexp(forward[-1], forward[-2]) if labels else forward[-1])
