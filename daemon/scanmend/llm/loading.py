"""Loading and unloading: a host is started with as many layers on the GPU as fit, and ended with proof of release."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from scanmend.child import Child, Message
from scanmend.config import ModelSpec
from scanmend.document import printable
from scanmend.errors import HostDied, ModelError, ScanmendError, Stopping
from scanmend.llm import gpu
from scanmend.llm.store import Found

LOAD_LIMIT_S = 600.0
GRACE_S = 10.0
RETURN_S = 5.0
"""How long GPU memory may take to come back after the process ended."""
POLL_S = 0.25
NATIVE = frozenset({signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGABRT})
"""Signals that a process brings upon itself; SIGKILL is how the system takes memory back, and may not come again."""

log = structlog.get_logger()


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
    spec: ModelSpec
    """What it was loaded for; the configuration may say something else by now."""
    found: Found
    host: Host
    gpu_layers: int
    safe: bool
    gpu_before_mib: float | None
    gpu_loaded_mib: float | None


class _NoGpu(ModelError):
    """The host could not load, and says that there is no GPU it could use."""


def start_host() -> Host:
    """Start the real one.

    OpenMP's threads spin at barriers for as long as the default says; where page workers want the same cores, that
    makes a page thirty times slower (measured on 2 cores, both busy: 2.32 s a call instead of 0.20 s).
    """
    return Child("scanmend.llm.host", {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "1000")})


class Loader:
    """Starts and ends hosts, one at a time; used by one thread at a time, but for ``kill`` and ``trust``."""

    def __init__(
        self,
        stopping: Callable[[], bool],
        *,
        start: Callable[[], Host] = start_host,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        gpu_used_mib: Callable[[], float | None] = gpu.used_mib,
    ) -> None:
        """``stopping`` has to turn true before ``kill`` is called, else a host that is just being started survives."""
        self._stopping, self._start = stopping, start
        self._clock, self._pause, self._gpu_used_mib = clock, pause, gpu_used_mib
        self._host: Host | None = None
        self._unsafe: set[str] = set()

    def load(self, name: str, spec: ModelSpec, found: Found, *, safe: bool) -> Loaded:
        """Load with the layers asked for on the GPU, and with fewer where that fails and ``gpu: prefer`` allows it.

        ``safe``: with safe parameters from the start. Raises ModelError, HostDied, Stopping.
        """
        before = self._gpu_used_mib()
        safe = safe or name in self._unsafe
        rungs = _rungs(spec, found.header.layers)
        why = "llama.cpp finds no GPU that it can use"
        while True:
            layers, *lower = rungs
            try:
                loaded = self._attempt(name, spec, found, layers, before, safe=safe)
            except ModelError as e:
                if lower:
                    why = str(e)
                    rungs = lower[-1:] if isinstance(e, _NoGpu) else lower
                    log.warning("model.load_failed", model=name, gpu_layers=layers, error=why, next_gpu_layers=rungs[0])
                elif isinstance(e, HostDied) and e.signal is not None and not safe:
                    self.beware(name, e)
                    safe = True
                else:
                    raise
            else:
                break
        if loaded.gpu_layers == 0 and _wants_gpu(spec, here=before is not None):
            log.warning("model.on_cpu", model=name, wanted_gpu_layers=spec.gpu_layers, why=why)
        return loaded

    def release(self, loaded: Loaded, why: str) -> None:
        """End the process, and log whether what it held came back."""
        started, before = self._clock(), loaded.gpu_before_mib
        ram = gpu.resident_mib(loaded.host.pid)
        self._put_away(loaded.host)
        after = self._await_return(before)
        back = None if after is None or before is None else _is_back(after, before)
        (log.warning if back is False else log.info)(
            "model.unloaded",
            model=loaded.name,
            why=why,
            pid=loaded.host.pid,
            seconds=round(self._clock() - started, 2),
            ram_freed_mib=_rounded(ram),
            gpu_before_mib=_rounded(before),
            gpu_loaded_mib=_rounded(loaded.gpu_loaded_mib),
            gpu_after_mib=_rounded(after),
            returned=back,
        )

    def kill(self) -> None:
        """End the host at once, even while it loads; from any thread."""
        if (host := self._host) is not None:
            host.kill()

    def beware(self, name: str, e: HostDied) -> None:
        """Load this model with safe parameters from now on when it crashed by itself."""
        if e.signal in NATIVE:
            self._unsafe.add(name)
        log.warning("model.crashed", model=name, error=str(e), next="once more with safe parameters")

    def trust(self, name: str) -> None:
        """Forget that this model crashed; from any thread."""
        self._unsafe.discard(name)

    def _attempt(
        self, name: str, spec: ModelSpec, found: Found, layers: int | str, before: float | None, *, safe: bool
    ) -> Loaded:
        host = self._start()
        try:
            self._adopt(host)
            reply = host.ask(_request(spec, found, layers, safe=safe), LOAD_LIMIT_S)
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
        loaded = Loaded(name, spec, found, host, there, safe, before, self._gpu_used_mib())
        log.info(
            "model.loaded",
            model=name,
            file=printable(found.path.name),
            pid=host.pid,
            gpu_layers=there,
            context=context,
            seconds=seconds,
            safe=safe,
            ram_mib=_rounded(gpu.resident_mib(host.pid)),
            gpu_before_mib=_rounded(before),
            gpu_loaded_mib=_rounded(loaded.gpu_loaded_mib),
        )
        return loaded

    def _adopt(self, host: Host) -> None:
        """Let ``kill`` know of a host from its first moment; Stopping when it was called before that."""
        self._host = host
        if self._stopping():
            raise Stopping

    def _put_away(self, host: Host) -> None:
        host.end(GRACE_S)
        self._host = None

    def _await_return(self, before: float | None) -> float | None:
        """Poll until GPU memory is back to what it was, or RETURN_S are over; return the MiB in use then."""
        limit = self._clock() + RETURN_S
        while (used := self._gpu_used_mib()) is not None and before is not None:
            if _is_back(used, before) or self._clock() >= limit:
                break
            self._pause(POLL_S)
        return used


def _request(spec: ModelSpec, found: Found, layers: int | str, *, safe: bool) -> Message:
    return {
        "do": "load",
        "path": os.fsencode(found.path).hex(),
        "context": spec.context,
        "threads": spec.threads or len(os.sched_getaffinity(0)),
        "gpu_layers": layers,
        "safe": safe,
    }


def _rungs(spec: ModelSpec, layers: int) -> list[int | str]:
    """Numbers of GPU layers to try in turn."""
    if spec.gpu == "off" or spec.gpu_layers == 0:
        return [0]
    if spec.gpu == "required":
        return ["all" if spec.gpu_layers == "auto" else spec.gpu_layers]
    count = spec.gpu_layers if isinstance(spec.gpu_layers, int) else layers + 1
    lower: list[int | str] = sorted({count // 2, count // 4, 0}, reverse=True)
    return [spec.gpu_layers, *(n for n in lower if n != spec.gpu_layers)]


def _wants_gpu(spec: ModelSpec, *, here: bool) -> bool:
    """Whether running on the CPU is a fallback; ``auto`` means the GPU where the driver tells of one."""
    return spec.gpu != "off" and (here if spec.gpu_layers == "auto" else spec.gpu_layers != 0)


def _is_back(used: float, before: float) -> bool:
    return used <= before * 1.01


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
