"""``scanmend unload``: the running daemon is asked to end its models' processes, and waited for."""

import signal
import time
from collections.abc import Callable
from typing import Any

import typer

from scanmend.config.schema import Config
from scanmend.control.status import daemon_status
from scanmend.service import status_file
from scanmend.service.lock import running_pid, signal_daemon

POLL_S = 0.1
"""How often the daemon's status file is read, in seconds."""


def run(config: Config, wait_s: float) -> None:
    """Have the models unloaded and say how it went; exit code 1 when one is in use for longer than ``wait_s``."""
    done, sentence = unload(config, wait_s)
    typer.echo(sentence)
    if not done:
        raise typer.Exit(1)


def unload(
    config: Config,
    wait_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[bool, str]:
    """Ask the daemon, and wait ``wait_s`` seconds at most; return whether no model is loaded then, and a sentence.

    ``clock`` (seconds) and ``pause`` (sleeps that many) are the system's but in tests.

    ScanmendError where the daemon is another user's.
    """
    pid = running_pid(config.state_dir)
    if pid is None:
        return True, "no daemon runs, so no model is loaded"
    path = config.state_dir / status_file.NAME
    before = daemon_status(path)
    signal_daemon(pid, signal.SIGUSR2)
    limit = clock() + wait_s
    while True:
        current = daemon_status(path)
        taken = current.get("unload_requests", 0) > before.get("unload_requests", 0)
        if taken and current["model"]["state"] == "idle" and not current["loaded"]:
            return True, _names(before) + "unloaded" if before.get("loaded") else "no model is loaded"
        if running_pid(config.state_dir) != pid:
            return True, "the daemon ended, and its models with it"
        if clock() >= limit:
            break
        pause(POLL_S)
    if not taken:
        return False, f"the daemon (pid {pid}) has not taken up the request yet"
    return False, f"{_names(current) or 'a model: '}still in use; unloaded as soon as no document needs it"


def _names(current: dict[str, Any]) -> str:
    names = ", ".join(str(one["model"]) for one in current.get("loaded", ()))
    return f"{names}: " if names else ""
