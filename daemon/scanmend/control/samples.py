"""Memory over the last hour: what the daemon and its processes take of the RAM, and all programs of the GPU."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scanmend.llm.scheduler.gpu_memory import GpuMemory, measure
from scanmend.process.memory import proportional_mib

INTERVAL_S = 15.0
"""Time between two samples, in seconds; one takes about a millisecond for each process."""
KEPT_S = 3600.0
"""How long a sample is kept, in seconds."""
GPU_IDLE_INTERVAL_S = 60.0
"""Time between two looks at the GPU while no model is loaded, in seconds: each opens and closes its driver."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in use at one moment."""

    at: float
    """Wall clock in seconds."""
    ram_mib: float
    """Of the daemon and its processes; what several of them share counts once."""
    gpu_mib: float | None
    """Of the GPU by all programs; None without an NVIDIA GPU."""


class Samples:
    """Takes a sample every ``INTERVAL_S`` seconds on a thread of its own, from ``start`` to ``stop``."""

    def __init__(self, uses_gpu: Callable[[], bool], measure_gpu: Callable[[], GpuMemory | None] = measure) -> None:
        """``uses_gpu``: whether a model is loaded, so that the GPU is looked at each time."""
        self._uses_gpu, self._measure_gpu = uses_gpu, measure_gpu
        self._taken: deque[Memory] = deque(maxlen=int(KEPT_S / INTERVAL_S))
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._gpu: GpuMemory | None = None
        self._next_gpu = 0.0

    def start(self) -> None:
        """Begin to take samples; nothing where it has begun."""
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self.take()
                self._thread = threading.Thread(target=self._run, name="samples", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Take no more samples."""
        self._stopped.set()

    def last_hour(self) -> tuple[Memory, ...]:
        """Return the samples, oldest first."""
        return tuple(one for one in tuple(self._taken) if one.at > time.time() - KEPT_S)

    @property
    def gpu_total_mib(self) -> float | None:
        """GPU memory of this machine; None without an NVIDIA GPU."""
        return self._gpu.total_mib if self._gpu else None

    def take(self) -> None:
        """Take a sample now."""
        now = time.monotonic()
        if now >= self._next_gpu or self._uses_gpu():
            self._gpu = self._measure_gpu()
            self._next_gpu = now + GPU_IDLE_INTERVAL_S
        ram_mib = sum(proportional_mib(pid) for pid in family(os.getpid()))
        self._taken.append(Memory(time.time(), ram_mib, self._gpu.used_mib if self._gpu else None))

    def _run(self) -> None:
        while not self._stopped.wait(INTERVAL_S):
            self.take()


def family(pid: int) -> Iterator[int]:
    """Yield the process and all that descend from it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            pids = children.read_text("ascii").split()
        except OSError:  # the thread or the process has ended
            continue
        for child in pids:
            yield from family(int(child))


def ram_total_mib() -> float:
    """Return the MiB of RAM that this machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
