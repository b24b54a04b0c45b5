"""Quarantined documents go back to work, and so do claims of a daemon that will never run again."""

import time
from collections.abc import Mapping, Sequence

from scanmend.config.schema import Config, Folder
from scanmend.control.values import Retried, Unknown
from scanmend.errors import ConfigError, StorageError
from scanmend.fs.safe_open import CLAIMS
from scanmend.intake.presence import SILENT_S, daemon_mark, daemon_name, others
from scanmend.jobs.quarantine import give_back
from scanmend.jobs.recover import ClaimRecovery
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger


def retry(config: Config, ledger: Ledger, ids: Sequence[str] | None) -> Retried:
    """Return the documents of these ids to work, all quarantined ones for None; a daemon has to be woken then.

    Unknown where an id is neither a quarantined document nor another daemon's claim; StorageError where the ledger
    cannot be used.
    """
    recovery = ClaimRecovery(ledger)
    claims = recovery.claims_of_others(config.folders, ids) if ids else {}
    refused = _at_work(config, claims)
    taken = {id_: folder for id_, folder in claims.items() if id_ not in refused}
    recovery.take_over(taken, daemon_name(config, daemon_mark(config.state_dir)))
    returned: list[str] = []
    for entry in quarantined(ledger, None if ids is None else [i for i in ids if i not in claims]):
        try:
            same = config.folder_of(entry.inbox)
            give_back(ledger, entry, same or config.folder(entry.folder))
        except (ConfigError, StorageError) as e:  # the folder may be gone from the configuration
            refused[entry.id] = str(e)
        else:
            returned.append(entry.id)
    return Retried(tuple(returned), tuple(sorted(taken)), refused)


def _at_work(config: Config, claims: Mapping[str, Folder]) -> dict[str, str]:
    """Return those of the claims whose daemon still works, each with the reason to leave it alone."""
    own, now, refused = daemon_mark(config.state_dir), time.time(), dict[str, str]()
    for folder in {folder.name: folder for folder in claims.values()}.values():
        try:
            working = [other for other in others(folder, own, now) if other.state == "works"]
        except OSError as e:
            raise StorageError(f"{folder.inbox / CLAIMS} cannot be looked into: {e.strerror}") from e
        for other in working:
            for claim in other.claims:
                refused[claim.id] = (
                    f"{claim.id} stays with the daemon {other.name}, which was heard of {other.seen_s:.0f} s ago and "
                    "works on it; stop that daemon, and where its machine is gone, ask again once "
                    f"{SILENT_S / 60:.0f} minutes have passed"
                )
    return {id_: reason for id_, reason in refused.items() if id_ in claims}


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
