"""Which folders pause, because something they need is gone, read-only or full; they go on when it is back."""

from collections.abc import Sequence
from pathlib import Path

import structlog

from scanmend.config.schema import Config, Folder
from scanmend.fs.mounts import MountWatch

PLACES_S = 3.0
"""How often the places of each folder are looked at: are they there, writable, with room?"""

log = structlog.get_logger()


class FolderHealth:
    """The folders that pause now; said once when it begins, and once when it ends."""

    def __init__(self, storage: MountWatch) -> None:
        self._storage = storage
        self._why: dict[str, str] = {}
        self._at = 0.0

    def look(self, config: Config, said: Sequence[str], now: float) -> None:
        """Look at every folder's places when it is time; ``said``: what the log has already of the inboxes."""
        if now < self._at:
            return
        self._at = now + PLACES_S
        for folder in config.folders:
            before, why = self._why.get(folder.name), trouble_of_folder(self._storage, folder, config.state_dir)
            if why is None and before is not None:
                del self._why[folder.name]
                log.info("folder.resumed", folder=folder.name)
            elif why is not None:
                self._why[folder.name] = why
                if before is None and not any(trouble.endswith(why) for trouble in said):
                    log.warning("folder.paused", folder=folder.name, reason=why)

    def why(self, name: str) -> str | None:
        """Return what keeps the folder of that name from being worked on; None for nothing."""
        return self._why.get(name)

    def wait(self, now: float) -> float | None:
        """Seconds until the next look that may end a pause; None when no folder pauses."""
        return self._at - now if self._why else None

    def forget(self) -> None:
        """Look at everything anew, at once."""
        self._storage.forget()
        self._why.clear()
        self._at = 0.0


def trouble_of_folder(storage: MountWatch, folder: Folder, state_dir: Path, *, room: bool = True) -> str | None:
    """Return what keeps documents of this folder from being finished; None for nothing.

    ``room``: whether they are still to be written, not only to be put away.
    """
    if why := storage.trouble(folder.inbox, read=True):
        return why
    places = {state_dir: room, folder.outbox: room}
    if folder.original == "archive":
        places.setdefault(folder.archive, not _on_one_disk(folder.inbox, folder.archive))
    return next((why for place, room in places.items() if (why := storage.trouble(place, space=room))), None)


def _on_one_disk(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return False
