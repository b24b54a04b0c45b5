"""The one place for a model: loaded on first need, shared, swapped, ended when idle, its memory proven to be back."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import structlog
from pydantic import TypeAdapter

from scanmend.child import Child, Message
from scanmend.config import ModelSpec
from scanmend.correct.corrector import Task
from scanmend.document import CorrectedPage, Page
from scanmend.errors import HostDied, ModelError, Stopping
from scanmend.llm import gpu
from scanmend.llm.store import Found, Store

LOAD_LIMIT_S = 600.0
GRACE_S = 10.0
RETURN_S = 5.0
"""How long GPU memory may take to come back after the process ended."""
SLACK = 30.0
"""Seconds that the host may stay silent beyond the limit of one model call."""
MAX_WAIT_S = 120.0
"""How long a document waits at most for another model before that model is made to yield."""

log = structlog.get_logger()

_page = TypeAdapter(Page)
_corrected = TypeAdapter(CorrectedPage)


class Host(Protocol):
    """The process that holds a model; ``child.Child`` is one."""

    @property
    def pid(self) -> int:
        """Process id."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    def ask(self, request: Message, limit_s: float) -> Message:
        """Answer, or raise HostDied."""

    def end(self, grace_s: float = GRACE_S) -> None:
        """End it and return when it is gone."""

    def kill(self) -> None:
        """End it at once."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model that is loaded now."""

    name: str
    found: Found
    host: Host
    gpu_layers: int
    safe: bool
    gpu_before_mib: float | None
    gpu_loaded_mib: float | None


@dataclass(slots=True)
class _Ticket:
    name: str
    since: float


def start_host() -> Host:
    """Start the real one.

    OpenMP's threads spin at barriers for as long as the default says; where page workers want the same cores, that
    makes a page thirty times slower (measured on 2 cores, both busy: 2.32 s a call instead of 0.20 s).
    """
    return Child("scanmend.llm.host", {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "1000")})


