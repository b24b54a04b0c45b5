"""Adding to the end of a file so that all of it is on the disk, or nothing."""

import os


def append(fd: int, size: int, data: bytes) -> None:
    """Write at the end of an open, locked file of ``size`` bytes, and sync. OSError, and then nothing of it stays."""
    try:
        at = size
        while data:
            done = os.pwrite(fd, data, at)
            at, data = at + done, data[done:]
        os.fsync(fd)
    except OSError:
        os.ftruncate(fd, size)
        raise
