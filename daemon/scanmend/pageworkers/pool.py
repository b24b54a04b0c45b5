"""The page pool, which the daemon uses: has sources inspected, pages read and outputs composed by worker processes.

A crash or a hang costs one page, not the pool (``worker_processes``). Documents take turns, a page of each
(``fair_queue``). Outputs of short documents are composed before any page that waits, as they are all that the document
lacks; those of long ones beside the pages. So a short document waits for neither.

Where there is a worker for each core, some leave their cores to the second reader until the first page that came is
read by both: that page is finished before others are begun.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from scanmend.correct.settings import CorrectionSettings
from scanmend.document import ArchivalCopy, CorrectedPage, DocumentWarning, Member, Page
from scanmend.errors import OcrError, Stopping, StorageError
from scanmend.pageworkers.fair_queue import FairQueue
from scanmend.pageworkers.protocol import UPRIGHT_IMAGE
from scanmend.pageworkers.remote_reader import RemoteReader
from scanmend.pageworkers.second_stage import FirstReading, SecondStage
from scanmend.pageworkers.worker_processes import WorkerProcesses
from scanmend.process.child import Child, Message
from scanmend.second_reader.reader_process import ReaderProcess
from scanmend.source.settings import Inspection, PageLook, ReadSettings, SourceLimits

WORKER_GRACE_S = 15.0
"""Seconds that start-up and rendering may take beyond Tesseract's limit before a worker is ended."""
LONG_DOCUMENT_PAGES = 8
"""Outputs of documents with more pages than this are composed one document at a time by one extra worker."""

