"""Writes pictures as JBIG2 with arithmetic codes (ITU-T T.88, 6.2 and annex E), which no library here can."""

import struct

import numpy as np

_STATES = (
    (0x5601, 1, 1, 1), (0x3401, 2, 6, 0), (0x1801, 3, 9, 0), (0xAC1, 4, 12, 0), (0x521, 5, 29, 0),
    (0x221, 38, 33, 0), (0x5601, 7, 6, 1), (0x5401, 8, 14, 0), (0x4801, 9, 14, 0), (0x3801, 10, 14, 0),
    (0x3001, 11, 17, 0), (0x2401, 12, 18, 0), (0x1C01, 13, 20, 0), (0x1601, 29, 21, 0), (0x5601, 15, 14, 1),
    (0x5401, 16, 14, 0), (0x5101, 17, 15, 0), (0x4801, 18, 16, 0), (0x3801, 19, 17, 0), (0x3401, 20, 18, 0),
    (0x3001, 21, 19, 0), (0x2801, 22, 19, 0), (0x2401, 23, 20, 0), (0x2201, 24, 21, 0), (0x1C01, 25, 22, 0),
    (0x1801, 26, 23, 0), (0x1601, 27, 24, 0), (0x1401, 28, 25, 0), (0x1201, 29, 26, 0), (0x1101, 30, 27, 0),
    (0xAC1, 31, 28, 0), (0x9C1, 32, 29, 0), (0x8A1, 33, 30, 0), (0x521, 34, 31, 0), (0x441, 35, 32, 0),
    (0x2A1, 36, 33, 0), (0x221, 37, 34, 0), (0x141, 38, 35, 0), (0x111, 39, 36, 0), (0x85, 40, 37, 0),
    (0x49, 41, 38, 0), (0x25, 42, 39, 0), (0x15, 43, 40, 0), (0x9, 44, 41, 0), (0x5, 45, 42, 0), (0x1, 45, 43, 0),
    (0x5601, 46, 46, 0),
)  # fmt: skip
"""Probability of the less likely symbol, the next state after either, and whether the likely one changes."""
_NEAR = ((0, -1), (0, -2), (0, -3), (0, -4), (-1, 3), (-1, 2), (-1, 1), (-1, 0), (-1, -1), (-1, -2), (-1, -3))
_PREDICTING = (*_NEAR, (-2, 2), (-2, 1), (-2, 0), (-2, -1), (-2, -2))
"""Row and column of the pixels by which one is predicted, from the lowest bit of the context on."""
_SAME_ROW = 0x9B25
"""Context of the bit that says whether a row is the one above."""


class _Coder:
    """The arithmetic coder."""

    def __init__(self) -> None:
        self._width, self._code, self._count = 0x8000, 0, 12
        self._out = bytearray(1)
        self._states: dict[int, tuple[int, int]] = {}

    def put(self, context: int, bit: int) -> None:
        """Code a bit."""
        state, likely = self._states.get(context, (0, 0))
        share, after_likely, after_other, changes = _STATES[state]
        self._width -= share
        if bit == likely and self._width & 0x8000:
            self._code += share
            return
        takes_upper = (bit == likely) == (self._width >= share)
        if takes_upper:
            self._code += share
        else:
            self._width = share
        self._states[context] = (after_likely, likely) if bit == likely else (after_other, likely ^ changes)
        while not self._width & 0x8000:
            self._width, self._code, self._count = self._width << 1, self._code << 1, self._count - 1
            if not self._count:
                self._byte()

    def end(self) -> bytes:
        """Return all codes, with the marker behind them."""
        highest = self._code + self._width
        self._code |= 0xFFFF
        self._code -= 0x8000 if self._code >= highest else 0
        for _ in range(2):
            self._code <<= self._count
            self._byte()
        return bytes(self._out[1:]).removesuffix(b"\xff") + b"\xff\xac"

    def _byte(self) -> None:
        if self._out[-1] != 0xFF and self._code >= 0x8000000:
            self._out[-1] += 1
            self._code &= 0x7FFFFFF
        bits = 7 if self._out[-1] == 0xFF else 8
        shift = 27 - bits
        self._out.append(self._code >> shift & 0xFF)
        self._code &= (1 << shift) - 1
        self._count = bits


def generic_region(picture: np.ndarray, top: int, *, predict_rows: bool = False) -> bytes:
    """Return the data of a region of pixels, 0 and 1, that lies ``top`` rows down the page."""
    coder, same_before = _Coder(), 0
    height, width = picture.shape
    around = np.pad(picture, ((2, 0), (4, 4)))
    contexts = np.zeros((height, width), int)
    for bit, (down, across) in enumerate(_PREDICTING):
        contexts |= around[2 + down : 2 + down + height, 4 + across : 4 + across + width] << bit
    for y in range(height):
        same = int((around[y + 2] == around[y + 1]).all())
        if predict_rows:
            coder.put(_SAME_ROW, same ^ same_before)
            same_before = same
        if not (predict_rows and same):
            for context, bit in zip(contexts[y].tolist(), picture[y].tolist(), strict=True):
                coder.put(context, bit)
    moving = struct.pack("8b", 3, -1, -3, -1, 2, -2, -2, -2)
    return struct.pack(">IIIIBB", width, height, 0, top, 0, 8 * predict_rows) + moving + coder.end()


def segment(number: int, kind: int, data: bytes) -> bytes:
    """Return a segment of page 1."""
    return struct.pack(">IBBBI", number, kind, 0, 1, len(data)) + data


def page_of(picture: np.ndarray, *, predict_rows: bool = False, stripe: int = 0) -> bytes:
    """Return a picture as a PDF embeds it, as one region or in stripes of so many rows."""
    height, width = picture.shape
    out = [segment(0, 48, struct.pack(">IIIIBH", width, height, 0, 0, 0, 0x8000 | stripe if stripe else 0))]
    for top in range(0, height, stripe or height):
        rows = picture[top : top + (stripe or height)]
        out.append(segment(len(out), 38, generic_region(rows, top, predict_rows=predict_rows)))
        if stripe:
            out.append(segment(len(out), 50, struct.pack(">I", top + len(rows) - 1)))
    return b"".join([*out, segment(len(out), 49, b"")])
