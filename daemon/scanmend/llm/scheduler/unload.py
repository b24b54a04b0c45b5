"""The end of a model's process, and the proof that all memory it held came back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.process.memory import resident_mib

RELEASE_LIMIT_S = 5.0
"""Seconds that GPU memory may take to come back after the process ended."""
POLL_S = 0.25
"""Seconds between two measurements of GPU memory that is waited for."""
TOLERANCE = 1.01
"""Used GPU memory counts as it was before the load up to this factor."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """GPU memory around the load of a model, by which its release is judged."""

    pid: int
    """Of the model's process."""
    before: GpuMemory | None
    """Before the load; None without a GPU."""
    after: GpuMemory | None
    """After the load."""
    others: Mapping[int, float]
    """MiB that our other models took on the GPUs, by process id, at the time of the load."""

    @property
    def taken_mib(self) -> float:
        """MiB in use on the GPUs after the load that were not before it."""
        return max(0.0, self.after.used_mib - self.before.used_mib) if self.after and self.before else 0.0


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """What came back after a process ended, in MiB and seconds; GPU figures are None without a GPU."""

    seconds: float
    """From the request to end until memory was back, or was not waited for any longer."""
    ram_loaded_mib: float | None
    ram_after_mib: float
    """0 when the process is gone."""
    gpu_before_mib: float | None
    gpu_loaded_mib: float | None
    gpu_after_mib: float | None
    gpu_others_mib: float
    """How much more other processes hold than before the load; negative for less."""
    complete: bool
    """Whether the process is gone and its GPU memory is back."""

    def as_dict(self) -> dict[str, float | bool | None]:
        """Return it for the log, rounded."""
        freed = None if self.ram_loaded_mib is None else self.ram_loaded_mib - self.ram_after_mib
        return {
            "seconds": round(self.seconds, 2),
            "ram_freed_mib": rounded(freed),
            "ram_after_mib": rounded(self.ram_after_mib),
            "gpu_before_mib": rounded(self.gpu_before_mib),
            "gpu_loaded_mib": rounded(self.gpu_loaded_mib),
            "gpu_after_mib": rounded(self.gpu_after_mib),
            "gpu_others_mib": rounded(self.gpu_others_mib),
            "returned": self.complete,
        }

    def trouble(self, name: str) -> str:
        """Say what the model of this name did not give back; empty when it gave back all."""
        if self.complete:
            return ""
        if self.ram_after_mib:
            return f"the process of model {name!r} does not end; it holds {self.ram_after_mib:.0f} MiB of RAM"
        return (
            f"GPU memory did not come back after model {name!r}: {self.gpu_before_mib:.0f} MiB in use before, "
            f"{self.gpu_after_mib:.0f} MiB after"
        )


def release(
    footprint: Footprint,
    end: Callable[[], None],
    others: Mapping[int, float],
    *,
    measure: Callable[[], GpuMemory | None],
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> ReleaseReport:
    """End the process by ``end``, and measure until its memory is back, for RELEASE_LIMIT_S at most.

    ``others``: MiB that our other models took on the GPUs, by process id, now. What other processes took or gave back
    since the load counts neither for nor against the release, as far as the driver lists it.
    """
    started, ram = clock(), resident_mib(footprint.pid)
    end()
    limit = clock() + RELEASE_LIMIT_S
    while True:
        now, left = measure() if footprint.before else None, resident_mib(footprint.pid)
        complete = left is None and _is_back(footprint, now, others)
        if complete or clock() >= limit:
            break
        pause(POLL_S)
    return ReleaseReport(
        seconds=clock() - started,
        ram_loaded_mib=ram,
        ram_after_mib=left or 0.0,
        gpu_before_mib=footprint.before.used_mib if footprint.before else None,
        gpu_loaded_mib=footprint.after.used_mib if footprint.after else None,
        gpu_after_mib=now.used_mib if now else None,
        gpu_others_mib=_growth_of_others(footprint, now, others),
        complete=complete,
    )


def rounded(mib: float | None) -> float | None:
    """Round for logs: a tenth of a MiB is enough."""
    return None if mib is None else round(mib, 1)


def _is_back(footprint: Footprint, now: GpuMemory | None, others: Mapping[int, float]) -> bool:
    if footprint.before is None or now is None:  # there was no GPU, or it is gone, and its memory with it
        return True
    expected = footprint.before.used_mib + _growth_of_others(footprint, now, others)
    return footprint.pid not in now.processes and now.used_mib <= expected * TOLERANCE


def _growth_of_others(footprint: Footprint, now: GpuMemory | None, others: Mapping[int, float]) -> float:
    """MiB that all other processes hold more now than before the load."""
    if footprint.before is None or now is None:
        return 0.0
    before = _held_by_others(footprint.pid, footprint.before, footprint.others)
    return _held_by_others(footprint.pid, now, others) - before


def _held_by_others(pid: int, gpu: GpuMemory, ours: Mapping[int, float]) -> float:
    """MiB that all processes but ``pid`` hold: as the driver lists them, else as measured around their loads."""
    return sum(mib for other, mib in {**ours, **gpu.processes}.items() if other != pid)
