"""Counting: each log event adds to plain numbers, in microseconds, on whatever thread it was logged."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain

from scanmend.metrics import catalogue
from scanmend.metrics.catalogue import Distribution, Labels, Metric, Samples
from scanmend.metrics.events import BY_LEVEL, RULES, Event, Rule

REMOVED = "(removed)"
"""Label of folders that the configuration does not name any more; no folder can be called so."""


class Counting:
    """What log events have counted since the daemon started; all methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """``clock``: the wall clock, in seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[Metric, dict[Labels, float | Distribution]] = {m: {} for m in catalogue.COUNTED}
        self._folders: set[str] = set()
        self.mistakes = 0
        """Events that could not be counted, since a key of theirs had an odd value."""

    def hear(self, event: Event) -> None:
        """Count a log event; whatever it holds, this raises nothing."""
        name = event.get("event")
        if name in ("daemon.ready", "config.reloaded"):
            self.declare(event.get("folders") or ())
        rules = (*RULES.get(name, ()), BY_LEVEL) if isinstance(name, str) else (BY_LEVEL,)
        for rule in rules:
            try:
                self._apply(rule, event)
            except (TypeError, ValueError, KeyError):
                self.mistakes += 1

    def declare(self, folders: Collection[str]) -> None:
        """Have the documents of these folders counted by name, beginning with zero, so that a first one is a rise."""
        with self._lock:
            for folder in set(folders) - self._folders:
                self._folders.add(folder)
                for rule in filter(_is_counted_by_folder, chain.from_iterable(RULES.values())):
                    labels = tuple(_text(rule.labels[name], {"folder": folder}) for name in rule.metric.labels)
                    self._values[rule.metric].setdefault(labels, 0.0)

    def recall(self, last_done: Mapping[str, float]) -> None:
        """Take over, where nothing later was counted, when each folder's last document was done before the start."""
        with self._lock:
            values = self._values[catalogue.LAST_SUCCESS]
            for folder in self._folders & last_done.keys():
                values.setdefault((folder,), last_done[folder])

    def samples(self) -> Samples:
        """Return what was counted up to now."""
        with self._lock:
            return {metric: dict(values) for metric, values in self._values.items()}

    def _apply(self, rule: Rule, event: Event) -> None:
        number = self._number(rule.amount, event)
        if number is None or not rule.when(event):
            return
        value, metric = number * rule.scale, rule.metric
        with self._lock:
            labels = tuple(self._label(name, _text(rule.labels[name], event)) for name in metric.labels)
            values = self._values[metric]
            if metric.kind == "histogram":
                before = values.get(labels)
                known = before if isinstance(before, Distribution) else Distribution.empty(metric.buckets)
                values[labels] = known.add(value, metric.buckets)
            elif metric.kind == "counter":
                values[labels] = _plain(values.get(labels)) + value
            else:
                values[labels] = value

    def _number(self, source: str, event: Event) -> float | None:
        if source == "=now":
            return self._clock()
        value = source[1:] if _is_word(source) else event.get(source)
        return None if value is None else float(value)

    def _label(self, name: str, value: str) -> str:
        return value if name != "folder" or value in self._folders else REMOVED


def _is_counted_by_folder(rule: Rule) -> bool:
    """Whether a rule adds to a counter whose labels are known as soon as the folder is."""
    others = (source for label, source in rule.labels.items() if label != "folder")
    return rule.metric.kind == "counter" and "folder" in rule.labels and all(map(_is_word, others))


def _is_word(source: str) -> bool:
    return source.startswith("=")


def _text(source: str, event: Event) -> str:
    """Return the value of a label; KeyError when the event has none."""
    return source[1:] if _is_word(source) else str(event[source])


def _plain(value: float | Distribution | None) -> float:
    return value if isinstance(value, float) else 0.0


def merged(parts: Iterable[Samples]) -> Samples:
    """Put samples of different metrics together."""
    return {metric: values for part in parts for metric, values in part.items()}
