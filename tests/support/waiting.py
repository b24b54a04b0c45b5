"""Waiting for a condition instead of a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LIMIT_S = 60.0
"""How long anything may take at most before a test fails; machines that run the suite may have much else to do."""


def until(what: Callable[[], T], why: str = "", limit_s: float = LIMIT_S) -> T:
    """Ask again and again until the answer is true, and return it; AssertionError after ``limit_s`` seconds."""
    limit = time.monotonic() + limit_s
    pause_s = 0.02
    while not (found := what()):
        assert time.monotonic() < limit, f"waited {limit_s:g} s for {why or what}"
        time.sleep(pause_s)
        pause_s = min(1.1 * pause_s, 0.1)  # what takes seconds needs its processor itself
    return found
