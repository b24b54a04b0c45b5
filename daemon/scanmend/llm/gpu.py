"""How much GPU memory is in use (NVML). Opened for each look and closed again: the daemon holds no GPU handle."""

import os
from pathlib import Path

import pynvml

MIB = 1024 * 1024


def used_mib() -> float | None:
    """MiB in use on all NVIDIA GPUs together, by anyone; None without such a GPU or its driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return float(sum(pynvml.nvmlDeviceGetMemoryInfo(h).used for h in handles)) / MIB if handles else None
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()


def resident_mib(pid: int) -> float | None:
    """MiB of RAM that a process holds, the mapped model file included; None when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB
