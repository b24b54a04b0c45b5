"""Read the header of a GGUF file, without llama.cpp and without trusting a single length in it.

The format is described in docs/gguf.md of the ggml project.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scanmend.document import printable
from scanmend.errors import ModelMissing
from scanmend.llm.store import gguf_names

MAX_KEYS = 4096
"""Most keys in a header."""
MAX_TENSORS = 65_536
"""Most tensors in a file."""
MAX_KEY_BYTES = 65_535
"""Longest name of a key or tensor."""
MAX_TEXT_BYTES = 1 << 20
"""Longest text that is kept: a chat template."""
MAX_ITEMS = 1 << 21
"""Most strings in all arrays together; the largest vocabularies with their merges have about a quarter of that."""
MAX_DIMENSIONS = 4
"""Most dimensions of a tensor."""
MAX_ALIGNMENT = 1 << 20
"""Largest alignment of tensor data, in bytes."""

_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: struct.Struct("<B"), 1: struct.Struct("<b"), 2: struct.Struct("<H"), 3: struct.Struct("<h"),
    4: struct.Struct("<I"), 5: struct.Struct("<i"), 6: struct.Struct("<f"), 7: struct.Struct("<?"),
    10: struct.Struct("<Q"), 11: struct.Struct("<q"), 12: struct.Struct("<d"),
}  # fmt: skip
_INTEGERS = (0, 1, 2, 3, 4, 5, 10, 11)
_U32, _U64 = _SCALARS[4], _SCALARS[10]

_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18), 42: (64, 18),
}  # fmt: skip
"""Elements in a block and bytes of a block, by ggml tensor type."""

_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
    20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
    28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
    39: "NVFP4", 40: "Q1_0", 41: "Q2_0",
}  # fmt: skip
_GUESSED = 1024
"""Flag in general.file_type: the quantization was guessed from the tensors."""

_TEXTS = ("general.architecture", "tokenizer.chat_template")
_NUMBERS = (
    "general.file_type", "general.alignment", ".block_count", ".context_length", ".embedding_length",
    ".attention.head_count", ".attention.head_count_kv", ".attention.key_length",
)  # fmt: skip
_LONGEST_KEY = 256
"""Longest key that is kept, in bytes; those of llama.cpp are far shorter."""


@dataclass(frozen=True, slots=True)
class Header:
    """The facts of a model that decide how it is loaded and asked."""

    architecture: str
    layers: int
    context_length: int
    """Tokens the model was made for; 0 when the file does not say."""
    embedding_length: int
    heads: int
    kv_heads: int
    """Largest number of key and value heads that a layer has."""
    head_size: int
    """Elements of one key or value head."""
    quantization: str
    """As llama.cpp names it: ``Q4_K_M``; ``unknown`` when the file does not say."""
    chat_template: str | None
    parameters: int
    """Number of weights: the elements of all tensors of all shards."""
    tensors: int
    """Number of tensors in all shards."""
    size: int
    """Bytes of all shards."""


class _DamagedError(Exception):
    """What is wrong with the file; the message goes on after its name."""


def read_header(path: Path) -> Header:
    """Read the header of a GGUF file, and of its further shards when its name says that there are some.

    Memory stays within a few MiB whatever the file claims. Raises ModelMissing when a file is not there, is
    no GGUF, is damaged, or is shorter than its tensors.
    """
    parts = [path.with_name(name) for name in gguf_names.shards(path.name)]
    first, *rest = [_read(part) for part in parts]
    return _header(path, first, [first, *rest])


@dataclass(frozen=True, slots=True)
class _Contents:
    values: dict[str, int | str]
    parameters: int
    tensors: int
    size: int


def _read(path: Path) -> _Contents:
    shown = printable(path)
    try:
        with path.open("rb", buffering=1 << 16) as file:
            return _contents(_Reader(file, os.fstat(file.fileno()).st_size))
    except OSError as e:
        raise ModelMissing(f"{shown} cannot be read: {e.strerror or e}") from e
    except _DamagedError as e:
        raise ModelMissing(f"{shown} {e}; put a whole GGUF file in its place, or remove it") from e


def _header(path: Path, first: _Contents, parts: list[_Contents]) -> Header:
    values = first.values
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise ModelMissing(
            f"{printable(path)} does not name its architecture, so it is no language model; name another file"
        )

    def number(key: str, default: int = 0) -> int:
        value = values.get(f"{architecture}.{key}", default)
        return value if isinstance(value, int) and value >= 0 else default

    if not number("block_count"):
        kind = printable(architecture)
        raise ModelMissing(f"{printable(path)} has no layers ({kind}), so it is no language model; name another file")
    heads = number("attention.head_count")
    embedding = number("embedding_length")
    file_type = values.get("general.file_type")
    template = values.get("tokenizer.chat_template")
    return Header(
        architecture=architecture,
        layers=number("block_count"),
        context_length=number("context_length"),
        embedding_length=embedding,
        heads=heads,
        kv_heads=number("attention.head_count_kv", heads),
        head_size=number("attention.key_length", embedding // heads if heads else 0),
        quantization=_FILE_TYPES.get(file_type & ~_GUESSED, "unknown") if isinstance(file_type, int) else "unknown",
        chat_template=template if isinstance(template, str) else None,
        parameters=sum(part.parameters for part in parts),
        tensors=sum(part.tensors for part in parts),
        size=sum(part.size for part in parts),
    )


class _Reader:
    """Reads a file field by field; _DamagedError when a field would go beyond the end of the file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size
        self.at = 0
        self.items = 0

    def take(self, count: int) -> bytes:
        data = self._file.read(count) if count <= self.size - self.at else b""
        if len(data) != count:
            raise _DamagedError(f"is cut short: its header needs more than the {self.size} bytes it has")
        self.at += count
        return data

    def skip(self, count: int) -> None:
        if count > self.size - self.at:
            raise _DamagedError(f"is cut short: its header needs more than the {self.size} bytes it has")
        self._file.seek(count, os.SEEK_CUR)
        self.at += count

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.take(8))[0])

    def text(self, limit: int) -> str:
        return self.take(_within(self.u64(), limit, "bytes of text")).decode("utf-8", "replace")


