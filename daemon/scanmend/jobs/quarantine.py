"""Files that cannot be processed: into quarantine with a report that says why, and back to work from there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanmend.config.schema import Folder
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.fs import atomic
from scanmend.fs.file_group import is_folder, move_files
from scanmend.fs.safe_open import CLAIMS
from scanmend.intake.group_inbox import GATHERED
from scanmend.jobs.claimed_source import ClaimedSource
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.outputs import error_report

FROM_THE_START: dict[str, Any] = {"attempts": 0, "due": 0.0, "error": None, "put_away": None}
"""Columns of the ledger as they are for a document of which no attempt was made."""


def quarantine(source: ClaimedSource, reason: str, *, begun: Path | None = None) -> Path:
    """Move the file to quarantine with a report beside it, and return where it lies; StorageError, OSError.

    Of a file that is gone, only the report. ``begun``: see ``ClaimedSource.move_below``.
    """
    folder = source.folder
    try:
        # Not its parents: beneath a share that is not mounted nobody would find it.
        folder.quarantine.mkdir(exist_ok=True)
    except OSError as e:
        raise StorageError(f"{folder.quarantine} cannot be made: {e.strerror}") from e
    name = Path(source.entry.relative.name)
    target = source.move_below(folder.quarantine, name, "failing", begun=begun, beside=error_report.SUFFIX)
    when = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    report = error_report.render(target.name, reason, when, source.entry.id)
    atomic.replace(error_report.report_path(target), report, access=folder.output_access)
    source.release()
    source.record("quarantined", put_away=target if target.exists() else None)
    return target


def give_back(ledger: Ledger, entry: Entry, folder: Folder) -> None:
    """Return a quarantined file to its claim folder, to be worked on from the start; StorageError when it cannot move.

    The daemon may run meanwhile: it takes up the document when the ledger says ``waiting``.
    """
    if entry.put_away is None:
        raise StorageError(f"{entry.id}: the ledger does not know where the file lies")
    quarantined = entry.put_away
    claims = folder.inbox / CLAIMS
    ledger.move(entry.id, "returning", inbox=folder.inbox)  # it may have another by now
    try:
        for parent in (claims, claims / entry.id):  # never the inbox: beneath a missing share nobody would find it
            parent.mkdir(exist_ok=True, mode=0o700)
        _take_back(quarantined, claims / entry.id / entry.relative.name)
        error_report.report_path(quarantined).unlink(missing_ok=True)
    except (OSError, StorageError) as e:
        ledger.move(entry.id, "quarantined", inbox=entry.inbox)
        if not quarantined.exists():
            raise StorageError(
                f"{printable(quarantined)} is not there any more; drop the scan into the inbox again"
            ) from e
        raise StorageError(f"{printable(quarantined)} cannot be taken back to work: {e}") from e
    ledger.move(entry.id, "waiting", **FROM_THE_START)


def _take_back(quarantined: Path, target: Path) -> None:
    """Move a quarantined file to its claim folder, or several: these have their place there once all have come."""
    gathered = target.with_name(GATHERED)
    if not (is_folder(quarantined) or is_folder(gathered)):
        atomic.move(quarantined, target)
        return
    if is_folder(quarantined):
        move_files(quarantined, gathered)
    gathered.rename(target)
