"""How much of a draft is worth a batch: what batches cost on this machine, weighed against how well drafts hold.

A batch of n rows costs anything from one to n times a single row, by model, processor and kernel, and in steps. So it
is measured while decoding, and so is the chance that one more token of the draft is right. Pure; the engine brings
the times.
"""

from collections import deque
from collections.abc import Mapping
from statistics import median

SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Rows of the batches that are tried, the row of the last token included."""
MEMORY_TOKENS = 120
"""Number of latest draft tokens over which the chance is averaged."""
START_CHANCE, START_TOKENS = 0.97, 30
"""Highest chance that a reply begins with, and the number of tokens that it counts as."""
MAX_DOUBT = 8
"""Number of breaks of the draft in a row after which further ones change nothing."""
FORGET_AFTER_SINGLES = 256
"""Number of single rows in a row after which the costs of larger batches are forgotten: they may be faster by now."""
_SAMPLES = 5
"""How many latest measurements of one size are kept."""


class Costs:
    """Measured seconds that a batch takes, by its number of rows."""

    def __init__(self) -> None:
        self._seen: dict[int, deque[float]] = {}
        self._singles = 0

    def learn(self, rows: int, seconds: float) -> None:
        """Add a measurement; batches larger than all of SIZES count as one size, an estimate for the others."""
        size = rows if rows <= SIZES[-1] else SIZES[-1] + 1
        if size > SIZES[-1]:
            self._seen[size] = deque([seconds * size / rows])
        elif rows == 1 or rows in SIZES:
            self._seen.setdefault(size, deque(maxlen=_SAMPLES)).append(seconds)
        self._singles = self._singles + 1 if rows == 1 else 0
        if self._singles >= FORGET_AFTER_SINGLES:
            self._singles = 0
            self._seen = {n: s for n, s in self._seen.items() if n == 1 or n > SIZES[-1]}

    def table(self) -> Mapping[int, float]:
        """Return the seconds for one row and each of SIZES; low where nothing was measured, so that it is tried."""
        known = {n: median(s) if len(s) > 2 else min(s) for n, s in sorted(self._seen.items())}  # noqa: PLR2004 -- an outlier
        return {n: _between(known, n) for n in (1, *SIZES)} if 1 in known else {}


class DraftLength:
    """Decides how many tokens of a draft to verify; one for each loaded model."""

    def __init__(self) -> None:
        self.costs = Costs()
        self._right, self._wrong = START_CHANCE * START_TOKENS, (1 - START_CHANCE) * START_TOKENS
        self._doubt, self._run = 1, 0

    @property
    def chance(self) -> float:
        """Probability that one more token of the draft is right when those before it were."""
        return self._right / (self._right + self._wrong)

    def begin(self) -> None:
        """Begin another reply: what was learned from earlier ones counts as START_TOKENS tokens."""
        chance = min(START_CHANCE, self.chance)
        self._right, self._wrong = chance * START_TOKENS, (1 - chance) * START_TOKENS
        self._doubt, self._run = 1, 0

    def length(self, available: int) -> int:
        """Return how many of the available tokens to verify; 0 where single rows are faster, or after a break."""
        table = self.costs.table()
        if not table or self._run < max(1, self._doubt // 2):
            return 0
        sizes = [n for n in table if n <= available + 1]
        return max(sizes, key=lambda n: self._expected(n) / table[n]) - 1

    def learn(self, right: int, wrong: int) -> None:
        """Count tokens of the draft that were right, and whether one was wrong; both 0 where there was no draft.

        Where no token was verified, the one decoded shows whether the first of the draft was right, at no cost. After a
        break of the draft at least one token is decoded so: the draft found after an edit is mostly right, but a single
        row is cheap. The more breaks came in a row, the more right tokens it takes.
        """
        keep = (1 - 1 / MEMORY_TOKENS) ** (right + wrong)
        self._right, self._wrong = self._right * keep + right, self._wrong * keep + wrong
        if right and not wrong:
            self._run += right
            return
        confirmed = self._run >= max(1, self._doubt // 2)
        self._doubt, self._run = 1 if confirmed else min(MAX_DOUBT, self._doubt + 1), 0

    def _expected(self, rows: int) -> float:
        """Return the tokens that a batch is expected to give: the right part of the draft, and the one after it."""
        p = self.chance
        return rows if p >= 1 else (1 - p**rows) / (1 - p)


def _between(known: Mapping[int, float], rows: int) -> float:
    """Interpolate between the sizes known; beyond the largest one, more rows are taken to cost nothing."""
    below = max(n for n in known if n <= rows)
    above = min((n for n in known if n >= rows), default=below)
    share = (rows - below) / (above - below) if above > below else 0.0
    return known[below] + share * (known[above] - known[below])
