"""Tells whether the data of a JPEG are damaged where decoders do not say so: they fill in grey, or shift what follows.

1. Markers: of a sequential JPEG only restart markers may stand in the data, in their order, and as many as it takes.
2. Bytes put behind the data, or in front of a restart marker, mean nothing to the decoder of a whole JPEG; where data
   are missing, it takes them for these, and the picture changes.
3. Bytes taken away there change the picture of a whole JPEG; where they are left over, it stays as it is.

Progressive JPEGs are told by the scans that they lack. Damage that lets the decoder end in the right place shows in
none of these.
"""

import io
import math
import re
import struct
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

ENDS_EARLY = "its data end early"
DAMAGED = "its data are damaged"
JPEG_END = b"\xff\xd9"
"""The marker EOI, end of image."""
PROBE = bytes(range(1, 33))
"""Bytes without any marker; each of them changes what a decoder makes of a JPEG that still lacks data."""
REDUCTION = 8
"""A JPEG is compared at this fraction of its size, at which decoding is quickest: one pixel for each block."""
TOLERATED_UNITS = 2
"""Units (MCUs) that may be missing at the end: some encoders do not write the last bits of the last blocks."""
LEFT_OVER_UNITS, MIN_LEFT_OVER_BYTES = 2, 16
"""What is left over is at least what so many units take on average, and so many bytes: some writers fill up."""
PIXELS_TOLERANCE = 4
"""A JPEG that has more than this many times the declared number of pixels is not looked into."""

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker in JPEG data that is no restart marker; in the data of a scan, a byte 255 is followed by 0."""
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_SOS, _EOI, _DNL, _DRI = 0xDA, 0xD9, 0xDC, 0xDD
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_BETWEEN_SCANS = frozenset({_SOS, _EOI, _DNL, _DRI, 0xC4, 0xDB, 0xFE, *range(0xE0, 0xF0)})
"""Markers that may follow the data of a scan: the next scan, the end, tables, notes."""


@dataclass(slots=True)
class _Frame:
    """What stands in front of a JPEG's data."""

    code: int = 0
    width: int = 0
    height: int = 0
    factors: tuple[tuple[int, int], ...] = ()
    """Blocks of a unit across and down, by component."""
    interval: int = 0
    """Units between two restart markers; 0 where there are none."""

    @property
    def unit(self) -> tuple[int, int]:
        """Size of a unit (MCU) in blocks, where all components share one scan."""
        if len(self.factors) == 1:
            return 1, 1
        return max(h for h, _ in self.factors), max(v for _, v in self.factors)

    @property
    def units(self) -> tuple[int, int]:
        """Units across and down."""
        across, down = self.unit
        return math.ceil(self.width / (8 * across)), math.ceil(self.height / (8 * down))


@dataclass(frozen=True, slots=True)
class _Scan:
    """The data of one scan, and the marker that follows; 0 at the end of the file."""

    components: int
    start: int
    end: int
    following: int


def jpeg_damage(data: bytes, pixels: int) -> str:
    """Why a JPEG that a decoder accepts is not what was written; empty where nothing shows.

    ``pixels``: its declared number of pixels.
    """
    try:
        frame, scans = _parse(data)
        if not scans or not frame.width * frame.height <= PIXELS_TOLERANCE * pixels:
            return ""
        last = scans[-1]
        if last.following not in {0, _EOI}:
            return f"{DAMAGED}: a marker stands in them that cannot be there"
        if frame.code == _PROGRESSIVE:
            return ENDS_EARLY if _lacks_scans(data[: last.end]) else ""
        if frame.code not in _SEQUENTIAL or len(scans) > 1 or last.components != len(frame.factors):
            return ""
        return _restart_damage(data, frame, last) or _end_damage(data, frame, last)
    except (OSError, SyntaxError, ValueError, LookupError, ZeroDivisionError, struct.error):
        return ""  # MuPDF and Pillow are the ones to judge such data


def _parse(data: bytes) -> tuple[_Frame, list[_Scan]]:
    frame, scans, at = _Frame(), list[_Scan](), 2
    while (found := _MARKER.search(data, at)) is not None and found[0][1] != _EOI:
        code, at = found[0][1], found.end()
        size = int.from_bytes(data[at : at + 2])
        segment = data[at + 2 : at + size]
        if code in (*_SEQUENTIAL, _PROGRESSIVE):
            if scans:
                break
            height, width = struct.unpack_from(">HH", segment, 1)
            factors = tuple((n >> 4, n & 15) for n in segment[7 : 6 + 3 * segment[5] : 3])
            frame = _Frame(code, width, height, factors, frame.interval)
        elif code == _DRI:
            frame.interval = int.from_bytes(segment[:2])
        at += size
        if code == _SOS:
            behind = _MARKER.search(data, at)
            end = behind.start() if behind else len(data)
            following = behind[0][1] if behind else 0
            scans.append(_Scan(segment[0], at, end, following))
            if following not in _BETWEEN_SCANS or (frame.code in _SEQUENTIAL and segment[0] == len(frame.factors)):
                break
            at = end
    return frame, scans


