"""The one process of the second reader, which all page workers share: started ahead of a page, ended when idle.

A page never fails for it: a crash, a hang or a missing package costs its evidence on that page, and is logged. After
CRASHES failures in a row it is left alone for REST_S seconds. One that has grown to MOST_MIB ends after its page.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog
from pydantic import TypeAdapter

from scanmend.correct.settings import CorrectionSettings
from scanmend.document import CorrectedPage, Page, SecondReading
from scanmend.errors import ChildDied, ReaderError, Stopping
from scanmend.process.child import Child, Message
from scanmend.process.memory import proportional_mib
from scanmend.process.turns import Rank, Turns
from scanmend.second_reader.choose import first_words
from scanmend.second_reader.precision import AMX_DEATHS, EXACT

SILENCE_S = 60.0
"""Seconds without a sign of life after which it is ended; the longest step, its start on a busy machine, takes ten."""
CRASHES = 3
"""Failures in a row after which it rests."""
REST_S = 600.0
"""Seconds that it rests then."""
MOST_THREADS = 2
"""Threads at most. Both look together for the lines of a page, then each reads lines by itself. They take no more
processor time than one, beside busy page workers, too, and a page waits half as long for them."""
MOST_MIB = 570.0
"""Memory (PSS) from which it is ended after a page, so that the next one has a new process.

