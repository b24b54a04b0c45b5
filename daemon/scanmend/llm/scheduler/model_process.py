"""A model that is loaded, one that is to be, and the process that holds it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from scanmend.config.schema import ModelSpec
from scanmend.llm.scheduler.unload import Held
from scanmend.llm.store.store import ModelFile
from scanmend.process.child import Message

GRACE_S = 10.0
"""How long a process may take to end after SIGTERM."""


class ModelProcess(Protocol):
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
    """A model that is loaded now."""

    name: str
    spec: ModelSpec
    """What it was loaded for; the configuration may say something else by now."""
    found: ModelFile
    host: ModelProcess
    gpu_layers: int
    safe: bool
    held: Held
    why_cpu: str = ""
    """Why all of it runs on the CPU although a GPU was wanted."""

    @property
    def layers(self) -> int:
        """How many there are, the output layer included."""
        return self.found.header.layers + 1

    @property
    def ran_on(self) -> str:
        """Where its layers are, in words."""
        if not self.gpu_layers:
            return "CPU"
        return "GPU" if self.gpu_layers >= self.layers else "GPU and CPU"


@dataclass(frozen=True, slots=True)
class Wish:
    """A model to be loaded."""

    name: str
    spec: ModelSpec
    found: ModelFile
    safe: bool = False
    """With safe parameters from the start."""
    floor_mib: float = 0.0
    """MiB to be left free on the GPUs."""
    evict: Callable[[], bool] = field(default=lambda: False)
    """Unloads another model that is on the GPU and not in use; False when there is none."""
    doing: Callable[[str], None] = field(default=lambda _what: None)
    """Hears what goes on, for status."""
