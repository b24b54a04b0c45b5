"""A lock whose waiters go by what they wait for: whoever finishes a page goes before what only saves time later."""

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum


class Rank(IntEnum):
    """What somebody waits for; the lower goes first."""

    SETTLE = 0
    """One page is made of both readings: a moment, and all that its document lacks."""
    READ = 1
    """A page is read."""
    AHEAD = 2
    """What the next pages need before they are read."""
    LATER = 3
    """What is needed when one was read."""


LINGER_S = 0.05
"""How long what only saves time waits after a page was read: that page is mostly settled at once, which is short."""


class Turns:
    """Held by one thread at a time; those of the same rank take it in the order in which they came."""

    def __init__(self, linger_s: float = LINGER_S, clock: Callable[[], float] = time.monotonic) -> None:
        """``linger_s``: see LINGER_S; ``clock`` in seconds."""
        self._linger_s, self._clock = linger_s, clock
        self._changed = threading.Condition()
        self._waiting: list[tuple[Rank, int]] = []
        """A heap of those that wait, each with its number."""
        self._numbers = itertools.count()
        self._held = False
        self._page_read = -math.inf
        """When the latest page was read, by the clock."""

    @contextmanager
    def taken(self, rank: Rank) -> Iterator[None]:
        """Wait for the turn, and hold it within."""
        with self._changed:
            mine = rank, next(self._numbers)
            heapq.heappush(self._waiting, mine)
            while self._held or self._waiting[0] != mine or (rank >= Rank.AHEAD and self._lingers_s() > 0):
                self._changed.wait(None if self._held or self._waiting[0] != mine else self._lingers_s())
            heapq.heappop(self._waiting)
            self._held = True
        try:
            yield
        finally:
            if rank is Rank.READ:
                self._page_read = self._clock()
            self.release()

    def try_take(self) -> bool:
        """Take it, to be released, unless somebody holds it or waits for it; return whether it was taken."""
        with self._changed:
            if self._held or self._waiting:
                return False
            self._held = True
            return True

    def release(self) -> None:
        """Let whoever is next have it."""
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def _lingers_s(self) -> float:
        return self._page_read + self._linger_s - self._clock()

    def locked(self) -> bool:
        """Whether somebody holds it."""
        with self._changed:
            return self._held
