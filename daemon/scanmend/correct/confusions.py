"""The OCR channel: the cost, in nats, of the true text having been read as the raw text.

A noisy channel after Kernighan, Church and Gale (1990) and Brill and Moore (2000): the true word is rewritten into
the raw word by copies, which are free, and by confusions of up to three characters with up to three, whose costs
come from a table learned by ``scripts/bench/learn_confusions.py``.
"""

import functools
import heapq
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from math import inf
from pathlib import Path
from typing import NamedTuple

from scanmend.errors import ConfigError

SUBSTITUTION_NATS = 8.0
"""Cost, in nats, of a character read as another one, where the table does not hold the pair."""
SAME_LETTER_NATS = 5.5
"""Cost, in nats, of such a substitution where only case or accents differ."""
DELETION_NATS = 8.5
"""Cost, in nats, of a true character that was not read at all, where the table does not hold it."""
INSERTION_NATS = 8.5
"""Cost, in nats, of a letter or digit read where there was none, where the table does not hold it."""
MARK_INSERTION_NATS = 6.0
"""Cost, in nats, of any other character read where there was none: specks are read as points and dashes."""
CAPITALS_SURCHARGE_NATS = 1.0
"""Nats added to a confusion of small letters where it is applied to a word in capitals."""
MAX_NGRAM = 3
"""Most characters on each side of one confusion."""
EMPTY = "∅"
"""Symbol for no character in the table file."""

_MAX_DIAGONAL_OFFSET = 4
"""Characters by which an alignment may stray from the diagonal, beyond the difference in length."""

Rows = Mapping[tuple[str, str], float]
"""The table of confusions: ``(raw, true)`` to nats."""
_ConfusionsByFirst = dict[str, tuple[tuple[int, int, str, float], ...]]
"""By first true character: entries of raw length, true length, true n-gram and nats."""


class Change(NamedTuple):
    """One confusion within an alignment: ``true`` was read as ``raw``, at a cost in nats."""

    raw: str
    true: str
    nats: float


class _Table(NamedTuple):
    """The rows of a table, grouped for look-up."""

    by_raw: dict[str, dict[str, float]]
    """Nats by raw n-gram and then by true n-gram, neither of them empty."""
    options: dict[str, _ConfusionsByFirst]
    """The same rows by raw n-gram, in the form that the alignment reads."""
    added: dict[str, float]
    """Nats of a raw character that was read where there was none."""
    lost: dict[str, float]
    """Nats of a true character that was not read."""

    def price(self, raw: str, true: str) -> float:
        """Return the nats of this one confusion; infinity where the table lacks it and no default applies."""
        if not raw:
            return self.lost.get(true, DELETION_NATS if len(true) == 1 else inf)
        if not true:
            return self.added.get(
                raw, (INSERTION_NATS if raw.isalnum() else MARK_INSERTION_NATS) if len(raw) == 1 else inf
            )
        default = unlisted_substitution_cost(raw, true) if len(raw) == len(true) == 1 and raw != true else inf
        return min(default, self.by_raw.get(raw, {}).get(true, inf))


class _WordConfusions(NamedTuple):
    """The confusions that may have happened at each character of one raw word."""

    confused: tuple[_ConfusionsByFirst, ...]
    """For each position, the confusions whose raw side begins there."""
    added: tuple[float, ...]
    """For each character, the nats of its having been read where there was none."""


@functools.lru_cache(maxsize=1 << 14)
def unlisted_substitution_cost(raw: str, true: str) -> float:
    """Return the nats of the character ``true`` read as the character ``raw``, where the table lacks the pair."""
    return SAME_LETTER_NATS if _base_letter(raw) == _base_letter(true) else SUBSTITUTION_NATS


