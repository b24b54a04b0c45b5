"""Which loaded model leaves, why and when, and what status shows of them; pure."""

from collections.abc import Collection
from typing import Any

from scanmend.document import printable
from scanmend.llm.scheduler.model_process import LoadedModel
from scanmend.llm.scheduler.state import Phase, Snapshot

STATUS = {
    Phase.ABSENT: "idle",
    Phase.RESTING: "idle",
    Phase.FINDING: "looking for the model",
    Phase.AWAITING_GPU: "waiting for GPU memory",
    Phase.LOADING: "loading",
    Phase.IDLE: "loaded",
    Phase.IN_USE: "loaded",
    Phase.CORRECTING: "correcting",
    Phase.DRAINING: "loaded",
    Phase.UNLOADING: "unloading",
}
"""The word of ``scanmend status`` for each phase."""


def leaving(state: Snapshot, dead: Collection[str], now: float) -> tuple[LoadedModel, str] | None:
    """Return the model to be ended now and why: of those due and not busy, the one used least recently.

    ``dead``: names of loaded models whose process is gone.
    """
    for name in sorted(state.loaded, key=state.last_use):
        if not state.is_busy(name) and (why := _reason(state, name, dead, now)):
            return state.loaded[name], why
    return None


def evictable(state: Snapshot, *, on_gpu: bool = False) -> LoadedModel | None:
    """Return the model that makes room for another: of those that no document holds, the one used least recently.

    ``on_gpu``: only one that has layers on the GPU.
    """
    names = [n for n, model in state.loaded.items() if n not in state.held and (model.gpu_layers or not on_gpu)]
    return state.loaded[min(names, key=state.last_use)] if names else None


def watches_gpu(state: Snapshot) -> bool:
    """Whether free GPU memory has to be compared with the floor."""
    return state.policy.gpu_free_floor_mib > 0 and any(model.gpu_layers for model in state.loaded.values())


def to_drain_for_gpu(state: Snapshot) -> str | None:
    """Return the model to be unloaded when other programs need the GPU: the one on it used least recently."""
    names = [n for n, model in state.loaded.items() if model.gpu_layers and n not in state.draining]
    return min(names, key=state.last_use, default=None)


def seconds_until_tick(state: Snapshot, dead: Collection[str], now: float) -> float | None:
    """Return when a tick has work or a rest is over; None while only another thread can bring that about."""
    waits = [circuit.until - now for circuit in state.circuits.values() if circuit.refuses(now)]
    if not state.moving:
        if leaving(state, dead, now) is not None:
            return 0.0
        idle = [n for n in state.loaded if not state.is_busy(n)]
        if state.policy.idle_s >= 0:
            waits += [state.last_use(n) + state.policy.idle_s - now for n in idle]
        if watches_gpu(state):
            waits.append(max(0.0, state.gpu_check_at - now))
    return min(waits, default=None)


def status(state: Snapshot, now: float) -> dict[str, Any]:
    """Return what status shows of one model: the one with the latest activity, else the one used last."""
    active = list(state.activities)
    name = active[-1] if active else max(state.loaded, key=state.last_use, default="")
    word = STATUS[state.phase(name, now)] if name else STATUS[Phase.ABSENT]
    out: dict[str, Any] = {"state": word, "model": None, "pid": None}
    return out | _as_dict(state, name, now) if name in state.loaded else out


def status_of_all(state: Snapshot, now: float) -> list[dict[str, Any]]:
    """Return what status shows of each loaded model."""
    return [{"state": STATUS[state.phase(n, now)], **_as_dict(state, n, now)} for n in state.loaded]


def troubles(state: Snapshot) -> list[str]:
    """Return one sentence for each thing that is not as it should be."""
    resting = [circuit.sentence(name) for name, circuit in sorted(state.circuits.items()) if circuit.opened]
    models = state.loaded.values()
    on_cpu = [f"model {model.name!r} runs on the CPU: {model.why_cpu}" for model in models if model.why_cpu]
    return [*resting, *on_cpu, *([state.unreleased] if state.unreleased else [])]


def _reason(state: Snapshot, name: str, dead: Collection[str], now: float) -> str:
    """Say why the model is to be unloaded now; empty when it is not."""
    if name in dead:
        return "its process is gone"
    if state.loaded[name].spec != state.configured.get(name):
        return "configuration changed"
    if name in state.draining:
        return state.draining[name]
    if len(state.loaded) > state.policy.max_loaded:
        return "more than max_loaded"
    return "idle" if 0 <= state.policy.idle_s <= now - state.last_use(name) else ""


def _as_dict(state: Snapshot, name: str, now: float) -> dict[str, Any]:
    model, idle_s = state.loaded[name], state.policy.idle_s
    counts_down = idle_s >= 0 and not state.is_busy(name)
    return {
        "model": name,
        "pid": model.process.pid,
        "file": printable(model.title),
        "gpu_layers": model.gpu_layers,
        "layers": model.layers,
        "ran_on": model.ran_on,
        "gpu_mib": round(model.footprint.taken_mib, 1) if model.gpu_layers else None,
        "unload_in_s": round(max(0.0, state.last_use(name) + idle_s - now), 1) if counts_down else None,
    }
