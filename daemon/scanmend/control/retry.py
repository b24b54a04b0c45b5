"""Quarantined documents go back to work, and so do claims of a daemon that will never run again."""

from collections.abc import Sequence

from scanmend.config.schema import Config
from scanmend.control.values import Retried, Unknown
from scanmend.errors import ConfigError, StorageError
from scanmend.jobs.quarantine import give_back
from scanmend.jobs.recover import ClaimRecovery
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger


def retry(config: Config, ledger: Ledger, ids: Sequence[str] | None) -> Retried:
    """Return the documents of these ids to work, all quarantined ones for None; a daemon has to be woken then.

    Unknown where an id is neither a quarantined document nor another daemon's claim; StorageError where the ledger
    cannot be used.
    """
    taken = ClaimRecovery(ledger).take_over(config.folders, ids) if ids else set[str]()
    returned: list[str] = []
    refused: dict[str, str] = {}
    for entry in quarantined(ledger, None if ids is None else [i for i in ids if i not in taken]):
        try:
            same = config.folder_of(entry.inbox)
            give_back(ledger, entry, same or config.folder(entry.folder))
        except (ConfigError, StorageError) as e:  # the folder may be gone from the configuration
            refused[entry.id] = str(e)
        else:
            returned.append(entry.id)
    return Retried(tuple(returned), tuple(sorted(taken)), refused)


def quarantined(ledger: Ledger, ids: Sequence[str] | None) -> list[Entry]:
    """Return the quarantined documents of these ids, or all of them for None; Unknown names ids of none."""
    entries = {e.id: e for e in ledger.in_state("quarantined")}
    if ids is None:
        return list(entries.values())
    if unknown := [i for i in ids if i not in entries]:
        raise Unknown(
            "document", f"no quarantined document has the id {', '.join(unknown)}; scanmend status lists them"
        )
    return [entries[i] for i in dict.fromkeys(ids)]
