"""The word lists of wordfreq (Robyn Speer), read from its data files: that takes a tenth of the memory of importing it.

The package is installed for its files and never imported, as it would bring five others, and keep every word of a list
twice. A file is gzipped MessagePack: a header, then one list of case-folded words for each centibel of frequency, the
common ones first.
"""

import gzip
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import msgpack

Size = Literal["small", "large"]
"""Which list of a language: words from one in a million on, or, for some languages, from one in a hundred million."""

PACKAGE = "wordfreq"
"""The Python package that has the lists."""
CENTIBELS = 100
"""Centibels of a factor of ten."""

_HEADER = {"format": "cB", "version": 1}
"""What a list begins with."""
_SUFFIX = ".msgpack.gz"


def list_codes(size: Size) -> frozenset[str]:
    """Return the codes of the languages that have a list of this size (ISO 639-1, mostly)."""
    return frozenset(_files(size))


def words_by_centibel(code: str) -> Iterator[tuple[int, list[bytes]]]:
    """Yield what the largest list of a language has, the common words first: centibels below 1, words in UTF-8."""
    return _read(_files("large").get(code) or _files("small")[code])


def common_words_by_centibel(code: str) -> Iterator[tuple[int, list[bytes]]]:
    """Yield what the small list of a language has, as ``words_by_centibel`` does."""
    return _read(_files("small")[code])


def _read(file: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the lists of one file; a list at a time is in memory."""
    with gzip.open(file) as opened:
        unpacker = msgpack.Unpacker(opened, raw=True)
        count = unpacker.read_array_header() - 1
        header = {
            key.decode(): value.decode() if isinstance(value, bytes) else value
            for key, value in unpacker.unpack().items()
        }
        if header != _HEADER:
            raise ValueError(f"{file} is no list of words as wordfreq 3 has them: it begins with {header}")
        for centibels in range(count):
            yield centibels, unpacker.unpack()


@cache
def _files(size: Size) -> dict[str, Path]:
    """Return the lists of one size by code."""
    spec = importlib.util.find_spec(PACKAGE)  # of a package at the top level, this imports nothing
    folders = spec.submodule_search_locations or () if spec else ()
    found = (path for folder in folders for path in Path(folder, "data").glob(f"{size}_*{_SUFFIX}"))
    return {path.name.removeprefix(f"{size}_").removesuffix(_SUFFIX): path for path in found}
