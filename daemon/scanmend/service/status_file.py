"""The status as the loop reported it last: for other threads, and as a file that ``scanmend status`` reads."""

import json
import math
import threading
import time
from pathlib import Path
from typing import Any

import structlog

from scanmend.errors import StorageError
from scanmend.fs import atomic

NAME = "daemon.json"
"""Name of the file in the state folder."""
WRITE_INTERVAL_S = 0.5
"""Shortest time between two writes, in seconds."""

log = structlog.get_logger()


def summary(status: dict[str, Any]) -> str:
    """The status in one sentence, as ``systemctl status`` shows it."""
    waiting = sum(folder["waiting"] for folder in status["folders"])
    sentence = f"{len(status['working'])} in work, {waiting} waiting, model {status['model']['state']}"
    sentence += ", trouble (scanmend status)" if status["troubles"] else ""
    return sentence + "".join(f", downloading {one['model']}" for one in status["downloads"])


class LatestStatus:
    """What the loop has reported last, for other threads, which may wait for a change."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._change = 0
        self._status: dict[str, Any] = {}
        self._reported_at = -math.inf
        self._ended = False

    def report(self, status: dict[str, Any], now: float) -> None:
        """Take what a pass of the loop has found; ``status`` is not changed any more. ``now`` is time.monotonic()."""
        with self._changed:
            self._reported_at = now
            if status != self._status:
                self._status = status
                self._count()

    def note_change(self) -> None:
        """Tell those who wait that something changed which the status does not show."""
        with self._changed:
            self._count()

    @property
    def status(self) -> dict[str, Any]:
        """The status, empty before the first pass; a new one takes its place, so any thread may read it."""
        return self.get()[0]

    def get(self) -> tuple[dict[str, Any], int]:
        """Return the status, empty before the first pass, and the number of the latest change."""
        with self._changed:
            return self._status, self._change

    def age_s(self, now: float) -> float:
        """Seconds since the loop reported last; infinity before its first pass."""
        with self._changed:
            return now - self._reported_at

    def wait(self, after: int, limit_s: float) -> int:
        """Wait for another change than number ``after``, so many seconds at most; return the latest one's number."""
        with self._changed:
            self._changed.wait_for(lambda: self._change != after or self._ended, limit_s)
            return self._change

    def end(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _count(self) -> None:
        self._change += 1
        self._changed.notify_all()


class StatusFile:
    """The file in one state folder; it is there only while the daemon runs."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / NAME
        self._written: dict[str, Any] = {}
        self._next_write = 0.0
        self._outdated = self._failing = False

    def update(self, status: dict[str, Any], now: float) -> None:
        """Write the status where it differs from the file's, unless that was written just now.

        A file that cannot be written is logged once.
        """
        self._outdated = status != self._written
        if not self._outdated or now < self._next_write:
            return
        self._outdated, self._written, self._next_write = False, status, now + WRITE_INTERVAL_S
        data = {**status, "written": time.time()}
        try:
            atomic.replace(self._path, json.dumps(data).encode(), durable=False)  # no daemon survives a power cut
            self._failing = False
        except StorageError as e:
            if not self._failing:
                log.warning("status.unwritten", error=str(e))
            self._failing = True

    def seconds_until_write(self, now: float) -> float:
        """Seconds until the latest status may be written; infinity when the file has it."""
        return self._next_write - now if self._outdated else math.inf

    def remove(self) -> None:
        """Remove the file, so that it is not taken for a running daemon's."""
        self._path.unlink(missing_ok=True)
