"""Which model leaves, why and when, and what status shows: tables of states, by plain values."""

import pytest

from fake_hosts import LAYERS, NO_PROCESS, loaded_model
from scanmend.config.schema import ModelSpec
from scanmend.llm.scheduler.circuit_breaker import Circuit
from scanmend.llm.scheduler.loaded_models import (
    STATUS,
    evictable,
    leaving,
    seconds_until_tick,
    status,
    status_of_all,
    to_drain_for_gpu,
    troubles,
    watches_gpu,
)
from scanmend.llm.scheduler.state import Hold, Phase, Policy, Snapshot, Ticket

NOW = 1000.0
SPECS = {name: ModelSpec(path=f"{name}.gguf") for name in "abc"}
OTHER = ModelSpec(path="other.gguf")


def state(loaded="a", on_cpu="", held="", queued="", policy=None, draining=None, **more):
    """Models that were last used 100 s, 99 s, … ago, in the order of ``loaded``."""
    return Snapshot(
        policy or Policy(max_loaded=3),
        more.pop("configured", SPECS),
        loaded={n: loaded_model(n, SPECS[n], 0 if n in on_cpu else LAYERS + 1) for n in loaded},
        last_used={n: NOW - 100.0 + i for i, n in enumerate(loaded)},
        held={n: Hold(SPECS[n], NOW) for n in held},
        queue=tuple(Ticket(n, NOW) for n in queued),
        draining=dict(draining or {}),
        **more,
    )


@pytest.mark.parametrize(
    ("given", "dead", "leaves"),
    [
        ({"loaded": ""}, "", None),
        ({}, "", None),
        ({"policy": Policy(100.0)}, "", ("a", "idle")),
        ({"policy": Policy(100.1)}, "", None),
        ({"policy": Policy(0.0)}, "", ("a", "idle")),
        ({"policy": Policy(-1.0)}, "", None),
        ({"policy": Policy(0.0), "held": "a"}, "", None),
        ({"policy": Policy(0.0), "queued": "a"}, "", None),  # somebody who waits for a turn counts as use
        ({"policy": Policy(0.0), "queued": "a", "draining": {"a": "asked to"}}, "", ("a", "asked to")),
        ({"draining": {"a": "asked to"}, "held": "a"}, "", None),
        ({"loaded": "ba", "policy": Policy(50.0, max_loaded=2)}, "", ("b", "idle")),  # used least recently
        ({"loaded": "ab", "policy": Policy(99.5, max_loaded=2)}, "", ("a", "idle")),
        ({"loaded": "ab", "policy": Policy(50.0, max_loaded=2), "held": "a"}, "", ("b", "idle")),
        ({"loaded": "ab", "policy": Policy(max_loaded=1)}, "", ("a", "more than max_loaded")),
        ({"configured": {"a": OTHER}}, "", ("a", "configuration changed")),
        ({"configured": {}}, "", ("a", "configuration changed")),
        ({"configured": {}, "held": "a"}, "", None),
        ({"loaded": "ab"}, "b", ("b", "its process is gone")),
    ],
)
def test_who_leaves_and_why(given, dead, leaves):
    """Whose time has come, unless a document holds it or is about to; a dead process goes whatever its time."""
    found = leaving(state(**given), dead, NOW)
    assert (found and (found[0].name, found[1])) == leaves


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"loaded": ""}, None),
        ({}, 200.0),
        ({"policy": Policy(100.0)}, 0.0),
        ({"policy": Policy(-1.0)}, None),
        ({"held": "a"}, None),
        ({"queued": "a", "policy": Policy(0.0)}, None),
        ({"loaded": "ab", "held": "a"}, 201.0),
        ({"policy": Policy(100.0), "moving": True}, None),  # whoever moves calls ``changed`` afterwards
        ({"policy": Policy(gpu_free_floor_mib=1.0), "gpu_check_at": NOW + 3}, 3.0),
        ({"policy": Policy(gpu_free_floor_mib=1.0), "gpu_check_at": NOW - 3}, 0.0),
        ({"policy": Policy(-1.0, gpu_free_floor_mib=1.0), "on_cpu": "a", "gpu_check_at": NOW + 3}, None),
        ({"circuits": {"b": Circuit(2, NOW + 7, 60.0)}}, 7.0),
        ({"circuits": {"b": Circuit(2, NOW + 7, 60.0)}, "moving": True}, 7.0),
        ({"circuits": {"b": Circuit(2, NOW, 60.0)}, "loaded": ""}, None),
    ],
)
def test_when_something_is_due(given, seconds):
    """The end of an idle time, a look at the GPU, the end of a rest; None where only another thread can tell."""
    assert seconds_until_tick(state(**given), (), NOW) == seconds


