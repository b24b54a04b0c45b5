"""Who may have a model next, and which model is given up: tables of queues, by plain values."""

from dataclasses import replace

import pytest

from fake_hosts import loaded_model
from scanmend.config.schema import ModelSpec
from scanmend.llm.scheduler.queue import may_enter, yielding
from scanmend.llm.scheduler.state import Hold, Policy, Snapshot, Ticket

NOW = 1000.0
MAX_WAIT_S = Policy().max_wait_s
SPECS = {name: ModelSpec(path=f"{name}.gguf") for name in "abc"}


def state(queue=(), held="", loaded="", draining="", most=1):
    """``queue``: models and how long they are waited for; ``held``: models, the one held longest first."""
    return Snapshot(
        Policy(max_loaded=most),
        SPECS,
        queue=tuple(Ticket(name, NOW - waited) for name, waited in queue),
        held={name: Hold(SPECS[name], NOW - 500.0 + n) for n, name in enumerate(held)},
        loaded={name: loaded_model(name, SPECS[name]) for name in loaded},
        draining=dict.fromkeys(draining, "asked to"),
    )


@pytest.mark.parametrize(
    ("given", "enter"),
    [
        ({"queue": [("a", 0)]}, "a"),
        ({"queue": [("a", 9), ("b", 5)]}, "a"),  # who came first
        ({"queue": [("a", 9), ("b", 5)], "loaded": "b"}, "b"),  # the loaded model goes first
        ({"queue": [("a", 9), ("b", 5), ("b", 3)], "loaded": "b"}, "b"),  # the first of its model; then it is held
        ({"queue": [("a", 9), ("b", 5)], "loaded": "b", "draining": "b"}, "a"),
        ({"queue": [("a", MAX_WAIT_S), ("b", 5)], "loaded": "b"}, "b"),
        ({"queue": [("a", MAX_WAIT_S + 1), ("b", 5)], "loaded": "b"}, "a"),  # nobody waits for ever
        ({"queue": [("a", 5), ("b", MAX_WAIT_S + 1)], "loaded": "b"}, "b"),
        ({"queue": [("a", 0)], "draining": "a"}, ""),
        ({"queue": [("b", 0)], "held": "a"}, ""),
        ({"queue": [("a", 0), ("a", 0)], "held": "a"}, "aa"),  # documents of one model share it
        ({"queue": [("a", 0)], "held": "a", "draining": "a"}, ""),
        ({"queue": [("b", MAX_WAIT_S + 1), ("a", 0)], "held": "a"}, ""),  # late comers do not pass an overdue one
        ({"queue": [("b", MAX_WAIT_S), ("a", 0)], "held": "a"}, "a"),
        ({"queue": [("b", 0), ("c", 0)], "held": "a", "most": 2}, "b"),
        ({"queue": [("b", 0), ("c", 0)], "most": 2}, "bc"),
        ({"queue": [("b", 0), ("a", 0)], "held": "ab", "most": 1}, "ba"),  # fewer by a new configuration
    ],
)
def test_who_enters(given, enter):
    """A document joins those that hold its model, else the free place goes to the loaded model or to who came first."""
    one = state(**given)
    assert "".join(t.name for t in one.queue if may_enter(one, t, NOW)) == enter


def test_a_document_with_new_settings_does_not_join_one_with_the_old():
    """Overlapping documents cannot keep a changed model alive for ever; one that is gone is not joined either."""
    one = state([("a", 0)], held="a")
    for changed in ({"a": ModelSpec(path="b.gguf")}, {}):
        assert not may_enter(replace(one, configured=changed), one.queue[0], NOW)


@pytest.mark.parametrize(
    ("given", "yields"),
    [
        ({"queue": [("b", MAX_WAIT_S)], "held": "a"}, ""),
        ({"queue": [("b", MAX_WAIT_S + 1)], "held": "a"}, "a"),
        ({"queue": [("b", MAX_WAIT_S + 1)], "held": "a", "most": 2}, ""),  # there is room
        ({"queue": [("b", MAX_WAIT_S + 1)] * 2, "held": "ac", "most": 2}, "a"),  # held longest; one for one model
        ({"queue": [("b", MAX_WAIT_S + 1), ("c", MAX_WAIT_S + 1)], "held": "a", "most": 2}, "a"),
        ({"queue": [("a", MAX_WAIT_S + 1)], "held": "a"}, ""),  # it could have joined, but for a changed configuration
    ],
)
def test_which_model_yields(given, yields):
    """One for each model that waits too long for room; never to documents of the same model."""
    assert "".join(sorted(yielding(state(**given), NOW))) == yields
