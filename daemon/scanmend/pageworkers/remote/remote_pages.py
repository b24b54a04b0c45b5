"""Pages that the workers of a Dask cluster read: which go out, how many at a time, and what becomes of those lost.

Each thread of a worker has ``in_flight`` pages at most, so that the rest waits here, where documents take turns, and
not in the scheduler's memory. Dask gives the pages of a lost worker to others. What does not come back in time, or was
lost too often, fails as a page does whose local worker failed; without scheduler or workers all pages fail with
WorkersAway, and their documents wait. Reading a page twice does no harm: only the daemon writes anything.
"""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import structlog
from pydantic import TypeAdapter

from scanmend.document import DocumentWarning, Page
from scanmend.errors import OcrError, PageFailed, Stopping, WorkersAway
from scanmend.pageworkers.fair_queue import FairQueue
from scanmend.pageworkers.protocol import ERRORS
from scanmend.pageworkers.remote.cluster import LOST, Cluster, ClusterSettings, explained
from scanmend.pageworkers.remote.crew import Crew
from scanmend.pageworkers.remote.sources import Source, Sources
from scanmend.source.settings import ReadSettings

LOOK_S = 2.0
"""How often the scheduler is asked for its workers while pages are read, in seconds."""
RECONNECT_S, RECONNECT_MOST_S = 1.0, 60.0
"""Pause before the scheduler is tried again, which doubles up to the second."""
FAREWELL_S = 1.0
"""Seconds that the scheduler may take to be told that this is the end; it notices anyhow."""
NO_WORKERS_S = 15.0
"""Seconds without any worker after which documents are sent back to wait."""
TRAVEL_S = 120.0
"""Seconds that a page may be under way beyond the time limits of all pages before it on its worker."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What ``tasks.read`` returns."""

    worker: str
    """The worker's address."""
    page: Page | None = None
    missing: bool = False
    """Whether the worker has not got the source."""
    error: Literal["", "page", "document", "storage", "ocr"] = ""
    what: str = ""
    message: str = ""


log = structlog.get_logger()
_reply = TypeAdapter(_Reply)


@dataclass(eq=False, slots=True)
class _Job:
    """One page that is with the cluster."""

    number: int
    settings: ReadSettings
    source: Source
    page: "Future[Page]"
    deadline: float
    has_content: bool = False
    """Whether the source's bytes went along."""
    sent: "Future[bytes] | None" = field(default=None)


