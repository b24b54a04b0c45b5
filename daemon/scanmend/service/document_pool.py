"""The documents in work, each on a thread of its own: how many there may be, how far they are, which have ended."""

import math
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from scanmend.document import printable
from scanmend.errors import Postponed, StorageError
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger

LONG_PAGES = 10
"""A document with more pages than this is a long one."""
MAX_DOCUMENTS = 600
"""Documents in work at a time, however many machines read pages: each takes a thread."""
MAX_LONG_DOCUMENTS = 2
"""Long documents in work at a time: one keeps all page workers busy, the other begins while its outputs are written."""
RECORD_RETRY_S = 60.0
"""When a document is tried again whose end the ledger could not record, in seconds."""
STATUS_INTERVAL_S = 1.0
"""How often the loop runs while documents are in work, so that status shows their pages."""
MIN_DUE_WAIT_S = 0.2
"""Shortest wait for a document that is due, so that one that cannot be begun yet does not make the loop spin."""

log = structlog.get_logger()


class LongDocuments:
    """Which long documents are in work; short ones are never held up, and so always find a thread beside them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._admitted: set[str] = set()
        self._lock = threading.Lock()

    def admit(self, id_: str, pages: int) -> None:
        """Count a document in, if it is long; Postponed when there are enough long ones in work already."""
        if pages <= LONG_PAGES:
            return
        with self._lock:
            if len(self._admitted) >= self._most and id_ not in self._admitted:
                raise Postponed(f"waits, having {pages} pages, until another long document is through")
            self._admitted.add(id_)

    def release(self, id_: str) -> None:
        """Count a document out; nothing where it was not in."""
        with self._lock:
            self._admitted.discard(id_)

    @property
    def full(self) -> bool:
        """Whether no further long document would be admitted now."""
        with self._lock:
            return len(self._admitted) >= self._most


class DocumentPool:
    """Threads that work on documents; all methods but ``set_stage`` and ``admit`` are for the daemon's loop alone."""

    def __init__(self, ledger: Ledger, workers: Callable[[], int], on_end: Callable[[], None]) -> None:
        """``workers()``: pages that can be read at the same time, which changes with other machines that read some.

        ``on_end`` is called, from threads, when a document has ended.
        """
        self._ledger = ledger
        self._on_end = on_end
        self._long = LongDocuments(MAX_LONG_DOCUMENTS)
        self._workers = workers
        self._threads = ThreadPoolExecutor(MAX_DOCUMENTS, thread_name_prefix="document")  # started as they are needed
        self._working: dict[str, tuple[Entry, Future[None]]] = {}
        self._stages: dict[str, str] = {}
        self._unrecorded: dict[str, float] = {}
        """Ids of documents whose end the ledger could not record, and when that is tried again (monotonic)."""

    def __len__(self) -> int:
        return len(self._working)

    @property
    def ids(self) -> Collection[str]:
        """Ids of the documents in work."""
        return self._working.keys()

    @property
    def free(self) -> int:
        """How many more documents can be begun now."""
        return min(MAX_DOCUMENTS, self._workers() + MAX_LONG_DOCUMENTS) - len(self._working)

    def set_stage(self, id_: str, stage: str) -> None:
        """Note what is being done with a document, for status."""
        self._stages[id_] = stage

    def admit(self, id_: str, pages: int) -> None:
        """Let a document go on whose number of pages has been found; Postponed as in ``LongDocuments``."""
        self._long.admit(id_, pages)

    def begin(self, entry: Entry, work: Callable[[], None]) -> None:
        """Run ``work`` on a thread for this document."""
        self._stages[entry.id] = "starting"
        future = self._threads.submit(work)
        self._working[entry.id] = (entry, future)
        future.add_done_callback(lambda _: self._on_end())

    def collect(self) -> None:
        """Forget the documents that have ended; one whose end the ledger could not record waits and is tried again."""
        for id_, (_, future) in list(self._working.items()):
            if future.done():
                del self._working[id_]
                self._stages.pop(id_, None)
                self._long.release(id_)
                if error := future.exception():
                    log.error("document.unrecorded", id=id_, error=str(error), again_in_s=RECORD_RETRY_S)
                    self._unrecorded[id_] = time.monotonic() + RECORD_RETRY_S
        for id_ in [i for i, retry_at in self._unrecorded.items() if retry_at <= time.monotonic()]:
            try:
                entry = self._ledger.get(id_)
                if entry is not None and entry.state == "working":
                    self._ledger.move(id_, "waiting")
                del self._unrecorded[id_]
            except StorageError as e:
                log.warning("document.still_unrecorded", id=id_, error=str(e), again_in_s=RECORD_RETRY_S)
                self._unrecorded[id_] = time.monotonic() + RECORD_RETRY_S

    def due(self, inboxes: Iterable[Path], until: float, count: int) -> list[Entry]:
        """Up to ``count`` documents of these inboxes that are due by ``until`` (wall clock) and not in work, in order.

        Long ones are left out while no further one would be admitted.
        """
        if count <= 0:
            return []
        busy = self._working.keys() | self._unrecorded.keys()
        most_pages = LONG_PAGES if self._long.full else None
        due = self._ledger.due(until, count + len(busy), inboxes, most_pages)
        return [entry for entry in due if entry.id not in busy][:count]

    def seconds_until_due(self, inboxes: Iterable[Path], now: float) -> float:
        """Seconds (``now``: monotonic) until there is something to collect or begin, or a stage to report."""
        seconds = [retry_at - now for retry_at in self._unrecorded.values()]
        if self._working:
            seconds.append(STATUS_INTERVAL_S)
        if self.free > 0:
            seconds += (max(MIN_DUE_WAIT_S, entry.due - time.time()) for entry in self.due(inboxes, math.inf, 1))
        return min(seconds, default=math.inf)

    def snapshot(self) -> list[dict[str, Any]]:
        """Each document in work, with its stage, as status has it."""
        return [
            {"id": i, "folder": e.folder, "file": printable(e.relative), "stage": self._stages.get(i, "")}
            for i, (e, _) in sorted(self._working.items())
        ]

    def wait(self, deadline: float) -> None:
        """Wait until every document in work has ended, or until ``deadline`` (monotonic)."""
        for _, future in self._working.values():
            _wait(future, max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """Wait for every thread without limit; what has not begun never does."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def _wait(future: "Future[None]", limit_s: float) -> None:
    """Wait until the future is done, whatever came of it."""
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    done.wait(limit_s)
