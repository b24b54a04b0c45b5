"""A child process that answers requests: framed JSON over a socket pair, a deadline for each frame, no orphans.

Everything that may crash, hang or hold memory (MuPDF, Tesseract, llama.cpp) runs in such a child. The child
leads a session of its own, so that ending it ends what it started; when its parent dies, even of SIGKILL, the
socket closes and the child ends its whole session.
"""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from scanmend.errors import HostDied

Message = dict[str, Any]
Progress = Callable[[], None]
MOST_BYTES = 256 * 1024 * 1024
_TAIL = 2000


class Child:
    """The parent's end of one child process running ``python -m MODULE``; used by one thread at a time."""

    def __init__(self, module: str, environment: dict[str, str] | None = None) -> None:
        """Start it."""
        ours, theirs = socket.socketpair()
        self._said = os.memfd_create(module)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )
        except OSError as e:
            ours.close()
            os.close(self._said)
            raise HostDied(f"cannot start {module}: {e}") from e
        finally:
            theirs.close()
        self._pipe = Connection(ours.detach())
        self._module = module
        self._closed = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Process id; also the id of its process group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def ask(self, request: Message, limit_s: float) -> Message:
        """Send a request and return the reply; each frame, progress included, must come within ``limit_s``.

        HostDied when the child dies, falls silent or answers anything but a JSON object; it is ended then.
        """
        try:
            self._pipe.send_bytes(json.dumps(request).encode())
            while True:
                if not self._pipe.poll(limit_s):
                    raise HostDied(f"{self._module} gave no sign of life for {limit_s:g} s{self._tail()}")
                reply = json.loads(self._pipe.recv_bytes(MOST_BYTES))
                if not isinstance(reply, dict):
                    raise HostDied(f"{self._module} answered {type(reply).__name__} instead of an object")
                if not reply.get("progress"):
                    return reply
        except HostDied:
            self.kill()
            raise
        except (EOFError, OSError) as e:
            raise self._death() from e
        except (ValueError, RecursionError) as e:
            self.kill()
            raise HostDied(f"{self._module} answered what is no JSON: {e}") from e

    def end(self, grace_s: float = 10.0) -> None:
        """Ask it to end, and after ``grace_s`` end its whole session by force; returns when it is gone."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._close()

    def kill(self) -> None:
        """End it and all it started, at once; may be called from any thread."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            self._process.poll()
        self._process.wait()

    def _death(self) -> HostDied:
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
        code = self._process.returncode
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return HostDied(f"{self._module} died of {name}{self._tail()}", signal=-code)
        return HostDied(f"{self._module} ended with exit code {code}{self._tail()}")

    def _tail(self) -> str:
        if self._closed:
            return ""
        size = os.fstat(self._said).st_size
        text = os.pread(self._said, _TAIL, max(0, size - _TAIL)).decode("utf-8", "replace").strip()
        return f"; it said: {text}" if text else ""

    def _close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._pipe.close()
                os.close(self._said)


def serve(handle: Callable[[Message, Progress], Message]) -> None:
    """Run in the child: answer requests from the socket named in ``sys.argv[1]`` until the parent is gone.

    ``handle`` gets each request and a callable that tells the parent that work goes on.
    """
    pipe = Connection(int(sys.argv[1]))
    requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, requests), daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    last = [0.0]

    def progress() -> None:
        if time.monotonic() - last[0] > 1:
            last[0] = time.monotonic()
            pipe.send_bytes(b'{"progress": true}')

    while True:
        reply = handle(requests.get(), progress)
        pipe.send_bytes(json.dumps(reply).encode())


def _receive(pipe: Connection, requests: "queue.SimpleQueue[Message]") -> None:
    """Hand requests over; when the parent is gone, end this whole session, whatever it is doing."""
    try:
        while True:
            requests.put(json.loads(pipe.recv_bytes(MOST_BYTES)))
    except (EOFError, OSError, ValueError):
        os.killpg(0, signal.SIGKILL)
