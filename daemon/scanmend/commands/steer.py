"""``scanmend pause``, ``resume``, ``rescan`` and ``reload``: what a person tells the daemon to do."""

import time
from collections.abc import Callable

import typer

from scanmend.commands.options import fail
from scanmend.control.link import Link
from scanmend.errors import ConfigError

POLL_S = 0.1
"""How often the daemon's status is looked at, in seconds."""
RELOAD_LIMIT_S = 30.0
"""How long the daemon may take to read its configuration again, in seconds; a busy disk makes it wait."""


def pause(daemon: Link, folder: str) -> None:
    """Have nothing more taken from the folder's inbox; ScanmendError for a folder that there is not."""
    daemon.pause(folder)
    typer.echo(f"{folder}: paused; nothing is taken from its inbox until: scanmend resume {_quoted(folder)}")


def resume(daemon: Link, folder: str) -> None:
    """Have files taken from the folder's inbox again; ScanmendError for a folder that there is not."""
    daemon.resume(folder)
    typer.echo(f"{folder}: files are taken from its inbox" + ("" if daemon.pid() else " once a daemon runs"))


def rescan(daemon: Link) -> None:
    """Have every inbox listed now; exit code 1 when no daemon runs."""
    if daemon.pid() is None:
        fail("no daemon runs; it lists every inbox when it starts", 1)
    daemon.rescan()
    typer.echo("the inboxes are being listed")


def reload(
    daemon: Link, *, clock: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
) -> None:
    """Have the configuration read again, and say what came of it; ConfigError where it is rejected.

    Exit code 1 when no daemon runs. ``clock`` (seconds) and ``pause`` (sleeps that many) are the system's but in tests.
    """
    pid = daemon.pid()
    if pid is None:
        fail("no daemon runs; it reads the configuration when it starts", 1)
    before = daemon.status().get("reloads", 0)
    daemon.reload()
    limit = clock() + RELOAD_LIMIT_S
    while (current := daemon.status()).get("reloads", 0) == before:
        if clock() >= limit:
            fail(f"the daemon (pid {pid}) has not taken up the request yet", 1)
        pause(POLL_S)
    if current.get("rejected"):
        raise ConfigError([str(current["rejected"])])
    typer.echo("the configuration was read again")


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
