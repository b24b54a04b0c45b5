"""Looks at the checksums of Deflate streams and of PNG's chunks, which decoders do not reach or pass over."""

import re
import struct
import zlib

DEFLATE_DAMAGED = "its data are damaged: they do not fit their checksum"
_NO_ZLIB = re.compile("header check|compression method|window size")
"""What zlib says of data that do not begin as its own do."""
_CHECKSUM_BYTES = 4
_PIECE = 1 << 20
"""Bytes that are unpacked at once, and thrown away."""
_PNG_SIGNATURE_BYTES = 8


def deflate_damage(data: bytes, most: int) -> str:
    """Why the zlib stream at the start of ``data`` is not what was written; empty for one without its checksum.

    No more than ``most`` bytes are unpacked. Streams without zlib's header are left to the decoder.
    """
    unpacker, rest = zlib.decompressobj(), data
    try:
        while not unpacker.eof and most > 0:
            piece = unpacker.decompress(rest, _PIECE)
            most -= len(piece)
            rest = unpacker.unconsumed_tail
            if not piece and not rest:
                return ""
    except zlib.error as e:
        return "" if _NO_ZLIB.search(str(e)) else DEFLATE_DAMAGED
    return ""


def png_damage(data: bytes) -> str:
    """Why a PNG's picture is not what was written; empty where the checksums of its data fit."""
    at = _PNG_SIGNATURE_BYTES
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 8 + size
        if kind == b"IDAT" and zlib.crc32(memoryview(data)[at + 4 : end]).to_bytes(4) != data[end : end + 4]:
            return DEFLATE_DAMAGED
        if kind == b"IEND":
            return ""
        at = end + _CHECKSUM_BYTES
    return ""