class Confusions:
    """The table of confusions: P(raw | true) as costs in nats; immutable and safe to share between threads."""

    def __init__(self, rows: Rows) -> None:
        self._rows = dict(rows)
        self._exact = _table_of(self._rows.items())
        self._capital = _table_of([*self._rows.items(), *_in_capitals(self._rows)])
        self._word_confusions = functools.lru_cache(maxsize=1 << 12)(self._find_word_confusions)

    @classmethod
    def load(cls, path: Path | None = None) -> "Confusions":
        """Read a table of ``raw TAB true TAB nats``; the packaged one unless a path is given.

        Raises ConfigError, naming file and line, where a row makes no sense, and OSError without the file.
        """
        source = resources.files("scanmend.correct").joinpath("confusions.tsv") if path is None else path
        return cls(dict(_parsed(source.read_text(encoding="utf-8"), str(source))))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> dict[tuple[str, str], float]:
        """A copy of the table: ``(raw, true)`` to nats."""
        return dict(self._rows)

    def cost(self, raw: str, true: str, limit: float = inf) -> float:
        """Return the nats of the cheapest alignment: 0 for equal words, infinity where it is above ``limit``."""
        if raw == true:
            return 0.0
        bound = min(limit, self._one_confusion_cost(raw, true))
        nats = self._alignment_costs(raw, true, bound)[-1][-1]
        return nats if nats <= limit else inf

    def explain(self, raw: str, true: str) -> tuple[Change, ...]:
        """Return the confusions of the cheapest alignment from left to right; characters read right are left out."""
        best = self._alignment_costs(raw, true, inf)
        table = self._table(raw, true)
        i, j = len(raw), len(true)
        found: list[Change] = []
        while i or j:
            if i and j and raw[i - 1] == true[j - 1] and best[i][j] == best[i - 1][j - 1]:
                i, j = i - 1, j - 1
                continue
            change = next(
                Change(raw[a:i], true[b:j], nats)
                for a in range(i, max(-1, i - MAX_NGRAM - 1), -1)
                for b in range(j, max(-1, j - MAX_NGRAM - 1), -1)
                if (nats := table.price(raw[a:i], true[b:j])) < inf and best[a][b] + nats == best[i][j]
            )
            found.append(change)
            i, j = i - len(change.raw), j - len(change.true)
        return tuple(reversed(found))

    def possible_originals(self, raw: str, limit: float, most: int = 500) -> Iterator[tuple[str, float]]:
        """Yield texts that one or two confusions of the table turn into ``raw``, with their nats, the cheapest first.

        None costs more than ``limit``; at most ``most`` are yielded, and never ``raw`` itself.
        """
        singles = sorted(self._single_confusions(raw, limit))
        cheapest: dict[str, float] = {}
        for index, (nats, start, end, true) in enumerate(singles):
            text = raw[:start] + true + raw[end:]
            cheapest[text] = min(nats, cheapest.get(text, inf))
            for more, at, till, other in singles[index + 1 :]:
                if nats + more > limit:
                    break
                if till <= start and at < end:
                    text = raw[:at] + other + raw[till:start] + true + raw[end:]
                elif end <= at and start < till:
                    text = raw[:start] + true + raw[end:at] + other + raw[till:]
                else:
                    continue
                cheapest[text] = min(nats + more, cheapest.get(text, inf))
        cheapest.pop(raw, None)
        yield from heapq.nsmallest(most, cheapest.items(), key=lambda item: (item[1], item[0]))

    def _single_confusions(self, raw: str, limit: float) -> Iterator[tuple[float, int, int, str]]:
        """Yield each confusion that may be reversed in raw: nats, start, end, and the true text for that stretch."""
        table = self._table(raw, raw)
        for start in range(len(raw) + 1):
            yield from ((nats, start, start, true) for true, nats in table.lost.items() if nats <= limit)
            if start < len(raw) and (nats := table.added.get(raw[start], inf)) <= limit:
                yield nats, start, start + 1, ""
            for end in range(start + 1, min(start + MAX_NGRAM, len(raw)) + 1):
                options = table.by_raw.get(raw[start:end], {})
                yield from ((nats, start, end, true) for true, nats in options.items() if nats <= limit)

    def _table(self, raw: str, true: str) -> "_Table":
        return self._capital if raw.isupper() and true.isupper() else self._exact

    def _one_confusion_cost(self, raw: str, true: str) -> float:
        """Return the nats if one confusion of the table explains all the difference, else infinity.

        This upper bound of the cost is quick to find.
        """
        shorter = min(len(raw), len(true))
        start = 0
        while start < shorter and raw[start] == true[start]:
            start += 1
        end, shorter = -1, shorter - start
        while end >= -shorter and raw[end] == true[end]:
            end -= 1
        return self._rows.get((raw[start : len(raw) + end + 1], true[start : len(true) + end + 1]), inf)

    def _alignment_costs(self, raw: str, true: str, limit: float) -> list[list[float]]:  # noqa: C901 -- the hot loop, kept in one
        """Return ``best[i][j]``: nats of j true characters read as i raw ones, from the left; not exact above limit."""
        table = self._table(raw, true)
        confused, added = self._word_confusions(raw, table is self._capital)
        lost = [table.lost.get(character, DELETION_NATS) for character in true]
        n, m = len(raw), len(true)
        left, right = _MAX_DIAGONAL_OFFSET + max(0, n - m), _MAX_DIAGONAL_OFFSET + max(0, m - n)
        best = [[inf] * (m + 1) for _ in range(n + 1)]
        best[0][0] = 0.0
        for i, row in enumerate(best):
            for j in range(max(0, i - left), min(m, i + right) + 1):
                here = row[j]
                if here > limit:
                    continue
                if j < m and (nats := here + lost[j]) < row[j + 1]:
                    row[j + 1] = nats
                if i == n:
                    continue
                below = best[i + 1]
                if (nats := here + added[i]) < below[j]:
                    below[j] = nats
                if j == m:
                    continue
                letter, wanted = raw[i], true[j]
                nats = here if letter == wanted else here + unlisted_substitution_cost(letter, wanted)
                if nats < below[j + 1]:  # noqa: PLR1730 -- min() is a call, here in the hot loop
                    below[j + 1] = nats
                for taken, given, text, price in confused[i].get(wanted, ()):
                    if given == 1 or true.startswith(text, j):
                        target = best[i + taken]
                        if (nats := here + price) < target[j + given]:
                            target[j + given] = nats
        return best

    def _find_word_confusions(self, raw: str, capital: bool) -> _WordConfusions:  # noqa: FBT001 -- lru_cache keys by position
        table = self._capital if capital else self._exact
        confused = []
        for start in range(len(raw)):
            known = (
                table.options.get(raw[start:end]) for end in range(start + 1, min(start + MAX_NGRAM, len(raw)) + 1)
            )
            first, *rest = [found for found in known if found] or [{}]
            for more in rest:
                first = {key: first.get(key, ()) + more.get(key, ()) for key in first.keys() | more.keys()}
            confused.append(first)
        return _WordConfusions(tuple(confused), tuple(table.price(character, "") for character in raw))


