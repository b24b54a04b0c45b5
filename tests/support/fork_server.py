"""``scanmend`` commands that start in a twentieth of the time: forked off one process that has imported everything.

Each is a process of its own with its own arguments, environment and streams. At its end it waits for threads, does what
is registered for the end and writes out what its streams hold, as any interpreter does, and then is gone: to take
everything apart that was imported, copied page by page, would take ten times as long as most commands.
A test that is about start or end itself starts an interpreter.
"""

import atexit
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from kill_points import KillPoint, arm
from waiting import until


class ForkServer:
    """The process that they are forked off."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="scanmend-fork-server-"))
        self._started = 0
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._process.wait(60)  # what serves is a child of it that nobody waits for

    def start(
        self,
        arguments: list[str],
        environment: Mapping[str, str],
        *,
        stdout: Path,
        stderr: Path | None = None,
        stdin: Path = Path(os.devnull),
        new_session: bool = False,
        kill_point: KillPoint | None = None,
        folder: Path | None = None,
        system_configuration: Path | None = None,
    ) -> "Forked":
        """Start ``scanmend`` with these arguments; what it writes is appended to files, by default to one.

        ``folder`` is its working directory, by default this process's, and ``system_configuration`` stands in for
        /etc/scanmend/config.yaml.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("no pipes")
        self._started += 1
        status = self._folder / str(self._started)
        request: dict[str, Any] = {
            "arguments": arguments,
            "environment": dict(environment),
            "folder": str(folder or Path.cwd()),
        }
        request |= {"streams": [str(stdin), str(stdout), str(stderr or stdout)], "status": str(status)}
        request |= {"new_session": new_session, "kill_point": kill_point and asdict(kill_point)}
        request |= {"system_configuration": system_configuration and str(system_configuration)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Forked(int(self._process.stdout.readline()), status)

    def run(
        self,
        arguments: list[str],
        environment: Mapping[str, str],
        stdin: bytes = b"",
        *,
        folder: Path | None = None,
        system_configuration: Path | None = None,
    ) -> tuple[int, bytes, bytes]:
        """Run ``scanmend`` to its end; return exit code, standard output and standard error."""
        given, out, err = (self._folder / name for name in ("stdin", "stdout", "stderr"))
        given.write_bytes(stdin)
        out.write_bytes(b"")
        err.write_bytes(b"")
        process = self.start(
            arguments,
            environment,
            stdin=given,
            stdout=out,
            stderr=err,
            folder=folder,
            system_configuration=system_configuration,
        )
        try:
            code = process.wait(110)  # machines that run the suite may have much else to do
        except BaseException:
            process.kill()
            raise
        return code, out.read_bytes(), err.read_bytes()

    def close(self) -> None:
        """End it; what it started goes on."""
        self._process.communicate()  # it ends when its standard input does
        shutil.rmtree(self._folder)


@cache
def shared() -> ForkServer:
    """The one of this test process, closed when that ends."""
    server = ForkServer()
    atexit.register(server.close)
    return server


class Forked:
    """What a fork server started; to be used as a Popen."""

    def __init__(self, pid: int, status: Path) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        if self.returncode is None and self._status.exists():
            self.returncode = int(self._status.read_text())
        return self.returncode

    def wait(self, timeout: float = 30.0) -> int:
        """Wait until it has ended; AssertionError when that takes longer."""
        until(lambda: self.poll() is not None, f"process {self.pid} to end", timeout)
        return int(self.returncode or 0)

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended yet."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)


def serve() -> dict[str, Any] | None:
    """Fork for each line of JSON on stdin and answer with the process id; the request in the child, None at the end."""
    running: dict[int, Path] = {}

    def reap(*_: object) -> None:
        for pid, status in list(running.items()):
            ended, code = os.waitpid(pid, os.WNOHANG)
            if ended:
                del running[pid]
                part = status.with_suffix(".part")
                part.write_text(str(os.waitstatus_to_exitcode(code)))
                part.rename(status)

    signal.signal(signal.SIGCHLD, reap)
    # Not sys.stdin, which would have read ahead, and which the commands read themselves.
    with open(0, "rb", buffering=0, closefd=False) as requests:
        while line := requests.readline():
            request: dict[str, Any] = json.loads(line)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            if (pid := os.fork()) == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
                return request
            running[pid] = Path(request["status"])
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            os.write(1, b"%d\n" % pid)
    return None


def become(request: dict[str, Any]) -> None:
    """Take on the arguments, environment and streams of a request."""
    if request["new_session"]:
        os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number, path in enumerate(request["streams"]):
        fd = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(fd, number)
        os.close(fd)
    sys.argv = ["scanmend", *request["arguments"]]
    if request["system_configuration"]:
        search.SYSTEM = Path(request["system_configuration"])
    if request["kill_point"]:
        arm(KillPoint(**request["kill_point"]))


def end(code: int) -> NoReturn:
    """End this process, after the same steps as an interpreter's (Py_FinalizeEx), without freeing memory."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # so that it is no child of the test process, whose children tests count and kill
    import scanmend.service.service  # noqa: F401 -- what the commands would import themselves, once and not each time
    from scanmend import cli
    from scanmend.config import search

    gc.collect()
    gc.freeze()
    if (wanted := serve()) is not None:
        become(wanted)
        try:
            cli.main()
        except SystemExit as ended:
            if ended.code is None or isinstance(ended.code, int):
                end(ended.code or 0)
            raise
        end(0)
