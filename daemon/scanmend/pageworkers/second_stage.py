"""The second stage of reading: what page workers have read goes to the second reader, while they read other pages.

What can be done before that is: the second reader starts while files settle, and finds the lines of a page while
Tesseract is at work on it. A page that comes when there was nothing to do leads: until both have read it, the pool is
asked to leave ``cores`` to the second reader, which would have to share them with pages that come after it.
"""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from scanmend.document import Page
from scanmend.pageworkers.protocol import UPRIGHT_IMAGE
from scanmend.second_reader.reader_process import MOST_THREADS, ReaderProcess
from scanmend.second_reader.symbols import supports
from scanmend.source.settings import ReadSettings

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class FirstReading:
    """A page as a worker read it."""

    page: Page
    work: Path | None
    """The folder with the image for the second reader, removed in the end; None where it is not asked."""

    def forget_image(self) -> None:
        """Remove the image and its folder."""
        if self.work is not None:
            shutil.rmtree(self.work, ignore_errors=True)


class SecondStage:
    """Hands pages to the second reader, one after the other."""

    def __init__(self, reader: ReaderProcess, on_rest: Callable[[], None] = lambda: None) -> None:
        """``on_rest`` is called, from any thread, when ``cores`` may have become none."""
        self._reader = reader
        self._on_rest = on_rest
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="second")
        self._ahead = ThreadPoolExecutor(2, thread_name_prefix="ahead")  # a page waits beside preparations
        self._lock = threading.Lock()
        self._waiting = 0
        """What the second reader was asked for, and has not done."""
        self._expected: set[Path] = set()
        """Folders of pages that are on their way to the second reader, or are with it."""
        self._leader: Path | None = None
        """One of them that came when there was nothing to do, until it is read."""
        self._reads_leader = False
        """Whether Tesseract has read it."""
        self._looks: dict[Path, Future[None]] = {}
        """By folder of the page: that its lines are found."""

    @property
    def cores(self) -> int:
        """How many cores the second reader should have to itself: one while it starts or a page leads, two to read it.

        Then none: as long as there is more to do, all cores are busy anyway.
        """
        with self._lock:
            if self._leader is not None:
                return MOST_THREADS if self._reads_leader else 1
            return 1 if self._waiting and not self._expected else 0

    @property
    def is_starting(self) -> bool:
        """Whether the second reader is being made ready for pages that have not come yet."""
        with self._lock:
            return self._waiting > 0 and not self._expected

    def prepare(self, languages: tuple[str, ...]) -> None:
        """Have the second reader started and made ready, as pages for it are on their way; returns at once."""
        if self._reader.pid is None and supports(languages):
            self._do_ahead(self._prepare, languages)

    def expect(self, work: Path, settings: ReadSettings) -> None:
        """Note that a page is about to be read for the first time, in this folder."""
        if settings.second != "off" and supports(settings.languages):
            with self._lock:
                if not self._expected:
                    self._leader, self._reads_leader = work, False
                self._expected.add(work)

    def begin(self, work: Path, settings: ReadSettings, *, has_image: bool) -> None:
        """Have the second reader look at a page that Tesseract begins to read; ``has_image``: whether it can."""
        self.prepare(settings.languages)
        look = self._do_ahead(self._reader.look, work / UPRIGHT_IMAGE) if has_image else None
        with self._lock:
            if look is not None and work in self._expected:
                self._looks[work] = look

    def after(self, first: "Future[FirstReading]", settings: ReadSettings, work: Path | None = None) -> "Future[Page]":
        """Return the future of the page with both readings; cancelling it cancels the first reading, too.

        It raises what ``first`` raises, and Stopping. ``work``: the folder that the first reading works in.
        """
        page: Future[Page] = Future()
        page.add_done_callback(lambda done: first.cancel() if done.cancelled() else None)
        first.add_done_callback(lambda done: self._follow(done, page, settings, work))
        return page

    def forget(self, work: Path) -> None:
        """Note that a page is not to be expected any more: what could be done ahead has no more sense."""
        self._cancel_look(work)
        with self._lock:
            self._expected.discard(work)
            self._leader = None if self._leader == work else self._leader
        self._tell_rest()

    def settle(self, call: Callable[[], _T]) -> _T:
        """Make a call of the second reader, as one of the things that it has to do."""
        self._count(1)
        try:
            return call()
        finally:
            self._count(-1)

    def close(self) -> None:
        """End once the first readings have ended: nothing is begun any more."""
        self._executor.shutdown(wait=True)
        self._ahead.shutdown(wait=True)

    def _prepare(self, languages: tuple[str, ...]) -> None:
        if self._reader.prepare(languages):
            self._do_ahead(self._reader.prepare_settling, languages)

    def _cancel_look(self, work: Path) -> None:
        with self._lock:
            look = self._looks.pop(work, None)
        if look is not None:
            look.cancel()

    def _count(self, change: int) -> None:
        with self._lock:
            self._waiting += change
        self._tell_rest()

    def _tell_rest(self) -> None:
        if not self.cores:
            self._on_rest()

    def _do_ahead(self, call: Callable[..., None], *given: Any) -> "Future[None] | None":
        try:
            return self._submit(self._ahead, call, *given)
        except RuntimeError:  # there are no more threads, or this was closed: the page will have it done
            return None

    def _submit(self, executor: ThreadPoolExecutor, call: Callable[..., Any], *given: Any) -> "Future[Any]":
        """Have one thing done in turn, and count it until it is; RuntimeError."""
        self._count(1)
        try:
            future = executor.submit(call, *given)
        except RuntimeError:
            self._count(-1)
            raise
        future.add_done_callback(lambda _: self._count(-1))
        return future

    def _follow(
        self, first: "Future[FirstReading]", page: "Future[Page]", settings: ReadSettings, work: Path | None
    ) -> None:
        """Finish the page of a first reading that ended: at once, or in turn where the second reader is asked."""
        if work is not None:
            self._cancel_look(work)  # it would come too late
            with self._lock:
                self._reads_leader |= self._leader == work
        self._finish_or_queue(first, page, settings)
        if work is not None:
            page.add_done_callback(lambda _: self.forget(work))

    def _finish_or_queue(self, first: "Future[FirstReading]", page: "Future[Page]", settings: ReadSettings) -> None:
        if first.cancelled():
            page.cancel()
        elif not page.set_running_or_notify_cancel():
            if first.exception() is None:
                first.result().forget_image()
        elif (error := first.exception()) is not None:
            page.set_exception(error)
        elif (work := first.result().work) is None:
            page.set_result(first.result().page)
        else:
            try:
                self._submit(self._executor, self._finish, first.result(), work / UPRIGHT_IMAGE, page, settings)
            except RuntimeError:  # there are no more threads, or this was closed
                self._finish(first.result(), work / UPRIGHT_IMAGE, page, settings)

    def _finish(self, first: FirstReading, image: Path, page: "Future[Page]", settings: ReadSettings) -> None:
        """Ask the second reader, and let the page's future have the result."""
        try:
            second = self._reader.read(first.page, image, settings.second, settings.limit_s)
        except BaseException as e:  # noqa: BLE001 -- as executors do: ``page.result()`` raises it
            first.forget_image()
            page.set_exception(e)
        else:
            first.forget_image()
            page.set_result(replace(first.page, second=second))
