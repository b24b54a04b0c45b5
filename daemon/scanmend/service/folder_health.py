"""Which folders are paused, because something they need is gone, read-only or full; they go on when it is back."""

import math
from collections.abc import Sequence
from pathlib import Path

import structlog

from scanmend.config.schema import Config, Folder
from scanmend.fs.free_space import shortage
from scanmend.fs.mounts import MountWatch

CHECK_INTERVAL_S = 3.0
"""How often each folder's inbox, outbox, archive and state folder are checked, in seconds."""

log = structlog.get_logger()


class FolderHealth:
    """The folders that are paused now; logged once when a pause begins, and once when it ends."""

    def __init__(self, storage: MountWatch) -> None:
        self._storage = storage
        self._reasons: dict[str, str] = {}
        self._next_check = 0.0

    def check(self, config: Config, logged: Sequence[str], now: float) -> None:
        """Check every folder when it is time; what ``logged`` has, troubles of inboxes, is not logged again."""
        if now < self._next_check:
            return
        self._next_check = now + CHECK_INTERVAL_S
        for folder in config.folders:
            before = self._reasons.get(folder.name)
            reason = trouble_of_folder(self._storage, folder, config.state_dir)
            if reason is None and before is not None:
                del self._reasons[folder.name]
                log.info("folder.resumed", folder=folder.name)
            elif reason is not None:
                self._reasons[folder.name] = reason
                if before is None and not any(trouble.endswith(reason) for trouble in logged):
                    log.warning(
                        "folder.paused",
                        folder=folder.name,
                        reason=reason,
                        disk_full=any(shortage(path) for path in (config.state_dir, folder.outbox, folder.archive)),
                    )

    def pause_reason(self, name: str) -> str | None:
        """Return why the folder of that name is paused; None where it is not."""
        return self._reasons.get(name)

    def seconds_until_check(self, now: float) -> float:
        """Seconds until the next check, which may end a pause; infinity when no folder is paused."""
        return self._next_check - now if self._reasons else math.inf

    def reset(self) -> None:
        """Forget all pauses, and which file systems the folders lay on; the next check is due at once."""
        self._storage.forget()
        self._reasons.clear()
        self._next_check = 0.0


def trouble_of_folder(
    storage: MountWatch, folder: Folder, state_dir: Path, *, writing: bool = True, inbox: bool = True
) -> str | None:
    """Return what keeps documents of this folder from being finished; None for nothing.

    ``writing``: whether their outputs are still to be written, which takes free space, and not only sources put away.
    ``inbox``: whether it is needed.
    """
    if inbox and (reason := storage.trouble(folder.inbox, read=True)):
        return reason
    takes_space = {state_dir: writing, folder.outbox: writing}
    if folder.original == "archive":
        takes_space.setdefault(folder.archive, not _on_one_disk(folder.inbox, folder.archive))
    return next((reason for path, takes in takes_space.items() if (reason := storage.trouble(path, space=takes))), None)


def _on_one_disk(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return False
