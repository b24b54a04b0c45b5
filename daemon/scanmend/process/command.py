"""A command of the administrator's, run without a shell and in limited time, with the end of what it said."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanmend.document import printable
from scanmend.errors import Stopping
from scanmend.process.child import SECRETS

MAX_OUTPUT_BYTES = 2000
"""How much of a command's output is kept, from its end."""
POLL_S = 0.1
"""How often a running command is looked at, in seconds."""
PRIVATE_VARIABLES = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", *SECRETS}
"""Environment variables of the daemon that its children do not get."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int | None
    """Its exit code, negative for the signal that it died of; None where it did not start, or took too long."""
    problem: str
    """Why it has no exit code of its own, or which; empty for 0."""
    said: str = ""
    """The end of its output, on one line."""


def run(
    command: Sequence[str],
    paths: Sequence[Path],
    variables: Mapping[str, str],
    limit_s: float,
    stopping: Callable[[], bool] = lambda: False,
    *,
    limit_key: str = "",
) -> Ended:
    """Run the command with the paths as further arguments.

    ``limit_key``: the setting that the limit is of, for the message. ``variables`` are added to the environment. The
    command leads a process group, which is killed at the limit, or when ``stopping`` says so; Stopping in that case.
    """
    output = os.memfd_create("command")
    try:
        inherited = {k: v for k, v in os.environ.items() if k not in PRIVATE_VARIABLES}
        try:
            process = subprocess.Popen(
                [*command, *map(os.fspath, paths)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=inherited | {k: _without_nul(v) for k, v in variables.items()},
                start_new_session=True,
            )
        except (OSError, ValueError) as e:
            return Ended(None, f"cannot be started: {e}")
        if not _in_time(process, limit_s, stopping):
            key = f"{limit_key}: " if limit_key else ""
            return Ended(None, f"took longer than {key}{limit_s:g} s, and was killed", _tail(output))
        code = process.returncode
        problem = f"died of signal {-code}" if code < 0 else f"exit code {code}" if code else ""
        return Ended(code, problem, _tail(output))
    finally:
        os.close(output)


def _in_time(process: subprocess.Popen[bytes], limit_s: float, stopping: Callable[[], bool]) -> bool:
    """Wait for the command; False when it had to be killed for its time."""
    limit = time.monotonic() + limit_s
    try:
        while True:
            try:
                process.wait(min(POLL_S, max(0.0, limit - time.monotonic())))
            except subprocess.TimeoutExpired:
                if stopping():
                    raise Stopping from None
                if time.monotonic() >= limit:
                    return False
            else:
                return True
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
            process.wait()


def _without_nul(value: str) -> str:
    """Return the value as an environment variable can hold it."""
    return value.replace("\0", "")


def _tail(output: int) -> str:
    """Return the end of what a command wrote to this file descriptor, on one line."""
    size = os.fstat(output).st_size
    data = os.pread(output, MAX_OUTPUT_BYTES, max(0, size - MAX_OUTPUT_BYTES))
    return printable(" ".join(data.decode("utf-8", "replace").split()))
