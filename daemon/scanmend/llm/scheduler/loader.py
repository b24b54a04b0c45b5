"""Loading: a host gets as many layers on the GPU as fit, after waiting for room, and fewer when that fails."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from scanmend.config.schema import ModelSpec
from scanmend.document import printable
from scanmend.errors import HostDied, ModelError, ScanmendError, Stopping
from scanmend.llm.scheduler import gpu_memory, layer_fit
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.scheduler.layer_history import LayerHistory, Load
from scanmend.llm.scheduler.model_process import GRACE_S, Loaded, ModelProcess, Wish
from scanmend.llm.scheduler.unload import POLL_S, Held, Returned, release, rounded
from scanmend.process.child import Child, Message

LOAD_LIMIT_S = 600.0
ROOM_S = 30.0
"""How long a load waits for others to leave the GPU, before it takes what is free."""
NATIVE = frozenset({signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGABRT})
"""Signals that a process brings upon itself; SIGKILL is how the system takes memory back, and may not come again."""

log = structlog.get_logger()


class _NoGpu(ModelError):
    """The host could not load, and says that there is no GPU it could use."""


def start_host() -> ModelProcess:
    """Start the real one.

    OpenMP's threads spin at barriers for as long as the default says; where page workers want the same cores, that
    makes a page thirty times slower (measured on 2 cores, both busy: 2.32 s a call instead of 0.20 s).
    """
    return Child("scanmend.llm.inference.host", {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "1000")}, HostDied)


class Loader:
    """Starts and ends hosts, one at a time; used by one thread at a time, but for ``kill`` and ``trust``."""

    def __init__(
        self,
        stopping: Callable[[], bool],
        *,
        start: Callable[[], ModelProcess] = start_host,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        look: Callable[[], GpuMemory | None] = gpu_memory.measure,
        experience: LayerHistory | None = None,
    ) -> None:
        """``stopping`` has to turn true before ``kill`` is called, else a host that is just being started survives."""
        self._stopping, self._start = stopping, start
        self._clock, self._pause, self._look = clock, pause, look
        self._experience = experience or LayerHistory()
        self._lock = threading.Lock()
        self._hosts: dict[int, ModelProcess] = {}
        self._taken: dict[int, float] = {}
        self._unsafe: set[str] = set()

    def load(self, wish: Wish) -> Loaded:
        """Load with the layers asked for on the GPU, and with fewer where that fails and ``gpu: prefer`` allows it.

        Raises ModelError, HostDied, Stopping.
        """
        wish = replace(wish, safe=wish.safe or wish.name in self._unsafe)
        spec, header = wish.spec, wish.found.header
        before, enough = self._look(), True
        load = Load(wish.found, spec.context, spec.gpu_layers, before)
        known = self._experience.recall(load)
        if before is not None and known is None:
            before, enough = self._await_room(wish, before)
            load = replace(load, reading=before)
        fitting, why = None, "llama.cpp finds no GPU that it can use"
        if before is not None:
            room = before.free_mib - wish.floor_mib
            fitting = layer_fit.fit(header, spec.context, room, before.gpus)
            if known == 0:
                why = "no layer found room on the GPU when this was tried last"
            elif fitting == 0:
                need = layer_fit.need_mib(header, spec.context, 1, before.gpus)
                why = f"{max(room, 0.0):.0f} MiB of GPU memory are free, one layer needs about {need:.0f}"
        wish.doing("loading")
        rungs = layer_fit.ladder(spec, header.layers, fitting, known)
        loaded, failed = self._descend(wish, rungs, before)
        if not enough or (failed and not isinstance(failed, _NoGpu)):
            self._experience.keep(load, loaded.gpu_layers)
        elif known is None:
            self._experience.forget(load)
        if loaded.gpu_layers == 0 and _wants_gpu(spec, here=before is not None):
            loaded = replace(loaded, why_cpu=str(failed or why))
            log.warning("model.on_cpu", model=wish.name, wanted_gpu_layers=spec.gpu_layers, why=loaded.why_cpu)
        return loaded

    def release(self, loaded: Loaded, why: str) -> Returned:
        """End the process, and log whether what it held came back."""
        self._taken.pop(loaded.host.pid, None)
        returned = release(
            loaded.held,
            lambda: self._put_away(loaded.host),
            dict(self._taken),
            look=self._look,
            clock=self._clock,
            pause=self._pause,
        )
        (log.info if returned.back else log.warning)(
            "model.unloaded", model=loaded.name, why=why, pid=loaded.host.pid, **returned.told()
        )
        return returned

    def kill(self) -> None:
        """End all hosts at once, even while they load; from any thread."""
        with self._lock:
            hosts = list(self._hosts.values())
        for host in hosts:
            host.kill()

    def beware(self, name: str, e: HostDied) -> None:
        """Load this model with safe parameters from now on when it crashed by itself."""
        if e.signal in NATIVE:
            self._unsafe.add(name)
        log.warning("model.crashed", model=name, error=str(e), next="once more with safe parameters")

    def trust(self, name: str) -> None:
        """Forget that this model crashed; from any thread."""
        self._unsafe.discard(name)

    def _await_room(self, wish: Wish, reading: GpuMemory) -> tuple[GpuMemory | None, bool]:
        """Wait while others hold what this model could have on an empty GPU; return what is there, and if it is enough.

        First our own models that rest go, then ROOM_S are waited at most.
        """
        spec, header = wish.spec, wish.found.header
        layers = layer_fit.wanted(spec, header, spec.context, reading.total_mib - wish.floor_mib, reading.gpus)
        need = layer_fit.need_mib(header, spec.context, layers, reading.gpus) + (wish.floor_mib if layers else 0.0)
        limit, now = self._clock() + ROOM_S, reading
        waits = False
        while now.free_mib < need and (left := limit - self._clock()) > 0:
            if not wish.evict():
                if not waits:
                    waits = True
                    wish.doing("waiting for GPU memory")
                    log.info("model.waits_for_gpu", model=wish.name, **_room(now, need), limit_s=ROOM_S)
                self._pause(min(POLL_S, left))
            if self._stopping():
                raise Stopping
            seen = self._look()
            if seen is None:
                return None, True
            now = seen
        if now.free_mib < need:
            log.warning("model.no_room", model=wish.name, **_room(now, need), next="as many layers as fit")
        return now, now.free_mib >= need

    def _descend(
        self, wish: Wish, rungs: list[layer_fit.Rung], before: GpuMemory | None
    ) -> tuple[Loaded, ModelError | None]:
        """Try the numbers of layers in turn; return what worked, and the last refusal before that."""
        failed: ModelError | None = None
        while True:
            layers, *lower = rungs
            try:
                return self._attempt(wish, layers, before), failed
            except ModelError as e:
                if isinstance(e, _NoGpu):
                    lower = [n for n in lower if n == 0]
                if lower:
                    failed, rungs = e, lower
                    log.warning(
                        "model.load_failed",
                        model=wish.name,
                        gpu_layers=layers,
                        error=str(e),
                        next_gpu_layers=rungs[0],
                    )
                elif isinstance(e, HostDied) and e.signal is not None and not wish.safe:
                    self.beware(wish.name, e)
                    wish = replace(wish, safe=True)
                else:
                    raise

    def _attempt(self, wish: Wish, layers: layer_fit.Rung, before: GpuMemory | None) -> Loaded:
        name, found = wish.name, wish.found
        host = self._start()
        try:
            self._adopt(host)
            reply = host.ask(_request(wish, layers), LOAD_LIMIT_S)
            if error := reply.get("error"):
                raise (_NoGpu if reply.get("no_gpu") else ModelError)(f"model {name!r}: {error}")
            there = min(int(reply["gpu_layers"]), found.header.layers + 1)
            context, seconds = reply["context"], reply["seconds"]
        except (ScanmendError, ValueError, KeyError) as e:
            self._put_away(host)
            if self._stopping():
                raise Stopping from e
            if isinstance(e, ScanmendError):
                raise
            raise HostDied(f"the process of model {name!r} answered nonsense: {e}") from e
        held = Held(host.pid, before, self._look() if before else None, dict(self._taken))
        self._taken[host.pid] = held.taken_mib
        loaded = Loaded(name, wish.spec, found, host, there, wish.safe, held)
        log.info(
            "model.loaded",
            model=name,
            file=printable(found.path.name),
            pid=host.pid,
            gpu_layers=there,
            layers=loaded.layers,
            ran_on=loaded.ran_on,
            context=context,
            seconds=seconds,
            safe=wish.safe,
            ram_mib=rounded(gpu_memory.resident_mib(host.pid)),
            gpu_before_mib=rounded(before.used_mib) if before else None,
            gpu_loaded_mib=rounded(held.loaded.used_mib) if held.loaded else None,
        )
        return loaded

    def _adopt(self, host: ModelProcess) -> None:
        """Let ``kill`` know of a host from its first moment; Stopping when it was called before that."""
        with self._lock:
            self._hosts[host.pid] = host
        if self._stopping():
            raise Stopping

    def _put_away(self, host: ModelProcess) -> None:
        host.end(GRACE_S)
        with self._lock:
            self._hosts.pop(host.pid, None)


def _request(wish: Wish, layers: layer_fit.Rung) -> Message:
    spec = wish.spec
    return {
        "do": "load",
        "path": os.fsencode(wish.found.path).hex(),
        "context": spec.context,
        "threads": spec.threads or len(os.sched_getaffinity(0)),
        "gpu_layers": layers,
        "cpu_will_do": spec.gpu_layers == "auto" and spec.gpu == "prefer",
        "safe": wish.safe,
    }


def _wants_gpu(spec: ModelSpec, *, here: bool) -> bool:
    """Whether running on the CPU is a fallback; ``auto`` means the GPU where the driver tells of one."""
    return spec.gpu != "off" and (here if spec.gpu_layers == "auto" else spec.gpu_layers != 0)


def _room(reading: GpuMemory, need: float) -> dict[str, float]:
    return {"free_mib": round(reading.free_mib, 1), "need_mib": round(need, 1)}
