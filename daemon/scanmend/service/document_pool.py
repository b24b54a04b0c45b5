"""The documents in work: begun on threads of their own, watched, and collected when they are through."""

import math
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.service.admission import LONG, Admission

LONG_AT_ONCE = 2
"""Long documents in work: one keeps all workers busy, the other begins while the first is being written."""
UNRECORDED_S = 60.0
"""When a document is taken up again whose state the ledger could not take in."""

log = structlog.get_logger()


class DocumentPool:
    """What is in work, and room for more; all but ``at_stage`` and ``enter`` is for the daemon's loop alone."""

    def __init__(self, ledger: Ledger, workers: int, changed: Callable[[], None]) -> None:
        """``workers``: page processes to keep busy; ``changed`` is called when a document is through, from threads."""
        self._ledger = ledger
        self._changed = changed
        self._admission = Admission(LONG_AT_ONCE)
        self._capacity = workers + LONG_AT_ONCE
        self._documents = ThreadPoolExecutor(self._capacity, thread_name_prefix="document")
        self._working: dict[str, tuple[Entry, Future[None]]] = {}
        self._stages: dict[str, str] = {}
        self._unrecorded: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._working)

    @property
    def ids(self) -> Collection[str]:
        """Of the documents in work."""
        return self._working.keys()

    @property
    def room(self) -> int:
        """How many more documents can be begun."""
        return self._capacity - len(self._working)

    def at_stage(self, id_: str, stage: str) -> None:
        """Remember what is being done with a document."""
        self._stages[id_] = stage

    def enter(self, id_: str, pages: int) -> None:
        """Let a document of so many pages go on; Postponed when there are enough long ones in work."""
        self._admission.enter(id_, pages)

    def begin(self, entry: Entry, work: Callable[[], None]) -> None:
        """Have the work done on a document."""
        self._stages[entry.id] = "starting"
        future = self._documents.submit(work)
        self._working[entry.id] = (entry, future)
        future.add_done_callback(lambda _: self._changed())

    def collect(self) -> None:
        """Let go of what is through; what the ledger could not take in is taken up again later."""
        for id_, (_, future) in list(self._working.items()):
            if future.done():
                del self._working[id_]
                self._stages.pop(id_, None)
                self._admission.leave(id_)
                if error := future.exception():
                    log.error("document.unrecorded", id=id_, error=str(error), again_in_s=UNRECORDED_S)
                    self._unrecorded[id_] = time.monotonic() + UNRECORDED_S
        for id_ in [i for i, due in self._unrecorded.items() if due <= time.monotonic()]:
            try:
                entry = self._ledger.get(id_)
                if entry is not None and entry.state == "working":
                    self._ledger.move(id_, "waiting")
                del self._unrecorded[id_]
            except StorageError as e:
                log.warning("document.still_unrecorded", id=id_, error=str(e), again_in_s=UNRECORDED_S)
                self._unrecorded[id_] = time.monotonic() + UNRECORDED_S

    def due(self, inboxes: Iterable[Path], until: float, count: int) -> list[Entry]:
        """Documents of these inboxes that are due until then (wall clock) and not in work; the first first.

        Long ones wait while there are enough of them in work.
        """
        if count <= 0:
            return []
        busy = self._working.keys() | self._unrecorded.keys()
        most_pages = LONG if self._admission.full else None
        due = self._ledger.due(until, count + len(busy), inboxes, most_pages)
        return [entry for entry in due if entry.id not in busy][:count]

    def waits(self, inboxes: Iterable[Path], now: float) -> list[float]:
        """Seconds until each moment at which there is something to do; ``now``: monotonic."""
        waits = [due - now for due in self._unrecorded.values()]
        if self._working:
            waits.append(1.0)  # so that status follows the pages
        if self.room > 0:
            waits += (max(0.2, entry.due - time.time()) for entry in self.due(inboxes, math.inf, 1))
        return waits

    def told(self) -> list[dict[str, Any]]:
        """Name each document in work, and its stage."""
        return [
            {"id": i, "folder": e.folder, "file": printable(e.relative), "stage": self._stages.get(i, "")}
            for i, (e, _) in sorted(self._working.items())
        ]

    def wait(self, limit: float) -> None:
        """Give what is in work until then (monotonic) to come to its end."""
        for _, future in self._working.values():
            _wait(future, max(0.0, limit - time.monotonic()))

    def close(self) -> None:
        """Wait for every thread; what has not begun never does."""
        self._documents.shutdown(wait=True, cancel_futures=True)


def _wait(future: "Future[None]", limit_s: float) -> None:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    done.wait(limit_s)
