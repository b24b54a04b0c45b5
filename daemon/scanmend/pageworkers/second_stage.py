"""The second stage of reading: what page workers have read goes to the second reader, while they read other pages."""

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scanmend.document import Page
from scanmend.pageworkers.protocol import UPRIGHT_IMAGE
from scanmend.second_reader.reader_process import ReaderProcess
from scanmend.source.settings import ReadSettings


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

    def __init__(self, reader: ReaderProcess) -> None:
        self._reader = reader
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="second")

    def prepare(self, settings: ReadSettings) -> None:
        """Have the second reader started and made ready, as a page for it is being read; returns at once."""
        with suppress(RuntimeError):  # there are no more threads, or this was closed: the page will have it started
            if self._reader.pid is None:
                self._executor.submit(self._reader.prepare, settings.languages)

    def after(self, first: "Future[FirstReading]", settings: ReadSettings) -> "Future[Page]":
        """Return the future of the page with both readings; cancelling it cancels the first reading, too.

        It raises what ``first`` raises, and Stopping.
        """
        page: Future[Page] = Future()
        page.add_done_callback(lambda done: first.cancel() if done.cancelled() else None)
        first.add_done_callback(lambda done: self._follow(done, page, settings))
        return page

    def close(self) -> None:
        """End once the first readings have ended: nothing is begun any more."""
        self._executor.shutdown(wait=True)

    def _follow(self, first: "Future[FirstReading]", page: "Future[Page]", settings: ReadSettings) -> None:
        """Finish the page of a first reading that ended: at once, or in turn where the second reader is asked."""
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
                self._executor.submit(self._finish, first.result(), work / UPRIGHT_IMAGE, page, settings)
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
