"""Tells whether the data of a picture end early where decoders do not say so: JPEG and JBIG2.

JPEG decoders fill what is missing with grey once they meet the end mark, JBIG2 decoders leave it white.
"""

import io
import re
import struct
import warnings

from PIL import Image, ImageChops

JPEG_END = b"\xff\xd9"
"""The marker EOI, end of image."""
PROBE = bytes(range(1, 200))
"""Bytes without any marker; each of them changes what a decoder makes of a JPEG that still lacks data."""
REDUCTION = 8
"""A JPEG is compared at this fraction of its size, at which decoding is quickest: one pixel for each block."""
TOLERATED_ROWS = 32
"""Rows at the bottom of a JPEG that may be missing: some encoders do not write the last bits of the last blocks."""
PIXELS_TOLERANCE = 4
"""A JPEG that has more than this many times the declared number of pixels is not looked into."""

FLAT_RANGE = 2
"""Grey levels (of 255) within which all pixels along an edge are alike, as they are where data are missing."""

_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
"""A marker in JPEG data that is no restart marker; in the data of a scan, a byte 255 is followed by 0."""
_SOS, _SOF_PROGRESSIVE = 0xDA, 0xC2
_JBIG2_UNKNOWN_LENGTH = 0xFFFFFFFF
_LONG_REFERENCES = 7
"""Count of referred-to segments that says that the real count follows in four bytes."""


def jpeg_ends_early(data: bytes, pixels: int) -> bool:
    """Whether a JPEG that a decoder accepts lacks data before its end mark; ``pixels``: its declared number of pixels.

    Bytes put in front of the end mark mean nothing to the decoder of a whole JPEG; where data are missing, they are
    taken for these, and the picture changes. What is missing between restart markers does not show. Progressive JPEGs
    are told by the scans that they lack.
    """
    end = data.rfind(JPEG_END)
    body = (data[:end] if end > 0 else data).rstrip(b"\xff")  # half of a stuffed byte would begin a marker
    try:
        lacks_scans = _lacks_scans(body)
        if lacks_scans is not None:
            return lacks_scans
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            as_it_is, probed = (_small_grey(body + extra + JPEG_END, pixels) for extra in (b"", PROBE))
    except (OSError, SyntaxError, ValueError, LookupError, struct.error):  # MuPDF is the one to judge such data
        return False
    if as_it_is is None or probed is None or as_it_is[0].size != probed[0].size:
        return False
    changed = ImageChops.difference(as_it_is[0], probed[0]).getbbox()
    return changed is not None and changed[1] < as_it_is[0].height - TOLERATED_ROWS / as_it_is[1]


def _small_grey(jpeg: bytes, pixels: int) -> tuple[Image.Image, int] | None:
    """Decode a JPEG, and return it with the factor by which it is reduced; None where it is far too large."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        width, height = image.size
        if width * height > PIXELS_TOLERANCE * pixels:
            return None
        image.draft("L", (max(1, width // REDUCTION), max(1, height // REDUCTION)))
        return image.convert("L"), max(1, round(width / image.width))


def _lacks_scans(jpeg: bytes) -> bool | None:
    """Whether a progressive JPEG has no scan with the last bits of some coefficients; None for other JPEGs."""
    components: dict[int, list[int]] | None = None
    at = 2
    while (found := _MARKER.search(jpeg, at)) is not None:
        code, at = found[0][1], found.end()
        segment = jpeg[at + 2 : at + int.from_bytes(jpeg[at : at + 2], "big")]
        if code == _SOF_PROGRESSIVE:
            components = {segment[6 + 3 * n]: [1] * 64 for n in range(segment[5])}
        elif code == _SOS and components is None:
            return None
        elif code == _SOS and components is not None:
            count = segment[0]
            first, last, bits = segment[1 + 2 * count : 4 + 2 * count]
            for n in range(count):
                components[segment[1 + 2 * n]][first : last + 1] = [bits & 15] * (last + 1 - first)
        at += 2 + len(segment)
    return components is not None and any(any(bits) for bits in components.values())


def jbig2_ends_early(data: bytes) -> bool:
    """Whether JBIG2 data, as a PDF embeds them, end within a segment. ITU-T T.88, 7.2."""
    at = 0
    while at < len(data):
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
        except struct.error:
            return bool(data[at:].strip(b"\0\r\n"))
        if length == _JBIG2_UNKNOWN_LENGTH:  # only its decoder finds the end
            return False
        at += 4 + length
    return at > len(data)