class RemotePages:
    """Reads pages on a cluster, as ``RemoteReader`` says; connects when a page comes, and lets go when idle."""

    def __init__(
        self,
        settings: ClusterSettings,
        connect: Callable[[ClusterSettings], Cluster] = Cluster,
        no_workers_s: float = NO_WORKERS_S,
    ) -> None:
        self._settings, self._connect, self._no_workers_s = settings, connect, no_workers_s
        self._sources = Sources(shared_paths=settings.shared_paths)
        self._crew = Crew(settings.in_flight, self._joined)
        self._queue = FairQueue()
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="dask")
        """Sends pages and takes answers, apart from the threads of Dask's own, which must not wait."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._jobs: set[_Job] = set()
        self._pumping = False
        """Whether a look for pages that can go out is under way."""
        self._taken = 0
        """Slots in use: jobs, and those that are being made ready."""
        self._cluster: Cluster | None = None
        self._watcher: threading.Thread | None = None
        self._trouble = ""
        self._closed = self._ending = False
        self._last_used = time.monotonic()
        self._changed: Callable[[], None] = lambda: None

    @property
    def slots(self) -> int:
        """See RemoteReader."""
        return self._crew.slots

    @property
    def trouble(self) -> str:
        """See RemoteReader."""
        return self._trouble

    @property
    def idle(self) -> bool:
        """See RemoteReader."""
        with self._lock:
            return self._watcher is None

    def takes(self, path: Path) -> bool:
        """See RemoteReader."""
        return self._sources.takes(path)

    def on_change(self, call: Callable[[], None]) -> None:
        """See RemoteReader."""
        self._changed = call

    def prepare(self) -> None:
        """See RemoteReader."""
        with self._lock:
            self._last_used = time.monotonic()
            self._ending = False
            if self._watcher is None and not self._closed:
                self._watcher = threading.Thread(target=self._watch, name="dask-watch", daemon=True)
                self._watcher.start()

    def submit(self, path: Path, number: int, settings: ReadSettings) -> "Future[Page]":
        """See RemoteReader."""
        self.prepare()
        future = self._queue.put_begun(path, partial(self._begin, path, number, settings))
        if self._closed:
            self._fail_all(Stopping())
        elif self._trouble:
            self._fail_all(WorkersAway(self._trouble))
        self._pump_soon()
        return future

    def end_idle(self, after_s: float) -> bool:
        """See RemoteReader."""
        with self._lock:
            if self._watcher is None:
                return True
            if self._taken or len(self._queue) or self._trouble or time.monotonic() - self._last_used < after_s:
                return False
            self._ending = True
        self._wake.set()
        return False

    def status(self) -> dict[str, Any]:
        """See RemoteReader."""
        with self._lock:
            state = "away" if self._trouble else "connected" if self._cluster else "connecting"
            if self._watcher is None:
                state = "idle"
            taken = self._taken
        return {
            "scheduler": self._settings.address,
            "state": state,
            "trouble": self._trouble or None,
            "in_flight": taken,
            "queued": len(self._queue),
            **self._crew.status(),
        }

    def close(self) -> None:
        """See RemoteReader."""
        with self._lock:
            self._closed = True
            watcher = self._watcher
        self._wake.set()
        self._fail_all(Stopping())
        self._hands.shutdown(wait=False, cancel_futures=True)
        if watcher is not None:
            watcher.join(FAREWELL_S)

    # the watcher's thread

    def _watch(self) -> None:
        """Keep connected, and know the workers, until there is nothing more to do."""
        while True:
            self._keep_connected()
            with self._lock:
                if self._is_over():  # else a page has come meanwhile
                    self._watcher, self._ending = None, False
                    return

    def _keep_connected(self) -> None:
        pause = RECONNECT_S
        while not self._ends():
            try:
                cluster = self._connect(self._settings)
            except WorkersAway as e:
                self._away(str(e))
                self._wait(pause)
                pause = min(RECONNECT_MOST_S, 2 * pause)
                continue
            pause = RECONNECT_S
            log.info("dask.connected", scheduler=self._settings.address)
            with self._lock:
                self._cluster = cluster
            try:
                self._look_after(cluster)
                why = ""
            except WorkersAway as e:
                why = f"{e}: {self._settings.address}; it is tried again, see the log of the scheduler"
            with self._lock:
                self._cluster = None  # from here on no page can be added to those that fail now
            self._crew.dismiss()
            if why:
                self._away(why)
            cluster.close()

    def _look_after(self, cluster: Cluster) -> None:
        """Return when it is to end; WorkersAway when the connection is lost."""
        had_workers = time.monotonic()
        while not self._ends():
            if not cluster.alive:
                raise WorkersAway(LOST)
            self._crew.update(cluster)
            self._pump_soon()  # there may be more slots than there were
            now = time.monotonic()
            if self._crew.slots:
                had_workers = now
                self._back()
            elif now - had_workers > self._no_workers_s:
                self._away(self._crew.why_none(self._settings.address))
            for job in self._overdue(now):
                self._settle(job, OcrError(f"page {job.number} did not come back from the Dask workers in time"))
                if job.sent is not None:
                    job.sent.cancel()
            self._wait(LOOK_S)

    def _ends(self) -> bool:
        with self._lock:
            return self._is_over()

    def _is_over(self) -> bool:
        """Whether the watcher has nothing more to do; for holders of the lock."""
        return self._closed or (self._ending and not self._taken and not len(self._queue))

    def _wait(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _away(self, why: str) -> None:
        """Let every page fail, and note why; the documents wait."""
        if self._trouble != why and not self._closed:
            log.warning("dask.away", error=why, meaning="documents wait; it is tried again")
        self._trouble = why
        self._fail_all(WorkersAway(why))
        self._changed()

    def _back(self) -> None:
        if self._trouble:
            log.info("dask.back", scheduler=self._settings.address, workers=self._crew.status()["workers"])
            self._trouble = ""
            self._changed()

    # threads of ``_hands``, and of whoever calls

    def _joined(self) -> None:
        """There is one worker more."""
        self._pump_soon()
        if self._trouble:
            self._wake.set()

    def _pump_soon(self) -> None:
        with self._lock:
            if self._pumping:
                return
            self._pumping = True
        with suppress(RuntimeError):  # closed
            self._hands.submit(self._pump)

    def _pump(self) -> None:
        """Begin pages while there are slots for them."""
        with self._lock:
            self._pumping = False  # what comes from here on wants another look
        while True:
            with self._lock:
                if self._cluster is None or self._taken >= self._crew.slots:
                    return
                self._taken += 1
            if not self._queue.begin_next():
                self._release()
                return

    def _release(self) -> None:
        with self._lock:
            self._taken -= 1
            self._last_used = time.monotonic()

    def _begin(self, path: Path, number: int, settings: ReadSettings) -> "Future[Page]":
        """Send a page, for which a slot was taken; what this raises goes to the page's future."""
        try:
            source = self._sources.find(path)
            limit_s = self._settings.in_flight * 2 * settings.limit_s + TRAVEL_S
            job = _Job(number, settings, source, Future(), time.monotonic() + limit_s)
            with self._lock:
                if self._closed:
                    raise Stopping
                if self._cluster is None:
                    raise WorkersAway(self._trouble or LOST)
                self._jobs.add(job)
        except BaseException:
            self._release()
            raise
        try:
            self._send(job, content=self._sources.goes_along(source, number))
        except BaseException as e:  # noqa: BLE001 -- as executors do
            self._settle(job, e)
        return job.page

    def _send(self, job: _Job, *, content: bool, to: str = "") -> None:
        """Hand a page to the cluster, or to one worker that lacks its source."""
        with self._lock:
            cluster = self._cluster
        if cluster is None:
            raise WorkersAway(self._trouble or LOST)
        workers = self._crew.able(job.settings.languages)
        request = json.dumps(self._sources.request(job.source, job.number, job.settings)).encode()
        data = job.source.content() if content else None
        job.has_content = content
        sent = cluster.submit(
            _read_task(), request, data, workers=[to] if to else workers, only=not to or bool(workers)
        )
        job.sent = sent
        sent.add_done_callback(partial(self._answered, job))

    def _answered(self, job: _Job, sent: "Future[bytes]") -> None:
        """Take an answer in a thread that has the time for it; called from a thread of Dask's."""
        with suppress(RuntimeError):  # closed, and the page with it
            self._hands.submit(self._receive, job, sent)

    def _receive(self, job: _Job, sent: "Future[bytes]") -> None:
        try:
            page = self._page_of(job, sent)
        except BaseException as e:  # noqa: BLE001 -- as executors do: ``page.result()`` raises it
            why = explained(e)
            if isinstance(why, WorkersAway):  # no further document is begun until the watcher has looked
                self._trouble = self._trouble or str(why)
                self._wake.set()
            self._settle(job, why)
        else:
            if page is not None:
                self._settle(job, page)

    def _page_of(self, job: _Job, sent: "Future[bytes]") -> Page | None:
        """Return the page; None where the worker had not got the source, and is sent it now."""
        reply = _reply.validate_json(sent.result())
        if reply.error == "page":
            raise PageFailed(reply.what, reply.message)
        if reply.error:
            raise ERRORS[reply.error](reply.message)
        page = reply.page
        if page is None:  # the worker has not got the source
            if job.has_content:
                raise OcrError(f"a Dask worker did not keep the source of page {job.number}")
            self._send(job, content=True, to=reply.worker)
            return None
        if differs := self._crew.differences(reply.worker, page.languages or job.settings.languages):
            text = f"the page was read with {differs}, so it may differ from others of its kind"
            return replace(page, warnings=(*page.warnings, DocumentWarning("read_with_others", text, page.number)))
        return page

    def _settle(self, job: _Job, outcome: Page | BaseException) -> None:
        """Let a page's future have its outcome, once; and go on with the next page."""
        with self._lock:
            if job not in self._jobs:
                return
            self._jobs.discard(job)
        self._release()
        if isinstance(outcome, Page):
            job.page.set_result(outcome)
        else:
            job.page.set_exception(outcome)
        self._pump_soon()

    def _overdue(self, now: float) -> list[_Job]:
        with self._lock:
            return [job for job in self._jobs if now > job.deadline]

    def _fail_all(self, error: BaseException) -> None:
        with self._lock:
            jobs = [*self._jobs]
        for job in jobs:
            self._settle(job, error)
        self._queue.fail_all(error)


def _read_task() -> Callable[..., bytes]:
    from scanmend.pageworkers.remote.tasks import read  # noqa: PLC0415 -- imports ``distributed``

    return read
