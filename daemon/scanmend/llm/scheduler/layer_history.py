"""How many layers a GPU took when it did not take all that were asked for, kept in one small file."""

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
"""Seconds that an entry counts; after a day all layers are tried again."""
RETRY_FREE_RATIO = 1.1
"""Try all layers again once free GPU memory has grown by this factor."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LoadConditions:
    """What an entry is about: a model file, how it is to be loaded, and the GPUs of this machine."""

    found: ModelFile
    context: int
    asked: int | str
    """GPU layers as configured: a number, ``auto`` or ``all``."""
    gpu: GpuMemory | None
    """GPU memory before the load; None without a GPU."""

    @property
    def key(self) -> str:
        """The entry's key in the file: the same as long as model file, settings and GPUs are."""
        machine = self.gpu.machine if self.gpu else "no driver"
        size = self.found.header.size
        return f"{os.fsencode(self.found.path)!r} {size} context {self.context} layers {self.asked} on {machine}"

    @property
    def free_mib(self) -> float | None:
        """MiB that were free on the GPUs before the load."""
        return self.gpu.free_mib if self.gpu else None


class LayerHistory:
    """The entries; used by one thread at a time. Without a file they last as long as this object."""

    def __init__(self, file: Path | None = None, now: Callable[[], float] = time.time) -> None:
        """``now``: the wall clock, since the file outlives the process."""
        self._file, self._now = file, now
        self._entries = self._read()

    def recall(self, conditions: LoadConditions) -> int | None:
        """Return how many layers worked; None when that is not known, or all should be tried again."""
        known = self._entries.get(conditions.key)
        if known is None or not 0 <= self._now() - known["at"] < VALID_S:
            return None
        then, free = known["free_mib"], conditions.free_mib
        if then is not None and free is not None and free > then * RETRY_FREE_RATIO:
            return None
        return int(known["layers"])

    def keep(self, conditions: LoadConditions, layers: int) -> None:
        """Remember that this number of layers worked, and larger ones did not."""
        self._entries[conditions.key] = {"layers": layers, "free_mib": conditions.free_mib, "at": self._now()}
        self._write()

    def forget(self, conditions: LoadConditions) -> None:
        """Remove the entry, as all layers that were asked for worked."""
        if self._entries.pop(conditions.key, None) is not None:
            self._write()

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._file is None:
            return {}
        try:
            stored = json.loads(self._file.read_bytes())
            return {str(key): _checked(value) for key, value in stored.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
            log.warning("model.experience_unreadable", file=str(self._file), error=str(e), meaning="it begins anew")
            return {}

    def _write(self) -> None:
        if self._file is None:
            return
        self._entries = {k: v for k, v in self._entries.items() if 0 <= self._now() - v["at"] < VALID_S}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic.replace(self._file, json.dumps(self._entries, indent=1).encode())
        except (OSError, StorageError) as e:
            log.warning("model.experience_unwritten", file=str(self._file), error=str(e))


def _checked(value: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with the types it should have; KeyError, TypeError, ValueError where that is not possible."""
    free = value["free_mib"]
    return {"layers": int(value["layers"]), "free_mib": None if free is None else float(free), "at": float(value["at"])}
