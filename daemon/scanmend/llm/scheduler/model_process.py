"""The process that holds a model: how it is started, what is known of a loaded one, and the effects of the room."""

import importlib.util
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from scanmend.config.schema import ModelSpec
from scanmend.errors import HostDied
from scanmend.llm.remote.endpoint import Endpoint
from scanmend.llm.scheduler import gpu_memory
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.scheduler.layer_history import LayerHistory
from scanmend.llm.scheduler.unload import Footprint
from scanmend.llm.store.store import ModelFile
from scanmend.process.child import Child, Message

GRACE_S = 10.0
"""Seconds that a process may take to end after SIGTERM, before it is killed."""
ENGINE_MISSING = (
    "llama-cpp-python, which runs language models, is not installed; docs/install.md has the ways to get it, some of "
    "them without a compiler"
)
"""Why no model can be run where that package is not."""


def engine_missing() -> str:
    """Return why no model can be run here: llama-cpp-python is not installed; empty where it is."""
    # of a package at the top level, this imports nothing
    return "" if importlib.util.find_spec("llama_cpp") is not None else ENGINE_MISSING


class ModelProcess(Protocol):
    """The process that holds a model; ``Child`` in ``process.child`` is the real one."""

    @property
    def pid(self) -> int:
        """Process id."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    def ask(self, request: Message, limit_s: float) -> Message:
        """Return the answer to one request; HostDied when there is none within ``limit_s`` of silence."""

    def end(self, grace_s: float = GRACE_S) -> None:
        """Ask it to end, kill it after ``grace_s``, and return when it is gone."""

    def kill(self) -> None:
        """End it at once; may be called from any thread."""


def start_host() -> ModelProcess:
    """Start the real process; HostDied when that is not possible.

    GOMP_SPINCOUNT: OpenMP's threads spin at barriers for as long as its default says; where page workers want the same
    cores, that makes a page thirty times slower (measured on 2 cores, both busy: 2.32 s a call instead of 0.20 s).
    """
    if why := engine_missing():
        raise HostDied(why)
    return Child("scanmend.llm.inference.host", {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "1000")}, HostDied)


def start_remote_host() -> ModelProcess:
    """Start the real process of a model that a server runs; HostDied when that is not possible."""
    return Child("scanmend.llm.remote.host", {}, HostDied)


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything outside this room that the scheduler acts on or reads; the defaults are the real ones."""

    start: Callable[[], ModelProcess] = start_host
    """Starts a process without a model; HostDied."""
    start_remote: Callable[[], ModelProcess] = start_remote_host
    """Starts a process that asks no server yet; HostDied."""
    measure_gpu: Callable[[], GpuMemory | None] = gpu_memory.measure
    """GPU memory now; None without a GPU."""
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    """Blocks for so many seconds, between two measurements."""
    history: LayerHistory = field(default_factory=LayerHistory)
    """How many layers a GPU took before; used by the thread that loads, and no other."""
    file_used: Callable[[Path], None] = lambda _file: None
    """Called when a model file has been loaded, and when it is in use no more."""
    changed: Callable[[], None] = lambda: None
    """Called from any thread when ``tick`` may have work, or ``state`` or ``downloads`` something new to show."""


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """A model to be loaded."""

    name: str
    spec: ModelSpec
    found: ModelFile
    safe: bool = False
    """Whether to use safe parameters from the start."""
    floor_mib: float = 0.0
    """MiB of GPU memory to leave free."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that is loaded."""

    name: str
    spec: ModelSpec
    """What it was loaded for; the configuration may say something else by now."""
    found: ModelFile | Endpoint
    process: ModelProcess
    gpu_layers: int
    """Layers on the GPU, the output layer included."""
    safe: bool
    """Whether it was loaded with safe parameters."""
    footprint: Footprint
    why_cpu: str = ""
    """Why all of it runs on the CPU although a GPU was wanted; empty where that is not so."""

    @property
    def layers(self) -> int:
        """How many layers it has, the output layer included."""
        return self.found.header.layers + 1 if isinstance(self.found, ModelFile) else 0

    @property
    def file(self) -> Path | None:
        """The file that it was loaded from; None where a server runs it."""
        return self.found.path if isinstance(self.found, ModelFile) else None

    @property
    def title(self) -> str:
        """Name of its file, or of the model on its server."""
        return self.found.path.name if isinstance(self.found, ModelFile) else self.found.model

    def identity(self) -> dict[str, Any]:
        """What a record says of it: which model, and where it ran."""
        if isinstance(self.found, Endpoint):
            return {**self.found.identity(), "ran_on": self.ran_on}
        where = {"gpu_layers": self.gpu_layers, "layers": self.layers, "ran_on": self.ran_on}
        return {**self.found.identity(), **where}

    @property
    def ran_on(self) -> str:
        """Where its layers are, in the words of status and record."""
        if isinstance(self.found, Endpoint):
            return self.found.host
        if not self.gpu_layers:
            return "CPU"
        return "GPU" if self.gpu_layers >= self.layers else "GPU and CPU"
