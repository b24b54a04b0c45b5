"""Progress bars on a terminal: that of ``scanmend process``, with one line for each file, and that of a download."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from scanmend.document import DocumentWarning, printable


class FileBar:
    """The progress bar of many files, by their printable names; its methods may be called from any thread."""

    def __init__(self, progress: Progress, files: Sequence[str]) -> None:
        self._progress = progress
        self._task = progress.add_task("scans", total=len(files))
        self._pages: dict[str, tuple[int, int]] = {}
        self._done = 0
        self._files = len(files)
        self._lock = threading.Lock()

    def advance(self, file: str, done: int, of: int) -> None:
        """Note that ``done`` of a file's pages are finished."""
        with self._lock:
            self._pages[file] = (done, of)
            self._draw()

    def finish(
        self,
        file: str,
        error: str,
        written: Sequence[Path],
        warnings: Sequence[DocumentWarning] = (),
        to_review: str = "",
    ) -> None:
        """Note that a file is done, and say so in a line of its own, with one more for each warning.

        ``to_review``: what a person should look at; empty where there is nothing.
        """
        with self._lock:
            self._done += 1
            self._pages.pop(file, None)
            self._draw()
        names = ", ".join(printable(path) for path in written)
        line = f"FAILED {file}: {error}" if error else f"done {file} -> {names}"
        line += f"; {to_review}" if to_review else ""
        for warning in warnings:
            of_page = f"page {warning.page}: " if warning.page else ""
            line += f"\n  warning: {of_page}{printable(warning.text)}"
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _draw(self) -> None:
        pages = sum(done for done, _ in self._pages.values())
        of = sum(of for _, of in self._pages.values())
        description = f"scans (page {pages} of {of} in work)" if of else "scans"
        self._progress.update(self._task, completed=self._done, description=description)


@contextmanager
def file_bar(files: Sequence[str]) -> Iterator[FileBar]:
    """A progress bar on stderr while files are processed; where stderr is not a terminal, only the files' lines."""
    console = Console(stderr=True, file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=False, transient=True) as progress:
        yield FileBar(progress, files)


@contextmanager
def download_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr for the download of a model; call what it yields with the bytes that are here, and in all."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, file=sys.stderr), transient=True) as progress:
        task = progress.add_task(f"downloading {name}", total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield report
