"""scanmend.second_reader.lattice: a few best symbols for each step."""

import math

import numpy as np
import pytest

from scanmend.second_reader.lattice import LEAST_LOG_PROBABILITY, greedy_text, lattice

SYMBOLS = ("", "a", "b", "c", "d", "e")


def probabilities(*rows: dict[str, float]) -> np.ndarray:
    """Rows of what is likely; the rest of each is shared out among the others."""
    out = np.empty((len(rows), len(SYMBOLS)), np.float32)
    for row, likely in zip(out, rows, strict=True):
        row[:] = (1 - sum(likely.values())) / max(1, len(SYMBOLS) - len(likely))
        for symbol, share in likely.items():
            row[SYMBOLS.index(symbol)] = share
    return out


def test_the_best_symbols_of_a_step():
    """Four at most, the best first, in nats; those that are hardly possible are left out."""
    (step,) = lattice(probabilities({"a": 0.7, "b": 0.2, "": 0.05, "c": 0.04, "d": 0.009, "e": 0.001}), SYMBOLS, 1)
    assert [symbol for symbol, _ in step.symbols] == ["a", "b", "", "c"]
    assert step.symbols[0][1] == pytest.approx(math.log(0.7), abs=1e-3)
    (step,) = lattice(probabilities({"a": 0.99997, "": 1e-5}), SYMBOLS, 1)
    assert [symbol for symbol, _ in step.symbols] == ["a"]


def test_sure_blanks_become_one_step():
    """Their log-probabilities add up; what else one of them may be is kept, and where the gap is."""
    sure = {"": 0.999, "a": 0.001}
    steps = lattice(probabilities({"a": 0.9}, sure, {"": 0.996, "b": 0.004}, sure, {"c": 0.9}), SYMBOLS, 5)
    assert [step.symbols[0][0] for step in steps] == ["a", "", "c"]
    assert [step.at for step in steps] == [0.1, 0.5, 0.9]
    assert steps[1].symbols[0][1] == pytest.approx(2 * math.log(0.999) + math.log(0.996), abs=1e-3)
    assert dict(steps[1].symbols)["b"] == pytest.approx(math.log(0.004), abs=1e-3)
    assert all(log >= LEAST_LOG_PROBABILITY for step in steps for _, log in step.symbols[1:])


def test_unsure_blanks_stay():
    """Where another symbol is possible, each step counts."""
    assert len(lattice(probabilities({"": 0.9, "a": 0.1}, {"": 0.9, "a": 0.1}), SYMBOLS, 2)) == 2


def test_what_is_beyond_the_line():
    """The padding to the right of a line has no steps, but for the first, where the last letter may end."""
    steps = lattice(probabilities(*[{"a": 0.6, "b": 0.4}] * 10), SYMBOLS, 3.5)
    assert len(steps) == 5
    assert steps[-1].at == 1.0


def test_nothing_is_impossible():
    """A probability that underflowed to zero has a logarithm all the same."""
    (step,) = lattice(np.array([[0.0, 1.0, 0.0]], np.float32), SYMBOLS[:3], 1)
    assert step.symbols == (("a", 0.0),)


def test_the_likeliest_text():
    """Repeated symbols are one, unless a blank parts them."""
    rows = ["", "a", "a", "", "a", "b", "", ""]
    assert greedy_text(lattice(probabilities(*({row: 0.999} for row in rows)), SYMBOLS, 8)) == "aab"
