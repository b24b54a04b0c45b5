"""Tells whether JBIG2 data end early: decoders leave white what is missing."""

import struct

_UNKNOWN_LENGTH = 0xFFFFFFFF
_LONG_REFERENCES = 7
"""Count of referred-to segments that says that the real count follows in four bytes."""


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
        if length == _UNKNOWN_LENGTH:  # only its decoder finds the end
            return False
        at += 4 + length
    return at > len(data)
