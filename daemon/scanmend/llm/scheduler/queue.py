"""Whose turn it is: documents queue for models, those of the same model hold it together, nobody waits for ever."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from scanmend.config.schema import ModelSpec
from scanmend.errors import Stopping
from scanmend.llm.scheduler.terms import Terms


@dataclass(slots=True, eq=False)
class _Ticket:
    """A place in the queue; no two are equal, even of one moment."""

    name: str
    since: float


@dataclass(slots=True)
class _Seat:
    """A model that documents hold, and for what they hold it: as it was configured when the first of them came."""

    spec: ModelSpec | None
    since: float
    count: int = 0


class Turns:
    """The queue for the models; any number of threads enter and leave."""

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        clock: Callable[[], float],
        *,
        terms: Terms = Terms(),  # noqa: B008 -- a frozen value
        loaded: Callable[[], Collection[str]] = tuple,
        left: Callable[[], None] = lambda: None,
    ) -> None:
        """``loaded``: the loaded models' names, asked under ``lock``; ``left`` is called after each turn that ends."""
        self.lock = threading.Condition()
        """Guards the queue, and what else has to be seen together with it; held for moments."""
        self.models = dict(models)
        """As they are configured now."""
        self.terms = terms
        self.stopping = False
        self.draining: dict[str, str] = {}
        """Models that are to be unloaded before another document gets them, and why."""
        self._clock, self._loaded, self._left = clock, loaded, left
        self._queue: list[_Ticket] = []
        self._held: dict[str, _Seat] = {}
        self._used: dict[str, float] = {}
        self._began = clock()

    def spec(self, name: str) -> ModelSpec | None:
        """What those who hold the model are to have; it is the same for all of them."""
        with self.lock:
            return self._held[name].spec

    def held(self, name: str) -> int:
        """How many documents hold the model."""
        with self.lock:
            return self._held[name].count if name in self._held else 0

    def busy(self, name: str) -> bool:
        """Whether a document holds the model, or waits for it and may have it."""
        with self.lock:
            return name in self._held or (name not in self.draining and any(t.name == name for t in self._queue))

    def used(self, name: str) -> float:
        """When the last turn with this model ended, by the clock, in seconds."""
        with self.lock:
            return self._used.get(name, self._began)

    @contextmanager
    def turn(self, name: str) -> Iterator["Turn"]:
        """Wait for a turn with the model and hold it; Stopping."""
        self._enter(name)
        turn = Turn(self, name)
        try:
            yield turn
        finally:
            if turn.held:
                self._leave(name)

    def give_way(self, turn: "Turn") -> None:
        """Let documents go first that waited too long for another model; Stopping."""
        with self.lock:
            yields = turn.name in self._yielding()
        if yields:
            self._leave(turn.name)
            turn.held = False
            self._enter(turn.name)
            turn.held = True

    def configure(self, models: Mapping[str, ModelSpec], terms: Terms) -> None:
        """Take new models and terms; turns that are held go on with what they had."""
        with self.lock:
            self.models, self.terms = dict(models), terms
            self.lock.notify_all()

    def drain(self, name: str, why: str) -> None:
        """Let no further document have the model, until ``resume``; those that hold it go on to their ends."""
        with self.lock:
            self.draining.setdefault(name, why)

    def resume(self, name: str) -> None:
        """Let documents have the model again."""
        with self.lock:
            self.draining.pop(name, None)
            self.lock.notify_all()

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
            seat = self._held.setdefault(name, _Seat(self.models.get(name), self._clock()))
            seat.count += 1
            self.lock.notify_all()

    def _leave(self, name: str) -> None:
        with self.lock:
            self._held[name].count -= 1
            if not self._held[name].count:
                del self._held[name]
            self._used[name] = self._clock()
            self.lock.notify_all()
        self._left()

    def _may_enter(self, ticket: _Ticket) -> bool:
        if ticket.name in self.draining:
            return False
        if seat := self._held.get(ticket.name):
            return self.models.get(ticket.name) == seat.spec and ticket.name not in self._yielding()
        return ticket in self._next()

    def _next(self) -> list[_Ticket]:
        """The first of each model that may be taken up now: loaded ones go first, unless another waited too long."""
        loaded = self._loaded()
        queue = [t for t in self._queue if t.name not in self._held and t.name not in self.draining]
        if not any(self._overdue(t) and t.name not in loaded for t in queue):
            queue.sort(key=lambda t: t.name not in loaded)
        firsts = {t.name: t for t in reversed(queue)}
        return sorted(firsts.values(), key=queue.index)[: max(0, self._free())]

    def _yielding(self) -> set[str]:
        """Models to be given up between two pages, those held longest: one for each that waits too long for room."""
        overdue = {t.name for t in self._queue if t.name not in self._held and self._overdue(t)}
        count = len(overdue) - max(0, self._free())
        return set(sorted(self._held, key=lambda name: self._held[name].since)[: max(0, count)])

    def _free(self) -> int:
        return self.terms.max_loaded - len(self._held)

    def _overdue(self, ticket: _Ticket) -> bool:
        return self._clock() - ticket.since > self.terms.max_wait_s


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
