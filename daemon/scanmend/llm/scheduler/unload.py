"""The end of a model's process, and the proof that all it held came back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scanmend.llm.scheduler import gpu_memory
from scanmend.llm.scheduler.gpu_memory import GpuMemory

RETURN_S = 5.0
"""How long GPU memory may take to come back after the process ended."""
POLL_S = 0.25
TOLERANCE = 1.01
"""Used memory may be so many times what it was before."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process was given, measured around its load."""

    pid: int
    before: GpuMemory | None
    """The GPUs before its load; None without one."""
    loaded: GpuMemory | None
    beside: Mapping[int, float]
    """MiB on the GPUs of our other processes at that time, by process id."""

    @property
    def taken_mib(self) -> float:
        """MiB on the GPUs that came with it."""
        return max(0.0, self.loaded.used_mib - self.before.used_mib) if self.loaded and self.before else 0.0


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back, in MiB and seconds."""

    seconds: float
    ram_loaded_mib: float | None
    ram_after_mib: float
    """0 when the process is gone."""
    gpu_before_mib: float | None
    gpu_loaded_mib: float | None
    gpu_after_mib: float | None
    gpu_others_mib: float
    """By how much others came to hold more meanwhile, or less."""
    back: bool

    def told(self) -> dict[str, float | bool | None]:
        """For the log and for status, rounded."""
        freed = None if self.ram_loaded_mib is None else self.ram_loaded_mib - self.ram_after_mib
        return {
            "seconds": round(self.seconds, 2),
            "ram_freed_mib": rounded(freed),
            "ram_after_mib": rounded(self.ram_after_mib),
            "gpu_before_mib": rounded(self.gpu_before_mib),
            "gpu_loaded_mib": rounded(self.gpu_loaded_mib),
            "gpu_after_mib": rounded(self.gpu_after_mib),
            "gpu_others_mib": rounded(self.gpu_others_mib),
            "returned": self.back,
        }

    def trouble(self, name: str) -> str:
        """One sentence when not all came back; else empty."""
        if self.back:
            return ""
        if self.ram_after_mib:
            return f"the process of model {name!r} does not end; it holds {self.ram_after_mib:.0f} MiB of RAM"
        return (
            f"GPU memory did not come back after model {name!r}: {self.gpu_before_mib:.0f} MiB in use before, "
            f"{self.gpu_after_mib:.0f} MiB after"
        )


def release(
    held: Held,
    end: Callable[[], None],
    beside: Mapping[int, float],
    *,
    look: Callable[[], GpuMemory | None],
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> Returned:
    """End the process by ``end``, and look until its memory is back, RETURN_S at most.

    ``beside``: MiB on the GPUs of our other processes now, by process id. What others took or gave back meanwhile is
    counted neither for nor against it, as far as the driver tells.
    """
    started, ram = clock(), gpu_memory.resident_mib(held.pid)
    end()
    limit = clock() + RETURN_S
    while True:
        after, left = look() if held.before else None, gpu_memory.resident_mib(held.pid)
        back = left is None and _is_back(held, after, beside)
        if back or clock() >= limit:
            break
        pause(POLL_S)
    return Returned(
        seconds=clock() - started,
        ram_loaded_mib=ram,
        ram_after_mib=left or 0.0,
        gpu_before_mib=held.before.used_mib if held.before else None,
        gpu_loaded_mib=held.loaded.used_mib if held.loaded else None,
        gpu_after_mib=after.used_mib if after else None,
        gpu_others_mib=_others(held, after, beside),
        back=back,
    )


def rounded(value: float | None) -> float | None:
    """For logs: a tenth of a MiB is enough."""
    return None if value is None else round(value, 1)


def _is_back(held: Held, after: GpuMemory | None, beside: Mapping[int, float]) -> bool:
    if held.before is None or after is None:  # there was no GPU, or it is gone, and its memory with it
        return True
    expected = held.before.used_mib + _others(held, after, beside)
    return held.pid not in after.processes and after.used_mib <= expected * TOLERANCE


def _others(held: Held, after: GpuMemory | None, beside: Mapping[int, float]) -> float:
    if held.before is None or after is None:
        return 0.0
    return _all_but(held.pid, after, beside) - _all_but(held.pid, held.before, held.beside)


def _all_but(pid: int, reading: GpuMemory, ours: Mapping[int, float]) -> float:
    """MiB of everybody else: as the driver tells, and what we measured ourselves where it does not."""
    return sum(mib for other, mib in {**ours, **reading.processes}.items() if other != pid)
