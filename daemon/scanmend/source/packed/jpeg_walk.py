"""Walks over the Huffman codes of a JPEG's scan as a decoder does, to see whether they end where the data end.

ITU-T T.81, F.2.2 and G.1.2. Nothing is decoded: only how many bits each code takes with its value, and how many
coefficients it stands for. After damage a decoder soon finds codes again, but seldom just as many blocks in the bytes
that are left; it may also meet codes that do not exist or that count beyond their block, which no decoder tells.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_SPARE_BYTES = 4096
"""What the blocks of one unit (MCU), ten at most, can take behind the end of data that are cut short."""
_CODE_BITS = 16
"""Bits of the longest code, by which tables are looked up."""
_SIXTEEN_ZEROS = 15
"""Run of the symbol without a value that stands for 16 zeros; all others without a value end a band."""
_BLOCK_ENDS, _IMPOSSIBLE = 128, 64
"""Coefficients that a code is said to stand for that ends its block, or that no encoder writes."""
_NO_CODE_BITS = 1 << 40
"""Bits that a code is said to take that does not exist; they lead far beyond the data."""


class ImpossibleCodesError(ValueError):
    """The data hold codes that no encoder writes."""


@dataclass(frozen=True, slots=True)
class HuffmanTable:
    """The codes of one table, looked up by the next 16 bits."""

    first: Sequence[int]
    """Bits of a code of a block's first coefficient and of its value."""
    others: Sequence[int]
    """Bits of a code of the other coefficients and of its value (6 bits), and how many coefficients it stands for."""
    symbols: Sequence[int]
    """Bits of a code (5 bits), and its symbol; 0 where there is none."""

    @classmethod
    def of(cls, counts: bytes, meanings: bytes) -> "HuffmanTable":
        """``counts``: how many codes have 1 to 16 bits; ``meanings``: their symbols, a run and a size, in order."""
        size = 1 << _CODE_BITS
        first, others, symbols = [_NO_CODE_BITS] * size, [_IMPOSSIBLE << 6] * size, [0] * size
        lengths = (length for length, count in enumerate(counts, 1) for _ in range(count))
        at = 0
        for length, symbol in zip(lengths, meanings, strict=False):
            share = min(1 << (_CODE_BITS - length), size - at)
            run, bits = symbol >> 4, symbol & 15
            stands_for = run + 1 if bits or run == _SIXTEEN_ZEROS else _IMPOSSIBLE if run else _BLOCK_ENDS
            first[at : at + share] = [length + symbol if symbol < _CODE_BITS else _NO_CODE_BITS] * share
            others[at : at + share] = [length + bits | stands_for << 6] * share
            symbols[at : at + share] = [length | symbol << 5] * share
            at += share
        return cls(first, others, symbols)


@dataclass(frozen=True, slots=True)
class Walked:
    """How far the codes of a part of a scan led."""

    units: int
    """Units, or blocks of a scan of one component, that are complete."""
    end_bit: int
    """Where the last of them ends."""


class Bits:
    """Data of a scan between two restart markers."""

    def __init__(self, data: bytes) -> None:
        """``data`` as they stand in the file, a zero behind each byte 255."""
        self._plain = data.replace(b"\xff\0", b"\xff")
        self.size = 8 * len(self._plain)
        each = np.frombuffer(self._plain + bytes(_SPARE_BYTES), np.uint8).astype(np.uint32)
        self.words = array("I", (each[:-2] << 16 | each[1:-1] << 8 | each[2:]).tobytes())
        """The three bytes from each byte on."""

    def bytes_from(self, bit: int) -> bytes:
        """Return the whole bytes from a bit on."""
        return self._plain[(bit + 7) // 8 :]


def walk_units(bits: Bits, blocks: Sequence[tuple[HuffmanTable, HuffmanTable | None]], units: int) -> Walked:
    """Walk over units of a sequential scan, or over the first coefficients of a progressive one.

    ``blocks``: tables of each block of a unit, for its first coefficient and for the others, where the scan has these.
    """
    words, size, at = bits.words, bits.size, 0
    tables = [(first.first, None if others is None else others.others) for first, others in blocks]
    try:
        for unit in range(units):
            start = at
            for first, others in tables:
                at += first[words[at >> 3] >> 8 - (at & 7) & 0xFFFF]
                if others is None:
                    continue
                k = 1
                while k < 64:  # noqa: PLR2004 -- coefficients of a block
                    step = others[words[at >> 3] >> 8 - (at & 7) & 0xFFFF]
                    at += step & 63
                    k += step >> 6
                if 64 < k < _BLOCK_ENDS:  # noqa: PLR2004
                    raise ImpossibleCodesError
            if at > size:
                return Walked(unit, start)
    except IndexError as e:
        raise ImpossibleCodesError from e
    return Walked(units, at)


def walk_band(bits: Bits, table: HuffmanTable, band: range, known: list[int]) -> Walked:
    """Walk over a band of coefficients in the blocks of a component, sent for the first time.

    ``known``: for each block, which coefficients are not 0, by bits; it is brought up to date.
    """
    words, size, symbols, at, block = bits.words, bits.size, table.symbols, 0, 0
    while block < len(known):
        start, k, skipped = at, band.start, 0
        while k < band.stop:
            code = symbols[words[at >> 3] >> 8 - (at & 7) & 0xFFFF]
            if not code:
                raise ImpossibleCodesError
            at += code & 31
            run, value_bits = code >> 9, code >> 5 & 15
            if value_bits:
                k += run
                known[block] |= 1 << k
                k, at = k + 1, at + value_bits
            elif run == _SIXTEEN_ZEROS:
                k += 16
            else:
                skipped = _value(words, at, run)
                at += run
                break
        if at > size:
            return Walked(block, start)
        block += 1 + skipped
        if k > band.stop or block > len(known):
            raise ImpossibleCodesError
    return Walked(block, at)


def walk_refinement(  # noqa: C901 -- one loop, as in the standard, for speed
    bits: Bits, table: HuffmanTable, band: range, known: list[int]
) -> Walked:
    """Walk over one more bit of a band of coefficients in the blocks of a component; ``known`` as in ``walk_band``."""
    words, size, symbols, at, left = bits.words, bits.size, table.symbols, 0, 0
    for block, old in enumerate(known):
        start, k = at, band.start
        while not left and k < band.stop:
            code = symbols[words[at >> 3] >> 8 - (at & 7) & 0xFFFF]
            if not code or code >> 5 & 14:
                raise ImpossibleCodesError
            at += code & 31
            run, is_new = code >> 9, code >> 5 & 1
            if not is_new and run != _SIXTEEN_ZEROS:
                left = 1 + _value(words, at, run)
                at += run
                break
            at += is_new
            while k < band.stop and (old >> k & 1 or run):
                if old >> k & 1:
                    at += 1
                else:
                    run -= 1
                k += 1
            if k >= band.stop:
                raise ImpossibleCodesError
            known[block] |= is_new << k
            k += 1
        if left:
            at += (old >> k & (1 << band.stop - k) - 1).bit_count()
            left -= 1
        if at > size:
            return Walked(block, start)
    if left:
        raise ImpossibleCodesError
    return Walked(len(known), at)


def _value(words: Sequence[int], at: int, run: int) -> int:
    """Return how many more blocks a code says that end with this one: one less than 2 ** ``run`` and its value."""
    return (1 << run) - 1 + ((words[at >> 3] >> 8 - (at & 7) & 0xFFFF) >> 16 - run)
