"""What is loaded: models come when they are needed, make room for each other, and go when it is time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from scanmend.config.schema import ModelSpec
from scanmend.document import printable
from scanmend.errors import ModelMissing, Stopping
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.scheduler.loader import Loader
from scanmend.llm.scheduler.model_process import Loaded, Wish
from scanmend.llm.scheduler.queue import Turns
from scanmend.llm.store.store import ModelFile

FLOOR_LOOK_S = 5.0
"""How often the GPU is looked at, where some of it is to stay free."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ways:
    """Where models come from, and who hears of what."""

    find: Callable[[str, ModelSpec], ModelFile]
    """The file of a configured model; ModelMissing."""
    used: Callable[[Path], None]
    changed: Callable[[], None]
    look: Callable[[], GpuMemory | None]
    clock: Callable[[], float] = time.monotonic


class Places:
    """The loaded models by name; what is loaded for documents that hold it stays until they are done.

    ``_moving`` belongs to whoever loads or ends a model, which takes minutes; the turns' lock guards the small state
    that everybody reads, is held for moments, and nobody who holds it waits for ``_moving``.
    """

    def __init__(self, turns: Turns, loader: Loader, ways: Ways) -> None:
        self._turns, self._loader, self._ways = turns, loader, ways
        self._lock = turns.lock
        self._moving = threading.Lock()
        self._moves = False
        self._loaded: dict[str, Loaded] = {}
        self._doing: dict[str, str] = {}
        self._identities: dict[str, dict[str, Any]] = {}
        self._unreturned = ""
        self._next_look = 0.0

    @property
    def names(self) -> list[str]:
        """The loaded models; asked under the turns' lock or for show."""
        return list(self._loaded)

    def get(self, name: str) -> Loaded | None:
        """The model, if it is loaded."""
        with self._lock:
            return self._loaded.get(name)

    def obtain(self, name: str, *, safe: bool = False) -> Loaded:
        """Return the model loaded as those who hold it are to have it; ModelError, HostDied, Stopping.

        ``safe``: with safe parameters, where it is not loaded. One thread at a time for each model.
        """
        if self._turns.stopping:
            raise Stopping
        spec, loaded = self._turns.spec(name), self.get(name)
        if spec is None:
            raise ModelMissing(f"the configuration has no model {name!r} any more")
        if loaded is not None and loaded.spec == spec and loaded.host.alive:
            return loaded
        with self._move():
            if self._turns.stopping:
                raise Stopping
            if loaded is not None:
                self._end(loaded, "configuration changed" if loaded.host.alive else "its process is gone")
            try:
                self._now(name, "looking for the model")
                found = self._ways.find(name, spec)
                while len(self._loaded) >= self._turns.terms.max_loaded and self._evict():
                    pass
                floor = self._turns.terms.gpu_free_floor_mib
                loaded = self._loader.load(
                    Wish(
                        name,
                        spec,
                        found,
                        safe=safe,
                        floor_mib=floor,
                        evict=lambda: self._evict(on_gpu=True),
                        doing=lambda what: self._now(name, what),
                    )
                )
                with self._lock:
                    self._loaded[name] = loaded
                    where = {"gpu_layers": loaded.gpu_layers, "layers": loaded.layers, "ran_on": loaded.ran_on}
                    self._identities[name] = {**found.identity(), **where}
                self._ways.used(found.path)
            finally:
                self._now(name, "")
        return loaded

    def bury(self, loaded: Loaded, e: Exception) -> None:
        """Put away a model whose process is of no more use."""
        log.error("model.host_died", model=loaded.name, error=str(e))
        with self._move():
            self._end(loaded, "died")

    def tick(self) -> None:
        """End every model whose time has come; returns at once while another thread loads or ends one."""
        self._mind_the_floor()
        if not self._moving.acquire(blocking=False):
            return
        try:
            while (due := self._take_due()) is not None:
                self._end(*due)
            with self._lock:
                for name in [n for n in self._turns.draining if n not in self._loaded and not self._turns.held(n)]:
                    self._turns.resume(name)
        finally:
            self._moving.release()

    def wait(self) -> float | None:
        """Seconds until ``tick`` has something to do; None until some other thread brings that about."""
        with self._lock:
            if self._moves:
                return None
            if self._due() is not None:
                return 0.0
            now, terms = self._ways.clock(), self._turns.terms
            resting = (n for n in self._loaded if not self._turns.busy(n))
            waits = [self._turns.used(n) + terms.idle_s - now for n in resting if terms.idle_s >= 0]
            if self._watches_gpu():
                waits.append(max(0.0, self._next_look - now))
            return min(waits, default=None)

    def state(self) -> dict[str, Any]:
        """What goes on with the model that most goes on with."""
        with self._lock:
            name, doing = next(reversed(self._doing.items()), ("", ""))
            if not doing and self._loaded:
                name, doing = max(self._loaded, key=self._turns.used), "loaded"
            out: dict[str, Any] = {"state": doing or "idle", "model": None, "pid": None}
            return out | self._told(self._loaded[name]) if name in self._loaded else out

    def told(self) -> list[dict[str, Any]]:
        """Every loaded model, what it does and where it runs."""
        with self._lock:
            return [
                {"state": self._doing.get(name, "loaded"), **self._told(loaded)}
                for name, loaded in self._loaded.items()
            ]

    def troubles(self) -> list[str]:
        """One sentence for each thing that is not as it should be."""
        with self._lock:
            on_cpu = [f"model {x.name!r} runs on the CPU: {x.why_cpu}" for x in self._loaded.values() if x.why_cpu]
            return [*on_cpu, *([self._unreturned] if self._unreturned else [])]

    def identity(self, name: str) -> dict[str, Any] | None:
        """The file and where it ran, when last loaded."""
        with self._lock:
            known = self._identities.get(name)
            return dict(known) if known else None

    def note(self, name: str, doing: str) -> None:
        """Take note of what goes on with a model; nothing special when empty."""
        with self._lock:
            self._doing.pop(name, None)
            if doing:
                self._doing[name] = doing

    def _now(self, name: str, doing: str) -> None:
        """The same, where it is worth telling at once."""
        self.note(name, doing)
        self._ways.changed()

    def unload(self) -> None:
        """Have every model end as soon as the documents that hold it now are done, at the next tick."""
        with self._lock:
            for name in {*self._loaded, *self._doing}:  # those that load just now, too
                self._turns.drain(name, "asked to")
        self._ways.changed()

    def stop(self) -> None:
        """End all; nobody may obtain any more."""
        with self._move():
            for loaded in list(self._loaded.values()):
                self._end(loaded, "stopping")

    @contextmanager
    def _move(self) -> Iterator[None]:
        with self._moving:
            self._moves = True
            try:
                yield
            finally:
                self._moves = False
        self._ways.changed()

    def _evict(self, *, on_gpu: bool = False) -> bool:
        """End the model that nobody holds and that was used least recently; False when there is none."""
        with self._lock:
            free = [n for n, x in self._loaded.items() if not self._turns.held(n) and (x.gpu_layers or not on_gpu)]
            chosen = self._loaded[min(free, key=self._turns.used)] if free else None
            if chosen is not None:
                self._detach(chosen)
        if chosen is not None:
            self._end(chosen, "another model is needed")
        return chosen is not None

    def _due(self) -> tuple[Loaded, str] | None:
        """The model that is to be ended first of those whose time has come, and why."""
        with self._lock:
            for name in sorted(self._loaded, key=self._turns.used):
                if not self._turns.busy(name) and (why := self._reason(self._loaded[name])):
                    return self._loaded[name], why
        return None

    def _take_due(self) -> tuple[Loaded, str] | None:
        """The same, and nobody finds it any more: no document can begin with a model that is about to end."""
        with self._lock:
            if (due := self._due()) is not None:
                self._detach(due[0])
            return due

    def _reason(self, loaded: Loaded) -> str:
        turns, terms = self._turns, self._turns.terms
        if not loaded.host.alive:
            return "its process is gone"
        if loaded.spec != turns.models.get(loaded.name):
            return "configuration changed"
        if loaded.name in turns.draining:
            return turns.draining[loaded.name]
        if len(self._loaded) > terms.max_loaded:
            return "more than max_loaded"
        return "idle" if 0 <= terms.idle_s <= self._ways.clock() - turns.used(loaded.name) else ""

    def _watches_gpu(self) -> bool:
        return self._turns.terms.gpu_free_floor_mib > 0 and any(x.gpu_layers for x in self._loaded.values())

    def _mind_the_floor(self) -> None:
        """Have a model end when another process needs the GPU; one at a time, that used least recently."""
        with self._lock:
            now = self._ways.clock()
            if not self._watches_gpu() or now < self._next_look:
                return
            self._next_look = now + FLOOR_LOOK_S
        reading, floor = self._ways.look(), self._turns.terms.gpu_free_floor_mib
        if reading is None or reading.free_mib >= floor:
            return
        with self._lock:
            on_gpu = [n for n, x in self._loaded.items() if x.gpu_layers and n not in self._turns.draining]
            if on_gpu:
                name = min(on_gpu, key=self._turns.used)
                self._turns.drain(name, "another process needs the GPU")
                log.info("model.gpu_wanted", model=name, free_mib=round(reading.free_mib, 1), floor_mib=floor)

    def _detach(self, loaded: Loaded) -> None:
        """Let nobody find it any more."""
        with self._lock:
            if self._loaded.get(loaded.name) is loaded:
                del self._loaded[loaded.name]

    def _end(self, loaded: Loaded, why: str) -> None:
        """End a model and prove its release; the caller moves."""
        self._detach(loaded)
        self._now(loaded.name, "unloading")
        self._ways.used(loaded.found.path)
        returned = self._loader.release(loaded, why)
        self._unreturned = returned.trouble(loaded.name)
        with self._lock:
            self._turns.resume(loaded.name)
        self._now(loaded.name, "")

    def _told(self, loaded: Loaded) -> dict[str, Any]:
        terms, name = self._turns.terms, loaded.name
        left = None
        if terms.idle_s >= 0 and not self._turns.busy(name):
            left = round(max(0.0, self._turns.used(name) + terms.idle_s - self._ways.clock()), 1)
        return {
            "model": name,
            "pid": loaded.host.pid,
            "file": printable(loaded.found.path.name),
            "gpu_layers": loaded.gpu_layers,
            "layers": loaded.layers,
            "ran_on": loaded.ran_on,
            "unload_in_s": left,
        }
