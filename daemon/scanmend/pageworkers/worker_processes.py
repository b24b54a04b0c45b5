"""The worker processes of a page pool: started on demand, lent for one task each, ended when they die or lie idle.

The standard ProcessPoolExecutor breaks as a whole when one worker dies, and cannot end a hung one. Here each task
borrows a child process, which is dropped when it crashes, exceeds its time or reports that a page failed.
"""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from scanmend.errors import ChildDied, OcrError, PageFailed, Stopping
from scanmend.pageworkers.protocol import ERRORS, task_name
from scanmend.process.child import Child, Message

log = structlog.get_logger()


class WorkerProcesses:
    """Idle and busy worker processes; any number of threads may call it."""

    def __init__(self, size: int, start: Callable[[], Child]) -> None:
        """``size``: idle workers that are kept at most; ``start`` starts a worker, ChildDied when it cannot."""
        self._size = size
        self._start = start
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._last_used = time.monotonic()

    @property
    def busy(self) -> int:
        """Number of workers that have a task right now."""
        with self._lock:
            return len(self._busy)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of all workers, idle and busy."""
        with self._lock:
            return tuple(child.pid for child in (*self._idle, *self._busy))

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def ask(
        self,
        request: Message,
        limit_s: float,
        grace_s: float = 0.0,
        work: Path | None = None,
        *,
        keep: bool = True,
        told: Callable[[Message], None] | None = None,
    ) -> Any:
        """Have a worker carry out a request within ``limit_s`` and ``grace_s`` seconds together; return its result.

        Where it composes a document, it has this time for each page. ``work``: the request's folder, removed when the
        worker dies; ``keep``: the worker may be used again afterwards; ``told`` is called with what the worker tells
        meanwhile.
        DocumentError, OcrError (PageFailed when the worker crashes or exceeds its time), StorageError,
        Stopping.
        """
        child = self._borrow()
        try:
            reply = child.ask(request, limit_s + grace_s, told, in_all=request["do"] == "read")
        except ChildDied as e:
            closed = self._drop(child)
            if work is not None:
                shutil.rmtree(work, ignore_errors=True)
            if closed:
                raise Stopping from e
            late = isinstance(e.__cause__, TimeoutError) and request["do"] != "inspect"
            over = f"; page_limit_s: {limit_s:g} s is over" if late else ""
            raise PageFailed(task_name(request), f"ended its worker: {e}{over}") from e
        except BaseException:
            self._drop(child)
            raise
        error = reply.get("error")
        if error == "page":
            self._drop(child)  # and with it what Tesseract may have left running
            raise PageFailed(reply["what"], reply["message"])
        self._return(child, keep=keep)
        if error:
            raise ERRORS[error](reply["message"])
        return reply["result"]

    def start_ahead(self, tasks: int) -> None:
        """Start workers for ``tasks`` that will come soon, less those that are idle, up to ``size`` with the busy ones.

        A worker that cannot be started is logged: the task itself will fail and say so.
        """
        for _ in range(self._size):
            with self._lock:
                self._last_used = time.monotonic()
                if self._closed or len(self._idle) >= min(tasks, self._size - len(self._busy)):
                    return
            try:
                child = self._start()
            except ChildDied as e:
                log.warning("pool.not_warmed", error=str(e))
                return
            self._return(child)

    def end_idle(self, after_s: float) -> bool:
        """End all workers if none is busy or was used within ``after_s`` seconds; return whether none is left."""
        with self._lock:
            if self._busy or (self._idle and time.monotonic() - self._last_used < after_s):
                return False
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()
        return True

    def close(self) -> None:
        """End every worker at once; tasks that run, and those that come later, raise Stopping."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = [*self._busy]
        for child in idle:
            child.end(0)
        for child in busy:
            child.kill()

    def _borrow(self) -> Child:
        with self._lock:
            if self._closed:
                raise Stopping
            child = self._idle.pop() if self._idle else None
            if child is not None and child.alive:
                self._busy.add(child)
                return child
        if child is not None:
            child.end()
        try:
            child = self._start()
        except ChildDied as e:
            raise OcrError(str(e)) from e
        with self._lock:
            self._busy.add(child)
            if self._closed:
                child.kill()
        return child

    def _return(self, child: Child, *, keep: bool = True) -> None:
        """Keep a worker for the next task, or end it where it is one too many."""
        with self._lock:
            self._busy.discard(child)
            self._last_used = time.monotonic()
            if not self._closed and keep and len(self._idle) < self._size:
                self._idle.append(child)
                return
        child.end(0)

    def _drop(self, child: Child) -> bool:
        """End a worker and all that it started; return whether ``close`` was called."""
        with self._lock:
            self._busy.discard(child)
            closed = self._closed
        child.end(0)
        return closed