def _within(value: int, limit: int, what: str) -> int:
    if value > limit:
        raise _DamagedError(f"is damaged: it claims {value} {what} where no more than {limit} can be")
    return value


def _contents(reader: _Reader) -> _Contents:
    magic = reader.take(min(4, reader.size))
    if magic != b"GGUF":
        raise _DamagedError(f"is no GGUF file (it begins with {magic!r})" if magic else "is empty")
    version = reader.u32()
    if version not in (2, 3):
        raise _DamagedError(f"has GGUF version {version}, which this program does not know (it knows 2 and 3)")
    tensors = _within(reader.u64(), MAX_TENSORS, "tensors")
    keys = _within(reader.u64(), MAX_KEYS, "keys")
    values: dict[str, int | str] = {}
    for _ in range(keys):
        key = reader.text(MAX_KEY_BYTES)
        value = _value(reader, key)
        if value is not None:
            values[key] = value
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= MAX_ALIGNMENT or alignment & (alignment - 1):
        raise _DamagedError(f"is damaged: its alignment is {alignment!r}")
    parameters = end = 0
    for elements, tensor_end in _tensors(reader, tensors):
        parameters += elements
        end = max(end, tensor_end)
    needed = -(-reader.at // alignment) * alignment + end
    if end and needed > reader.size:
        raise _DamagedError(f"is cut short: {reader.size} of {needed} bytes are there")
    return _Contents(values, parameters, tensors, reader.size)


def _value(reader: _Reader, key: str) -> int | str | None:
    """Return the value of a key that is wanted, else skip it."""
    kind = reader.u32()
    wanted = key.endswith(_NUMBERS) and len(key) <= _LONGEST_KEY
    if kind == _STRING:
        if key in _TEXTS:
            return reader.text(MAX_TEXT_BYTES)
        reader.skip(reader.u64())
        return None
    if kind == _ARRAY:
        return _array(reader, wanted=wanted)
    scalar = _SCALARS.get(kind)
    if scalar is None:
        raise _DamagedError(f"is damaged: it has a value of the unknown type {kind}")
    (value,) = scalar.unpack(reader.take(scalar.size))
    return int(value) if wanted and kind in _INTEGERS else None


def _array(reader: _Reader, *, wanted: bool) -> int | None:
    """Skip an array; of whole numbers that are wanted (counts that differ by layer) return the largest."""
    kind, count = reader.u32(), reader.u64()
    if kind == _STRING:
        reader.items = _within(reader.items + count, MAX_ITEMS, "strings")
        for _ in range(count):
            reader.skip(reader.u64())
        return None
    scalar = _SCALARS.get(kind)
    if scalar is None:
        raise _DamagedError(f"is damaged: it has an array of the unknown type {kind}")
    if wanted and kind in _INTEGERS and 0 < count <= MAX_KEYS:
        return max(int(scalar.unpack(reader.take(scalar.size))[0]) for _ in range(count))
    reader.skip(count * scalar.size)
    return None


def _tensors(reader: _Reader, count: int) -> Iterator[tuple[int, int]]:
    """Yield elements and end (bytes from the start of the data) of each tensor."""
    for _ in range(count):
        reader.skip(_within(reader.u64(), MAX_KEY_BYTES, "bytes of tensor name"))
        elements = 1
        for _ in range(_within(reader.u32(), MAX_DIMENSIONS, "dimensions")):
            elements *= reader.u64()
        kind, offset = reader.u32(), reader.u64()
        block, size = _BLOCKS.get(kind, (1, 0))  # a type newer than this table: its offset is checked, its size is not
        yield elements, offset + -(-elements // block) * size
