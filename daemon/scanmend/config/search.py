"""Which configuration file counts: ``--config``, SCANMEND_CONFIG, ./config.yaml, then /etc/scanmend/config.yaml."""

import os
from dataclasses import dataclass
from pathlib import Path

from scanmend.config.permissions import refuse_foreign
from scanmend.errors import ConfigError

VARIABLE = "SCANMEND_CONFIG"
"""Environment variable that names the configuration file; empty counts as not set."""
NAME = "config.yaml"
"""File that is looked for in the working directory."""
SYSTEM = Path("/etc/scanmend/config.yaml")
"""Where ``scripts/install`` puts the configuration of the system service."""


@dataclass(frozen=True, slots=True)
class Found:
    """A configuration file, and why it is this one."""

    path: Path
    origin: str = ""
    """Where it was found, or what named it, in a few words; empty where ``--config`` did."""
    reason: str = ""
    """One sentence for whoever did not expect this file to be read."""


def named(given: Path | None) -> Found | None:
    """Return the file that ``--config`` (``given``) or SCANMEND_CONFIG names, whether or not it is there; else None."""
    if given is not None:
        return Found(given)
    if value := os.environ.get(VARIABLE):
        return Found(Path(value), VARIABLE, f"{value} was read because {VARIABLE} names it")
    return None


def find(given: Path | None) -> Found:
    """Return the file that is named, or else the first that is there; ConfigError where there is none.

    One that cannot be read is returned all the same: to pass it over would silently take another. ConfigError also
    where the file in the working directory is somebody else's.
    """
    if found := named(given):
        return found
    unnamed = f"was read because neither --config nor {VARIABLE} names a configuration"
    here = _in_working_directory()
    if here is not None and _is_there(here):
        refuse_foreign(here)
        hint = "if it is another program's, name yours with --config FILE"
        return Found(here, "in the working directory", f"{here} {unnamed}; {hint}")
    if _is_there(SYSTEM):
        return Found(SYSTEM, "of this machine", f"{SYSTEM} {unnamed}, and there is no ./{NAME}")
    problem = f"no configuration: {VARIABLE} is not set, and neither {here or NAME} nor {SYSTEM} is there"
    remedy = "name one with --config FILE, or start from the config.yaml that scanmend ships"
    raise ConfigError([f"{problem}; {remedy}"])


def _in_working_directory() -> Path | None:
    """The absolute path of ./config.yaml, there or not; None where somebody removed the working directory."""
    try:
        return Path.cwd() / NAME
    except OSError:
        return None


def _is_there(path: Path) -> bool:
    """Whether something has this name; also where one may not look, so that reading it tells why."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
