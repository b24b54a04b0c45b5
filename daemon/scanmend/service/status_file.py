"""The status file: what the running daemon tells ``scanmend status`` of itself, written when something changed."""

import json
import time
from pathlib import Path
from typing import Any

import structlog

from scanmend.errors import StorageError
from scanmend.fs import atomic

NAME = "daemon.json"
TELL_S = 0.5
"""It is written at most so often."""

log = structlog.get_logger()


class StatusFile:
    """The one file, in the state folder; gone when the daemon is."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / NAME
        self._told: dict[str, Any] = {}
        self._at = 0.0
        self._untold = self._lost = False

    def tell(self, told: dict[str, Any], now: float) -> None:
        """Write it when it differs from what stands there, unless that was just now; a full disk is said once."""
        self._untold = told != self._told
        if not self._untold or now < self._at:
            return
        self._untold, self._told, self._at = False, told, now + TELL_S
        data = {**told, "written": time.time()}
        try:
            atomic.replace(self._path, json.dumps(data).encode(), durable=False)  # no daemon survives a power cut
            self._lost = False
        except StorageError as e:
            if not self._lost:
                log.warning("status.unwritten", error=str(e))
            self._lost = True

    def wait(self, now: float) -> float | None:
        """Seconds until what is new may be written; None when nothing is."""
        return self._at - now if self._untold else None

    def remove(self) -> None:
        """Leave nothing that could be taken for a running daemon's."""
        self._path.unlink(missing_ok=True)
