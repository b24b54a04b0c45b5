"""Which log event counts what: the one table of it, as data. Keys of events are part of what scanmend promises."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scanmend.metrics import catalogue as c
from scanmend.metrics.catalogue import Metric

Event = Mapping[str, Any]
"""A log line before it is rendered: ``event`` is its name, ``level`` its level."""
MIB = 1024.0 * 1024.0
"""Bytes of a MiB: events tell memory in MiB, Prometheus wants bytes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one event adds to one metric, or sets it to where that is a gauge."""

    metric: Metric
    labels: Mapping[str, str] = field(default_factory=dict)
    """For each label the event's key that has its value; ``=word`` is the word itself."""
    amount: str = "=1"
    """The event's key that has the number, ``=number``, or ``=now`` for the wall clock in seconds.

    An event without that key, or with none, counts nothing.
    """
    scale: float = 1.0
    """What the number is multiplied by."""
    when: Callable[[Event], bool] = lambda _: True
    """Whether the event counts here at all."""


def _outcome(event: Event) -> str:
    """Return how a published document ended: what is worst about it."""
    if event.get("uncorrected"):
        return "uncorrected"
    return "warnings" if event.get("warnings") else "done"


def _stage(name: str, key: str) -> Rule:
    return Rule(c.STAGE_SECONDS, {"folder": "folder", "stage": f"={name}"}, amount=key)


def _number(state: str) -> Rule:
    return Rule(c.NUMBERS, {"folder": "folder", "state": f"={state}"}, amount=f"numbers_{state}")


def _put_off(why: str) -> tuple[Rule, ...]:
    return (Rule(c.PUT_OFF, {"folder": "folder", "why": f"={why}"}),)


def _model_failure(kind: str) -> tuple[Rule, ...]:
    return (Rule(c.MODEL_FAILURES, {"model": "model", "kind": f"={kind}"}),)


def _gpu(moment: str, key: str) -> Rule:
    return Rule(c.GPU_MEMORY, {"model": "model", "moment": f"={moment}"}, amount=key, scale=MIB)


def _ended_as(outcome: str) -> Rule:
    labels = {"folder": "folder", "outcome": f"={outcome}"}
    return Rule(c.DOCUMENTS, labels, when=lambda event: _outcome(event) == outcome)


RULES: Mapping[str, tuple[Rule, ...]] = {
    "document.done": (
        *(_ended_as(outcome) for outcome in ("done", "warnings", "uncorrected")),
        Rule(c.LAST_SUCCESS, {"folder": "folder"}, amount="=now"),
        Rule(c.PAGES, {"folder": "folder"}, amount="pages"),
        _stage("ocr", "ocr_s"),
        _stage("correction", "llm_s"),
        _stage("writing", "write_s"),
        _stage("total", "total_s"),
        Rule(c.WAITED_SECONDS, {"folder": "folder"}, amount="age_s"),
        Rule(c.EDITS, {"folder": "folder", "verdict": "=accepted"}, amount="edits"),
        Rule(c.EDITS, {"folder": "folder", "verdict": "=rejected"}, amount="rejected"),
        *(_number(state) for state in ("agreed", "disputed", "single")),
    ),
    "document.quarantined": (Rule(c.DOCUMENTS, {"folder": "folder", "outcome": "=quarantined"}),),
    "document.retry": _put_off("retry"),
    "document.postponed": _put_off("postponed"),
    "document.held": _put_off("held"),
    "document.warning": (Rule(c.WARNINGS, {"code": "code"}),),
    "document.unexpected": (Rule(c.UNEXPECTED),),
    "hook.done": (Rule(c.HOOKS, {"folder": "folder", "result": "=done"}),),
    "hook.failed": (Rule(c.HOOKS, {"folder": "folder", "result": "=failed"}),),
    "model.loaded": (
        Rule(c.LOAD_SECONDS, {"model": "model"}, amount="seconds"),
        _gpu("before", "gpu_before_mib"),
        _gpu("loaded", "gpu_loaded_mib"),
    ),
    "model.unloaded": (
        Rule(c.UNLOAD_SECONDS, {"model": "model"}, amount="seconds"),
        Rule(c.NOT_RETURNED, {"model": "model"}, when=lambda event: event.get("returned") is False),
        _gpu("after", "gpu_after_mib"),
    ),
    "model.load_failed": _model_failure("load"),
    "model.on_cpu": _model_failure("on_cpu"),
    "model.crashed": _model_failure("crash"),
    "model.host_died": _model_failure("died"),
    "model.resting": _model_failure("resting"),
    "model.download_failed": _model_failure("download"),
    "second_reader.failed": (Rule(c.READER_FAILURES),),
    "config.rejected": (Rule(c.REJECTIONS), Rule(c.CONFIG_GOOD, amount="=0")),
    "config.reloaded": (Rule(c.CONFIG_GOOD),),
    "daemon.ready": (Rule(c.CONFIG_GOOD),),
    "notify.sent": (Rule(c.NOTIFICATIONS, {"result": "=sent"}),),
    "notify.failed": (Rule(c.NOTIFICATIONS, {"result": "=failed"}),),
    "notify.given_up": (Rule(c.NOTIFICATIONS, {"result": "=given_up"}),),
}
"""By name of the event, what it counts."""
BY_LEVEL = Rule(c.LOG_LINES, {"level": "level"})
"""What every event counts."""
