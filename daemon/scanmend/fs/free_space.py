"""How much space a disk has left; imports next to nothing, as page workers use it, too."""

import os
from pathlib import Path

RESERVE_BYTES = 32 << 20
"""Free space below which a disk counts as full: the ledger still has to grow, and begun documents to be finished."""
RESERVE_SHARE = 0.05
"""The same as a share of the disk; the smaller of the two holds, so that a small disk can be used."""


def shortage(path: Path) -> str | None:
    """Say how little space the path's disk has left, where that is too little; None for enough, or for unknown."""
    try:
        disk = os.statvfs(path)
    except OSError:
        return None
    free = disk.f_bavail * disk.f_frsize
    wanted = min(RESERVE_BYTES, int(RESERVE_SHARE * disk.f_blocks * disk.f_frsize))
    if free < wanted:
        return f"the disk of {path} is full: {_size(free)} are left of the {_size(wanted)} to be kept free"
    if disk.f_files and not disk.f_favail:
        return f"the disk of {path} is full: it takes no further file, however small (no inode is left)"
    return None


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 1 << 20 else f"{count / 2**10:.1f} KiB"
