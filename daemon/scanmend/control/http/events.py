"""Server-sent events: pages that are open hear that something changed, and then ask for what they show."""

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from scanmend.control.controls import Controls
from scanmend.control.http.api.problems import Problem

LOOK_S = 1.0
"""How long the daemon is waited for at a time, in seconds: so long at most does an end of the feed take."""
MIN_GAP_S = 0.25
"""Shortest time between two events of a stream, in seconds; changes in between become one."""
HEARTBEAT_S = 15.0
"""A stream without events says so often that it is there, in seconds, so that proxies keep it open."""
RECONNECT_MS = 2000
"""When a browser should ask again after a stream has ended, in milliseconds."""
MAX_STREAMS = 200
"""Streams that may be open at a time."""


class ChangeFeed:
    """Asks the daemon for changes, once for however many streams; belongs to one event loop."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._latest = -1
        self._streams: set[asyncio.Event] = set()
        self._pump: asyncio.Task[None] | None = None
        self._closed = False

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        for stream in self._streams:
            stream.set()

    async def respond(self, request: Request) -> Response:
        """Answer a request with a stream of events; Problem."""
        if len(self._streams) >= MAX_STREAMS:
            raise Problem(
                "busy", f"{MAX_STREAMS} event streams are open", "close some pages", headers={"Retry-After": "30"}
            )
        last = request.headers.get("last-event-id", "")
        after = int(last) if last.isascii() and last.isdecimal() and len(last) < 16 else -1  # noqa: PLR2004 -- a number of ours
        return StreamingResponse(self._events(after), media_type="text/event-stream")

    async def _events(self, after: int) -> AsyncIterator[bytes]:
        changed = asyncio.Event()
        self._streams.add(changed)
        try:
            self._latest = self._controls.wait_for_change(-1, 0.0)  # never waits: no change has that number
            if self._pump is None:
                self._pump = asyncio.create_task(self._ask())
            yield f"retry: {RECONNECT_MS}\n\n".encode()
            while not self._closed:
                if self._latest != after:
                    after = self._latest
                    yield f"id: {after}\nevent: change\ndata: {json.dumps({'change': after})}\n\n".encode()
                    await asyncio.sleep(MIN_GAP_S)
                changed.clear()
                if self._latest != after or self._closed:
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self._streams.discard(changed)

    async def _ask(self) -> None:
        """Wait for changes on a thread, as long as there is a stream to tell."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="changes") as thread:
            while self._streams and not self._closed:
                latest = await loop.run_in_executor(thread, self._controls.wait_for_change, self._latest, LOOK_S)
                if latest != self._latest:
                    self._latest = latest
                    for stream in self._streams:
                        stream.set()
        self._pump = None
