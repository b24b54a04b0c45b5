"""``scanmend retry``: quarantined documents go back to work, and so do claims of a daemon that will never run again."""

from collections.abc import Sequence

import typer

from scanmend.control.link import Link


def run(daemon: Link, ids: Sequence[str], *, every: bool) -> None:
    """Return the documents of these ids, or all quarantined ones; exit code 1 when some stay.

    ScanmendError where the ledger cannot be used, or an id is neither a quarantined document nor another's claim.
    """
    done = daemon.retry(None if every else ids)
    for id_ in done.taken_over:
        typer.echo(f"{id_}: taken over from another daemon")
    for reason in done.refused.values():
        typer.echo(reason, err=True)
    for id_ in done.returned:
        typer.echo(f"{id_}: back to work")
    later = "" if daemon.pid() else "; no daemon runs now, the next one takes them up"
    typer.echo(f"{len(done.returned)} returned{later}")
    if done.refused:
        raise typer.Exit(1)
