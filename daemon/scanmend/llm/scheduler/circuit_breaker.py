"""A model that fails again and again is left alone for a while, then tried with one page: a circuit breaker."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from scanmend.errors import ModelResting

FAILURES = 2
"""In a row; each is a call that failed although a crash was tried again in a fresh process with safe parameters."""
OPEN_S = 60.0
"""The first rest; each further one is twice as long."""
LONGEST_OPEN_S = 900.0

log = structlog.get_logger()


@dataclass(slots=True)
class _State:
    failures: int = 0
    until: float = 0.0
    """By the clock: no call before then."""
    rest_s: float = 0.0
    why: str = ""
    probing: bool = False

    @property
    def opened(self) -> bool:
        return self.rest_s > 0


class CircuitBreaker:
    """One breaker for each model; any number of threads, but one call of each model at a time."""

    def __init__(self, clock: Callable[[], float], rest_s: float = OPEN_S) -> None:
        """``rest_s``: how long the first rest is."""
        self._clock, self._rest_s = clock, rest_s
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}

    def enter(self, name: str) -> None:
        """Begin a call; ModelResting where the model is left alone. After the rest, this call is the probe."""
        with self._lock:
            state = self._states.setdefault(name, _State())
            if self._clock() < state.until:
                raise ModelResting(self._told(name, state))
            state.probing = state.opened

    def worked(self, name: str) -> None:
        """The call is over and the model does what it should: nothing is held against it any more."""
        with self._lock:
            if self._states.pop(name, _State()).opened:
                log.info("model.recovered", model=name)

    def left(self, name: str) -> None:
        """The call is over and says nothing about the model."""
        with self._lock:
            if name in self._states:
                self._states[name].probing = False

    def failed(self, name: str, why: str, *, rest_s: float | None = None) -> None:
        """The call is over, and the model failed; with ``rest_s`` it rests for just so long, at once and each time."""
        with self._lock:
            state = self._states.setdefault(name, _State())
            before = state.why, state.rest_s
            state.failures, state.why, state.probing = state.failures + 1, why, False
            if rest_s is None:
                if state.failures < FAILURES:
                    return
                rest_s = min(LONGEST_OPEN_S, state.rest_s * 2) if state.opened else self._rest_s
            state.rest_s, state.until = rest_s, self._clock() + rest_s
            if (why, rest_s) != before:
                log.error("model.resting", model=name, failures=state.failures, seconds=rest_s, error=why)

    def forget(self, name: str) -> None:
        """Hold nothing against this model: it is another one now."""
        with self._lock:
            self._states.pop(name, None)

    def resting(self, name: str) -> str:
        """Why a page should not be sent to this model now; empty when it may be."""
        with self._lock:
            state = self._states.get(name)
            rests = state is not None and (self._clock() < state.until or state.probing)
            return self._told(name, state) if rests and state is not None else ""

    def troubles(self) -> list[str]:
        """One sentence for each model that rests, or is being tried again."""
        with self._lock:
            return [self._told(name, state) for name, state in sorted(self._states.items()) if state.opened]

    def wait(self) -> float | None:
        """Seconds until the first rest is over; None when no model rests."""
        with self._lock:
            now = self._clock()
            return min((s.until - now for s in self._states.values() if s.until > now), default=None)

    def _told(self, name: str, state: _State) -> str:
        times = f" {state.failures} times in a row" if state.failures > 1 else ""
        return f"model {name!r} failed{times} and rests for {state.rest_s:g} s: {state.why}"
