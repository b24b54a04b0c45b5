"""Names for outputs: harmless ones, short enough for a file system, and not taken by another file."""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

MAX_NAME_BYTES = 255
"""Longest file name, on nearly every file system."""


def free_stem(folder: Path, stem: Path, suffixes: Sequence[str], taken: Callable[[Path], bool]) -> Path:
    """Return the stem, else ``stem (2)``, ``stem (3)`` …: the first under which no file of any suffix lies there.

    The stem is relative to folder and never leaves it: ``..`` and control characters become ``_``, a long name is
    shortened until it fits with its number and the longest suffix. ``taken``: whether a stem is reserved for another.
    """

    def free(candidate: Path) -> bool:
        names = (candidate.name + suffix for suffix in suffixes)
        return not taken(candidate) and not any(os.path.lexists(folder / candidate.with_name(n)) for n in names)

    return next(filter(free, candidates(stem, suffixes)))


def candidates(stem: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Yield the names that ``free_stem`` tries, in order, without end."""
    *above, name = [clean(part) for part in stem.parts if part != stem.anchor] or ["_"]
    max_bytes = MAX_NAME_BYTES - max((len(os.fsencode(suffix)) for suffix in suffixes), default=0)
    for number in itertools.count(1):
        end = f" ({number})" if number > 1 else ""
        yield Path(*above, shortened(name, max_bytes - len(end)) + end)


def clean(name: str) -> str:
    """Return a name in which control characters are ``_``, and which is a name at all."""
    cleaned = "".join("_" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in name)  # noqa: PLR2004 -- C0, DEL and C1
    return "_" if cleaned in {"", ".", ".."} else cleaned


def shortened(name: str, max_bytes: int = MAX_NAME_BYTES) -> str:
    """Return as much of a name's beginning as ``max_bytes`` bytes hold."""
    while len(os.fsencode(name)) > max_bytes:
        name = name[:-1]
    return name
