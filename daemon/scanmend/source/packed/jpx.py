"""Tells whether JPEG 2000 data are damaged: their arithmetic codes have no checks, and decoders draw noise for them.

An encoder may promise that each block of codes ends just where its last coefficient does (PTERM, ITU-T T.800, D.4.2),
and OpenJPEG then warns of blocks that end elsewhere. Encoders seldom promise it, but all of them end blocks so, unless
they cut off codes to save bytes. So the promise is written into a copy of the data, the copy is decoded, and OpenJPEG's
warnings tell: of bytes that are left over, which no encoder leaves, or of a great many that are missing.
"""

import re
import struct
from collections.abc import Iterator, Sequence

DAMAGED = "its data are damaged: codes do not end where they should"
MOST_LEFT_OVER_BYTES = 3
"""Bytes that may be left over at the end of a block; of all encoders that were tried, none leaves any."""
MOST_MISSING_BYTES = 500
"""Bytes that may be missing at the end of a block: OpenJPEG's encoder cuts off up to 330 where it has to save bytes."""

_START = re.compile(rb"\xff\x4f(?=\xff\x51)")
_COD, _COC, _SOT, _SOD, _SIZ = 0x52, 0x53, 0x90, 0x93, 0x51
_STYLE_OF_COD, _STYLE_OF_COC = 12, 9
"""Where the style of a block's codes stands behind these markers; a byte less of COC with few components."""
_MANY_COMPONENTS = 257
"""From so many components on, their numbers take two bytes."""
_PROMISE, _HIGH_THROUGHPUT = 0x10, 0x40
"""Bits of the style: each block ends where its last coefficient does; another kind of codes."""
_LEFT_OVER = re.compile(r"PTERM check failure: (\d+) remaining bytes")
_MISSING = re.compile(r"PTERM check failure: (\d+) synthesized")
_OTHER_DAMAGE = re.compile(r"segment too long|Stream too short|Expected (?:SOP|EPH)|Bad segmentation symbol")
"""What OpenJPEG says of data whose parts do not fit together."""


def jpx_damage(data: bytes) -> str:
    """Why JPEG 2000 data that a decoder accepts are not what was written; empty where nothing shows."""
    promising = _with_promise(data)
    return damage_told(_told_of(promising)) if promising else ""


def damage_told(said: Sequence[str]) -> str:
    """Why data are damaged, by what OpenJPEG ``said`` of those with the promise; empty where they are not."""
    for message in said:
        left, missing = _LEFT_OVER.search(message), _MISSING.search(message)
        if (left and int(left[1]) > MOST_LEFT_OVER_BYTES) or (missing and int(missing[1]) > MOST_MISSING_BYTES):
            return DAMAGED
        if _OTHER_DAMAGE.search(message):
            return DAMAGED
    return ""


def _told_of(data: bytes) -> list[str]:
    """Return what MuPDF and OpenJPEG say while they decode; nothing where they cannot, which others tell."""
    import pymupdf  # noqa: PLC0415 -- a third of a page worker's start; PDFs have loaded it

    pymupdf.TOOLS.mupdf_warnings()
    try:
        pymupdf.Pixmap(data)
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase):
        return []
    return str(pymupdf.TOOLS.mupdf_warnings()).splitlines()


def _with_promise(data: bytes) -> bytes:
    """Return the data with the promise in them; empty for those of another kind, or whose parts are not understood."""
    out = bytearray(data)
    try:
        for at in _styles(data):
            if data[at] & _HIGH_THROUGHPUT:
                return b""
            out[at] |= _PROMISE
    except (struct.error, IndexError):
        return b""
    return bytes(out) if out != data else b""


def _styles(data: bytes) -> Iterator[int]:
    """Yield where the styles of codes stand, in the header and in those of all parts of tiles."""
    found = _START.search(data)
    if found is None:
        return
    at, part, many = found.end(), 0, False
    while at + 4 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 -- how all markers begin
        code, size = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if code == _SIZ:
            many = struct.unpack_from(">H", data, at + 38)[0] >= _MANY_COMPONENTS
        elif code == _COD:
            yield at + _STYLE_OF_COD
        elif code == _COC:
            yield at + _STYLE_OF_COC + many
        elif code == _SOT:
            part = at + struct.unpack_from(">I", data, at + 6)[0]
        if code != _SOD:
            at += 2 + size
        elif part > at:
            at = part
        else:  # the last part, of unknown length
            return
