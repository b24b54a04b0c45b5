"""The folders that a configuration names: made when the daemon starts, and cleared of what a crash left."""

import time

import structlog

from scanmend.config.schema import Config
from scanmend.errors import StorageError
from scanmend.fs import atomic

log = structlog.get_logger()


def sweep(config: Config) -> None:
    """Remove what a crash left half-written; an archive may be large, so nothing waits for this."""
    targets = {p for f in config.folders for p in (f.outbox, f.archive, f.quarantine)} | {config.state_dir}
    for path in sorted(p for p in targets if not any(q in targets for q in p.parents)):
        if swept := atomic.sweep(path, time.time()):
            log.info("outbox.swept", path=str(path), files=swept)


def make_folders(config: Config) -> None:
    """Create the folders that are not there yet, at start only: one that vanishes later is an outage; StorageError."""
    wanted = [config.state_dir, *(p for f in config.folders for p in (f.inbox, f.outbox))]
    wanted += [f.archive for f in config.folders if f.original == "archive"]
    wanted += [f.quarantine.parent for f in config.folders]
    for path in wanted:
        if not path.is_dir():
            try:
                path.mkdir(parents=True)
            except OSError as e:
                raise StorageError(
                    f"{path} cannot be made: {e.strerror}; create it, or correct the configuration"
                ) from e
            log.info("folder.created", path=str(path))