_T = TypeVar("_T")
_page = TypeAdapter(Page)
_inspection = TypeAdapter(Inspection)
_warnings = TypeAdapter(tuple[DocumentWarning, ...])
_members = TypeAdapter(tuple[Member, ...])
_copy = TypeAdapter(ArchivalCopy)


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
        reader: ReaderProcess | None = None,
        remote: RemoteReader | None = None,
    ) -> None:
        """``workers``: pages read at the same time, which is how many tasks ``executor`` should run at once.

        ``work``: folder for temporary files of this pool alone; what an earlier pool left there is removed.
        ``start`` starts a worker; ``grace_s``: seconds beyond the limit of a task before its worker is ended.
        ``reader``: the second reader, which the pool ends with its workers. ``remote``: who reads pages in place of
        this machine's workers, which then do all else.
        """
        self._workers = workers
        self._remote = remote
        self._work = work
        self._grace_s = grace_s
        self._processes = WorkerProcesses(workers, start)
        self._executor = executor or ThreadPoolExecutor(workers, thread_name_prefix="page")
        self._compose_executor = ThreadPoolExecutor(1, thread_name_prefix="compose")
        self._reader = reader or ReaderProcess()
        self._second_stage = SecondStage(self._reader, self._resume)
        self._spares_cores = 1 < workers >= len(os.sched_getaffinity(0))
        self._queue = FairQueue(self._most_pages)
        for stale in work.glob("page-*"):
            shutil.rmtree(stale, ignore_errors=True)

    @property
    def workers(self) -> int:
        """How many pages are worth having in work at the same time; with other machines that changes."""
        return self._workers if self._remote is None else max(self._workers, self._remote.slots)

    @property
    def remote(self) -> RemoteReader | None:
        """Who reads pages on other machines; None where they are read here."""
        return self._remote

    def inspect(self, path: Path, limits: SourceLimits, limit_s: float) -> Inspection:
        """Digest a source and count its pages, within ``limit_s`` seconds, before any page that waits.

        DocumentError, OcrError (PageFailed), StorageError, Stopping.
        """
        request: Message = {"do": "inspect", "path": os.fsencode(path).hex(), "limits": asdict(limits)}
        alone = self._second_stage.is_starting  # another worker would start beside it, and all wait for each other
        call = partial(self._processes.ask, request, limit_s)
        return _inspection.validate_python(self._submit(path, call, first=True, heavy=alone).result())

    def join(
        self, files: Sequence[Path], target: Path, limits: SourceLimits, limit_s: float, *, collate: bool
    ) -> tuple[tuple[Member, ...], tuple[DocumentWarning, ...]]:
        """Write all pages of the files, in this order, to ``target`` as one PDF; return what it was joined from.

        And what of that could not be read.

        ``collate``: they are fronts, and backs in reverse order. ``limit_s``: seconds for each page. DocumentError,
        OcrError (PageFailed), StorageError, Stopping.
        """
        request: Message = {"do": "join", "path": os.fsencode(files[0]).hex(), "target": str(target)}
        request["files"] = [os.fsencode(file).hex() for file in files]
        request |= {"limits": asdict(limits), "collate": collate}

        def call() -> tuple[tuple[Member, ...], tuple[DocumentWarning, ...]]:
            told = self._processes.ask(request, limit_s, self._grace_s)
            members = zip(files, _members.validate_python(told["members"]), strict=True)
            named = tuple(replace(member, name=file.name) for file, member in members)
            return named, _warnings.validate_python(told["warnings"])

        return self._submit(files[0], call, first=True).result()

    def submit(self, path: Path, number: int, settings: ReadSettings) -> "Future[Page]":
        """Have page ``number`` (1-based) read, by the second reader as well where the settings say so.

        The future raises DocumentError, OcrError (PageFailed), StorageError or Stopping. No page fails for the second
        reader: ``Page.second`` says what went wrong. On other machines, WorkersAway beside these.
        """
        if self._remote is not None and self._remote.takes(path):
            return self._remote.submit(path, number, settings)
        work = self._work / f"page-{secrets.token_hex(8)}"
        request: Message = {"do": "read", "path": os.fsencode(path).hex(), "number": number, "work": str(work)}
        request["settings"] = asdict(settings)

        def told(details: Message) -> None:
            self._second_stage.begin(work, settings, has_image=bool(details.get("image")))

        def call() -> FirstReading:
            answer = self._processes.ask(request, settings.limit_s, self._grace_s, work, told=told)
            page = _page.validate_python(answer)
            return FirstReading(page, work if (work / UPRIGHT_IMAGE).exists() else None)

        self._second_stage.expect(work, settings)
        try:
            first = self._submit(path, call, heavy=True)
        except (Stopping, OcrError):
            self._second_stage.forget(work)
            raise
        return self._second_stage.after(first, settings, work)

    def settle(self, page: Page, task: CorrectionSettings) -> CorrectedPage:
        """Make one page of what both readers read, without a language model. ReaderError, Stopping."""
        return self._second_stage.settle(lambda: self._reader.settle(page, task))

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
    ) -> "Future[tuple[DocumentWarning, ...]]":
        """Have outputs of a document composed; ``pages``, ``targets`` and ``facts`` as for ``compose.compose``.

        ``limit_s``: seconds for each page. The future has warnings of outputs that could not be made, whose targets are
        not there then; it raises DocumentError, OcrError (PageFailed), StorageError or Stopping.
        """
        request: Message = {"do": "compose", "path": os.fsencode(path).hex(), "pages": str(pages), "facts": dict(facts)}
        request["targets"] = {name: str(target) for name, target in targets.items()}
        request["limits"] = asdict(limits)
        long = facts["pages"] > LONG_DOCUMENT_PAGES

        def call() -> tuple[DocumentWarning, ...]:
            return _warnings.validate_python(self._processes.ask(request, limit_s, self._grace_s, keep=not long))

        return self._submit_compose(call) if long else self._submit(path, call, first=True)

    def archive(self, path: Path, target: Path, limits: SourceLimits, limit_s: float) -> ArchivalCopy:
        """Have an archival copy of a ``pdf`` output made at ``target``, within ``limit_s`` seconds.

        OcrError (PageFailed), StorageError, Stopping.
        """
        request: Message = {"do": "archive", "path": os.fsencode(path).hex(), "target": str(target)}
        request["limits"] = asdict(limits)
        call = partial(self._processes.ask, request, limit_s, self._grace_s)
        return _copy.validate_python(self._submit(path, call, first=True).result())

    def show(self, path: Path, look: PageLook, target: Path, limits: SourceLimits, limit_s: float) -> "Future[None]":
        """Have a page, or a piece of it, written to ``target`` as a PNG for people, before any page that waits.

        The future raises DocumentError, OcrError (PageFailed), StorageError or Stopping.
        """
        request: Message = {"do": "show", "path": os.fsencode(path).hex(), "look": asdict(look), "target": str(target)}
        request["limits"] = asdict(limits)

        def call() -> None:
            self._processes.ask(request, limit_s, self._grace_s)

        return self._submit(path, call, first=True)

    def start_ahead(self, pages: int = 1) -> None:
        """Start workers for ``pages`` pages that will come soon, less those that are idle, within the pool's size.

        Where pages are read on other machines, one that looks at the files.
        """
        if self._remote is not None:
            self._remote.prepare()
        self._processes.start_ahead(min(pages, max(1, self._most_pages())) if self._remote is None else 1)

    def prepare_second_reader(self, languages: tuple[str, ...]) -> None:
        """Start the second reader, if it can read these languages, for pages that will come soon; returns at once."""
        self._second_stage.prepare(languages)

    def end_idle(self, after_s: float = 0.0) -> bool:
        """End what is idle: all workers if none is busy or was used within ``after_s`` seconds, and the second reader.

        And the connection to other machines. Return whether none of them is left.
        """
        ended = self._reader.end_idle(after_s)
        if self._remote is not None:
            ended = self._remote.end_idle(after_s) and ended
        return self._processes.end_idle(after_s) and ended

    @property
    def idle(self) -> bool:
        """Whether no worker and no second reader runs, and no other machine is connected."""
        return not self.pids and self.reader_pid is None and (self._remote is None or self._remote.idle)

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._processes.closed

    @property
    def busy_workers(self) -> int:
        """Number of workers that have a task right now."""
        return self._processes.busy

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of all workers, idle and busy."""
        return self._processes.pids

    @property
    def reader_pid(self) -> int | None:
        """Process id of the second reader; None while it does not run."""
        return self._reader.pid

    def close(self) -> None:
        """End everything at once; the futures of running and waiting tasks raise Stopping."""
        self._processes.close()
        if self._remote is not None:
            self._remote.close()
        self._reader.close()
        self._resume()
        self._executor.shutdown(wait=True)
        self._second_stage.close()
        self._compose_executor.shutdown(wait=True)

    def _most_pages(self) -> int:
        """How many pages may be read for the first time now."""
        if not self._spares_cores or self._processes.closed:
            return self.workers
        return self.workers - self._second_stage.cores

    def _resume(self) -> None:
        """Have the executor run what was held back for the second reader's sake."""
        with suppress(RuntimeError):  # it was closed, so that nothing waits, or the next task that ends does it
            for _ in range(self._queue.take_passed()):
                self._executor.submit(self._queue.run_next)

    def _submit(self, path: Path, call: Callable[[], _T], *, first: bool = False, heavy: bool = False) -> "Future[_T]":
        """Queue a task of a document, and have the executor run whichever task is next."""
        future = self._queue.put(path, call, first=first, heavy=heavy)
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
            if self._processes.closed:
                raise Stopping from e
            raise OcrError(f"no thread for a page: {e}") from e