def _restart_damage(data: bytes, frame: _Frame, scan: _Scan) -> str:
    """Whether restart markers are missing, too many, or out of order."""
    found = [int(mark[1][0]) & 7 for mark in _RESTART.finditer(data, scan.start, scan.end)]
    across, down = frame.units
    expected = math.ceil(across * down / frame.interval) - 1 if frame.interval else 0
    if any((a + 1) % 8 != b for a, b in pairwise([-1, *found])):
        return f"{DAMAGED}: a part between restart markers is missing"
    if len(found) == expected or not down:
        return ""
    return ENDS_EARLY if len(found) < expected else f"{DAMAGED}: they hold more restart markers than they should"


def _end_damage(data: bytes, frame: _Frame, scan: _Scan) -> str:
    """Whether data are missing or left over at the end of a part: before a restart marker, or before the end mark."""
    marks = list(_RESTART.finditer(data, scan.start, scan.end))
    starts, ends = [scan.start, *(mark.end() for mark in marks)], [*(mark.start() for mark in marks), scan.end]
    parts = [data[start:end].rstrip(b"\xff") for start, end in zip(starts, ends, strict=True)]  # which fill up

    def decoded(changed: Iterable[bytes], reduction: int = REDUCTION) -> Image.Image:
        joined = b"".join(part + b"\xff%c" % (0xD0 + n % 8) for n, part in enumerate(changed))
        return _grey(data[: scan.start] + joined[:-2], reduction)

    as_it_is = decoded(parts)
    changed = _changed_units(as_it_is, decoded(part + PROBE for part in parts), frame)
    if any(units[: len(units) - TOLERATED_UNITS].any() for units in changed):
        return ENDS_EARLY
    across, down = frame.units
    spare = max(MIN_LEFT_OVER_BYTES, math.ceil(LEFT_OVER_UNITS * (scan.end - scan.start) / max(1, across * down)))
    less = [part[:-spare].rstrip(b"\xff") if len(part) > spare else part for part in parts]
    long = [n for n, part in enumerate(parts) if len(part) > spare]
    changed = _changed_units(as_it_is, decoded(less), frame)
    if all(changed[n].any() for n in long):
        return ""
    changed = _changed_units(decoded(parts, 1), decoded(less, 1), frame)
    return "" if all(changed[n].any() for n in long) else f"{DAMAGED}: some are left over"


def _changed_units(one: Image.Image, other: Image.Image, frame: _Frame) -> list[NDArray[np.bool_]]:
    """Return for each part between restart markers which of its units look different in two pictures."""
    (across, down), (wide, high) = frame.units, frame.unit
    scale = 8 if one.width > across * wide else 1
    grid = np.zeros((down * high * scale, across * wide * scale), np.bool_)
    changes = np.asarray(ImageChops.difference(one, other))
    grid[: len(changes), : changes.shape[1]] = changes != 0
    units = grid.reshape(down, high * scale, across, wide * scale).any(axis=(1, 3)).ravel()
    each = frame.interval or len(units)
    return [units[start : start + each] for start in range(0, len(units), each)]


def _grey(body: bytes, reduction: int) -> Image.Image:
    """Decode data that lack their end mark, in grey at a fraction of their size."""
    with warnings.catch_warnings(), Image.open(io.BytesIO(body + JPEG_END), formats=("JPEG",)) as image:
        warnings.simplefilter("ignore")
        image.draft("L", (max(1, image.width // reduction), max(1, image.height // reduction)))
        return image.convert("L")


def _lacks_scans(jpeg: bytes) -> bool:
    """Whether a progressive JPEG has no scan with the last bits of some coefficients."""
    components: dict[int, list[int]] = {}
    for code, segment in _segments(jpeg):
        if code == _PROGRESSIVE:
            components = {segment[6 + 3 * n]: [1] * 64 for n in range(segment[5])}
        elif code == _SOS:
            count = segment[0]
            first, last, bits = segment[1 + 2 * count : 4 + 2 * count]
            for n in range(count):
                components[segment[1 + 2 * n]][first : last + 1] = [bits & 15] * (last + 1 - first)
    return any(any(bits) for bits in components.values())


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    while (found := _MARKER.search(jpeg, at)) is not None:
        at = found.end()
        segment = jpeg[at + 2 : at + int.from_bytes(jpeg[at : at + 2])]
        yield found[0][1], segment
        at += 2 + len(segment)
