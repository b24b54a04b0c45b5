"""How the samples of a TIFF's picture lie, and what numbers its unpacked bytes stand for."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanmend.source.image import tiff_directories as tiff
from scanmend.source.image.tiff_directories import Directory

_PACKINGS = (1, 5, 8, 32773, 32946, 34925, 50000)
"""Compressions of bytes, whatever they mean: none, LZW, Deflate, PackBits, Deflate, LZMA, Zstandard."""
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB, ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, LAB: 3, ICC_LAB: 3}
"""Samples of a pixel that are colours, by photometric interpretation; others may follow."""
UNSIGNED, SIGNED, FLOAT, VOID = 1, 2, 3, 4
_INTEGER_BITS = (1, 2, 4, 8, 10, 12, 14, 16, 24, 32)
"""Bits of a sample that devices have; with any other, the file is more likely to be wrong about itself."""
_FLOAT_BITS = (16, 32, 64)
_HORIZONTAL, _FLOATING = 2, 3
"""Predictors: differences of samples, differences of the bytes of floats."""
Bytes = NDArray[np.uint8]


def is_needed(directory: Directory) -> bool:
    """Whether Pillow cannot be relied on: more than 8 bits, signed or float samples, or separate planes."""
    deep = max(directory.values(tiff.BITS), default=1) > 8  # noqa: PLR2004 -- bits
    odd = set(directory.values(tiff.SAMPLE_FORMAT)) - {UNSIGNED}
    return bool(deep or odd or directory.value(tiff.PLANAR, 1) == 2) and is_possible(directory)  # noqa: PLR2004 -- planes


def is_possible(directory: Directory) -> bool:
    """Whether the directory's pixel type and compression are known here."""
    layout = Layout(directory)
    return (
        directory.value(tiff.COMPRESSION, 1) in _PACKINGS
        and layout.photometric in COLOURS
        and layout.samples >= COLOURS[layout.photometric]
        and len(set(layout.all_bits)) == 1
        and len(set(layout.formats)) == 1
        and layout.format in (UNSIGNED, SIGNED, FLOAT, VOID)
        and layout.bits in (_FLOAT_BITS if layout.format == FLOAT else _INTEGER_BITS)
        and (layout.format != SIGNED or layout.bits in (8, 16, 32))
        and (layout.predictor == 1 or layout.bits % 8 == 0)
    )


def is_plain(directory: Directory) -> bool:
    """Whether samples are unsigned and of at most 16 bits: MuPDF takes all others for such."""
    layout = Layout(directory)
    return set(layout.formats) <= {UNSIGNED, VOID} and max(layout.all_bits) <= 16  # noqa: PLR2004 -- bits


def features(directory: Directory) -> str:
    """Describe pixel type and compression, for messages."""
    layout = Layout(directory)
    kinds = {UNSIGNED: "unsigned", SIGNED: "signed", FLOAT: "float"}
    bits = "/".join(dict.fromkeys(str(n) for n in layout.all_bits))
    return (
        f"{layout.samples} x {bits} bits, {kinds.get(layout.format, f'sample format {layout.format}')}, "
        f"photometric interpretation {layout.photometric}, compression {directory.value(tiff.COMPRESSION, 1)}"
    )


class Layout:
    """How the samples of a directory lie."""

    def __init__(self, directory: Directory) -> None:
        self.order = directory.order
        self.photometric = directory.value(tiff.PHOTOMETRIC, 0)
        self.samples = max(1, directory.value(tiff.SAMPLES, 1))
        self.all_bits = tuple(int(n) for n in directory.values(tiff.BITS)[: self.samples]) or (1,)
        self.bits = self.all_bits[0]
        self.formats = tuple(int(n) for n in directory.values(tiff.SAMPLE_FORMAT)[: self.samples]) or (UNSIGNED,)
        self.format = self.formats[0]
        self.planar = directory.value(tiff.PLANAR, 1) == 2 and self.samples > 1  # noqa: PLR2004 -- planes
        self.predictor = directory.value(tiff.PREDICTOR, 1) if directory.value(tiff.COMPRESSION, 1) != 1 else 1

    @property
    def per_plane(self) -> int:
        """Samples of a pixel in each plane."""
        return 1 if self.planar else self.samples

    @property
    def dtype(self) -> Any:
        """NumPy's type that holds one sample."""
        if self.format == FLOAT:
            return np.dtype(f"f{self.bits // 8}")
        size = next(size for size in (1, 2, 4) if self.bits <= 8 * size)
        return np.dtype(f"{'i' if self.format == SIGNED else 'u'}{size}")

    def row_bytes(self, pixels: int) -> int:
        """Bytes of one row of so many pixels."""
        return math.ceil(pixels * self.per_plane * self.bits / 8)

    def values(self, rows: Bytes, pixels: int) -> NDArray[Any]:
        """Return rows of unpacked bytes as numbers: rows, pixels, samples."""
        count = pixels * self.per_plane
        if self.predictor == _FLOATING:
            rows = self._summed_bytes(rows)
        if self.bits in (8, 16, 32, 64):
            order = ">" if self.predictor == _FLOATING else self.order
            numbers = rows[:, : count * self.bits // 8].view(self.dtype.newbyteorder(order))
        elif self.bits == 24:  # noqa: PLR2004 -- bits
            parts = rows[:, : count * 3].reshape(len(rows), count, 3).astype(np.uint32)
            first, last = (2, 0) if self.order == "<" else (0, 2)
            numbers = parts[:, :, first] << 16 | parts[:, :, 1] << 8 | parts[:, :, last]
        else:
            ones = np.unpackbits(rows, axis=1)[:, : count * self.bits].reshape(len(rows), count, self.bits)
            numbers = np.zeros((len(rows), count), self.dtype)
            for bit in range(self.bits):
                numbers = numbers << 1 | ones[:, :, bit]
        numbers = numbers.reshape(len(rows), pixels, self.per_plane)
        if self.predictor == _HORIZONTAL:
            numbers = np.cumsum(numbers, axis=1, dtype=self.dtype)
        return np.asarray(numbers, self.dtype)

    def _summed_bytes(self, rows: Bytes) -> Bytes:
        """Undo the predictor for floats: bytes of equal weight lie together, as differences."""
        each = self.bits // 8
        steps = rows.reshape(len(rows), -1, self.per_plane)
        summed = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(rows), each, -1)
        return np.ascontiguousarray(summed.transpose(0, 2, 1)).reshape(len(rows), -1)