It grows with each language's word lists, 2 to 8 MiB, and a little with each new width of a line; 400 to 500 MiB are
usual, as what is free goes back to the system after each page. A start takes 2 s.
"""

HOST = "scanmend.second_reader.host"
"""What runs in the process."""

log = structlog.get_logger()
_reading = TypeAdapter(SecondReading)
_page = TypeAdapter(Page)
_task = TypeAdapter(CorrectionSettings)
_corrected = TypeAdapter(CorrectedPage)


def start_host(environment: Mapping[str, str] = MappingProxyType({})) -> Child:
    """Start the real process with these variables besides; ChildDied when that is not possible.

    Fewer arenas of the allocator: what one page leaves free, the next one then uses (measured: 40 MiB less).
    """
    return Child(HOST, {"MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"), **environment})


def start_exact_host() -> Child:
    """Start it where the processor does not carry out what makes it fast."""
    return start_host(EXACT)


class ReaderProcess:
    """The second reader as the daemon sees it; any number of threads may call it, one page is read at a time."""

    def __init__(
        self,
        start: Callable[[], Child] = start_host,
        clock: Callable[[], float] = time.monotonic,
        silence_s: float = SILENCE_S,
        memory_mib: Callable[[int], float] = proportional_mib,
        start_exact: Callable[[], Child] = start_exact_host,
    ) -> None:
        """``start`` starts the process, ChildDied when it cannot; ``silence_s``: see SILENCE_S.

        ``memory_mib`` tells what the process with an id takes. ``start_exact`` starts it from then on where one that
        ``start`` started died of its first page as those do whose processor does not keep its promises.
        """
        self._start_exact = start_exact
        self._start, self._clock, self._silence_s, self._memory_mib = start, clock, silence_s, memory_mib
        self._turn = Turns()
        """Held while it is asked something."""
        self._state = threading.Lock()
        """Held for moments, while one of the following changes."""
        self._child: Child | None = None
        self._has_answered = False
        """Whether this process, or one started as it was, has read a page."""
        self._closed = False
        self._failures = 0
        self._rests_until = 0.0
        self._last_used = clock()

    @property
    def pid(self) -> int | None:
        """Its process id; None while there is none."""
        with self._state:
            return self._child.pid if self._child is not None else None

    def prepare(self, languages: tuple[str, ...]) -> bool:
        """Start the process where there is none, and have it load what reading pages in these languages needs.

        Return whether it was started. What goes wrong is logged; the page that comes meets it again, and says so.
        """
        return self._ask_ahead({"do": "prepare", "languages": languages}, starts=True)

    def prepare_settling(self, languages: tuple[str, ...]) -> None:
        """Have it load what ``settle`` needs, where it runs; errors as ``look``."""
        self._ask_ahead({"do": "prepare_settling", "languages": languages}, starts=False, rank=Rank.LATER)

    def look(self, image: Path) -> None:
        """Have it find the lines of a page that is about to be read, where it runs; as ``prepare`` where that fails."""
        self._ask_ahead({"do": "look", "image": os.fsencode(image).hex()}, starts=False)

    def _ask_ahead(self, request: Message, *, starts: bool, rank: Rank = Rank.AHEAD) -> bool:
        """Ask for what a later page needs; return whether it was asked.

        ``starts``: whether it is for a process that is to be started, or for one that runs.
        """
        with self._turn.taken(rank):
            if (self._child is None) != starts or self._closed or self._clock() < self._rests_until:
                return False
            try:
                self._ask(request)
            except (ChildDied, ReaderError) as e:
                if isinstance(e, ReaderError) and not starts:
                    return False  # the page is gone already, or its reading says what is wrong
                self._drop()
                if not self._closed:
                    log.warning("second_reader.not_prepared", error=str(e))
                return False
            return True

    def read(self, page: Page, image: Path, which: str, limit_s: float) -> SecondReading:
        """Return what it says of a page, or why it says nothing; Stopping once ``close`` was called.

        ``image``: the page, upright, as PGM. ``which``: ``auto`` or ``always``. ``limit_s``: see ``read.Request``.
        """
        request = {
            "do": "read",
            "image": os.fsencode(image).hex(),
            "words": [asdict(word) for word in first_words(page)],
            "languages": page.languages,
            "which": which,
            "limit_s": limit_s,
        }
        started = self._clock()
        try:
            return _reading.validate_python(self._answer(page, request, Rank.READ))
        except ReaderError as e:
            return SecondReading(seconds=round(self._clock() - started, 3), problem=str(e))

    def settle(self, page: Page, task: CorrectionSettings) -> CorrectedPage:
        """Make one page of both readings, without a language model; ReaderError, Stopping once ``close`` was called."""
        request = {
            "do": "settle",
            "page": _page.dump_python(page, mode="json"),
            "task": _task.dump_python(task, mode="json"),
        }
        return _corrected.validate_python(self._answer(page, request, Rank.SETTLE))

    def end_idle(self, after_s: float) -> bool:
        """End it unless it reads a page or was used within ``after_s`` seconds; return whether it is gone."""
        if not self._turn.try_take():
            return False
        try:
            if self._child is not None and self._clock() - self._last_used < after_s:
                return False
            self._drop()
            return True
        finally:
            self._turn.release()

    def close(self) -> None:
        """End it at once; pages that are being read, and those that come later, raise Stopping."""
        with self._state:
            self._closed = True
            if self._child is not None:
                self._child.kill()
        with self._turn.taken(Rank.SETTLE):
            self._drop()

    def _answer(self, page: Page, request: Message, rank: Rank) -> Any:
        """Return its answer to a request about a page; ReaderError where it gives none, Stopping."""
        with self._turn.taken(rank):
            if self._closed:
                raise Stopping
            if self._clock() < self._rests_until:
                raise ReaderError(f"the second reader rests after {CRASHES} failures")
            try:
                answer = self._ask(request)
            except (ChildDied, ReaderError) as e:
                self._drop()
                if self._closed:
                    raise Stopping from e
                self._failed(page, str(e))
                raise ReaderError(str(e)) from e
            self._failures = 0
            self._end_if_large()
            return answer

    def _end_if_large(self) -> None:
        if self._child is not None and (taken := self._memory_mib(self._child.pid)) > MOST_MIB:
            log.info("second_reader.renewed", mib=round(taken))
            self._drop()

    def _ask(self, request: Message) -> Any:
        try:
            reply = self._running().ask(request, self._silence_s)
        except ChildDied as e:
            if self._has_answered or e.signal not in AMX_DEATHS:
                raise
            log.warning("second_reader.exact", error=str(e))
            self._drop()
            self._start, self._has_answered = self._start_exact, True
            reply = self._running().ask(request, self._silence_s)
        self._has_answered |= request["do"] == "read"  # getting ready multiplies nothing
        self._last_used = self._clock()
        if "error" in reply:
            raise ReaderError(reply["error"])
        return reply["result"]

    def _running(self) -> Child:
        """Return its process, a new one where there is none or it died; ChildDied."""
        if self._child is not None and not self._child.alive:
            self._drop()
        if self._child is None:
            child = self._start()
            with self._state:
                self._child = child
                if self._closed:
                    child.kill()
        return self._child

    def _drop(self) -> None:
        with self._state:
            child, self._child = self._child, None
        if child is not None:
            child.end(0)

    def _failed(self, page: Page, why: str) -> None:
        self._failures += 1
        log.warning("second_reader.failed", page=page.number, error=why)
        if self._failures >= CRASHES:
            self._failures = 0
            self._rests_until = self._clock() + REST_S
            log.warning("second_reader.rests", seconds=REST_S, error=why)
