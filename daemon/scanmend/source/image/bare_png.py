"""A PNG without what it does not need: Pillow refuses a picture for a broken note or colour profile beside it."""

import io
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
"""Chunks without which the picture looks different."""
_RESOLUTION, _RESOLUTION_BYTES = b"pHYs", 9


def bare_png(data: bytes) -> io.BytesIO:
    """Return the file with only the chunks that the picture needs, and its resolution, if that is sound."""
    out = bytearray(SIGNATURE)
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, chunk = data[at + 4 : at + 8], data[at : at + size + 12]
        sound = chunk[-4:] == struct.pack(">I", zlib.crc32(chunk[4:-4]))
        if kind in _KEPT or (kind == _RESOLUTION and size == _RESOLUTION_BYTES and sound):
            out += chunk
        at += size + 12
    return io.BytesIO(bytes(out))
