"""The directories of a TIFF, one for each picture in it, and which of them are pages. No pixels are decoded here."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

NEW_SUBFILE_TYPE, SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 255, 256, 257, 258, 259, 262
FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_SIZES = 266, 273, 274, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT, PREDICTOR, COLOUR_MAP = 282, 283, 284, 296, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, SUB_DIRECTORIES = 322, 323, 324, 325, 330
T4_OPTIONS, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, ICC_PROFILE = 292, 338, 339, 347, 34675

MAX_DIRECTORIES = 100_000
"""Directories of one file that are looked at; a chain without end stops there."""
MAX_FIELDS = 4096
"""Fields of one directory that are looked at."""
_REDUCED, _MASK = 1, 4
"""Bits of NewSubfileType: a smaller copy of another picture, and the mask of one."""
_OLD_REDUCED = 2
"""What SubfileType is for a smaller copy of another picture."""
_MASK_PHOTOMETRIC = 4
_BIG = 43
"""Version in the header of a BigTIFF."""
_CODES = {1: "B", 2: "c", 3: "H", 4: "I", 5: "II", 6: "b", 7: "c", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I"}
_BIG_CODES = {16: "Q", 17: "q", 18: "Q"}
"""``struct``'s codes for one value, by the type of a field."""


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: where it is, and its fields, which are read when asked for."""

    file: BinaryIO
    offset: int
    order: str
    """``<`` or ``>``, as for ``struct``."""
    big: bool
    """Whether the file is a BigTIFF."""
    fields: dict[int, tuple[int, int, bytes]]
    """Type, number of values, and the bytes that hold the values or say where they are."""
    following: int
    """Offset of the next directory; 0 where there is none."""

    def values(self, tag: int) -> tuple[float, ...]:
        """Numbers of a field; empty where it is missing or has no numbers. EOFError where it lies beyond the file."""
        kind, count, data = self.fields.get(tag, (0, 0, b""))
        code = (_CODES | _BIG_CODES).get(kind, "c")
        if "c" in code:
            return ()
        numbers = struct.unpack(f"{self.order}{count * len(code)}{code[0]}", self._data(data, count * _size(code)))
        if len(code) == 1:
            return numbers
        return tuple(a / b if b else 0.0 for a, b in zip(numbers[::2], numbers[1::2], strict=True))

    def value(self, tag: int, default: int = 0) -> int:
        """Return the first number of a field, as an integer; ``default`` where there is none."""
        return int(next(iter(self.values(tag)), default))

    def content(self, tag: int) -> bytes:
        """Bytes of a field that holds bytes; empty where it is missing. EOFError where it lies beyond the file."""
        kind, count, data = self.fields.get(tag, (0, 0, b""))
        return self._data(data, count) if kind in (1, 7) else b""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored, in pixels."""
        return self.value(WIDTH), self.value(HEIGHT)

    @property
    def is_reduced(self) -> bool:
        """Whether it says of itself that it is a smaller copy of another picture."""
        if NEW_SUBFILE_TYPE in self.fields:
            return bool(self.value(NEW_SUBFILE_TYPE) & _REDUCED)
        return self.value(SUBFILE_TYPE) == _OLD_REDUCED

    @property
    def is_mask(self) -> bool:
        """Whether it only says which parts of another picture are to be seen."""
        return bool(self.value(NEW_SUBFILE_TYPE) & _MASK) or self.value(PHOTOMETRIC, -1) == _MASK_PHOTOMETRIC

    def as_first(self) -> io.RawIOBase:
        """Return the file with this directory as its first, as decoders show only that one or read all before."""
        return _StartingAt(self)

    def _data(self, inline: bytes, size: int) -> bytes:
        if size <= len(inline):
            return inline[:size]
        (at,) = struct.unpack(self.order + ("Q" if self.big else "I"), inline)
        return _read(self.file, at, size)


