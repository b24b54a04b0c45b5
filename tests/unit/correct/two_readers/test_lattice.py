"""scanmend.correct.two_readers.lattice: the reading of a line, and how well any other text fits it."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.two_readers.lattice import (
    IMPOSSIBLE_NATS,
    MISSING_SYMBOL_NATS,
    LineReading,
    ctc_log_probability,
)
from scanmend.document import LatticeStep, SecondLine
from two_readings import corners, lattice, second


def reading(text, **options):
    return LineReading(second(text, **options))


def steps(*rows):
    """A reading of these steps; each row has one symbol, or symbols by their probability."""
    rows = [row if isinstance(row, dict) else {row: 1.0} for row in rows]
    ranked = [tuple(sorted(((s, math.log(p)) for s, p in row.items()), key=lambda one: -one[1])) for row in rows]
    lattice_steps = tuple(LatticeStep(i / len(rows), symbols) for i, symbols in enumerate(ranked))
    return LineReading(SecondLine(corners((0, 0, 100, 20)), lattice_steps))


def by_enumeration(matrix, labels):
    """The log-probability of the labels, by adding up every path of symbols that collapses to them."""
    total = 0.0
    for path in itertools.product(range(matrix.shape[1]), repeat=len(matrix)):
        collapsed = [symbol for symbol, _ in itertools.groupby(path) if symbol]
        if collapsed == labels:
            total += math.exp(sum(matrix[i, symbol] for i, symbol in enumerate(path)))
    return math.log(total) if total else None


class TestForwardAlgorithm:
    @settings(deadline=None, max_examples=25)
    @given(
        st.integers(1, 5).flatmap(
            lambda n: st.lists(st.lists(st.floats(-6, 0), min_size=3, max_size=3), min_size=n, max_size=n)
        ),
        st.lists(st.integers(1, 2), max_size=4),
    )
    def test_it_adds_up_all_alignments(self, rows, labels):
        """It gives what enumeration gives, and a value below every path where no alignment exists."""
        matrix = np.array(rows)
        expected = by_enumeration(matrix, labels)
        if expected is None:
            assert ctc_log_probability(matrix, labels) == min(IMPOSSIBLE_NATS, MISSING_SYMBOL_NATS * (len(rows) + 1))
        else:
            assert ctc_log_probability(matrix, labels) == pytest.approx(expected)

    def test_repeated_letters_need_a_step_between(self):
        """Two of the same symbol without one of no symbol between are one."""
        matrix = np.full((2, 2), math.log(0.5))
        assert ctc_log_probability(matrix, [1]) == pytest.approx(math.log(0.75))
        assert ctc_log_probability(matrix, [1, 1]) == IMPOSSIBLE_NATS

    def test_no_steps(self):
        """Nothing fits into nothing."""
        assert ctc_log_probability(np.empty((0, 2)), []) == IMPOSSIBLE_NATS

    def test_too_long_a_text_is_worse_than_any_that_fits(self):
        """However unlikely a text is, one for which there is no room is less likely."""
        matrix = np.full((9, 2), MISSING_SYMBOL_NATS)
        assert ctc_log_probability(matrix, [1] * 6) < ctc_log_probability(matrix, [1] * 5) < IMPOSSIBLE_NATS


class TestGreedyDecoding:
    @pytest.mark.parametrize("text", ["", "a", "The goods were sent", "1,250.00", "bookkeeper  ee"])
    def test_the_text(self, text):
        """The most likely symbols, repeated letters and blanks included."""
        assert reading(text).text == text

    def test_steps_of_one_character(self):
        """They are one character, as likely as at its first step, in the middle of its steps."""
        (one,) = steps({"a": 0.9, "": 0.1}, {"a": 0.6, "": 0.4}, {"a": 0.8, "": 0.2}, "").characters
        assert (one.text, one.first, one.last) == ("a", 0, 2)
        assert one.at == pytest.approx(0.25)
        assert one.probability == pytest.approx(0.9)

    def test_repeated_letters(self):
        """They are two where a step of no symbol parts them."""
        assert steps("l", "l", "", "o").text == "lo"
        assert steps("l", "", "l", "o").text == "llo"

    def test_confidence(self):
        """The mean of the characters' probabilities; 0 where nothing was read."""
        assert steps({"a": 0.9, "": 0.1}, "", {"b": 0.5, "": 0.1}).confidence == pytest.approx(0.7)
        assert LineReading(SecondLine(corners((0, 0, 9, 9)))).confidence == 0.0

    def test_substring(self):
        """Both ends included, blanks at the ends not."""
        assert reading("to the sea").substring(2, 6) == "the"

    @settings(deadline=None, max_examples=40)
    @given(st.text("abll 12", max_size=12))
    def test_characters_go_from_left_to_right(self, text):
        """Each has its own steps, after those of the one before it."""
        chars = reading(text).characters
        assert all(a.last < b.first and a.at < b.at for a, b in itertools.pairwise(chars))


class TestLogProbability:
    def gain(self, one, first, last, raw, new):
        return one.log_probability(first, last, new) - one.log_probability(first, last, raw)

    def test_the_difference_of_two_texts_is_that_of_their_characters(self):
        """What stands beside them counts for both."""
        one = reading("the house", others={4: {"n": 0.25}})
        assert self.gain(one, 4, 8, "nouse", "house") == pytest.approx(math.log(3), abs=0.01)
        assert self.gain(one, 4, 8, "house", "house") == 0

    @pytest.mark.parametrize("text", ["honse", "hous", "housee", "mouse", "", "h ouse"])
    def test_the_reading_itself_fits_best(self, text):
        """Any other text is less likely."""
        assert self.gain(reading("the house is"), 4, 8, "house", text) < -3

    def test_a_place_between_characters(self):
        """With ``last`` before ``first``, a text is weighed as standing between two characters."""
        one = reading("the house")
        assert one.log_probability(4, 3, "") > one.log_probability(4, 3, "x") + 5

    def test_symbols_that_look_alike_to_the_network(self):
        """A mark that the network does not know counts as the one that it knows."""
        one = reading('the "end"')
        assert one.log_probability(4, 8, "“end”") == one.log_probability(4, 8, '"end"')
        assert one.log_probability(4, 8, "“end”") > one.log_probability(4, 8, "*end*") + 5

    def test_a_symbol_that_was_never_seen(self):
        """It is unlikely, but not impossible."""
        one = reading("abc")
        assert self.gain(one, 1, 1, "b", "ß") == pytest.approx(MISSING_SYMBOL_NATS, abs=1.0)

    @settings(deadline=None, max_examples=40)
    @given(st.text("abc ", min_size=1, max_size=10), st.text("abcd", max_size=14), st.data())
    def test_for_any_text_at_any_place(self, text, other, data):
        """It is a logarithm of a probability, and the characters' own text is the likeliest."""
        one = reading(text)
        first = data.draw(st.integers(0, len(one.characters) - 1))
        last = data.draw(st.integers(first, len(one.characters) - 1))
        own = one.log_probability(first, last, text[first : last + 1])
        assert one.log_probability(first, last, other) <= own + 1e-9 <= 0.1


def test_the_lattices_of_these_tests_add_up():
    """No step gives its symbols more than the whole probability, but for rounding."""
    for step in lattice("abc", others={1: {"d": 0.3}}):
        assert sum(math.exp(nats) for _, nats in step.symbols) <= 1.001
