"""The thread that writes outputs of reviewed documents again: one at a time, as the steps of a document pause."""

import threading
import time
from collections.abc import Callable

import structlog

from scanmend.errors import ScanmendError, Stopping
from scanmend.review.rewriting import Outdated

QUIET_S = 1.5
"""Seconds without a further step after which outputs are written again: a person decides several places in a row."""
MAX_QUIET_S = 10.0
"""Longest time that outputs wait for the steps to pause, in seconds."""
RETRY_S = 60.0
"""When outputs are tried again that could not be written, in seconds."""

log = structlog.get_logger()


class Writer:
    """Has documents written whose steps pause; for any thread. Its own thread starts with the first of them."""

    def __init__(
        self,
        write: Callable[[str], object],
        note_outdated: Callable[[str], None],
        on_change: Callable[[], None],
        quiet_s: float,
    ) -> None:
        """``write(id)`` brings a document's outputs up to date, with the errors of ``rewriting.rewrite``.

        ``note_outdated(id)`` hears of those for which that is not possible any more; ``on_change`` of each end.
        """
        self._write, self._note_outdated, self._on_change, self._quiet_s = write, note_outdated, on_change, quiet_s
        self._wake = threading.Condition()
        self._touched: dict[str, tuple[float, float]] = {}
        """Documents with steps to be written: when the first and the latest of these came (monotonic)."""
        self._retry: dict[str, float] = {}
        """Documents that could not be written, and when that is tried again (monotonic)."""
        self._troubles: dict[str, str] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def step_taken(self, id_: str) -> None:
        """Have a document written when its steps pause."""
        with self._wake:
            now = time.monotonic()
            self._touched[id_] = (self._touched.get(id_, (now, now))[0], now)
            self._retry.pop(id_, None)
            self._troubles.pop(id_, None)
            self._run()

    def due(self, id_: str) -> None:
        """Have a document written at once, unless it waits already or failed just now."""
        with self._wake:
            now = time.monotonic()
            if id_ not in self._touched and self._retry.get(id_, now) <= now:
                self._touched[id_] = (now - MAX_QUIET_S, now - MAX_QUIET_S)
                self._run()

    def trouble(self, id_: str) -> str:
        """Return why a document could not be written; empty where it could, or is not tried yet."""
        return self._troubles.get(id_, "")

    def wait_for(self, done: Callable[[], bool], limit_s: float) -> None:
        """Wait until ``done`` is true, asked each second and after each document; ``limit_s`` seconds at most."""
        deadline = time.monotonic() + limit_s
        with self._wake:
            while not done() and not self._closed and (left := deadline - time.monotonic()) > 0:
                self._wake.wait(min(left, 1.0))

    def close(self) -> None:
        """End the thread after the document in work; what is not written then stays so."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._work, name="review", daemon=True)
            self._thread.start()
        self._wake.notify_all()

    def _work(self) -> None:
        """Write the outputs of documents as their steps pause; the body of the thread."""
        while (id_ := self._next()) is not None:
            trouble = ""
            try:
                self._write(id_)
            except Stopping:
                return
            except Outdated as e:
                trouble = str(e)
                self._note_outdated(id_)
                log.warning("review.outdated", id=id_, reason=trouble)
            except ScanmendError as e:
                trouble = self._held(id_, str(e))
            except Exception as e:
                log.exception("review.unexpected", id=id_)
                trouble = self._held(id_, f"unexpected {type(e).__name__}: {e}")
            with self._wake:
                if trouble:
                    self._troubles[id_] = trouble
                self._wake.notify_all()
            self._on_change()

    def _held(self, id_: str, reason: str) -> str:
        self._retry[id_] = time.monotonic() + RETRY_S
        log.warning("review.held", id=id_, reason=reason, again_in_s=RETRY_S)
        return reason

    def _next(self) -> str | None:
        """Wait for a document whose outputs are due, and return its id; None when closed."""
        with self._wake:
            while not self._closed:
                now = time.monotonic()
                due = {
                    id_: min(latest + self._quiet_s, first + MAX_QUIET_S)
                    for id_, (first, latest) in self._touched.items()
                }
                if due and min(due.values()) <= now:
                    id_ = min(due, key=lambda one: due[one])
                    del self._touched[id_]
                    return id_
                self._wake.wait(min(due.values()) - now if due else None)
        return None
