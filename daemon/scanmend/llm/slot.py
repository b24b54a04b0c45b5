"""The one place for a model: loaded on first need, shared, swapped, ended when idle, its memory proven to be back."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import structlog
from pydantic import TypeAdapter

from scanmend.config import ModelSpec
from scanmend.correct.corrector import Task
from scanmend.document import CorrectedPage, Page, printable
from scanmend.errors import HostDied, ModelError, Stopping
from scanmend.llm import gpu
from scanmend.llm.loading import Host, Loaded, Loader, start_host
from scanmend.llm.store import Found, Store
from scanmend.llm.turns import Turn, Turns

SLACK = 30.0
"""Seconds that the host may stay silent beyond the limit of one model call."""

log = structlog.get_logger()

_page = TypeAdapter(Page)
_corrected = TypeAdapter(CorrectedPage)


class ModelSlot:
    """Room for one loaded model; documents in any number of threads take turns by leases.

    Two locks: ``_use`` belongs to whoever loads, asks or ends the model, which takes minutes; ``_lock``, that of the
    turns, guards the small state that everybody reads, is held for moments, and nobody who holds it waits for ``_use``.
    """

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        store: Store,
        idle_s: float,
        *,
        start: Callable[[], Host] = start_host,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        gpu_used_mib: Callable[[], float | None] = gpu.used_mib,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``idle_s``: seconds after the last use until the model is unloaded; 0 at once, -1 never.

        ``changed`` is called from any thread when ``tick`` or ``state`` may have something new.
        """
        self._store, self._idle_s, self._clock, self._changed = store, idle_s, clock, changed
        self._turns = Turns(models, clock, loaded=lambda: self._loaded.name if self._loaded else "", left=changed)
        self._loader = Loader(
            lambda: self._turns.stopping, start=start, clock=clock, pause=pause, gpu_used_mib=gpu_used_mib
        )
        self._use = threading.Lock()
        self._lock = self._turns.lock
        self._loaded: Loaded | None = None
        self._identities: dict[str, dict[str, Any]] = {}
        self._doing = "idle"

    def configure(self, models: Mapping[str, ModelSpec], idle_s: float) -> None:
        """Take a new configuration, without waiting for anything.

        Documents in work keep their model as it was; after them ``tick``, or the next document, ends what changed.
        """
        with self._lock:
            for name in [n for n, spec in self._turns.models.items() if models.get(n) != spec]:
                self._loader.trust(name)
            self._turns.configure(models)
            self._idle_s = idle_s
        self._changed()

    @contextmanager
    def lease(self, name: str) -> Iterator["Lease"]:
        """Hold the model for one document, so that it is not swapped away between two pages; Stopping."""
        with self._turns.turn(name) as turn:
            yield Lease(self, turn)

    def correct(self, name: str, page: Page, task: Task, call_limit_s: float) -> CorrectedPage:
        """Have one page corrected by the model that the caller leases; ModelError, HostDied, Stopping.

        When a signal ends the process, the page is tried once more in a fresh one with safe parameters.
        """
        with self._use:
            loaded = self._load(name)
            try:
                return self._ask(loaded, page, task, call_limit_s)
            except HostDied as e:
                if e.signal is None or loaded.safe:
                    raise
                self._loader.beware(name, e)
            return self._ask(self._load(name, safe=True), page, task, call_limit_s)

    def identity(self, name: str) -> dict[str, Any]:
        """What a record says of a model: name, file, source, quantization, and layers on the GPU when last loaded."""
        with self._lock:
            known = self._identities.get(name)
            spec = self._turns.models.get(name)
        if known is None and spec is not None and (found := self._store.find(name, spec)):
            known = found.identity()  # a document whose pages were all corrected before a restart
        return dict(known or {"name": name})

    def tick(self) -> None:
        """Unload the model when it has been idle for long enough, or is not what the configuration names any more.

        Never waits for a page in work. Unloading itself takes milliseconds as a rule, and at most GRACE_S for a
        process that ignores SIGTERM plus RETURN_S for a GPU that does not give memory back.
        """
        if not self._use.acquire(blocking=False):
            return
        try:
            with self._lock:
                why = self._due()
                loaded = self._detach() if why else None
            if loaded is not None:
                self._end(loaded, why)
        finally:
            self._use.release()

    def wait(self) -> float | None:
        """Seconds until ``tick`` has something to do; None until some other thread brings that about."""
        with self._lock:
            if self._due():
                return 0.0
            if self._loaded is None or self._idle_s < 0 or self._turns.busy:
                return None
            return self._turns.used + self._idle_s - self._clock()

    def state(self) -> dict[str, Any]:
        """What ``scanmend status`` tells of the model."""
        with self._lock:
            loaded = self._loaded
            out: dict[str, Any] = {"state": self._doing, "model": None, "pid": None}
            if loaded is not None:
                out |= {"model": loaded.name, "pid": loaded.host.pid, "file": printable(loaded.found.path.name)}
                left = self.wait()
                out |= {"gpu_layers": loaded.gpu_layers, "unload_in_s": None if left is None else round(left, 1)}
            return out

    def stop(self) -> None:
        """End the model's process now, even while it loads; whoever waits or works gets Stopping."""
        self._turns.stop()
        self._loader.kill()
        with self._use:
            self._unload("stopping")

    def _due(self) -> str:
        """Why the loaded model should be ended now; empty when it should not. The caller holds ``_lock``."""
        loaded = self._loaded
        if loaded is None or self._turns.busy:
            return ""
        if not loaded.host.alive:
            return "its process is gone"
        if loaded.spec != self._turns.models.get(loaded.name):
            return "configuration changed"
        return "idle" if 0 <= self._idle_s <= self._clock() - self._turns.used else ""

    def _ask(self, loaded: Loaded, page: Page, task: Task, call_limit_s: float) -> CorrectedPage:
        request = {
            "do": "correct",
            "page": _page.dump_python(page, mode="json"),
            "task": asdict(task),
            "call_limit_s": call_limit_s,
        }
        self._now("correcting")
        try:
            reply = loaded.host.ask(request, call_limit_s + SLACK)
            if error := reply.get("error"):
                raise ModelError(f"model {loaded.name!r}: {error}")
            return _corrected.validate_python(reply["result"])
        except (HostDied, ValueError, KeyError) as e:
            self._bury(loaded, e)
            if isinstance(e, HostDied):
                raise
            raise HostDied(f"the process of model {loaded.name!r} answered nonsense: {e}") from e
        finally:
            self._now("loaded" if self._loaded else "idle")

    def _bury(self, loaded: Loaded, e: Exception) -> None:
        """Put away a host that is of no more use; Stopping when ``stop`` killed it."""
        if self._turns.stopping:
            raise Stopping from e
        log.error("model.host_died", model=loaded.name, error=str(e))
        self._unload("died")

    def _load(self, name: str, *, safe: bool = False) -> Loaded:
        if self._turns.stopping:
            raise Stopping
        spec, loaded = self._turns.spec, self._loaded
        if spec is None:
            raise ModelError(f"the configuration has no model {name!r} any more")
        if loaded is not None:
            if loaded.name == name and loaded.spec == spec and loaded.host.alive:
                return loaded
            changed = "configuration changed" if loaded.host.alive else "its process is gone"
            self._unload(changed if loaded.name == name else "another model is needed")
        try:
            found = self._obtain(name, spec)
            self._now("loading")
            self._changed()
            loaded = self._loader.load(name, spec, found, safe=safe)
            with self._lock:
                self._loaded = loaded
                self._identities[name] = {**found.identity(), "gpu_layers": loaded.gpu_layers}
        finally:
            self._now("loaded" if self._loaded else "idle")
            self._changed()
        return loaded

    def _obtain(self, name: str, spec: ModelSpec) -> Found:
        last = [self._clock()]

        def progress(done: int, total: int) -> None:
            if self._clock() - last[0] >= 10 or done == total:  # noqa: PLR2004 -- seconds between two log lines
                last[0] = self._clock()
                log.info("model.downloading", model=name, done_mib=done >> 20, total_mib=total >> 20)

        self._now("looking for the model")
        self._changed()
        return self._store.obtain(name, spec, progress, lambda: self._turns.stopping)

    def _detach(self) -> Loaded | None:
        with self._lock:
            loaded, self._loaded = self._loaded, None
            if loaded is not None:
                self._doing = "unloading"
        return loaded

    def _unload(self, why: str) -> None:
        if (loaded := self._detach()) is not None:
            self._end(loaded, why)

    def _end(self, loaded: Loaded, why: str) -> None:
        self._changed()
        self._loader.release(loaded, why)
        self._now("idle")
        self._changed()

    def _now(self, doing: str) -> None:
        with self._lock:
            self._doing = doing


class Lease:
    """The right of one document to a model."""

    def __init__(self, slot: ModelSlot, turn: Turn) -> None:
        self._slot, self._turn = slot, turn
        self._first = True

    def correct(self, page: Page, task: Task, call_limit_s: float) -> CorrectedPage:
        """See ``ModelSlot.correct``; gives way between pages to documents that waited long for another model."""
        if not self._first:
            self._turn.give_way()
        self._first = False
        return self._slot.correct(self._turn.name, page, task, call_limit_s)
