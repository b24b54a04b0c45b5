"""Tells whether the data of a JPEG are damaged where decoders do not say so: they fill in grey, or shift what follows.

1. Markers: in the data of a scan only restart markers may stand, in their order, and as many as it takes.
2. Each part of a scan, between two of these, is walked over code by code (``jpeg_walk``): the blocks that it should
   hold must end where the part ends.
3. A progressive JPEG must have scans with the last bit of each coefficient.

JPEGs of other kinds (arithmetic coding, lossless) are left to the decoder. So is damage that changes values only.
"""

import math
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from scanmend.source.packed.jpeg_walk import (
    Bits,
    HuffmanTable,
    ImpossibleCodesError,
    Walked,
    walk_band,
    walk_refinement,
    walk_units,
)

ENDS_EARLY = "its data end early"
DAMAGED = "its data are damaged"
JPEG_END = b"\xff\xd9"
"""The marker EOI, end of image."""
TOLERATED_UNITS = 1
"""Units (MCUs) that may be missing at the end: some encoders do not write the last bits of the last one."""
LEFT_OVER_BYTES, FILLING_BYTES = 2, 64
"""Bytes that may be left over behind the last unit, and as many where all are the same: some writers fill up."""
PIXELS_TOLERANCE = 4
"""A JPEG that has more than this many times the declared number of pixels is not looked into."""

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker in JPEG data that is no restart marker; in the data of a scan, a byte 255 is followed by 0."""
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_SOS, _EOI, _DNL, _DRI, _DHT = 0xDA, 0xD9, 0xDC, 0xDD, 0xC4
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_BETWEEN_SCANS = frozenset({_SOS, _EOI, _DNL, _DRI, _DHT, 0xDB, 0xFE, *range(0xE0, 0xF0)})
"""Markers that may follow the data of a scan: the next scan, the end, tables, notes."""


@dataclass(slots=True)
class _Component:
    """A colour of the picture."""

    across: int
    """Blocks of a unit across, where all components share a scan."""
    down: int
    left_bits: list[int] = field(default_factory=lambda: [1] * 64)
    """For each coefficient, whether bits of it are still to come."""
    known: list[int] = field(default_factory=list)
    """For each block of a progressive JPEG, which coefficients are not 0, by bits."""


@dataclass(slots=True)
class _Frame:
    """What stands in front of a JPEG's data."""

    code: int = 0
    width: int = 0
    height: int = 0
    components: dict[int, _Component] = field(default_factory=dict)

    @classmethod
    def of(cls, code: int, segment: bytes) -> "_Frame":
        """Read the content of a marker SOF."""
        height, width = struct.unpack_from(">HH", segment, 1)
        rows = (segment[6 + 3 * n : 9 + 3 * n] for n in range(segment[5]))
        return cls(code, width, height, {row[0]: _Component(row[1] >> 4, row[1] & 15) for row in rows})

    def blocks(self, component: _Component) -> tuple[int, int]:
        """Blocks of a component across and down, in a scan of its own."""
        across, down = self._most
        return (
            math.ceil(math.ceil(self.width * component.across / across) / 8),
            math.ceil(math.ceil(self.height * component.down / down) / 8),
        )

    @property
    def units(self) -> int:
        """Units of a scan that several components share."""
        across, down = self._most
        return math.ceil(self.width / (8 * across)) * math.ceil(self.height / (8 * down))

    @property
    def _most(self) -> tuple[int, int]:
        components = self.components.values()
        return max(c.across for c in components), max(c.down for c in components)


@dataclass(frozen=True, slots=True)
class _Scan:
    """The data of one scan, and how they are to be read."""

    tables: Mapping[int, tuple[HuffmanTable | None, HuffmanTable | None]]
    """By component: the tables for the first coefficient of a block and for the others."""
    band: range
    """Coefficients that it holds."""
    is_refinement: bool
    """Whether it has one more bit of coefficients that were sent before."""
    interval: int
    """Units between two restart markers; 0 where there are none."""
    data: bytes
    following: int
    """The marker that follows; 0 at the end of the file."""


def jpeg_damage(data: bytes, pixels: int) -> str:
    """Why a JPEG that a decoder accepts is not what was written; empty where nothing shows.

    ``pixels``: its declared number of pixels.
    """
    try:
        frame, reason = _Frame(), ""
        for part in _parts(data):
            if isinstance(part, _Frame):
                frame = part
                if not 0 < frame.width * frame.height <= PIXELS_TOLERANCE * pixels:
                    return ""
            else:
                reason = _scan_damage(frame, part)
                if reason:
                    return reason
        lacks = frame.code == _PROGRESSIVE and any(any(c.left_bits) for c in frame.components.values())
    except (ValueError, LookupError, ZeroDivisionError, struct.error):
        return ""  # MuPDF and Pillow are the ones to judge such data
    return ENDS_EARLY if lacks else ""


