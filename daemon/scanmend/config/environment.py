"""Environment variables that override single keys of the configuration file, as containers want it.

``SCANMEND__DEFAULTS__LANGUAGES=[eng, deu]`` stands for ``languages`` under ``defaults``. Names of folders and models
are told without regard to case, and with ``_`` for whatever a variable's name cannot have.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from scanmend.config.yaml_lines import Lines, Location, parsed
from scanmend.errors import ConfigError

PREFIX = "SCANMEND__"
"""What names of such variables begin with; two underscores part the keys, too."""


def overriding(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that override something, the shortest paths first; one that is empty counts as not set."""
    mine = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value.strip()}
    return dict(sorted(mine.items(), key=lambda item: (len(item[0].split("__")), item[0])))


def mistaken(environ: Mapping[str, str], keys: Iterable[str]) -> list[str]:
    """Return the variables that override nothing as they have one underscore for two: SCANMEND_DEFAULTS_LANGUAGES.

    ``keys``: those at the top of a configuration.
    """
    close = re.compile(f"{PREFIX.removesuffix('_')}({'|'.join(key.upper() for key in keys)})(_|$)")
    return sorted(name for name, value in environ.items() if close.match(name) and value.strip())


def override(raw: dict[str, Any], lines: Lines, environ: Mapping[str, str]) -> list[str]:
    """Put the values of variables into what the file says, and their names into ``lines``; return what is wrong."""
    problems = []
    for name, text in overriding(environ).items():
        try:
            loc = _put(raw, name.removeprefix(PREFIX).split("__"), parsed(text))
        except ConfigError as e:
            problems += [f"{name}: {problem}" for problem in e.problems]
        else:
            lines.overridden_by(name, loc)
    return problems


def _put(raw: dict[str, Any], parts: list[str], value: object) -> Location:
    """Set one value; return where it is now. ConfigError where there is no such place."""
    if not all(parts):
        raise ConfigError([f"names no key; write {PREFIX} and the keys, with two underscores between them"])
    at: Any = raw
    loc: Location = ()
    for part in parts[:-1]:
        key = _key(at, part, loc)
        if isinstance(at, dict) and at.get(key) is None:
            at[key] = {}
        at, loc = at[key], (*loc, key)
        if not isinstance(at, dict | list):
            raise ConfigError([f"{'.'.join(map(str, loc))} holds one value, and no keys"])
    key = _key(at, parts[-1], loc)
    at[key] = value
    return (*loc, key)


def _key(at: dict[str, Any] | list[Any], part: str, loc: Location) -> str | int:
    """Return the key or index that part of a variable's name stands for."""
    if isinstance(at, dict):
        return next((key for key in at if _plain(key) == _plain(part)), part.lower())
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in at]
    for index, name in enumerate(names):
        if part == str(index) or (name is not None and _plain(str(name)) == _plain(part)):
            return index
    known = ", ".join(_shown(names)) or "none"
    raise ConfigError([f"{'.'.join(map(str, loc))} has no entry {part!r}; there are: {known}"])


def _shown(names: Iterable[object]) -> list[str]:
    return [str(index if name is None else name) for index, name in enumerate(names)]


def _plain(name: str) -> str:
    """A name as a variable's can have it."""
    return re.sub(r"\W", "_", name, flags=re.ASCII).upper()
