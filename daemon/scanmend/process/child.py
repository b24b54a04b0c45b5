"""A child process that answers requests: framed JSON over a socket pair, a deadline for each frame, no orphans.

Everything that may crash, hang or hold memory (MuPDF, Tesseract, llama.cpp, the hub's client) runs in such a child.
The child leads a session of its own, so that ending it ends what it started. It also holds one end of a pipe, its
lifeline, that nothing is ever written to: when the parent dies, even of SIGKILL, the pipe breaks, and the kernel kills
the whole session at once, whatever native code it is in.

A frame is eight bytes of length and a JSON object. Any number of ``{"progress": …}`` may come before the reply: a sign
of life (null), or how far the work is (an object).
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn, Protocol

from scanmend.document import printable
from scanmend.errors import ChildDied, Stopping

Message = dict[str, Any]
MAX_FRAME_BYTES = 256 * 1024 * 1024
"""Largest frame accepted."""
MAX_OUTPUT_BYTES = 1024 * 1024
"""A child's standard output and standard error are kept in memory; beyond this size they are dropped, and begin again
empty."""

SECRETS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
"""Environment variables that no child inherits; a child that needs one is given it by name."""

_HEADER = struct.Struct("!Q")
_TAIL_BYTES = 2000
"""How much of the end of a child's output goes into an error message."""
_EXIT_S = 5.0
"""How long a process may take to exit after it closed its socket, before it is killed."""
_STOPPING_POLL_S = 0.2
"""How often a waiting parent asks whether it should stop."""
_SIGN_OF_LIFE_S = 1.0
"""Least time between two frames of progress without details."""


class Progress(Protocol):
    """Tells the parent, from within a request, that work goes on; from one thread at a time."""

    def __call__(self, details: Message | None = None) -> None:
        """Send a sign of life, at most one a second, or else ``details``, each time: how far the work is."""


