"""The textfile for node_exporter: written every few seconds by a thread of its own; its last words are a 0."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from scanmend.errors import StorageError
from scanmend.fs import atomic
from scanmend.fs.ownership import Access

WRITE_INTERVAL_S = 15.0
"""Seconds between two writes; as often as Prometheus usually asks."""
READABLE = Access(mode=0o644)
"""Mode of the file: node_exporter is another user."""

log = structlog.get_logger()


class Textfile:
    """Keeps the file up to date while the daemon runs, under whatever name the configuration gives it then.

    What Prometheus reads of a daemon that was killed grows old, and ``scanmend_scrape_timestamp_seconds`` tells. One
    that stops leaves a file with ``scanmend_running 0`` and without values that would look like those of now.
    """

    def __init__(
        self,
        path: Callable[[], Path | None],
        render: Callable[[], bytes],
        render_stopped: Callable[[], bytes],
        interval_s: float = WRITE_INTERVAL_S,
    ) -> None:
        """``path`` returns the file as configured now, None where none is to be written."""
        self._path = path
        self._render = render
        self._render_stopped = render_stopped
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._written: Path | None = None
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="textfile", daemon=True)

    def start(self) -> None:
        """Write now, and again and again."""
        self._thread.start()

    def stop(self) -> None:
        """Write for the last time; nothing is written after this."""
        self._stopping.set()
        self._thread.join()
        if self._written is not None:
            self._write(self._written, self._render_stopped())

    def _run(self) -> None:
        while True:
            path = self._path()
            if self._written not in (None, path):  # the configuration was changed
                self._remove()
            if path is not None:
                self._write(path, self._render())
            if self._stopping.wait(self._interval_s):
                return

    def _write(self, path: Path, data: bytes) -> None:
        """Replace the file; one that cannot be written is logged once."""
        try:
            atomic.replace(path, data, access=READABLE, durable=False)
        except StorageError as e:
            if not self._failing:
                log.warning("metrics.unwritten", error=str(e))
            self._failing = True
        else:
            self._written, self._failing = path, False

    def _remove(self) -> None:
        if self._written is not None:
            self._written.unlink(missing_ok=True)
            self._written = None
