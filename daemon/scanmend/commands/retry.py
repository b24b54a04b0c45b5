"""``scanmend retry``: quarantined documents go back to work, and so do claims of a daemon that will never run again."""

import signal
from collections.abc import Sequence

import typer

from scanmend.commands.options import fail
from scanmend.config.schema import Config
from scanmend.control.retry import retry
from scanmend.ledger.ledger import Ledger
from scanmend.service.lock import running_pid, signal_daemon


def run(config: Config, ids: Sequence[str], *, every: bool) -> None:
    """Return the documents of these ids, or all quarantined ones, and wake the daemon; exit code 1 when some stay.

    ScanmendError where the ledger cannot be used, or an id is neither a quarantined document nor another's claim.
    """
    path = config.state_dir / "ledger.sqlite"
    if running_pid(config.state_dir) is None and not path.exists():  # whoever made it now would own it
        fail(f"{path} is not there: no daemon has run with this configuration yet", 1)
    ledger = Ledger(path)
    try:
        done = retry(config, ledger, None if every else ids)
    finally:
        ledger.close()
    for id_ in done.taken_over:
        typer.echo(f"{id_}: taken over from another daemon")
    for reason in done.refused.values():
        typer.echo(reason, err=True)
    for id_ in done.returned:
        typer.echo(f"{id_}: back to work")
    pid = running_pid(config.state_dir)
    if pid is not None and (done.returned or done.taken_over):
        signal_daemon(pid, signal.SIGUSR1)
    typer.echo(f"{len(done.returned)} returned" + ("" if pid else "; no daemon runs now, the next one takes them up"))
    if done.refused:
        raise typer.Exit(1)
