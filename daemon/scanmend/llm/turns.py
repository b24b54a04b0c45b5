"""Whose turn it is: documents queue for a model, those of the same model hold it together, nobody waits for ever."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from scanmend.config import ModelSpec
from scanmend.errors import Stopping

MAX_WAIT_S = 120.0
"""How long a document waits at most for another model before that model is made to yield."""


@dataclass(slots=True, eq=False)
class _Ticket:
    """A place in the queue; no two are equal, even of one moment."""

    name: str
    since: float


class Turns:
    """The queue for one model slot; any number of threads enter and leave."""

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        clock: Callable[[], float],
        *,
        loaded: Callable[[], str] = lambda: "",
        left: Callable[[], None] = lambda: None,
    ) -> None:
        """``loaded``: name of the loaded model, asked under ``lock``. ``left`` is called after each turn that ends."""
        self.lock = threading.Condition()
        """Guards the queue, and what else has to be seen together with it; held for moments."""
        self.models = dict(models)
        """As they are configured now."""
        self.spec: ModelSpec | None = None
        """What those who hold the model are to have: as it was configured when they came; it is the same for all."""
        self.used = clock()
        """When the last turn ended, by the clock, in seconds."""
        self.stopping = False
        self._clock, self._loaded, self._left = clock, loaded, left
        self._queue: list[_Ticket] = []
        self._held = 0
        self._name = ""

    @property
    def busy(self) -> bool:
        """Whether a document holds the model, or waits for one."""
        return bool(self._held or self._queue)

    @contextmanager
    def turn(self, name: str) -> Iterator["Turn"]:
        """Wait for a turn with the model and hold it; Stopping."""
        self._enter(name)
        turn = Turn(self, name)
        try:
            yield turn
        finally:
            if turn.held:
                self._leave()

    def give_way(self, turn: "Turn") -> None:
        """Let documents go first that waited too long for another model; Stopping."""
        with self.lock:
            overdue = self._overdue(turn.name)
        if overdue:
            self._leave()
            turn.held = False
            self._enter(turn.name)
            turn.held = True

    def configure(self, models: Mapping[str, ModelSpec]) -> None:
        """Take new models; turns that are held go on with what they had."""
        with self.lock:
            self.models = dict(models)

    def stop(self) -> None:
        """Let nobody enter any more; whoever waits gets Stopping."""
        with self.lock:
            self.stopping = True
            self.lock.notify_all()

    def _enter(self, name: str) -> None:
        with self.lock:
            ticket = _Ticket(name, self._clock())
            self._queue.append(ticket)
            try:
                while self.stopping or not self._may_enter(ticket):
                    if self.stopping:
                        raise Stopping
                    self.lock.wait(1.0)
            finally:
                self._queue.remove(ticket)
            self._name, self.spec = name, self.models.get(name)
            self._held += 1
            self.lock.notify_all()

    def _leave(self) -> None:
        with self.lock:
            self._held -= 1
            self.used = self._clock()
            self.lock.notify_all()
        self._left()

    def _may_enter(self, ticket: _Ticket) -> bool:
        if self._held == 0:
            loaded = self._loaded()
            first = next((t for t in self._queue if t.name == loaded), self._queue[0])
            return ticket is (self._queue[0] if self._overdue(loaded) else first)
        same = ticket.name == self._name and self.models.get(ticket.name) == self.spec
        return same and not self._overdue(ticket.name)

    def _overdue(self, name: str) -> bool:
        return any(t.name != name and self._clock() - t.since > MAX_WAIT_S for t in self._queue)


class Turn:
    """The right of one document to a model, from its first page to its last."""

    def __init__(self, turns: Turns, name: str) -> None:
        self.name = name
        self.held = True
        """False only where a stop came while it gave way."""
        self._turns = turns

    def give_way(self) -> None:
        """Between two pages: see ``Turns.give_way``."""
        self._turns.give_way(self)
