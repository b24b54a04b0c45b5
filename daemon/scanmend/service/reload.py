"""A configuration that is to take the place of the running daemon's: what may change, and what may not."""

from scanmend.config.glossary_file import GlossaryFiles
from scanmend.config.load import load
from scanmend.config.permissions import refuse_exposed
from scanmend.config.schema import Config
from scanmend.errors import ConfigError
from scanmend.service.startup import make_folders, read_glossaries


def reload(current: Config, glossaries: GlossaryFiles) -> Config:
    """Read the file of ``current`` again and make the new one ready for work; ConfigError, StorageError.

    After an error the daemon can go on with ``current``.
    """
    config = load(current.source)
    refuse_exposed(config)
    if (config.state_dir, config.workers) != (current.state_dir, current.workers):
        raise ConfigError([f"{config.source}: state_dir and workers cannot change while running; restart instead"])
    make_folders(config)
    read_glossaries(config, glossaries)
    return config
