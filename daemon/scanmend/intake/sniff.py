"""Tell by content which scan format a file has, and whether it looks complete, from a few KiB of it.

What a format cannot show, the settle time must: a BMP, WebP or TIFF whose full length was preallocated with zeros,
a multi-page TIFF between two pages, a PDF cut exactly at the end of an earlier revision, a GIF cut where its data
happen to hold the two bytes of its end. Data behind the end of a PDF, JPEG or PNG are tolerated up to TAIL_BYTES.
"""

import enum
import os
import struct
from collections.abc import Callable

from scanmend.fs.find_last import find_last
from scanmend.source.image.heic import is_heic
from scanmend.source.pdf import bounds

TAIL_BYTES = 1 << 24
"""Bytes at the end in which the end mark of a format is looked for."""
TIFF_BUDGET_BYTES = 1 << 21
"""Bytes read after which the walk through a TIFF ends; what was not seen counts as complete."""

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
"""Formats by the bytes that a file begins with."""
PDF_SIGNATURE = b"%PDF-"
"""What a PDF begins with; other data may stand before it."""
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
"""The last chunk of a PNG, IEND: length, name and checksum."""
JPEG_END = b"\xff\xd9"
"""The marker EOI, end of image."""
MAX_JPEG_SEGMENTS = 1024
"""Headers of one JPEG that are passed over; a colour profile alone may take 255."""
MAX_GIF_BLOCKS = 4096
"""Blocks of one GIF that are passed over; what was not seen counts as complete."""
GIF_READ_BYTES = 1 << 16
"""Bytes of a GIF read at a time."""
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""Sizes of the headers that may follow the 14 bytes that begin a BMP; ``BM`` alone begins many a text."""
BMP_MIN_BYTES = 18
"""Bytes by which a BMP is known: its file header, and the size of the header that follows."""
HEIC_MIN_BYTES = 24
"""Bytes by which a HEIC photo is known: its first box, with two brands."""
MAX_HEIC_BOXES = 1024
"""Boxes of a HEIC photo that are passed over."""
WEBP_MIN_BYTES = 12
"""Bytes by which a WebP is known: ``RIFF``, a length, ``WEBP``."""

TIFF_OFFSET_TAGS = (273, 324)
"""Tags that say where the strips, or the tiles, of a TIFF lie."""
TIFF_COUNT_TAGS = (279, 325)
"""Tags that say how many bytes each strip, or tile, has; in the order of TIFF_OFFSET_TAGS."""
TIFF_VALUE_BYTES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip
"""Bytes of one value of each TIFF field type."""
TIFF_INTEGER_CODES = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
"""How ``struct`` names the TIFF field types that hold whole numbers."""
BIG_TIFF_VERSION = 43
"""Version number in the header of a BigTIFF, whose offsets have 64 bits; a TIFF has 42."""
MAX_TIFF_FIELDS = 256
"""Fields of one TIFF directory that are looked at."""
MAX_TIFF_VALUES = 16
"""Values of one TIFF field that are looked at: the last ones."""
MIN_READ_COST_BYTES = 64
"""What even the smallest read takes from TIFF_BUDGET_BYTES."""


class ScanState(enum.Enum):
    """What can be told of a file from a few KiB of it."""

    READY = "ready"
    """A scan format, complete as far as can be told."""
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
        self.spent += max(length, MIN_READ_COST_BYTES)
        if len(data) < length:
            raise _TruncatedError
        return data

    def number(self, at: int, code: str) -> int:
        (value,) = struct.unpack(code, self.read(at, struct.calcsize(code)))
        return int(value)

    def has_mark(self, mark: bytes, start: int = 0) -> bool:
        return find_last(self.fd, self.size, mark, most=TAIL_BYTES, start=start) is not None


def sniff(head: bytes) -> str | None:
    """Name the format from the first 1024 bytes: pdf, tiff, png, jpeg, bmp, webp, gif or heic; None for any other."""
    for kind, signature in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:WEBP_MIN_BYTES] == b"WEBP":
        return "webp"
    if is_heic(head):
        return "heic"
    header = int.from_bytes(head[14:BMP_MIN_BYTES], "little")
    if head[:2] == b"BM" and len(head) >= BMP_MIN_BYTES and header in BMP_HEADERS:
        return "bmp"
    return "pdf" if bounds.has_header(head) else None


def scan_state(fd: int, size: int) -> ScanState:
    """Judge the open file of that many bytes; OSError when it cannot be read, nothing else whatever it holds."""
    source = _Source(fd, size)
    head = os.pread(fd, min(size, bounds.HEAD_BYTES), 0)
    if not head.strip(b"\0"):
        return ScanState.INCOMPLETE
    kind = sniff(head)
    if kind is None:
        return ScanState.INCOMPLETE if _may_become_known(head) else ScanState.FOREIGN
    try:
        return ScanState.READY if _COMPLETE[kind](source) else ScanState.INCOMPLETE
    except _TruncatedError:
        return ScanState.INCOMPLETE


def missing_part(fd: int, size: int) -> str:
    """Say what an open file that is INCOMPLETE lacks, for a person; OSError when it cannot be read."""
    head = os.pread(fd, min(size, bounds.HEAD_BYTES), 0)
    if not size:
        return "it is empty (0 bytes)"
    if not head.strip(b"\0"):
        return f"its beginning is not written yet ({size:,} bytes are reserved)"
    kind = sniff(head)
    return f"it begins as a {kind.upper()}, but {_MISSING[kind]}" if kind else f"it has only {size} bytes"


def _may_become_known(head: bytes) -> bool:
    signatures = (*(signature for _, signature in SIGNATURES), PDF_SIGNATURE)
    if any(len(head) < len(s) and s.startswith(head) for s in signatures):
        return True
    if len(head) < HEIC_MIN_BYTES and head[:3] == bytes(3) and b"ftyp".startswith(head[4:8]):
        return True
    riff = len(head) < WEBP_MIN_BYTES and b"RIFF".startswith(head[:4]) and b"WEBP".startswith(head[8:])
    return riff or (len(head) < BMP_MIN_BYTES and b"BM".startswith(head[:2]))


def _pdf(source: _Source) -> bool:
    return bounds.ends_whole(source.fd, source.size, most=TAIL_BYTES)


def _png(source: _Source) -> bool:
    return source.has_mark(PNG_END)


def _gif(source: _Source) -> bool:
    """Go from block to block up to the trailer, behind which other data may stand."""
    at = 13 + _colour_table_bytes(source.read(10, 1)[0])
    for _ in range(MAX_GIF_BLOCKS):
        kind = source.read(at, 1)
        if kind == b"!":
            at += 2
        elif kind == b",":
            at += 11 + _colour_table_bytes(source.read(at + 9, 1)[0])
        else:  # the trailer, or what no decoder reads
            return kind == b";"
        at = _behind_sub_blocks(source, at)
    return True


def _colour_table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _behind_sub_blocks(source: _Source, at: int) -> int:
    """Return where the sub-blocks that begin at ``at`` end: each has its length before it, and the last one none."""
    data, begin = b"", at
    while True:
        if at - begin >= len(data):
            data, begin = source.read(at, min(GIF_READ_BYTES, max(1, source.size - at))), at
        length = data[at - begin]
        at += 1 + length
        if not length:
            return at


def _heic(source: _Source) -> bool:
    """Pass over the boxes, of which the last ends with the file."""
    at = 0
    for _ in range(MAX_HEIC_BOXES):
        if at == source.size:
            return True
        length, begins = source.number(at, ">I"), 8
        if not source.read(at + 4, 4).isalnum():  # no box: data behind the end
            return True
        if length == 1:  # the length follows in 64 bits
            length, begins = source.number(at + 8, ">Q"), 16
        if length == 0:  # up to the end of the file
            return True
        at += max(length, begins)
    return True


def _jpeg(source: _Source) -> bool:
    """Look for the end mark, but only behind the headers: an embedded thumbnail has one of its own."""
    at = 2
    for _ in range(MAX_JPEG_SEGMENTS):
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
    return source.has_mark(JPEG_END, at)


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
    big = source.number(2, order + "H") == BIG_TIFF_VERSION
    count_code, pointer = (order + "Q", order + "Q") if big else (order + "H", order + "I")
    count_width, width = struct.calcsize(count_code), struct.calcsize(pointer)
    field_width = 4 + 2 * width
    at = source.number(8 if big else 4, pointer)
    if at == 0:  # the writer fills this in last
        return False
    seen: set[int] = set()
    while at and at not in seen and source.spent < TIFF_BUDGET_BYTES:
        seen.add(at)
        count = source.number(at, count_code)
        at += count_width
        fields = source.read(at, min(count, MAX_TIFF_FIELDS) * field_width)
        at = source.number(at + count * field_width, pointer)
        values: dict[int, list[int]] = {}
        for i in range(0, len(fields), field_width):
            _tiff_field(source, fields[i : i + field_width], order, pointer, values)
        for offsets, counts in zip(TIFF_OFFSET_TAGS, TIFF_COUNT_TAGS, strict=True):
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
    each = TIFF_VALUE_BYTES.get(kind, 0)
    data = field[4 + struct.calcsize(pointer) :]
    if count * each > len(data):
        (at,) = struct.unpack(pointer, data)
        if at + count * each > source.size:
            raise _TruncatedError
        if tag in TIFF_OFFSET_TAGS + TIFF_COUNT_TAGS:
            last = min(count, MAX_TIFF_VALUES) * each
            data = source.read(at + count * each - last, last)
    if tag in TIFF_OFFSET_TAGS + TIFF_COUNT_TAGS and (code := TIFF_INTEGER_CODES.get(kind)):
        known = min(count, len(data) // each)
        values[tag] = list(struct.unpack(f"{order}{known}{code}", data[: known * each]))


_MISSING = {
    "pdf": "ends without its end mark (%%EOF)",
    "png": "ends without its last chunk (IEND)",
    "jpeg": "ends without its end mark (EOI)",
    "gif": "ends without its end mark",
    "tiff": "ends before a part that it points to",
    "bmp": "is shorter than its header says",
    "webp": "is shorter than its header says",
    "heic": "is shorter than its boxes say",
}
"""By format, what an incomplete file lacks."""
_COMPLETE: dict[str, Callable[[_Source], bool]] = {
    "pdf": _pdf, "tiff": _tiff, "png": _png, "jpeg": _jpeg, "bmp": _bmp, "webp": _webp, "gif": _gif,
    "heic": _heic,
}  # fmt: skip
