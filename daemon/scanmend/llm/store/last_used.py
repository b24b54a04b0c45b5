"""When each model file was last in use: the modification time of one small file for each."""

import hashlib
import os
from pathlib import Path

import structlog

from scanmend.errors import StorageError
from scanmend.fs import atomic

LAST_USED = "uses"
"""Folder below ``state_dir`` in which ``LastUsed`` keeps when each model file was in use."""

log = structlog.get_logger()


class LastUsed:
    """The folder of these small files; any number of processes may write to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, model: Path) -> None:
        """Mark the file as in use now; where that cannot be written, only the log says so."""
        mark = self._mark(model)
        try:
            mark.parent.mkdir(parents=True, exist_ok=True)
            # Not waiting for the disk: this is noted at each load, and what a power cut loses is a time to look at.
            atomic.replace(mark, os.fsencode(model) + b"\n", durable=False)
        except (OSError, StorageError) as e:
            log.info("model.use_unrecorded", mark=str(mark), error=str(e))

    def last(self, model: Path) -> float | None:
        """When the file was in use last, as ``time.time()`` counts; None when that is not known."""
        try:
            return self._mark(model).stat().st_mtime
        except OSError:
            return None

    def forget(self, model: Path) -> None:
        """Remove the mark of a file that is gone; OSError."""
        self._mark(model).unlink(missing_ok=True)

    def _mark(self, model: Path) -> Path:
        return self._folder / hashlib.sha256(os.fsencode(model)).hexdigest()[:32]
