"""``scanmend retry``: quarantined documents go back to work, and so do claims of a daemon that will never run again."""

import signal
from collections.abc import Sequence

import typer

from scanmend.commands.options import fail
from scanmend.config.schema import Config
from scanmend.errors import ConfigError, StorageError
from scanmend.jobs.quarantine import give_back
from scanmend.jobs.recover import ClaimRecovery
from scanmend.ledger.entry import Entry
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
    returned = 0
    try:
        taken = ClaimRecovery(ledger).take_over(config.folders, ids)
        for id_ in sorted(taken):
            typer.echo(f"{id_}: taken over from another daemon")
        entries = quarantined(ledger, [i for i in ids if i not in taken], every=every)
        for entry in entries:
            try:
                same = next((f for f in config.folders if f.inbox == entry.inbox), None)
                give_back(ledger, entry, same or config.folder(entry.folder))
            except (ConfigError, StorageError) as e:  # the folder may be gone from the configuration
                typer.echo(str(e), err=True)
            else:
                returned += 1
                typer.echo(f"{entry.id}: back to work")
    finally:
        ledger.close()
    pid = running_pid(config.state_dir)
    if pid is not None and (returned or taken):
        signal_daemon(pid, signal.SIGUSR1)
    typer.echo(f"{returned} returned" + ("" if pid else "; no daemon runs now, the next one takes them up"))
    if returned < len(entries):
        raise typer.Exit(1)


def quarantined(ledger: Ledger, ids: Sequence[str], *, every: bool) -> list[Entry]:
    """The quarantined documents of these ids, or all of them; StorageError names ids of no quarantined document."""
    entries = {e.id: e for e in ledger.in_state("quarantined")}
    if every:
        return list(entries.values())
    if unknown := [i for i in ids if i not in entries]:
        raise StorageError(f"no quarantined document has the id {', '.join(unknown)}; scanmend status lists them")
    return [entries[i] for i in dict.fromkeys(ids)]
