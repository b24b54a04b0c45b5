"""Tell by content which scan format a file has, and whether it looks complete, from a few KiB of it.

What a format cannot show, the settle time must: a BMP, WebP or TIFF whose full length was preallocated with zeros,
a multi-page TIFF between two pages, a PDF cut exactly at the end of an earlier revision, a GIF cut where its data
happen to hold the two bytes of its end. Data behind the end of a JPEG or PNG are tolerated up to the length of TAIL.
"""

import enum
import os
import re
import struct
from collections.abc import Callable

HEAD = 1024
"""Bytes at the start in which a PDF header may stand."""
TAIL = 4096
"""Bytes at the end in which the end mark of a format is looked for."""
PDF_TAIL = 2048
BUDGET = 1 << 21
"""Bytes after which the walk through a TIFF ends; what was not seen counts as complete."""

SIGNATURES = (
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("jpeg", b"\xff\xd8\xff"),
    ("gif", b"GIF87a"),
    ("gif", b"GIF89a"),
    ("tiff", b"II*\0"),
    ("tiff", b"MM\0*"),
    ("tiff", b"II+\0\x08\0\0\0"),
    ("tiff", b"MM\0+\0\x08\0\0"),
)
PDF = b"%PDF-"
IEND = b"\0\0\0\0IEND\xaeB`\x82"
EOI = b"\xff\xd9"
MOST_SEGMENTS = 1024
"""Headers of one JPEG that are passed over; a colour profile alone may take 255."""
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""Sizes of the headers that may follow the 14 bytes that begin a BMP; ``BM`` alone begins many a text."""
BMP_NEEDS = 18
WEBP_NEEDS = 12

OFFSETS, COUNTS = (273, 324), (279, 325)
"""TIFF tags: where the strips or tiles lie, and how many bytes each has."""
WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of one value of each TIFF field type."""
INTEGERS = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
BIG_TIFF = 43
MOST_FIELDS, MOST_VALUES = 256, 16
"""Fields of one TIFF directory, and last values of one field, that are looked at."""
CALL_COST = 64
"""What a read counts at least."""


class State(enum.Enum):
    """What a cheap look at a file tells."""

    READY = "ready"
    """A scan format, complete as far as this look goes."""
    INCOMPLETE = "incomplete"
    """Empty, truncated or still being written."""
    FOREIGN = "foreign"
    """No scan format at all; waiting will not change that."""


class _TruncatedError(Exception):
    """The file ends before something it points to."""


class _Source:
    """An open file that must not end early."""

    def __init__(self, fd: int, size: int) -> None:
        self.fd = fd
        self.size = size
        self.spent = 0

    def read(self, at: int, length: int) -> bytes:
        if at + length > self.size:
            raise _TruncatedError
        data = os.pread(self.fd, length, at)
        self.spent += max(length, CALL_COST)
        if len(data) < length:
            raise _TruncatedError
        return data

    def number(self, at: int, code: str) -> int:
        (value,) = struct.unpack(code, self.read(at, struct.calcsize(code)))
        return int(value)

    def tail(self, length: int, start: int = 0) -> bytes:
        at = max(start, self.size - length, 0)
        return self.read(at, max(0, self.size - at))


def sniff(head: bytes) -> str | None:
    """Return ``pdf``, ``tiff``, ``png``, ``jpeg``, ``bmp``, ``webp`` or ``gif``, or None, from the first 1024 bytes."""
    for kind, signature in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:WEBP_NEEDS] == b"WEBP":
        return "webp"
    if head[:2] == b"BM" and len(head) >= BMP_NEEDS and int.from_bytes(head[14:BMP_NEEDS], "little") in BMP_HEADERS:
        return "bmp"
    return "pdf" if PDF in head[: HEAD + len(PDF) - 1] else None


def inspect(fd: int, size: int) -> State:
    """Judge the open file of that many bytes; OSError when it cannot be read, nothing else whatever it holds."""
    source = _Source(fd, size)
    head = os.pread(fd, min(size, HEAD), 0)
    if not head.strip(b"\0"):
        return State.INCOMPLETE
    kind = sniff(head)
    if kind is None:
        return State.INCOMPLETE if _may_become_known(head) else State.FOREIGN
    try:
        return State.READY if _COMPLETE[kind](source) else State.INCOMPLETE
    except _TruncatedError:
        return State.INCOMPLETE


def _may_become_known(head: bytes) -> bool:
    signatures = (*(signature for _, signature in SIGNATURES), PDF)
    if any(len(head) < len(s) and s.startswith(head) for s in signatures):
        return True
    riff = len(head) < WEBP_NEEDS and b"RIFF".startswith(head[:4]) and b"WEBP".startswith(head[8:])
    return riff or (len(head) < BMP_NEEDS and b"BM".startswith(head[:2]))