class _StartingAt(io.RawIOBase):
    def __init__(self, directory: Directory) -> None:
        super().__init__()
        self._file = directory.file
        mark = b"II" if directory.order == "<" else b"MM"
        numbers = (_BIG, 8, 0, directory.offset) if directory.big else (42, directory.offset)
        self._header = mark + struct.pack(directory.order + ("HHHQ" if directory.big else "HI"), *numbers)
        self._file.seek(0)

    def read(self, size: int = -1) -> bytes:
        at = self._file.tell()
        data = self._file.read(size)
        header = self._header[at : at + len(data)]
        return header + data[len(header) :]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def page_directories(file: BinaryIO) -> list[Directory]:
    """Return the directories that are pages, in order; EOFError, struct.error and ValueError on damage.

    A mask is none, nor is a reduced copy that is smaller than a picture that is no copy. Where a file has copies only
    at its top, as of raw photos, the pictures below them are its pages. Nothing is left out for a mark alone: a file
    whose every picture is marked has as many pages.
    """
    chain = list(_chain(file))
    if not chain:
        raise ValueError("the TIFF holds no picture")
    top = [directory for directory in chain if not directory.is_mask] or chain
    full = [directory for directory in top if not directory.is_reduced]
    if not full:
        below = [sub for directory in top for sub in _below(directory)]
        full = [sub for sub in below if not sub.is_reduced and not sub.is_mask]
        return full or top
    largest = max(_pixels(directory) for directory in full)
    return [d for d in top if not d.is_reduced or _pixels(d) >= largest]


def _pixels(directory: Directory) -> int:
    width, height = directory.size
    return width * height


def _chain(file: BinaryIO) -> Iterator[Directory]:
    order, big, at = _header(file)
    passed: set[int] = set()
    while at and at not in passed:
        if len(passed) >= MAX_DIRECTORIES:
            raise ValueError(f"more than {MAX_DIRECTORIES} pictures in one TIFF")
        passed.add(at)
        directory = _directory(file, at, order, big=big)
        yield directory
        at = directory.following


def _below(directory: Directory) -> Iterator[Directory]:
    for at in directory.values(SUB_DIRECTORIES)[:256]:
        yield _directory(directory.file, int(at), directory.order, big=directory.big)


def _header(file: BinaryIO) -> tuple[str, bool, int]:
    head = _read(file, 0, 8)
    order = "<" if head[:2] == b"II" else ">"
    if head[2:4] != struct.pack(order + "H", _BIG):
        return order, False, int(struct.unpack(order + "I", head[4:])[0])
    return order, True, int(struct.unpack(order + "Q", _read(file, 8, 8))[0])


def _directory(file: BinaryIO, at: int, order: str, *, big: bool) -> Directory:
    count_code, field_code, offset_code = ("Q", "HHQ8s", "Q") if big else ("H", "HHI4s", "I")
    start = at + struct.calcsize(count_code)
    (count,) = struct.unpack(order + count_code, _read(file, at, start - at))
    if not 0 < count <= MAX_FIELDS:
        raise ValueError(f"a TIFF directory of {count} fields")
    each = struct.calcsize(order + field_code)
    data = _read(file, start, count * each)
    fields = {tag: (kind, many, inline) for tag, kind, many, inline in struct.iter_unpack(order + field_code, data)}
    end = start + count * each
    file.seek(end)
    link = file.read(struct.calcsize(offset_code))  # some writers forget it at the end of the file
    following = struct.unpack(order + offset_code, link)[0] if len(link) == struct.calcsize(offset_code) else 0
    return Directory(file, at, order, big, fields, int(following))


def _size(code: str) -> int:
    return struct.calcsize(f"={code}")


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    """Read exactly so many bytes; EOFError where the file ends before, before any memory is taken for them."""
    if at + size > file.seek(0, io.SEEK_END):
        raise EOFError("the TIFF ends before something that it points to")
    file.seek(at)
    return file.read(size)
