"""How much room a disk has left; light, as page processes ask, too."""

import os
from pathlib import Path

RESERVE_BYTES = 32 << 20
RESERVE_SHARE = 0.05
"""What a disk keeps free, in bytes, or as a share of a small one: room for the ledger, and to finish what is begun."""


def shortage(place: Path) -> str | None:
    """Say how little room there is, where that is too little; None where there is enough, or it cannot be told."""
    try:
        disk = os.statvfs(place)
    except OSError:
        return None
    free = disk.f_bavail * disk.f_frsize
    wanted = min(RESERVE_BYTES, int(RESERVE_SHARE * disk.f_blocks * disk.f_frsize))
    if free < wanted:
        return f"the disk of {place} is full: {_size(free)} are left of the {_size(wanted)} to be kept free"
    if disk.f_files and not disk.f_favail:
        return f"the disk of {place} is full: it takes no further file, however small (no inode is left)"
    return None


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 1 << 20 else f"{count / 2**10:.1f} KiB"
