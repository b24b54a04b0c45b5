"""How long drafts get, on machines whose batches cost this or that."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.llm.inference.draft_length import FORGET_AFTER_SINGLES, SIZES, START_CHANCE, Costs, DraftLength


def steep(rows):
    """A processor, in milliseconds: a second row costs more than another call."""
    return 40 if rows == 1 else 80 + 9 * (-(-rows // 16)) * 16


def flat(rows):
    """A GPU."""
    return 10 + 0.02 * rows


def linear(rows):
    """A machine that gains nothing by batches."""
    return 40 * rows


def decode(pace, chance, cost, tokens=2000, seed=1):
    """Decode a reply whose draft is right with that chance for each token; return the time against single rows."""
    chances = random.Random(seed)  # noqa: S311 -- the same on each run
    pace.begin()
    pace.costs.learn(300, 0.8 * cost(300))
    taken, written = 0.0, 0
    while written < tokens:
        offered = pace.length(63)
        held = next((i for i in range(max(1, offered)) if chances.random() >= chance), max(1, offered))
        taken += cost(1 + offered)
        pace.costs.learn(1 + offered, cost(1 + offered))
        pace.learn(held, held < max(1, offered))
        written += 1 + (held if offered else 0)
    return taken / (written * cost(1))


class TestNeverSlower:
    @pytest.mark.parametrize("cost", [steep, linear, flat])
    @pytest.mark.parametrize("chance", [0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 1.0])
    def test_than_single_rows(self, chance, cost):
        """However poor the drafts and whatever batches cost, finding that out takes a few hundredths of the time."""
        assert decode(DraftLength(), chance, cost) < 1.04

    def test_and_much_faster_where_drafts_hold(self):
        """Where 98 of 100 tokens are copied, more than twice as fast on a processor, and ten times on a GPU."""
        assert decode(DraftLength(), 0.98, steep) < 1 / 2.0
        assert decode(DraftLength(), 0.98, flat) < 1 / 10

    def test_it_recovers(self):
        """After a page of edits a clean page is as fast as it would have been."""
        pace = DraftLength()
        decode(pace, 0.3, steep)
        assert decode(pace, 0.99, steep) < decode(DraftLength(), 0.99, steep) + 0.05

    def test_it_recovers_from_a_busy_spell(self):
        """Batches that were slow once are tried again."""
        pace = DraftLength()
        decode(pace, 0.99, lambda rows: steep(rows) * (1 if rows == 1 else 20), tokens=100)
        assert pace.length(63) == 0
        decode(pace, 0.99, steep, tokens=2 * FORGET_AFTER_SINGLES)
        assert pace.length(63) > 0


class TestLength:
    def measured(self, cost):
        pace = DraftLength()
        for rows in (1, *SIZES):
            pace.costs.learn(rows, cost(rows))
        pace.learn(1, 0)
        return pace

    def test_nothing_is_offered_before_a_single_row_was_measured(self):
        """What drafts gain is not known yet."""
        pace = DraftLength()
        pace.costs.learn(300, 1.0)
        pace.learn(1, 0)
        assert pace.length(63) == 0

    def test_more_right_means_longer(self):
        """The length follows the chance, up and down."""
        pace = self.measured(steep)
        for _ in range(100):
            pace.learn(5, 0)
        longest = pace.length(63)
        for _ in range(10):
            pace.learn(1, 1)
            pace.learn(1, 0)
        shorter = pace.length(63)
        assert longest == 63
        assert 0 < shorter < longest
        for _ in range(100):
            pace.learn(0, 1)
        pace.learn(1, 0)
        assert pace.length(63) == 0

    def test_no_longer_than_what_is_there(self):
        """Near the source's end the drafts get short."""
        pace = self.measured(flat)
        assert pace.length(63) == 63
        assert pace.length(20) == 15
        assert pace.length(0) == 0

    @pytest.mark.parametrize("outcome", [(0, 1), (7, 1), (0, 0)])
    def test_after_a_break_the_place_is_confirmed_first(self, outcome):
        """A draft that broke, or a place that was lost, is followed by a single row."""
        pace = self.measured(flat)
        pace.learn(*outcome)
        assert pace.length(63) == 0
        pace.learn(1, 0)
        assert pace.length(63) == 63

    def test_after_a_long_way_of_its_own_a_reply_is_trusted_later(self):
        """One word in common with the source does not make a translation a copy."""
        pace = self.measured(flat)
        for _ in range(20):
            pace.learn(0, 0)
        for _ in range(3):
            pace.learn(1, 0)
            assert pace.length(63) == 0
        pace.learn(1, 0)
        assert pace.length(63) == 63

    def test_a_new_reply_begins_with_caution(self):
        """Pages that were copied to the letter are trusted up to a bound in the next reply, and bad ones remembered."""
        pace = self.measured(flat)
        pace.learn(5000, 0)
        pace.begin()
        assert pace.chance == pytest.approx(START_CHANCE)
        for _ in range(500):
            pace.learn(0, 1)
        pace.begin()
        assert pace.chance < 0.1

    @given(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 1)), max_size=60), st.integers(0, 63))
    def test_it_stays_within_bounds(self, outcomes, available):
        """Whatever happens, no more than what is available is offered."""
        pace = self.measured(steep)
        for outcome in outcomes:
            pace.learn(*outcome)
        assert 0 <= pace.length(available) <= available


class TestCosts:
    def test_between_sizes(self):
        """What was not measured lies between its neighbours."""
        costs = Costs()
        costs.learn(1, 1.0)
        costs.learn(3, 2.0)
        assert costs.table()[2] == pytest.approx(1.5)

    def test_beyond_what_was_measured(self):
        """It is taken to cost nothing more, so that it is tried, unless a prompt has told what a row costs."""
        costs = Costs()
        costs.learn(1, 1.0)
        assert costs.table()[64] == 1.0
        costs.learn(650, 20.0)
        assert 1.0 < costs.table()[64] < 2.1

    def test_one_slow_call_among_several(self):
        """It does not count."""
        costs = Costs()
        for seconds in (1.0, 1.1, 9.0, 1.0, 1.1):
            costs.learn(1, 1.0)
            costs.learn(16, seconds)
        assert costs.table()[16] == pytest.approx(1.1)

    def test_one_slow_call_among_two(self):
        """Neither while there are few."""
        costs = Costs()
        for seconds in (9.0, 1.5):
            costs.learn(1, 1.0)
            costs.learn(16, seconds)
        assert costs.table()[16] == pytest.approx(1.5)
