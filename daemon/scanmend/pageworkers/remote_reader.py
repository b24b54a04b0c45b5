"""What the page pool needs of whoever reads its pages on other machines."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from scanmend.document import Page
from scanmend.source.settings import ReadSettings


class RemoteReader(Protocol):
    """Reads pages elsewhere; any number of threads may call it."""

    @property
    def slots(self) -> int:
        """How many pages it takes at the same time just now; 0 where it knows of no worker."""

    @property
    def trouble(self) -> str:
        """Why no page can be read just now, and what to do about it; empty where nothing is wrong."""

    @property
    def idle(self) -> bool:
        """Whether it holds no connection."""

    def takes(self, path: Path) -> bool:
        """Whether it can read pages of this source; the pool's own workers read those of others."""

    def submit(self, path: Path, number: int, settings: ReadSettings) -> "Future[Page]":
        """Have page ``number`` read; the future raises as that of ``PagePool.submit``, and WorkersAway."""

    def prepare(self) -> None:
        """Connect where that is not done, as pages will come soon; returns at once."""

    def end_idle(self, after_s: float) -> bool:
        """Drop the connection where nothing was read for ``after_s`` seconds; return whether there is none left."""

    def status(self) -> dict[str, Any]:
        """Return what there is to tell: plain values."""

    def on_change(self, call: Callable[[], None]) -> None:
        """Have ``call()`` called, from any thread, when ``trouble`` or ``slots`` have changed."""

    def close(self) -> None:
        """End at once; the futures of pages that wait or run raise Stopping."""
