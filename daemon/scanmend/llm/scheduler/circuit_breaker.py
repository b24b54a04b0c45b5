"""A circuit breaker per model: one that keeps failing is left alone for a while, then tried with one page; pure."""

from dataclasses import dataclass, replace
from typing import Literal

FAILURES = 2
"""Failed calls in a row that open the breaker; a crash counts once its second try, with safe parameters, failed too."""
FIRST_REST_S = 60.0
"""Seconds of the first rest; each further one is twice as long."""
LONGEST_REST_S = 900.0
"""Seconds of the longest rest."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """The breaker of one model."""

    failures: int = 0
    """Failed calls since the last one that worked."""
    until: float = 0.0
    """When the rest ends, by the clock; no call before then."""
    rest_s: float = 0.0
    """Length of the rest; 0 while the breaker is closed."""
    why: str = ""
    """The last failure."""
    probing: bool = False
    """Whether the one call that is let through after a rest is in progress."""

    @property
    def opened(self) -> bool:
        """Whether the model has rested since it last worked."""
        return self.rest_s > 0

    def refuses(self, now: float) -> bool:
        """Whether no call may begin."""
        return now < self.until

    def blocks(self, now: float) -> bool:
        """Whether documents should not be sent to the model: it rests, or the outcome of the probe is not known yet."""
        return self.refuses(now) or self.probing

    def sentence(self, name: str) -> str:
        """Say why the model rests."""
        times = f" {self.failures} times in a row" if self.failures > 1 else ""
        return f"model {name!r} failed{times} and rests for {self.rest_s:g} s: {self.why}"


@dataclass(frozen=True, slots=True)
class Failure:
    """How a call ended that the model failed."""

    why: str
    rest_s: float | None = None
    """Seconds that the model rests at once, the same each time; None: by the number of failures."""


Outcome = Failure | Literal["worked", "undecided"]
"""How a call ended; undecided says nothing about the model, as when the call was cut off."""


def begun(circuit: Circuit) -> Circuit:
    """Return the breaker once a call has begun; after a rest that call is the probe."""
    return replace(circuit, probing=circuit.opened)


def ended(circuit: Circuit, outcome: Outcome, now: float, first_rest_s: float = FIRST_REST_S) -> Circuit:
    """Return the breaker once a call has ended."""
    if outcome == "worked":
        return Circuit()
    if outcome == "undecided":
        return replace(circuit, probing=False)
    failed = replace(circuit, failures=circuit.failures + 1, why=outcome.why, probing=False)
    rest_s = outcome.rest_s
    if rest_s is None:
        if failed.failures < FAILURES:
            return failed
        rest_s = min(LONGEST_REST_S, circuit.rest_s * 2) if circuit.opened else first_rest_s
    return replace(failed, rest_s=rest_s, until=now + rest_s)