def test_a_dead_process_is_due_at_once():
    """Whatever its idle time."""
    assert seconds_until_tick(state(policy=Policy(-1.0)), {"a"}, NOW) == 0.0


@pytest.mark.parametrize(
    ("given", "on_gpu", "evicted"),
    [
        ({"loaded": ""}, False, None),
        ({"loaded": "ab"}, False, "a"),
        ({"loaded": "ab", "held": "a"}, False, "b"),
        ({"loaded": "ab", "held": "ab"}, False, None),
        ({"loaded": "ab", "queued": "a"}, False, "a"),
        ({"loaded": "ab", "on_cpu": "a"}, True, "b"),
        ({"loaded": "a", "on_cpu": "a"}, True, None),
    ],
)
def test_who_makes_room(given, on_gpu, evicted):
    """The model used least recently that no document holds; for room on the GPU, only one that takes some."""
    found = evictable(state(**given), on_gpu=on_gpu)
    assert (found and found.name) == evicted


@pytest.mark.parametrize(
    ("given", "watches", "drained"),
    [
        ({"loaded": "ab"}, False, "a"),
        ({"loaded": "ab", "policy": Policy(gpu_free_floor_mib=1.0)}, True, "a"),
        ({"loaded": "ab", "policy": Policy(gpu_free_floor_mib=1.0), "held": "a"}, True, "a"),
        ({"loaded": "ab", "policy": Policy(gpu_free_floor_mib=1.0), "draining": {"a": "asked to"}}, True, "b"),
        ({"loaded": "ab", "policy": Policy(gpu_free_floor_mib=1.0), "on_cpu": "ab"}, False, None),
        ({"loaded": "", "policy": Policy(gpu_free_floor_mib=1.0)}, False, None),
    ],
)
def test_the_floor(given, watches, drained):
    """Without a floor, or a model on the GPU, nobody looks; the model to go is the one used least recently."""
    assert (watches_gpu(state(**given)), to_drain_for_gpu(state(**given))) == (watches, drained)


def test_what_status_shows():
    """The model with the latest activity, else the one used last; a countdown only where nobody needs it."""
    assert status(state(""), NOW) == {"state": "idle", "model": None, "pid": None}
    assert status(state("ab"), NOW) == {
        "state": "loaded", "model": "b", "pid": NO_PROCESS, "file": "b.gguf", "gpu_layers": LAYERS + 1,
        "layers": LAYERS + 1, "ran_on": "GPU", "gpu_mib": 0.0, "unload_in_s": 201.0,
    }  # fmt: skip
    busy = state("ab", held="a", activities={"c": Phase.UNLOADING, "a": Phase.CORRECTING})
    assert [status(busy, NOW)[k] for k in ("state", "model", "unload_in_s")] == ["correcting", "a", None]
    assert status(state("ab", activities={"c": Phase.LOADING}), NOW) == {"state": "loading", "model": None, "pid": None}
    assert [(one["model"], one["state"]) for one in status_of_all(busy, NOW)] == [("a", "correcting"), ("b", "loaded")]
    assert status(state(policy=Policy(-1.0)), NOW)["unload_in_s"] is None


def test_each_phase_has_a_word():
    """And these are the words that ``scanmend status`` has for them."""
    assert set(STATUS) == set(Phase)
    words = {"idle", "looking for the model", "waiting for GPU memory", "loading", "loaded", "correcting", "unloading"}
    assert set(STATUS.values()) == words


def test_troubles():
    """Rests, a model that the GPU has no room for, and memory that did not come back."""
    circuits = {"b": Circuit(2, NOW, 60.0, "it died"), "c": Circuit(1)}
    loaded = {"a": loaded_model("a", SPECS["a"], 0, why_cpu="no room")}
    assert troubles(Snapshot(circuits=circuits, loaded=loaded, unreleased="400 MiB are gone")) == [
        "model 'b' failed 2 times in a row and rests for 60 s: it died",
        "model 'a' runs on the CPU: no room",
        "400 MiB are gone",
    ]
