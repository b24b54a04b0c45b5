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
    fixed = ("state_dir", "workers", "executor", "web", "control")
    if changed := [key for key in fixed if getattr(config, key) != getattr(current, key)]:
        raise ConfigError([f"{config.source}: {' and '.join(changed)} cannot change while running; restart instead"])
    make_folders(config)
    read_glossaries(config, glossaries)
    return config
