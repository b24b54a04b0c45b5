"""Tells whether JBIG2 data are damaged: decoders leave white what is missing, and draw noise for what is wrong.

1. Data that end within a segment are cut short. ITU-T T.88, 7.2.
2. Pictures that are coded as fax (MMR) must have just as many rows as declared.
3. Arithmetic codes have no checks, but a decoder of whole data has used up the last byte when it has the last pixel,
   and no more: other bytes behind the data do not change the picture, and other bytes shortly before their end do.
   After damage it comes to the last pixel too early or too late.

Text made of symbols and halftones are left to the decoder.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scanmend.source.packed.fax import GROUP_4, fax_damage

CUT_SHORT = "its data end early"
LEFT_OVER = "its data are damaged: some are left over"
SPARE_BYTES = 16
"""Bytes at the end of the data that need not mean anything: some writers fill up."""
PROBE_BYTES = 8
"""Bytes in front of these that are changed, to see whether the picture changes with them."""
BEHIND = b"\xff\x7f" * 4 + bytes(range(1, 33))
"""Bytes put behind data: first the bits that a decoder takes to follow whole data, then others."""

_UNKNOWN_LENGTH = 0xFFFFFFFF
_LONG_REFERENCES = 7
"""Count of referred-to segments that says that the real count follows in four bytes."""
_REGIONS, _HARMLESS = (38, 39), (48, 49, 50, 51, 52, 62)
"""Kinds of segments: regions of pixels; the page, its end, those of stripes and of the file, profiles, notes."""
_REGION_BYTES = 17
"""Bytes that say where a region lies."""
_MMR, _TEMPLATE = 1, 6
"""Bits of a region's flags: coded as fax; which pixels around one predict it."""
_PIXELS_THAT_MOVE = (8, 2, 2, 2)
"""Bytes behind the flags that say which other pixels predict one, by template."""
_END = b"\xff\xac"
"""Marker behind arithmetic codes."""
_FILE_HEAD = b"\x97JB2\r\n\x1a\n\x01\0\0\0\x01"
"""Start of a JBIG2 file of one page."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment of JBIG2 data."""

    kind: int
    head: bytes
    """Its header, but for the length."""
    data: bytes

    @property
    def codes_start(self) -> int:
        """Where the codes of a region of pixels begin."""
        return _REGION_BYTES + 1 + _PIXELS_THAT_MOVE[(self.data[_REGION_BYTES] & _TEMPLATE) >> 1]

    def with_codes(self, codes: bytes) -> "_Segment":
        """Return it with other codes."""
        return replace(self, data=self.data[: self.codes_start] + codes)

    @property
    def codes(self) -> bytes:
        """The codes of a region of pixels, without the marker behind them."""
        return self.data[self.codes_start :].removesuffix(_END)

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is a region of arithmetic codes long enough to be looked into."""
        if self.kind not in _REGIONS or self.data[_REGION_BYTES] & _MMR:
            return False
        return len(self.codes) > 2 * (SPARE_BYTES + PROBE_BYTES)


def jbig2_damage(data: bytes) -> str:
    """Why JBIG2 data, as a PDF embeds them, are not what was written; empty where nothing shows."""
    try:
        segments = list(_segments(data))
        if any(segment.kind not in (*_REGIONS, *_HARMLESS) for segment in segments):
            return ""
        for segment in segments:
            if segment.kind in _REGIONS and segment.data[_REGION_BYTES] & _MMR:
                reason = fax_damage(segment.data[_REGION_BYTES + 1 :], struct.unpack_from(">II", segment.data), GROUP_4)
                if reason:
                    return reason
        return _codes_damage(segments)
    except _CutShortError:
        return CUT_SHORT
    except (LookupError, struct.error):
        return ""


class _CutShortError(ValueError):
    """The data end within a segment."""


def _segments(data: bytes) -> Iterator[_Segment]:
    """Yield the segments; _CutShortError, LookupError for a length that only the decoder finds."""
    at = 0
    while at < len(data):
        start = at
        try:
            number, flags, references = struct.unpack_from(">IBB", data, at)
            at += 5
            count = references >> 5
            if count == _LONG_REFERENCES:
                count = struct.unpack_from(">I", data, at)[0] & 0x1FFFFFFF
                at += 4 + (count + 8) // 8
            else:
                at += 1
            width_of_number = 1 if number <= 0xFF + 1 else 2 if number <= 0xFFFF + 1 else 4
            at += count * width_of_number + (4 if flags & 0x40 else 1)
            (length,) = struct.unpack_from(">I", data, at)
        except struct.error as e:
            if data[start:].strip(b"\0\r\n"):
                raise _CutShortError from e
            return
        if length == _UNKNOWN_LENGTH:
            raise LookupError
        head, at = data[start:at], at + 4 + length
        if at > len(data):
            raise _CutShortError
        yield _Segment(flags & 63, head, data[at - length : at])


def _codes_damage(segments: Sequence[_Segment]) -> str:
    regions = [segment for segment in segments if segment.is_arithmetic]
    if not regions:
        return ""

    def decoded(change: Callable[[bytes], bytes]) -> NDArray[np.uint8] | None:
        return _decoded([s.with_codes(change(s.codes) + _END) if s.is_arithmetic else s for s in segments])

    shown, more, other = decoded(bytes), decoded(_with_more), decoded(_with_other_end)
    if shown is None or more is None or other is None or not shown.shape == more.shape == other.shape:
        return ""
    if (shown != more).any():
        return CUT_SHORT
    for region in regions:
        width, height, left, top = struct.unpack_from(">IIII", region.data)
        place = slice(top, top + height), slice(left, left + width)
        if not (shown[place] != other[place]).any():
            return LEFT_OVER
    return ""


def _with_more(codes: bytes) -> bytes:
    return codes + BEHIND


def _with_other_end(codes: bytes) -> bytes:
    """Return codes that are something else shortly before their end, yet hold no marker."""
    end = len(codes) - SPARE_BYTES
    changed = bytes(0 if byte & 0x40 else 0x7E for byte in codes[end - PROBE_BYTES : end])
    return codes[: end - PROBE_BYTES] + changed + codes[end:]


def _decoded(segments: Sequence[_Segment]) -> NDArray[np.uint8] | None:
    """Return the page as MuPDF decodes it; None where it cannot."""
    import pymupdf  # noqa: PLC0415 -- a third of a page worker's start; PDFs have loaded it

    body = b"".join(segment.head + struct.pack(">I", len(segment.data)) + segment.data for segment in segments)
    try:
        picture = pymupdf.Pixmap(_FILE_HEAD + body)
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase):
        return None
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.stride)[:, : picture.width]
