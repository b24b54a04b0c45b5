"""Measure GPU memory (NVML) and a process's RAM; NVML is opened for each measurement, so that no GPU handle is held."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pynvml

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GpuMemory:
    """Memory of all NVIDIA GPUs together at one moment, in MiB."""

    used_mib: float
    """In use by all processes together."""
    free_mib: float
    total_mib: float
    processes: Mapping[int, float] = field(default_factory=dict)
    """MiB by process id, as far as the driver lists them; in a container it often does not."""
    gpus: int = 1
    """How many GPUs these are."""
    machine: str = "GPU"
    """Name and size of each GPU, to tell one machine from another."""


def measure(nvml: Any = pynvml, visible: str | None = None) -> GpuMemory | None:
    """Measure now; None without an NVIDIA GPU or its driver.

    ``nvml``: the NVML library. ``visible``: the value of CUDA_VISIBLE_DEVICES, which llama.cpp obeys; None reads it
    from the environment.
    """
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES") if visible is None else visible
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None
    try:
        handles = _handles(nvml, chosen)
        return _sum(nvml, handles) if handles else None
    except nvml.NVMLError:
        return None
    finally:
        nvml.nvmlShutdown()


def driver(nvml: Any = pynvml) -> str | None:
    """Return the version of the NVIDIA driver; None without one. ``nvml``: as for ``measure``."""
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None
    try:
        version = nvml.nvmlSystemGetDriverVersion()
    except nvml.NVMLError:
        return None
    finally:
        nvml.nvmlShutdown()
    return version.decode("utf-8", "replace") if isinstance(version, bytes) else str(version)


def _handles(nvml: Any, chosen: str | None) -> list[Any]:
    """Return NVML's handles of the GPUs that CUDA_VISIBLE_DEVICES chooses; of all where it is not set."""
    every = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
    if chosen is None:
        return every
    named: list[Any] = []
    for name in (part.strip() for part in chosen.split(",")):
        if name.isdecimal() and int(name) < len(every):
            named.append(every[int(name)])
        elif name.startswith(("GPU-", "MIG-")):
            named.append(nvml.nvmlDeviceGetHandleByUUID(name))
        else:  # CUDA, too, sees nothing from the first wrong name on
            break
    return named


def _sum(nvml: Any, handles: list[Any]) -> GpuMemory:
    memory = [nvml.nvmlDeviceGetMemoryInfo(h) for h in handles]
    processes: dict[int, float] = {}
    for handle in handles:
        for pid, mib in _processes(nvml, handle).items():
            processes[pid] = processes.get(pid, 0.0) + mib
    used, free, total = (sum(getattr(m, what) for m in memory) / MIB for what in ("used", "free", "total"))
    machine = ", ".join(f"{_name(nvml, h)} {m.total // MIB} MiB" for h, m in zip(handles, memory, strict=True))
    return GpuMemory(used, free, total, processes, len(handles), machine)


def _processes(nvml: Any, handle: Any) -> dict[int, float]:
    """MiB by process id; a process may be listed for computing and for drawing, with the same memory."""
    out: dict[int, float] = {}
    for running in (nvml.nvmlDeviceGetComputeRunningProcesses, nvml.nvmlDeviceGetGraphicsRunningProcesses):
        try:
            out |= {p.pid: p.usedGpuMemory / MIB for p in running(handle) if p.usedGpuMemory is not None}
        except nvml.NVMLError:  # not every driver lists them
            continue
    return out


def _name(nvml: Any, handle: Any) -> str:
    name = nvml.nvmlDeviceGetName(handle)
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
