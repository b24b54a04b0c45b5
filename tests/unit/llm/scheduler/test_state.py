"""How the state of all models changes, step by step, and which phase a model is in; plain values."""

import pytest

from fake_hosts import LAYERS, NoProcess, loaded_model
from scanmend.config.schema import ModelSpec
from scanmend.llm.scheduler.circuit_breaker import Circuit
from scanmend.llm.scheduler.state import Hold, Phase, Policy, Snapshot, Ticket

NOW = 1000.0
A, B = ModelSpec(path="a.gguf"), ModelSpec(path="b.gguf")
LOADED = loaded_model("a", A)


@pytest.mark.parametrize(
    ("given", "phase"),
    [
        ({}, Phase.ABSENT),
        ({"circuits": {"a": Circuit(1)}}, Phase.ABSENT),
        ({"circuits": {"a": Circuit(2, NOW + 1, 60.0)}}, Phase.RESTING),
        ({"circuits": {"a": Circuit(2, NOW, 60.0)}}, Phase.ABSENT),  # its rest is over
        ({"circuits": {"a": Circuit(2, NOW, 60.0, probing=True)}, "activities": {"a": Phase.LOADING}}, Phase.LOADING),
        ({"activities": {"a": Phase.FINDING}}, Phase.FINDING),
        ({"activities": {"b": Phase.FINDING}}, Phase.ABSENT),
        ({"loaded": {"a": LOADED}}, Phase.IDLE),
        ({"loaded": {"a": LOADED}, "queue": (Ticket("a", NOW),)}, Phase.IN_USE),
        ({"loaded": {"a": LOADED}, "held": {"a": Hold(A, NOW)}}, Phase.IN_USE),
        ({"loaded": {"a": LOADED}, "held": {"a": Hold(A, NOW)}, "draining": {"a": "asked to"}}, Phase.DRAINING),
        ({"loaded": {"a": LOADED}, "activities": {"a": Phase.CORRECTING}}, Phase.CORRECTING),
        ({"activities": {"a": Phase.UNLOADING}}, Phase.UNLOADING),
    ],
)
def test_phases(given, phase):
    """What goes on with a model comes first, then whether it is loaded, then whether it rests."""
    assert Snapshot(**given).phase("a", NOW) is phase


def test_held_from_the_first_document_to_the_last():
    """As it was configured when the first of them came; each that lets go counts as a use until then."""
    one = Snapshot(configured={"a": A}, started=NOW - 9).hold("a", NOW)
    one = one.configure({"a": B}, Policy()).hold("a", NOW + 1)
    assert one.held == {"a": Hold(A, NOW, 2)}
    assert (one.documents("a"), one.last_use("a")) == (2, NOW - 9)
    one = one.let_go("a", NOW + 2)
    assert (one.documents("a"), one.last_use("a"), one.is_busy("a")) == (1, NOW + 2, True)
    one = one.let_go("a", NOW + 3)
    assert (one.documents("a"), one.last_use("a"), one.is_busy("a")) == (0, NOW + 3, False)
    assert one.hold("a", NOW).held == {"a": Hold(B, NOW)}
    assert one.hold("gone", NOW).held["gone"].spec is None


def test_tickets_are_not_equal():
    """Of two documents that came at the same moment one leaves the queue, and not the other."""
    first, second = Ticket("a", NOW), Ticket("a", NOW)
    one = Snapshot().join_queue(first).join_queue(second).leave_queue(second)
    assert one.queue == (first,)
    assert one.is_busy("a")
    assert not one.drain(["a"], "asked to").is_busy("a")


def test_a_changed_model_is_another_model():
    """Its crashes and failures are forgotten; those of a model that stayed as it was are not."""
    one = Snapshot(
        configured={"a": A, "b": B}, crashed=frozenset("ab"), circuits={"a": Circuit(1), "b": Circuit(1)}
    ).configure({"a": B, "b": B}, Policy(7.0))
    assert (one.crashed, one.circuits, one.policy.idle_s) == (frozenset("b"), {"b": Circuit(1)}, 7.0)


def test_loaded_and_gone():
    """Records know a model after it was unloaded; only that one process is removed, not a later one of its name."""
    later = loaded_model("a", A)
    one = Snapshot().add_loaded(LOADED).remove_loaded(LOADED)
    assert one.loaded == {}
    assert (one.identities["a"]["file"], one.identities["a"]["gpu_layers"]) == ("a.gguf", LAYERS + 1)
    assert one.add_loaded(later).remove_loaded(LOADED).loaded["a"] is later


def test_what_goes_on_and_who_is_drained():
    """The latest activity is last; the first reason to unload stays."""
    one = Snapshot().show("a", Phase.LOADING).show("b", Phase.CORRECTING).show("a", Phase.CORRECTING)
    assert list(one.activities) == ["b", "a"]
    assert list(one.show("a", None).activities) == ["b"]
    assert one.drain("a", "first").drain("ab", "then").draining == {"a": "first", "b": "then"}
    assert one.drain("ab", "first").undrain("a").draining == {"b": "first"}


def test_processes():
    """Each is on record until it is gone."""
    first, second = NoProcess(), NoProcess()
    assert Snapshot().add_process(first).add_process(second).remove_process(first).processes == (second,)
