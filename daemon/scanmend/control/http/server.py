"""The thread that serves: uvicorn in an event loop of its own, started again after a crash, ended in two seconds."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
import uvicorn
from anyio import to_thread
from starlette.applications import Starlette

from scanmend.control.http import sockets
from scanmend.errors import StorageError

THREADS = 8
"""Threads that answer requests; each asks the ledger or the disk for a moment."""
GRACE_S = 1.0
"""How long answers that are under way may take at the end, in seconds."""
STOP_LIMIT_S = 2.0
"""How long the end is waited for, in seconds; what is left then ends with the process."""
MAX_CONNECTIONS = 512
"""Connections at a time; further ones are told to come again."""
KEEP_ALIVE_S = 15
"""How long a connection without requests is kept, in seconds."""
RESTART_S = (1.0, 5.0, 30.0)
"""Pauses before the server is started again after crashes in a row, in seconds; the last one stays."""
SOUND_S = 60.0
"""A server that ran for so long, in seconds, has recovered: the next crash is a first one."""
REOPEN_S = 30.0
"""How often a socket that could not be opened is tried again, in seconds."""

log = structlog.get_logger()

Opening = Callable[[], Sequence[socket.socket]]
"""Opens what is to be listened on; StorageError when that is not possible now."""


class ControlServer:
    """Serves an application on sockets, from ``start`` to ``stop``, on a thread of its own."""

    def __init__(self, make_app: Callable[[], Starlette], openings: Sequence[Opening]) -> None:
        """``openings`` that fail are tried again every ``REOPEN_S``."""
        self._make_app = make_app
        self._to_open = list(openings)
        self._open: list[socket.socket] = []
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._troubles: dict[Opening, str] = {}
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Open the sockets and serve them from now on."""
        _log_by_structlog()
        self._open_missing()
        self._thread.start()

    def stop(self) -> None:
        """End all answers, streams of events too, and the thread."""
        self._stopping.set()
        if server := self._server:
            server.end()
        if self._thread.ident is not None:
            self._thread.join(STOP_LIMIT_S)
        for one in self._open:
            sockets.close(one)

    def troubles(self) -> list[str]:
        """Return why sockets could not be opened."""
        return list(self._troubles.values())

    def _open_missing(self) -> bool:
        """Try to open what is not open; whether anything was opened."""
        before = len(self._open)
        for opening in list(self._to_open):
            try:
                self._open += opening()
            except StorageError as e:
                if self._troubles.get(opening) != str(e):
                    log.warning("control.unavailable", error=str(e), again_in_s=REOPEN_S)
                self._troubles[opening] = str(e)
            else:
                self._to_open.remove(opening)
                self._troubles.pop(opening, None)
        for one in self._open[before:]:
            log.info("control.listening", address=_address(one))
        return len(self._open) > before

    def _run(self) -> None:
        crashes = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                asyncio.run(self._serve())
            except Exception as e:  # whatever happens here, the daemon goes on
                crashes = 0 if time.monotonic() - began > SOUND_S else crashes
                pause_s = RESTART_S[min(crashes, len(RESTART_S) - 1)]
                crashes += 1
                log.exception("control.crashed", error=str(e), again_in_s=pause_s)
                self._stopping.wait(pause_s)

    async def _serve(self) -> None:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        app = self._make_app()
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=int(GRACE_S),
        )
        self._server = _Server(config, app.state.feed.close)
        if self._stopping.is_set():
            return
        reopening = asyncio.create_task(self._reopen()) if self._to_open else None
        try:
            await self._server.serve([one.dup() for one in self._open])
        finally:
            if reopening is not None:
                reopening.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await reopening

    async def _reopen(self) -> None:
        """Try to open what could not be opened; once it is, the server is started again with it."""
        while self._to_open:
            await asyncio.sleep(REOPEN_S)
            if self._open_missing() and self._server is not None:
                self._server.end()
                return


class _Server(uvicorn.Server):
    """Sleeps until it is asked to end, instead of looking ten times a second whether it is."""

    def __init__(self, config: uvicorn.Config, on_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._on_end = on_end

    def end(self) -> None:
        """Have the server end; safe from any thread."""
        with contextlib.suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self.should_exit = True
        self._on_end()
        self._ending.set()

    async def main_loop(self) -> None:
        """See uvicorn.Server."""
        self.server_state.default_headers = []
        await self._ending.wait()


class _ToStructlog(logging.Handler):
    """Hands on what uvicorn and asyncio log."""

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        log.warning("control.server", message=record.getMessage(), exc_info=record.exc_info)


def _log_by_structlog() -> None:
    for name in ("uvicorn", "asyncio"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, _ToStructlog) for handler in logger.handlers):
            logger.addHandler(_ToStructlog(logging.WARNING))
        logger.propagate = False


def _address(one: socket.socket) -> str:
    name: Any = one.getsockname()
    return name if isinstance(name, str) else f"{name[0]}:{name[1]}"