def _parts(data: bytes) -> Iterator[_Frame | _Scan]:
    """Yield the frame of a JPEG and its scans, up to the end of the picture or of what can be understood."""
    frame, interval, at = _Frame(), 0, 2
    tables: dict[int, HuffmanTable] = {}
    while (found := _MARKER.search(data, at)) is not None and found[0][1] != _EOI:
        code, at = found[0][1], found.end()
        size = int.from_bytes(data[at : at + 2])
        segment = data[at + 2 : at + size]
        at += size
        if code in (*_SEQUENTIAL, _PROGRESSIVE):
            if frame.code:
                return
            frame = _Frame.of(code, segment)
            yield frame
        elif code == _DHT:
            tables.update(_huffman_tables(segment))
        elif code == _DRI:
            interval = int.from_bytes(segment[:2])
        elif code == _SOS and frame.code:
            behind = _MARKER.search(data, at)
            end, following = (behind.start(), behind[0][1]) if behind else (len(data), 0)
            count = segment[0]
            ids = [segment[1 + 2 * n : 3 + 2 * n] for n in range(count)]
            chosen = {name: (tables.get(both >> 4), tables.get(16 + (both & 15))) for name, both in ids}
            first, last, bits = segment[1 + 2 * count : 4 + 2 * count]
            band = range(first, last + 1) if frame.code == _PROGRESSIVE else range(64)
            yield _Scan(chosen, band, bits >> 4 > 0 and frame.code == _PROGRESSIVE, interval, data[at:end], following)
            for name in chosen:
                frame.components[name].left_bits[first : last + 1] = [bits & 15] * (last + 1 - first)
            if frame.code != _PROGRESSIVE and count == len(frame.components):
                return
            at = end


def _huffman_tables(segment: bytes) -> Iterator[tuple[int, HuffmanTable]]:
    """Yield number (from 16 on those for all but a block's first coefficient) and content of tables."""
    at = 0
    while at + 17 <= len(segment):
        counts = segment[at + 1 : at + 17]
        end = at + 17 + sum(counts)
        yield segment[at], HuffmanTable.of(counts, segment[at + 17 : end])
        at = end


def _scan_damage(frame: _Frame, scan: _Scan) -> str:
    """Why the data of a scan are not whole; empty where nothing speaks against them."""
    if scan.following and scan.following not in _BETWEEN_SCANS:
        return f"{DAMAGED}: a marker stands in them that cannot be there"
    parts = _RESTART.split(scan.data)[::2]
    numbers = [int(mark[1][0]) & 7 for mark in _RESTART.finditer(scan.data)]
    if any((a + 1) % 8 != b for a, b in pairwise([-1, *numbers])):
        return f"{DAMAGED}: a part between restart markers is missing"
    units = _units(frame, scan)
    each = scan.interval or units
    expected = math.ceil(units / each)
    if len(parts) != expected:
        return ENDS_EARLY if len(parts) < expected else f"{DAMAGED}: they hold more restart markers than they should"
    reasons = (_part_damage(frame, scan, p, slice(n * each, min(units, (n + 1) * each))) for n, p in enumerate(parts))
    return next(filter(None, reasons), "")


def _part_damage(frame: _Frame, scan: _Scan, data: bytes, units: slice) -> str:
    """Why the data of a part of a scan do not hold just these units; empty where they do."""
    bits = Bits(data.rstrip(b"\xff"))  # which fill up
    try:
        walked = _walked(frame, scan, bits, units)
    except ImpossibleCodesError:
        return f"{DAMAGED}: they hold codes that mean nothing"
    missing = units.stop - units.start - walked.units
    if missing > TOLERATED_UNITS:
        return ENDS_EARLY
    left_over = bits.bytes_from(walked.end_bit)
    allowed = FILLING_BYTES if len(set(left_over)) == 1 else LEFT_OVER_BYTES
    return f"{DAMAGED}: some are left over" if not missing and len(left_over) > allowed else ""


def _units(frame: _Frame, scan: _Scan) -> int:
    """Units of a scan: blocks where it has one component only."""
    if len(scan.tables) > 1:
        return frame.units
    (name,) = scan.tables
    across, down = frame.blocks(frame.components[name])
    return across * down


def _walked(frame: _Frame, scan: _Scan, bits: Bits, units: slice) -> Walked:
    """Walk over a part of a scan that should hold these ``units``; LookupError without a table."""
    wanted = units.stop - units.start
    alone = len(scan.tables) == 1
    blocks = [
        tables
        for name, tables in scan.tables.items()
        for _ in range(1 if alone else frame.components[name].across * frame.components[name].down)
    ]
    if scan.band.start == 0:
        if scan.is_refinement:
            whole = min(wanted, bits.size // len(blocks))
            return Walked(whole, whole * len(blocks))
        has_others = scan.band.stop > 1
        return walk_units(
            bits, [(_given(first), _given(rest) if has_others else None) for first, rest in blocks], wanted
        )
    ((name, (_, table)),) = scan.tables.items()
    component = frame.components[name]
    if not component.known:
        component.known = [0] * _units(frame, scan)
    known = component.known[units]
    walked = (walk_refinement if scan.is_refinement else walk_band)(bits, _given(table), scan.band, known)
    component.known[units] = known
    return walked


def _given(table: HuffmanTable | None) -> HuffmanTable:
    if table is None:
        raise LookupError("a table is missing")
    return table