def _pdf(source: _Source) -> bool:
    head = os.pread(source.fd, HEAD, 0)
    linearized = re.search(rb"/Linearized\b[^>]*?/L\s+(\d{1,15})\b", head)  # ends its first page with %%EOF, too
    if linearized and source.size < int(linearized[1]):
        return False
    _, end, after = source.tail(PDF_TAIL).rpartition(b"%%EOF")
    return bool(end) and b" obj" not in after  # an update is being appended


def _png(source: _Source) -> bool:
    return IEND in source.tail(TAIL)


def _gif(source: _Source) -> bool:
    return source.tail(TAIL).rstrip(b"\0").endswith(b"\0;")


def _jpeg(source: _Source) -> bool:
    """Look for the end mark, but only behind the headers: an embedded thumbnail has one of its own."""
    at = 2
    for _ in range(MOST_SEGMENTS):
        mark, code, length = struct.unpack(">BBH", source.read(at, 4))
        if mark != 0xFF:  # noqa: PLR2004 -- every marker begins so; whatever this is, the decoder shall say
            break
        if code == 0xFF:  # noqa: PLR2004 -- a fill byte
            at += 1
        elif code == 0x01 or 0xD0 <= code <= 0xD9:  # noqa: PLR2004 -- markers that have no length
            at += 2
        else:
            at += 2 + length
            if code == 0xDA:  # noqa: PLR2004 -- start of scan: from here on EOI cannot occur by chance
                break
    return EOI in source.tail(TAIL, at)


def _webp(source: _Source) -> bool:
    return source.size >= 8 + source.number(4, "<I")


def _bmp(source: _Source) -> bool:
    length, pixels_at, header = struct.unpack("<I4xII", source.read(2, 16))
    compression = 0
    if header == BMP_HEADERS[0]:
        width, height, _, depth = struct.unpack("<HHHH", source.read(18, 8))
    else:
        width, height, _, depth, compression = struct.unpack("<iiHHI", source.read(18, 16))
    plain = compression in (0, 3)
    pixels = (abs(width) * depth + 31) // 32 * 4 * abs(height) if plain else 0
    return bool(source.size >= max(length, pixels_at + pixels))


def _tiff(source: _Source) -> bool:
    order = "<" if source.read(0, 2) == b"II" else ">"
    big = source.number(2, order + "H") == BIG_TIFF
    count_code, pointer = (order + "Q", order + "Q") if big else (order + "H", order + "I")
    count_width, width = struct.calcsize(count_code), struct.calcsize(pointer)
    field_width = 4 + 2 * width
    at = source.number(8 if big else 4, pointer)
    if at == 0:  # the writer fills this in last
        return False
    seen: set[int] = set()
    while at and at not in seen and source.spent < BUDGET:
        seen.add(at)
        count = source.number(at, count_code)
        at += count_width
        fields = source.read(at, min(count, MOST_FIELDS) * field_width)
        at = source.number(at + count * field_width, pointer)
        values: dict[int, list[int]] = {}
        for i in range(0, len(fields), field_width):
            _tiff_field(source, fields[i : i + field_width], order, pointer, values)
        for offsets, counts in zip(OFFSETS, COUNTS, strict=True):
            starts = values.get(offsets, [])
            lengths = values.get(counts, [])
            if len(lengths) != len(starts):
                lengths = [0] * len(starts)
            if any(a + b > source.size for a, b in zip(starts, lengths, strict=True)):
                return False
    return True


def _tiff_field(source: _Source, field: bytes, order: str, pointer: str, values: dict[int, list[int]]) -> None:
    """Check that the field's values lie inside the file, and note those that say where the image lies."""
    tag, kind, count = struct.unpack(order + "HH" + pointer[-1], field[: 4 + struct.calcsize(pointer)])
    each = WIDTHS.get(kind, 0)
    data = field[4 + struct.calcsize(pointer) :]
    if count * each > len(data):
        (at,) = struct.unpack(pointer, data)
        if at + count * each > source.size:
            raise _TruncatedError
        if tag in OFFSETS + COUNTS:
            last = min(count, MOST_VALUES) * each
            data = source.read(at + count * each - last, last)
    if tag in OFFSETS + COUNTS and (code := INTEGERS.get(kind)):
        known = min(count, len(data) // each)
        values[tag] = list(struct.unpack(f"{order}{known}{code}", data[: known * each]))


_COMPLETE: dict[str, Callable[[_Source], bool]] = {
    "pdf": _pdf, "tiff": _tiff, "png": _png, "jpeg": _jpeg, "bmp": _bmp, "webp": _webp, "gif": _gif,
}  # fmt: skip
