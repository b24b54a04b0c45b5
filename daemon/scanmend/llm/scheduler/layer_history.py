"""How many layers a GPU took when it did not take all that were asked for: one small file, read before each load."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from scanmend.errors import StorageError
from scanmend.fs import atomic
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.store.store import ModelFile

VALID_S = 86_400.0
"""After a day all is tried again."""
MORE = 1.1
"""And when so many times the memory is free."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Load:
    """What one experience is of: this model, asked for like this, on this machine."""

    found: ModelFile
    context: int
    asked: int | str
    reading: GpuMemory | None

    @property
    def key(self) -> str:
        """The same as long as the file, the settings and the GPUs are."""
        machine = self.reading.machine if self.reading else "no driver"
        size = self.found.header.size
        return f"{os.fsencode(self.found.path)!r} {size} context {self.context} layers {self.asked} on {machine}"

    @property
    def free_mib(self) -> float | None:
        """MiB that were free on the GPUs before it."""
        return self.reading.free_mib if self.reading else None


class LayerHistory:
    """What is remembered; used by one thread at a time. Without a file, for as long as this object lives."""

    def __init__(self, file: Path | None = None, now: Callable[[], float] = time.time) -> None:
        """``now``: the wall clock, since the file outlives the process."""
        self._file, self._now = file, now
        self._all = self._read()

    def recall(self, load: Load) -> int | None:
        """How many layers worked; None when that is not known, or all should be tried again."""
        known = self._all.get(load.key)
        if known is None or not 0 <= self._now() - known["at"] < VALID_S:
            return None
        then, free = known["free_mib"], load.free_mib
        if then is not None and free is not None and free > then * MORE:
            return None
        return int(known["layers"])

    def keep(self, load: Load, layers: int) -> None:
        """Remember that so many layers worked, and more did not."""
        self._all[load.key] = {"layers": layers, "free_mib": load.free_mib, "at": self._now()}
        self._write()

    def forget(self, load: Load) -> None:
        """All that was asked for worked."""
        if self._all.pop(load.key, None) is not None:
            self._write()

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._file is None:
            return {}
        try:
            told = json.loads(self._file.read_bytes())
            return {str(key): _checked(value) for key, value in told.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
            log.warning("model.experience_unreadable", file=str(self._file), error=str(e), meaning="it begins anew")
            return {}

    def _write(self) -> None:
        if self._file is None:
            return
        self._all = {k: v for k, v in self._all.items() if 0 <= self._now() - v["at"] < VALID_S}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic.replace(self._file, json.dumps(self._all, indent=1).encode())
        except (OSError, StorageError) as e:
            log.warning("model.experience_unwritten", file=str(self._file), error=str(e))


def _checked(value: dict[str, Any]) -> dict[str, Any]:
    free = value["free_mib"]
    return {"layers": int(value["layers"]), "free_mib": None if free is None else float(free), "at": float(value["at"])}
