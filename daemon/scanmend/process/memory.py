"""How much memory a process takes, as the kernel counts it."""

import os
from pathlib import Path

MIB = 2**20
"""Bytes of a MiB."""


def resident_mib(pid: int) -> float | None:
    """Return the MiB of RAM that a process holds, mapped files included; None when the process is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def proportional_mib(pid: int) -> float:
    """Return the MiB of RAM of a process, memory that it shares with others divided by their number; 0 for none."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except (OSError, ValueError):  # it has ended, or may not be looked into
        pass
    return resident_mib(pid) or 0.0
