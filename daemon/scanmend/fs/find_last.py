"""Finds the last occurrence of a mark in a file from its end backwards, so that data behind it may be of any length."""

import os

BLOCK_BYTES = 1 << 16
"""Bytes read at a time."""


def find_last(fd: int, size: int, mark: bytes, *, most: int, start: int = 0) -> int | None:
    """Return where ``mark`` stands last in the ``size`` bytes of a file; None where it does not.

    Looked for in the last ``most`` bytes, and not before ``start``. OSError.
    """
    lowest = max(start, size - most)
    at, behind = size, b""
    while at > lowest:
        begin = max(lowest, at - BLOCK_BYTES)
        block = os.pread(fd, at - begin, begin) + behind
        found = block.rfind(mark)
        if found >= 0:
            return begin + found
        at, behind = begin, block[: len(mark) - 1]
    return None
