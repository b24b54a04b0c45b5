"""The downloads that run: each has a thread of its own, beside everything else, and says how far it is."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from scanmend.config.schema import ModelSpec
from scanmend.document import printable
from scanmend.errors import ModelError, Stopping, StorageError
from scanmend.llm.store.store import Store, is_downloadable

STATUS_S = 2.0
"""How often the status file is brought up to date while a download runs."""
LOG_S = 10.0
"""How often the progress of a download is logged."""
RATE_WINDOW_S = 15.0
"""The rate of a download is the average over this time."""
FAILURE_REPEAT_S = 10.0
"""Whoever asks for a model within this time of a failed download gets its error; later the download is tried again."""

log = structlog.get_logger()


class DownloadProgress:
    """How far one download is; called with the bytes done and in all from one thread, and read from any."""

    def __init__(
        self, name: str, clock: Callable[[], float] = time.monotonic, changed: Callable[[], None] = lambda: None
    ) -> None:
        """``changed`` is called when status should hear of it."""
        self.name = name
        self._clock, self._changed = clock, changed
        self._marks: deque[tuple[float, int]] = deque()
        self._total = 0
        self._reported = self._logged = -LOG_S
        self._lock = threading.Lock()

    def __call__(self, done: int, total: int) -> None:
        """Note the progress; call ``changed`` every STATUS_S, and log every LOG_S."""
        now = self._clock()
        with self._lock:
            self._total = total
            self._marks.append((now, done))
            while len(self._marks) > 2 and now - self._marks[1][0] >= RATE_WINDOW_S:  # noqa: PLR2004 -- a rate needs two
                self._marks.popleft()
        if now - self._reported >= STATUS_S or done == total:
            self._reported = now
            self._changed()
        if now - self._logged >= LOG_S or done == total:
            self._logged = now
            log.info("model.downloading", **self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Return model, percent, MiB done and in all, MiB per second, and seconds left; None for what is not known."""
        with self._lock:
            (began, first), total = (self._marks or [(self._clock(), 0)])[0], self._total
            done = self._marks[-1][1] if self._marks else 0
        seconds = self._clock() - began
        rate = (done - first) / seconds if seconds > 0 else None
        return {
            "model": self.name,
            "percent": round(100 * done / total, 1) if total else None,
            "done_mib": round(done / 2**20, 1),
            "total_mib": round(total / 2**20, 1) if total else None,
            "rate_mib_s": None if rate is None else round(rate / 2**20, 2),
            "remaining_s": round((total - done) / rate) if rate else None,
        }


@dataclass(slots=True, eq=False)
class _Running:
    spec: ModelSpec
    progress: DownloadProgress
    thread: threading.Thread
    unwanted: bool = False
    """Whether it is to end, since the configuration has changed."""


@dataclass(frozen=True, slots=True)
class _Failure:
    spec: ModelSpec
    at: float
    error: ModelError | StorageError


class Downloads:
    """The downloads of a daemon, or of one command; any number of threads ask."""

    def __init__(
        self,
        store: Store,
        stopping: Callable[[], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``changed`` is called from any thread when ``snapshot`` or ``running`` has something new."""
        self._store, self._stopping, self._clock, self._changed = store, stopping, clock, changed
        self._lock = threading.Condition()
        self._running: dict[str, _Running] = {}
        self._failed: dict[str, _Failure] = {}
        self._known: dict[ModelSpec, Path] = {}

    def pending(self, name: str, spec: ModelSpec) -> bool:
        """Whether a document has to wait for this model; where it is not on this machine, its download is started.

        Raises ModelError or StorageError when the download failed less than FAILURE_REPEAT_S ago, and Stopping.
        """
        if not is_downloadable(spec):
            return False
        with self._lock:
            if name in self._running:
                return True
            failed = self._failed.get(name)
        if failed is not None and failed.spec == spec and self._clock() - failed.at < FAILURE_REPEAT_S:
            raise type(failed.error)(str(failed.error)) from failed.error
        if self._is_here(name, spec):
            return False
        with self._lock:
            if self._stopping():
                raise Stopping
            if name not in self._running:
                progress = DownloadProgress(name, self._clock, self._changed)
                thread = threading.Thread(target=self._run, args=(name,), name=f"download {name}", daemon=True)
                self._running[name] = _Running(spec, progress, thread)
                thread.start()
        self._changed()
        return True

    def wait(self, name: str, spec: ModelSpec) -> None:
        """Block until the model is on this machine; raises as ``pending`` does."""
        while self.pending(name, spec):
            with self._lock:
                self._lock.wait_for(lambda: name not in self._running or self._stopping(), 1.0)
            if self._stopping():
                raise Stopping

    def forget(self, spec: ModelSpec) -> None:
        """Search for the model again when it is asked for next: its file is gone, or of no use."""
        self._known.pop(spec, None)

    def cancel_unconfigured(self, models: Mapping[str, ModelSpec]) -> None:
        """End downloads of models that are not, or not so, in the configuration; partial files are kept."""
        with self._lock:
            for name, download in self._running.items():
                download.unwanted = download.unwanted or models.get(name) != download.spec

    def running(self, name: str) -> bool:
        """Whether this model is being downloaded now."""
        with self._lock:
            return name in self._running

    def snapshot(self) -> list[dict[str, Any]]:
        """Return ``DownloadProgress.as_dict`` of each download that runs, by name of the model."""
        with self._lock:
            running = sorted(self._running.items())
        return [download.progress.as_dict() for _, download in running]

    def join(self) -> None:
        """Block until all downloads have ended, after ``stopping`` turned true."""
        with self._lock:
            threads = [download.thread for download in self._running.values()]
        for thread in threads:
            thread.join()

    def _is_here(self, name: str, spec: ModelSpec) -> bool:
        known = self._known.get(spec)
        if known is not None and known.is_file():
            return True
        found = self._store.find(name, spec)
        if found is not None:
            self._known[spec] = found.path
        return found is not None

    def _run(self, name: str) -> None:
        download, started = self._running[name], self._clock()
        error: ModelError | StorageError | None = None
        try:
            found = self._store.obtain(
                name, download.spec, download.progress, lambda: download.unwanted or self._stopping()
            )
            self._known[download.spec] = found.path
            seconds = round(self._clock() - started, 1)
            log.info("model.downloaded", model=name, file=printable(found.path), seconds=seconds)
        except Stopping:
            log.info("model.download_stopped", model=name)
        except (ModelError, StorageError) as e:
            error = e
        except Exception as e:
            log.exception("model.download_unexpected", model=name)
            error = ModelError(f"model {name!r}: unexpected {type(e).__name__}: {e}")
        if error is not None:
            log.error("model.download_failed", model=name, error=str(error))
        with self._lock:
            if error is not None:
                self._failed[name] = _Failure(download.spec, self._clock(), error)
            del self._running[name]
            self._lock.notify_all()
        self._changed()
