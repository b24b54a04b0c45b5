"""``scanmend unload``: the running daemon is asked to end its models' processes, and waited for."""

import time
from collections.abc import Callable
from typing import Any

import typer

from scanmend.control.link import Link

POLL_S = 0.1
"""How often the daemon's status is looked at, in seconds."""


def run(daemon: Link, wait_s: float) -> None:
    """Have the models unloaded and say how it went; exit code 1 when one is in use for longer than ``wait_s``."""
    done, sentence = unload(daemon, wait_s)
    typer.echo(sentence)
    if not done:
        raise typer.Exit(1)


def unload(
    daemon: Link,
    wait_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[bool, str]:
    """Ask the daemon, and wait ``wait_s`` seconds at most; return whether no model is loaded then, and a sentence.

    ``clock`` (seconds) and ``pause`` (sleeps that many) are the system's but in tests.

    ScanmendError where the daemon is another user's.
    """
    pid = daemon.pid()
    if pid is None:
        return True, "no daemon runs, so no model is loaded"
    before = daemon.status()
    daemon.unload()
    limit = clock() + wait_s
    while True:
        if daemon.pid() != pid:
            return True, "the daemon ended, and its models with it"
        current = daemon.status()
        taken = current.get("unload_requests", 0) > before.get("unload_requests", 0)
        if taken and current["model"]["state"] == "idle" and not current["loaded"]:
            return True, _names(before) + "unloaded" if before.get("loaded") else "no model is loaded"
        if clock() >= limit:
            break
        pause(POLL_S)
    if not taken:
        return False, f"the daemon (pid {pid}) has not taken up the request yet"
    return False, f"{_names(current) or 'a model: '}still in use; unloaded as soon as no document needs it"


def _names(current: dict[str, Any]) -> str:
    names = ", ".join(str(one["model"]) for one in current.get("loaded", ()))
    return f"{names}: " if names else ""