def _base_letter(character: str) -> str:
    return unicodedata.normalize("NFD", character)[0].casefold()


def _table_of(rows: Iterable[tuple[tuple[str, str], float]]) -> _Table:
    by_raw: dict[str, dict[str, float]] = {}
    added: dict[str, float] = {}
    lost: dict[str, float] = {}
    for (raw, true), nats in rows:
        target, key = (lost, true) if not raw else (added, raw) if not true else (by_raw.setdefault(raw, {}), true)
        target[key] = min(nats, target.get(key, inf))
    options: dict[str, _ConfusionsByFirst] = {}
    for raw, trues in by_raw.items():
        here = options[raw] = {}
        for true, nats in trues.items():
            here[true[0]] = (*here.get(true[0], ()), (len(raw), len(true), true, nats))
    return _Table(by_raw, options, added, lost)


def _in_capitals(rows: Rows) -> Iterator[tuple[tuple[str, str], float]]:
    """Yield the confusions of small letters in capitals, each at the surcharge."""
    for (raw, true), nats in rows.items():
        upper = raw.upper(), true.upper()
        if upper != (raw, true) and upper[0] != upper[1] and (len(upper[0]), len(upper[1])) == (len(raw), len(true)):
            yield upper, nats + CAPITALS_SURCHARGE_NATS


def _parsed(text: str, name: str) -> Iterator[tuple[tuple[str, str], float]]:
    for number, row in enumerate(text.splitlines(), 1):
        if not row or row.startswith("# "):
            continue
        try:
            raw, true, nats = row.split("\t")
            pair, price = (raw.replace(EMPTY, ""), true.replace(EMPTY, "")), float(nats)
        except ValueError as problem:
            raise ConfigError(
                [f"{name}:{number}: a row is raw, true and nats with tabs between, not {row!r}"]
            ) from problem
        if fault := _row_error(*pair, price):
            raise ConfigError([f"{name}:{number}: {fault}: {row!r}"])
        yield pair, price


def _row_error(raw: str, true: str, nats: float) -> str:
    if raw == true:
        return "nothing is confused here"
    if not 0 < nats < inf:
        return "nats must be above 0 and finite"
    if max(len(raw), len(true)) > (MAX_NGRAM if raw and true else 1):
        return f"at most {MAX_NGRAM} characters on a side, and one beside none"
    return ""
