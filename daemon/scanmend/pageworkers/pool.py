"""The page pool: up to N worker processes that read pages; a crash or a hang costs one page, not the pool.

The standard ProcessPoolExecutor breaks as a whole when one worker dies, and cannot end a hung one. Here each thread
of a thread pool borrows a child process for one task, and drops it when it dies. Documents take turns, a page of
each (``fair_queue``), and outputs of long documents are composed beside the pages: a short document waits for neither.
"""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import structlog
from pydantic import TypeAdapter

from scanmend.document import Page
from scanmend.errors import HostDied, OcrError, PageFailed, Stopping, StorageError
from scanmend.pageworkers.fair_queue import FairQueue
from scanmend.pageworkers.protocol import ERRORS, task_name
from scanmend.process.child import Child, Message
from scanmend.source.settings import Inspection, ReadSettings, SourceLimits

WORKER_GRACE_S = 15.0
"""Seconds that start-up and rendering may take beyond Tesseract's limit before a worker is ended."""
LONG_DOCUMENT_PAGES = 8
"""Outputs of documents with more pages than this are composed one document at a time by one extra worker."""

_T = TypeVar("_T")
log = structlog.get_logger()

_page = TypeAdapter(Page)


class PagePool:
    """Inspects sources, reads pages and composes outputs in worker processes, which start on demand.

    Any number of threads may call it. ``end_idle`` ends unused workers, ``close`` everything.
    """

    def __init__(
        self,
        workers: int,
        work: Path,
        start: Callable[[], Child] = lambda: Child("scanmend.pageworkers.worker"),
        executor: Executor | None = None,
        grace_s: float = WORKER_GRACE_S,
    ) -> None:
        """``workers``: pages read at the same time, which is how many tasks ``executor`` should run at once.

        ``work``: folder for temporary files of this pool alone; what an earlier pool left there is removed.
        ``start`` starts a worker; ``grace_s``: seconds beyond the limit of a task before its worker is ended.
        """
        self.workers = workers
        self._work = work
        self._start = start
        self._grace_s = grace_s
        self._executor = executor or ThreadPoolExecutor(workers, thread_name_prefix="page")
        self._compose_executor = ThreadPoolExecutor(1, thread_name_prefix="compose")
        self._queue = FairQueue()
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._last_used = time.monotonic()
        for stale in work.glob("page-*"):
            shutil.rmtree(stale, ignore_errors=True)

    def inspect(self, path: Path, limits: SourceLimits, limit_s: float) -> Inspection:
        """Digest a source and count its pages, within ``limit_s`` seconds, before any page that waits.

        DocumentError, OcrError (PageFailed), StorageError, Stopping.
        """
        request: Message = {"do": "inspect", "path": os.fsencode(path).hex(), "limits": asdict(limits)}
        return Inspection(**self._submit(path, lambda: self._ask(request, limit_s), first=True).result())

    def submit(self, path: Path, number: int, settings: ReadSettings) -> "Future[Page]":
        """Have page ``number`` (1-based) read.

        The future raises DocumentError, OcrError (PageFailed), StorageError or Stopping.
        """
        work = self._work / f"page-{secrets.token_hex(8)}"
        request: Message = {"do": "read", "path": os.fsencode(path).hex(), "number": number, "work": str(work)}
        request["settings"] = asdict(settings)
        limit_s = settings.limit_s + self._grace_s
        return self._submit(path, lambda: _page.validate_python(self._ask(request, limit_s, work)))

    @contextmanager
    def temporary_folder(self) -> Iterator[Path]:
        """Make a folder for files that pass between a worker and this process, removed afterwards. StorageError."""
        work = self._work / f"page-{secrets.token_hex(8)}"
        try:
            work.mkdir(parents=True)
        except OSError as e:
            raise StorageError(f"{work} cannot be made: {e.strerror}") from e
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def compose(
        self,
        path: Path,
        pages: Path,
        targets: Mapping[str, Path],
        facts: Mapping[str, Any],
        limits: SourceLimits,
        limit_s: float,
    ) -> "Future[None]":
        """Have outputs of a document composed; ``pages``, ``targets`` and ``facts`` as for ``compose.compose``.

        ``limit_s``: seconds for each page. The future raises DocumentError, OcrError (PageFailed), StorageError or
        Stopping.
        """
        request: Message = {"do": "compose", "path": os.fsencode(path).hex(), "pages": str(pages), "facts": dict(facts)}
        request["targets"] = {name: str(target) for name, target in targets.items()}
        request["limits"] = asdict(limits)
        long = facts["pages"] > LONG_DOCUMENT_PAGES

        def call() -> None:
            self._ask(request, limit_s + self._grace_s, keep=not long)

        return self._submit_compose(call) if long else self._submit(path, call)

    def start_ahead(self, pages: int = 1) -> None:
        """Start workers for ``pages`` pages that will come soon, less those that are idle, within the pool's size."""
        for _ in range(self.workers):
            with self._lock:
                self._last_used = time.monotonic()
                if self._closed or len(self._idle) >= min(pages, self.workers - len(self._busy)):
                    return
            try:
                child = self._start()
            except HostDied as e:
                log.warning("pool.not_warmed", error=str(e))
                return
            self._return(child)

    def end_idle(self, after_s: float = 0.0) -> bool:
        """End all workers if none is busy or was used within ``after_s`` seconds; return whether none is left."""
        with self._lock:
            if self._busy or (self._idle and time.monotonic() - self._last_used < after_s):
                return False
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()
        return True

    @property
    def busy_workers(self) -> int:
        """Number of workers that have a task right now."""
        with self._lock:
            return len(self._busy)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of all workers, idle and busy."""
        with self._lock:
            return tuple(child.pid for child in (*self._idle, *self._busy))

    def close(self) -> None:
        """End everything at once; the futures of running and waiting tasks raise Stopping."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = [*self._busy]
        for child in idle:
            child.end(0)
        for child in busy:
            child.kill()
        self._executor.shutdown(wait=True)
        self._compose_executor.shutdown(wait=True)

    def _submit(self, path: Path, call: Callable[[], _T], *, first: bool = False) -> "Future[_T]":
        """Queue a task of a document, and have the executor run whichever task is next."""
        future = self._queue.put(path, call, first=first)
        with self._thread_errors(future):
            self._executor.submit(self._queue.run_next)
        return future

    def _submit_compose(self, call: Callable[[], _T]) -> "Future[_T]":
        with self._thread_errors():
            return self._compose_executor.submit(call)

    @contextmanager
    def _thread_errors(self, future: "Future[Any] | None" = None) -> Iterator[None]:
        """Turn an executor's RuntimeError into Stopping if the pool is closed, else (no more threads) into OcrError."""
        try:
            yield
        except RuntimeError as e:
            if future is not None:
                future.cancel()
            if self._closed:
                raise Stopping from e
            raise OcrError(f"no thread for a page: {e}") from e

    def _ask(self, request: Message, limit_s: float, work: Path | None = None, *, keep: bool = True) -> Any:
        """Have a worker carry out a request, and return its result; ``keep``: the worker may be used again afterwards.

        ``work``: the request's folder, removed when the worker dies. DocumentError, OcrError, StorageError, Stopping.
        """
        child = self._borrow()
        try:
            reply = child.ask(request, limit_s)
        except HostDied as e:
            closed = self._drop(child)
            if work is not None:
                shutil.rmtree(work, ignore_errors=True)
            if closed:
                raise Stopping from e
            late = isinstance(e.__cause__, TimeoutError) and request["do"] != "inspect"
            over = f"; page_limit_s: {limit_s - self._grace_s:g} s is over" if late else ""
            raise PageFailed(task_name(request), f"ended its worker: {e}{over}") from e
        error = reply.get("error")
        if error == "page":
            self._drop(child)  # and with it what Tesseract may have left running
            raise PageFailed(reply["what"], reply["message"])
        self._return(child, keep=keep)
        if error:
            raise ERRORS[error](reply["message"])
        return reply["result"]

    def _drop(self, child: Child) -> bool:
        """End a worker and all that it started; return whether the pool is closed."""
        with self._lock:
            self._busy.discard(child)
            closed = self._closed
        child.end(0)
        return closed

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
        except HostDied as e:
            raise OcrError(str(e)) from e
        with self._lock:
            self._busy.add(child)
            if self._closed:
                child.kill()
        return child

    def _return(self, child: Child, *, keep: bool = True) -> None:
        with self._lock:
            self._busy.discard(child)
            self._last_used = time.monotonic()
            if not self._closed and keep and len(self._idle) < self.workers:
                self._idle.append(child)
                return
        child.end(0)