class ModelSlot:
    """Room for one loaded model; any thread may ask it to correct a page."""

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        store: Store,
        idle_s: float,
        *,
        start: Callable[[], Host] = start_host,
        clock: Callable[[], float] = time.monotonic,
        gpu_used_mib: Callable[[], float | None] = gpu.used_mib,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``idle_s``: seconds after the last use until the model is unloaded; 0 at once, -1 never."""
        self._models, self._store, self._idle_s = dict(models), store, idle_s
        self._start, self._clock, self._gpu_used_mib, self._changed = start, clock, gpu_used_mib, changed
        self._turn = threading.Condition()
        self._queue: list[_Ticket] = []
        self._leases = 0
        self._leased = ""
        self._use = threading.RLock()
        self._loaded: Loaded | None = None
        self._found: dict[str, Found] = {}
        self._unsafe: set[str] = set()
        self._used = clock()
        self._stopping = False
        self._doing = "idle"

    def configure(self, models: Mapping[str, ModelSpec], idle_s: float) -> None:
        """Take a new configuration; a loaded model that it changes is unloaded at its next idle moment."""
        with self._use:
            for name in [n for n, spec in self._models.items() if models.get(n) != spec]:
                self._found.pop(name, None)
            changed = self._loaded is not None and models.get(self._loaded.name) != self._models.get(self._loaded.name)
            self._models, self._idle_s = dict(models), idle_s
            if changed and self._leases == 0:
                self._unload("configuration changed")

    @contextmanager
    def lease(self, name: str) -> Iterator["Lease"]:
        """Hold the model for one document, so that it is not swapped away between two pages."""
        self._enter(name)
        try:
            yield Lease(self, name)
        finally:
            self._leave()

    def yield_turn(self, name: str) -> None:
        """Between two pages: let documents go first that waited too long for another model."""
        with self._turn:
            overdue = self._overdue(name)
        if overdue:
            self._leave()
            self._enter(name)

    def correct(self, name: str, page: Page, task: Task, call_limit_s: float) -> CorrectedPage:
        """Have one page corrected; ModelError, HostDied, Stopping. A native crash is tried again once, safely."""
        with self._use:
            try:
                return self._correct(name, page, task, call_limit_s)
            except HostDied as e:
                if self._stopping:
                    raise Stopping from e
                self._drop(e)
                if e.signal is None or name in self._unsafe:
                    raise
                self._unsafe.add(name)
                log.warning("model.crashed", model=name, error=str(e), next="once more with safe parameters")
                return self._correct(name, page, task, call_limit_s)
            finally:
                self._used = self._clock()

    def identity(self, name: str) -> dict[str, Any]:
        """What a record says of a model: name, file, source, quantization, where it ran."""
        loaded = self._loaded
        known = dict(self._found[name].identity()) if name in self._found else {"name": name}
        if loaded is not None and loaded.name == name:
            known |= {"gpu_layers": loaded.gpu_layers}
        return known

    def tick(self) -> None:
        """Unload the model when it has been idle for long enough."""
        if self._idle_s >= 0 and (self.wait() or 0) <= 0 and self._use.acquire(blocking=False):
            try:
                with self._turn:
                    busy = self._leases > 0 or bool(self._queue)
                if self._loaded and not busy and (self.wait() or 0) <= 0:
                    self._unload("idle")
            finally:
                self._use.release()

    def wait(self) -> float | None:
        """Seconds until ``tick`` has something to do; None when nothing is loaded or it never ends."""
        if self._loaded is None or self._idle_s < 0 or self._leases:
            return None
        return max(0.0, self._used + self._idle_s - self._clock())

    def state(self) -> dict[str, Any]:
        """What ``scanmend status`` tells of the model."""
        loaded = self._loaded
        out: dict[str, Any] = {"state": self._doing, "model": None, "pid": None}
        if loaded is not None:
            out |= {"model": loaded.name, "pid": loaded.host.pid, "file": loaded.found.path.name}
            out |= {
                "gpu_layers": loaded.gpu_layers,
                "unload_in_s": round(w, 1) if (w := self.wait()) is not None else None,
            }
        return out

    def stop(self) -> None:
        """End the model's process now; calls in work raise Stopping."""
        self._stopping = True
        with self._turn:
            self._turn.notify_all()
        loaded = self._loaded
        if loaded is not None:
            loaded.host.kill()
        with self._use:
            if self._loaded is not None:
                self._unload("stopping")

    def _enter(self, name: str) -> None:
        ticket = _Ticket(name, self._clock())
        with self._turn:
            self._queue.append(ticket)
            try:
                while not self._may_enter(ticket):
                    if self._stopping:
                        raise Stopping
                    self._turn.wait(1.0)
                self._leases += 1
                self._leased = name
            finally:
                self._queue.remove(ticket)

    def _leave(self) -> None:
        with self._turn:
            self._leases -= 1
            self._used = self._clock()
            self._turn.notify_all()
        self._changed()

    def _may_enter(self, ticket: _Ticket) -> bool:
        if self._leases == 0:
            loaded = self._loaded.name if self._loaded else ""
            first = next((t for t in self._queue if t.name == loaded), self._queue[0])
            return ticket is (self._queue[0] if self._overdue(loaded) else first)
        return ticket.name == self._leased and not self._overdue(ticket.name)

    def _overdue(self, name: str) -> bool:
        return any(t.name != name and self._clock() - t.since > MAX_WAIT_S for t in self._queue)

    def _correct(self, name: str, page: Page, task: Task, call_limit_s: float) -> CorrectedPage:
        if self._stopping:
            raise Stopping
        loaded = self._load(name)
        self._doing = "correcting"
        request = {
            "do": "correct",
            "page": _page.dump_python(page, mode="json"),
            "task": asdict(task),
            "call_limit_s": call_limit_s,
        }
        reply = loaded.host.ask(request, call_limit_s + SLACK)
        self._doing = "loaded"
        if error := reply.get("error"):
            raise ModelError(f"model {name!r}: {error}")
        try:
            return _corrected.validate_python(reply["result"])
        except (ValueError, KeyError) as e:
            raise HostDied(f"the process of model {name!r} answered nonsense: {e}") from e

    def _load(self, name: str) -> Loaded:
        if self._loaded is not None:
            if self._loaded.name == name and self._loaded.host.alive:
                return self._loaded
            self._unload("another model is needed" if self._loaded.name != name else "its process is gone")
        spec = self._models.get(name)
        if spec is None:
            raise ModelError(f"the configuration has no model {name!r} any more")
        self._doing = "loading"
        self._changed()
        try:
            found = self._found.get(name) or self._obtain(name, spec)
            self._loaded = self._ladder(name, spec, found)
        finally:
            self._doing = "loaded" if self._loaded else "idle"
            self._changed()
        return self._loaded

    def _obtain(self, name: str, spec: ModelSpec) -> Found:
        last = [self._clock()]

        def progress(done: int, total: int) -> None:
            if self._clock() - last[0] >= 10 or done == total:  # noqa: PLR2004 -- seconds between two log lines
                last[0] = self._clock()
                log.info("model.downloading", model=name, done_mib=done >> 20, total_mib=total >> 20)

        self._doing = "looking for the model"
        found = self._store.obtain(name, spec, progress, lambda: self._stopping)
        self._found[name] = found
        return found

    def _ladder(self, name: str, spec: ModelSpec, found: Found) -> Loaded:
        """Load with the layers asked for on the GPU, and with fewer where that fails and ``gpu: prefer`` allows it."""
        rungs = _rungs(spec, found.header.layers)
        for i, layers in enumerate(rungs):
            try:
                return self._attempt(name, spec, found, layers)
            except ModelError as e:
                if self._stopping:
                    raise Stopping from e
                last = i == len(rungs) - 1
                native = isinstance(e, HostDied) and e.signal is not None
                if last and native and name not in self._unsafe:
                    self._unsafe.add(name)
                    log.warning("model.crashed", model=name, error=str(e), next="once more with safe parameters")
                    return self._attempt(name, spec, found, layers)
                if last:
                    raise
                log.warning(
                    "model.load_failed", model=name, gpu_layers=layers, error=str(e), next_gpu_layers=rungs[i + 1]
                )
        raise ModelError(f"model {name!r} has no way to be loaded")

    def _attempt(self, name: str, spec: ModelSpec, found: Found, layers: int | str) -> Loaded:
        before = self._gpu_used_mib()
        safe = name in self._unsafe
        host = self._start()
        request = {
            "do": "load",
            "path": os.fsencode(found.path).hex(),
            "context": spec.context,
            "threads": spec.threads or len(os.sched_getaffinity(0)),
            "gpu_layers": layers,
            "safe": safe,
        }
        try:
            reply = host.ask(request, LOAD_LIMIT_S)
        except HostDied:
            host.end()
            raise
        if error := reply.get("error"):
            host.end()
            raise ModelError(f"model {name!r}: {error}")
        loaded = Loaded(name, found, host, int(reply["gpu_layers"]), safe, before, self._gpu_used_mib())
        log.info(
            "model.loaded",
            model=name,
            file=found.path.name,
            pid=host.pid,
            gpu_layers=loaded.gpu_layers,
            context=reply["context"],
            seconds=reply["seconds"],
            ram_mib=_rounded(gpu.resident_mib(host.pid)),
            gpu_before_mib=_rounded(before),
            gpu_loaded_mib=_rounded(loaded.gpu_loaded_mib),
        )
        return loaded

    def _drop(self, e: HostDied) -> None:
        """Put away a host that died by itself."""
        if self._loaded is not None:
            log.error("model.host_died", model=self._loaded.name, error=str(e))
            self._unload("died")

    def _unload(self, why: str) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is None:
            return
        self._doing = "unloading"
        started = self._clock()
        ram = gpu.resident_mib(loaded.host.pid)
        loaded.host.end(GRACE_S)
        after = self._await_return(loaded.gpu_before_mib)
        back = after is None or loaded.gpu_before_mib is None or after <= loaded.gpu_before_mib * 1.01
        (log.info if back else log.warning)(
            "model.unloaded",
            model=loaded.name,
            why=why,
            pid=loaded.host.pid,
            seconds=round(self._clock() - started, 2),
            ram_freed_mib=_rounded(ram),
            gpu_before_mib=_rounded(loaded.gpu_before_mib),
            gpu_loaded_mib=_rounded(loaded.gpu_loaded_mib),
            gpu_after_mib=_rounded(after),
            returned=back,
        )
        self._doing = "idle"
        self._changed()

    def _await_return(self, before: float | None) -> float | None:
        """Poll until GPU memory is back to what it was, or RETURN_S are over; return what is in use then."""
        limit = self._clock() + RETURN_S
        while (used := self._gpu_used_mib()) is not None and before is not None:
            if used <= before * 1.01 or self._clock() >= limit:
                break
            time.sleep(0.25)
        return used


class Lease:
    """The right of one document to a model."""

    def __init__(self, slot: ModelSlot, name: str) -> None:
        self._slot = slot
        self._name = name
        self._first = True

    def correct(self, page: Page, task: Task, call_limit_s: float) -> CorrectedPage:
        """See ``ModelSlot.correct``; gives way between pages to documents that waited long for another model."""
        if not self._first:
            self._slot.yield_turn(self._name)
        self._first = False
        return self._slot.correct(self._name, page, task, call_limit_s)


def _rungs(spec: ModelSpec, layers: int) -> list[int | str]:
    """Numbers of GPU layers to try in turn."""
    if spec.gpu == "off" or spec.gpu_layers == 0:
        return [0]
    if spec.gpu == "required":
        return ["all" if spec.gpu_layers == "auto" else spec.gpu_layers]
    count = spec.gpu_layers if isinstance(spec.gpu_layers, int) else layers + 1
    lower: list[int | str] = sorted({count // 2, count // 4, 0}, reverse=True)
    return [spec.gpu_layers, *(n for n in lower if n != spec.gpu_layers)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