class Child:
    """The parent's end of one child process running ``python -m MODULE``; used by one thread at a time."""

    def __init__(
        self, module: str, environment: dict[str, str] | None = None, died: type[ChildDied] = ChildDied
    ) -> None:
        """Start it, with these variables beside ours; ``died`` when that is not possible.

        ``died``: class of the errors that this object raises for whatever goes wrong with the process.
        """
        self._module = module
        self._died = died
        self._lock = threading.Lock()
        with ExitStack() as theirs, ExitStack() as ours:
            try:
                self._line, line = socket.socketpair()
                ours.enter_context(self._line)
                theirs.enter_context(line)
                life, held = os.pipe()
                ours.callback(os.close, held)
                theirs.callback(os.close, life)
                self._output = os.memfd_create(module)
                ours.callback(os.close, self._output)
                fcntl.fcntl(self._output, fcntl.F_SETFL, os.O_APPEND)
                self._process = subprocess.Popen(
                    # -P: the folder one happens to stand in may hold a json.py
                    [sys.executable, "-P", "-m", module, str(line.fileno()), str(life)],
                    pass_fds=(line.fileno(), life),
                    stdin=subprocess.DEVNULL,
                    stdout=self._output,
                    stderr=self._output,
                    start_new_session=True,
                    env={k: v for k, v in os.environ.items() if k not in SECRETS} | (environment or {}),
                )
            except OSError as e:
                raise died(f"cannot start {module}: {e}") from e
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

    def ask(
        self,
        request: Message,
        limit_s: float,
        progress: Callable[[Message], None] | None = None,
        stopping: Callable[[], bool] | None = None,
        *,
        in_all: bool = False,
    ) -> Message:
        """Send a request and return the reply; each frame, progress included, must be here within ``limit_s``.

        ``in_all``: the reply itself must be here by then, whatever progress there is.
        ``progress`` is called with the details that the child sends of its work. ``died`` (of the constructor) when
        the child dies, falls silent or answers anything but a JSON object; Stopping when ``stopping`` says so. After
        any exception, one of ``progress`` included, the child is dead.
        """
        end = time.monotonic() + limit_s

        def left_s() -> float:
            return max(0.0, end - time.monotonic()) if in_all else limit_s

        try:
            with self._explained(limit_s):
                self._limit_output()  # before it can say why it dies of this request
                self._line.settimeout(limit_s)
                _write(self._line, json.dumps(request).encode())
            while "progress" in (reply := self._receive(left_s(), limit_s, stopping)):
                if progress is not None and isinstance(reply["progress"], dict):
                    progress(reply["progress"])
        except BaseException:
            self.kill()
            raise
        return reply

    def _receive(self, left_s: float, limit_s: float, stopping: Callable[[], bool] | None) -> Message:
        """Return the next frame, within ``left_s`` seconds; errors name ``limit_s``, of which these are left."""
        with self._explained(limit_s):
            reply = json.loads(_read(self._line, left_s, stopping))
            self._limit_output()
            if not isinstance(reply, dict):
                raise _ProtocolError(f"answered {type(reply).__name__} instead of an object")
            return reply

    @contextmanager
    def _explained(self, limit_s: float) -> Iterator[None]:
        """Turn what goes wrong with the socket or a frame into an error about the process, which is ended."""
        try:
            yield
        except TimeoutError as e:
            self.kill()
            raise self._died(f"{self._module} gave no sign of life for {limit_s:g} s{self._tail()}") from e
        except _ProtocolError as e:
            self.kill()
            raise self._died(f"{self._module} {e}") from e
        except (EOFError, OSError) as e:
            raise self._death() from e
        except (ValueError, RecursionError) as e:
            self.kill()
            raise self._died(f"{self._module} answered what is no JSON: {e}") from e

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

    def _death(self) -> ChildDied:
        """Say how a process ended that has closed its socket; one that has not ended is killed."""
        ended = self._await_end(_EXIT_S)
        self.kill()
        code = self._process.returncode
        if not ended:
            return self._died(f"{self._module} broke off the connection{self._tail()}")
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return self._died(f"{self._module} died of {name}{self._tail()}", signal=-code)
        return self._died(f"{self._module} ended with exit code {code}{self._tail()}")

    def _tail(self) -> str:
        """Return the end of its output, in one line."""
        with self._lock:
            if self._closed:
                return ""
            size = os.fstat(self._output).st_size
            output = os.pread(self._output, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        text = printable(" ".join(output.decode("utf-8", "replace").split()))
        return f"; it said: {text}" if text else ""

    def _limit_output(self) -> None:
        if os.fstat(self._output).st_size > MAX_OUTPUT_BYTES:
            os.ftruncate(self._output, 0)


def serve(handle: Callable[[Message, Progress], Message]) -> None:
    """Run in the child: answer requests until the parent is gone; ``sys.argv`` has the socket and the lifeline.

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

    def progress(details: Message | None = None) -> None:
        if details is not None or time.monotonic() - last[0] > _SIGN_OF_LIFE_S:
            last[0] = time.monotonic()
            send(json.dumps({"progress": details}).encode())

    while True:
        try:
            request = json.loads(_read(line, None))
        except (EOFError, OSError):
            _end_session()
        send(json.dumps(handle(request, progress)).encode())


def _end_session() -> NoReturn:
    """Kill this process and all that it started: the parent is gone, which the socket may show before the lifeline."""
    os.killpg(0, signal.SIGKILL)
    raise SystemExit  # not reached; NoReturn needs it


def _end_with_parent(life: int) -> None:
    """Have the kernel kill this session when the other end of the pipe closes; a parent gone by now is seen as EOF."""
    os.set_inheritable(life, False)
    fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC)


class _ProtocolError(Exception):
    """What a child sent that is no answer; the message goes on after its name."""


def _write(line: socket.socket, message: bytes) -> None:
    line.sendall(_HEADER.pack(len(message)) + message)


def _read(line: socket.socket, limit_s: float | None, stopping: Callable[[], bool] | None = None) -> bytes:
    """Read one whole frame; TimeoutError, EOFError, Stopping, and _ProtocolError for one that is too large."""
    limit = None if limit_s is None else time.monotonic() + limit_s
    (size,) = _HEADER.unpack(_read_bytes(line, _HEADER.size, limit, stopping))
    if size > MAX_FRAME_BYTES:
        raise _ProtocolError(f"announced a frame of {size} bytes, more than {MAX_FRAME_BYTES}")
    return _read_bytes(line, size, limit, stopping)


def _read_bytes(
    line: socket.socket, count: int, limit: float | None, stopping: Callable[[], bool] | None = None
) -> bytes:
    data = bytearray()
    while len(data) < count:
        if stopping is not None and stopping():
            raise Stopping("asked to stop while a child process was at work")
        if limit is not None:
            left = max(limit - time.monotonic(), 1e-3)
            line.settimeout(left if stopping is None else min(left, _STOPPING_POLL_S))
        try:
            part = line.recv(min(count - len(data), 1 << 20))
        except TimeoutError:
            if limit is None or time.monotonic() >= limit:
                raise
            continue
        if not part:
            raise EOFError
        data += part
    return bytes(data)
