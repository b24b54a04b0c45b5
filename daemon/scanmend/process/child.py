"""A child process that answers requests: framed JSON over a socket pair, a deadline for each frame, no orphans.

Everything that may crash, hang or hold memory (MuPDF, Tesseract, llama.cpp) runs in such a child. The child
leads a session of its own, so that ending it ends what it started. It also holds one end of a pipe, its lifeline,
that nothing is ever written to: when the parent dies, even of SIGKILL, the pipe breaks, and the kernel kills the
whole session at once, whatever native code it is in.
"""

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NoReturn

from scanmend.document import printable
from scanmend.errors import HostDied

Message = dict[str, Any]
Progress = Callable[[], None]
MOST_BYTES = 256 * 1024 * 1024
"""Of one frame."""
MOST_SAID = 1024 * 1024
"""What is kept of a child's output, in bytes; memory, as long as it lives."""

SECRETS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
"""Variables that programs get which speak to the hub, and no other."""

_HEADER = struct.Struct("!Q")
_TAIL = 2000
_DYING_S = 5.0
"""How long a process may take to end after its line broke, before it is ended."""


class Child:
    """The parent's end of one child process running ``python -m MODULE``; used by one thread at a time."""

    def __init__(self, module: str, environment: dict[str, str] | None = None) -> None:
        """Start it; HostDied when that is not possible."""
        self._module = module
        self._lock = threading.Lock()
        with ExitStack() as theirs, ExitStack() as ours:
            try:
                self._line, line = socket.socketpair()
                ours.enter_context(self._line)
                theirs.enter_context(line)
                life, held = os.pipe()
                ours.callback(os.close, held)
                theirs.callback(os.close, life)
                self._said = os.memfd_create(module)
                ours.callback(os.close, self._said)
                fcntl.fcntl(self._said, fcntl.F_SETFL, os.O_APPEND)
                self._process = subprocess.Popen(
                    # -P: the folder one happens to stand in may hold a json.py
                    [sys.executable, "-P", "-m", module, str(line.fileno()), str(life)],
                    pass_fds=(line.fileno(), life),
                    stdin=subprocess.DEVNULL,
                    stdout=self._said,
                    stderr=self._said,
                    start_new_session=True,
                    env={k: v for k, v in os.environ.items() if k not in SECRETS} | (environment or {}),
                )
            except OSError as e:
                raise HostDied(f"cannot start {module}: {e}") from e
            self._open = ours.pop_all()
        self._closed = False

    @property
    def pid(self) -> int:
        """Process id; also the id of its process group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs.

        A dead one is not reaped here: as long as it is a zombie, its number, and that of its group, is not given
        to another process, and ``kill`` hits no stranger.
        """
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    def ask(self, request: Message, limit_s: float) -> Message:
        """Send a request and return the reply; each frame, progress included, must be here within ``limit_s``.

        HostDied when the child dies, falls silent or answers anything but a JSON object; it is ended then.
        """
        try:
            self._shorten()
            self._line.settimeout(limit_s)
            _write(self._line, json.dumps(request).encode())
            while True:
                reply = json.loads(_read(self._line, limit_s))
                if not isinstance(reply, dict):
                    raise HostDied(f"{self._module} answered {type(reply).__name__} instead of an object")
                if not reply.get("progress"):
                    return reply
        except TimeoutError as e:
            self.kill()
            raise HostDied(f"{self._module} gave no sign of life for {limit_s:g} s{self._tail()}") from e
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
        with self._lock:
            if self._process.returncode is None:
                os.kill(self.pid, signal.SIGTERM)
        self._await_end(grace_s)
        self.kill()
        with self._lock:
            self._closed = True
            self._open.close()

    def kill(self) -> None:
        """End it and all it started, at once; may be called from any thread."""
        with self._lock:
            if self._process.returncode is None:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()

    def _await_end(self, limit_s: float) -> bool:
        """Wait until it has ended of itself; return whether it has."""
        limit = time.monotonic() + limit_s
        pause = 0.0005
        while self.alive:
            if time.monotonic() > limit:
                return False
            time.sleep(pause)
            pause = min(pause * 2, 0.05)
        return True

    def _death(self) -> HostDied:
        ended = self._await_end(_DYING_S)
        self.kill()
        code = self._process.returncode
        if not ended:
            return HostDied(f"{self._module} broke off the connection{self._tail()}")
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return HostDied(f"{self._module} died of {name}{self._tail()}", signal=-code)
        return HostDied(f"{self._module} ended with exit code {code}{self._tail()}")

    def _tail(self) -> str:
        """The last that it said, in one line."""
        with self._lock:
            if self._closed:
                return ""
            size = os.fstat(self._said).st_size
            said = os.pread(self._said, _TAIL, max(0, size - _TAIL))
        text = printable(" ".join(said.decode("utf-8", "replace").split()))
        return f"; it said: {text}" if text else ""

    def _shorten(self) -> None:
        if os.fstat(self._said).st_size > MOST_SAID:
            os.ftruncate(self._said, 0)


def serve(handle: Callable[[Message, Progress], Message]) -> None:
    """Run in the child: answer requests until the parent is gone; line and lifeline are named in ``sys.argv``.

    ``handle`` gets each request and a callable that tells the parent that work goes on.
    """
    line = socket.socket(fileno=int(sys.argv[1]))
    line.set_inheritable(False)
    _end_with_parent(int(sys.argv[2]))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    last = [0.0]

    def send(message: bytes) -> None:
        try:
            _write(line, message)
        except OSError:
            _end_session()

    def progress() -> None:
        if time.monotonic() - last[0] > 1:
            last[0] = time.monotonic()
            send(b'{"progress": true}')

    while True:
        try:
            request = json.loads(_read(line, None))
        except (EOFError, OSError):
            _end_session()
        send(json.dumps(handle(request, progress)).encode())


def _end_session() -> NoReturn:
    """The parent is gone, and this may be known here before the lifeline breaks: leave nobody behind."""
    os.killpg(0, signal.SIGKILL)
    raise SystemExit  # for the reader: nobody comes so far


def _end_with_parent(life: int) -> None:
    """Have the kernel kill this session when the other end of the pipe closes; a parent gone by now is seen as EOF."""
    os.set_inheritable(life, False)
    fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC)


def _write(line: socket.socket, message: bytes) -> None:
    line.sendall(_HEADER.pack(len(message)) + message)


def _read(line: socket.socket, limit_s: float | None) -> bytes:
    """Read one whole frame; TimeoutError, EOFError, and HostDied for one that is too large."""
    limit = None if limit_s is None else time.monotonic() + limit_s
    (size,) = _HEADER.unpack(_read_bytes(line, _HEADER.size, limit))
    if size > MOST_BYTES:
        raise HostDied(f"a frame of {size} bytes was announced, more than {MOST_BYTES}")
    return _read_bytes(line, size, limit)


def _read_bytes(line: socket.socket, count: int, limit: float | None) -> bytes:
    data = bytearray()
    while len(data) < count:
        if limit is not None:
            line.settimeout(max(limit - time.monotonic(), 1e-3))
        part = line.recv(min(count - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
