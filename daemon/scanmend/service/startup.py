"""What is done with the folders and glossaries that a configuration names, before the daemon works with it."""

import time

import structlog

from scanmend.config.glossary_file import GlossaryFiles
from scanmend.config.schema import Config
from scanmend.errors import StorageError
from scanmend.fs import atomic

log = structlog.get_logger()


def make_folders(config: Config) -> None:
    """Create missing folders; StorageError. Only here: one that vanishes later is an outage, and is waited for."""
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


def read_glossaries(config: Config, glossaries: GlossaryFiles) -> None:
    """Have ``glossaries`` keep the words of every folder, whatever becomes of their files later; StorageError."""
    for folder in config.folders:
        if folder.glossary is not None:
            glossaries.entries(folder.glossary)


def sweep(config: Config) -> None:
    """Remove what a crash left half-written; runs beside everything else, since an archive may be large."""
    targets = {p for f in config.folders for p in (f.outbox, f.archive, f.quarantine)} | {config.state_dir}
    for path in sorted(p for p in targets if not any(q in targets for q in p.parents)):
        if swept := atomic.sweep(path, time.time()):
            log.info("outbox.swept", path=str(path), files=swept)
