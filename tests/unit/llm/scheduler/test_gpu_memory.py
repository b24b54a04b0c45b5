"""What memory meters tell, with and without a driver."""

from pathlib import Path

import pytest

from scanmend.llm.scheduler import gpu_memory

DRIVER = Path("/proc/driver/nvidia/version").exists()


@pytest.mark.skipif(DRIVER, reason="an NVIDIA driver is here")
def test_no_driver_no_number():
    """Without an NVIDIA driver there is nothing to measure, however often one looks."""
    assert gpu_memory.measure() is None
    assert gpu_memory.measure() is None


@pytest.mark.skipif(not DRIVER, reason="no NVIDIA driver is here")
def test_a_driver_gives_a_number():
    """With a driver and a GPU some memory is always in use, and no device stays open."""
    assert gpu_memory.measure().used_mib >= 0
    open_files = [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.exists()]
    assert not [name for name in open_files if "nvidia" in name]


class Memory:
    def __init__(self, used, free, total):
        self.used, self.free, self.total = used * gpu_memory.MIB, free * gpu_memory.MIB, total * gpu_memory.MIB


class Process:
    def __init__(self, pid, mib):
        self.pid, self.usedGpuMemory = pid, None if mib is None else mib * gpu_memory.MIB


class Nvml:
    """NVML as a library: GPUs of 8000 MiB that have 100, 200, … MiB in use. Counts who has it open."""

    class NVMLError(Exception):
        pass

    def __init__(self, count=2, fails=(), computing=(), drawing=()):
        self.count, self.fails, self.opened = count, fails, 0
        self.computing, self.drawing = computing, drawing

    def _may_fail(self, what):
        assert self.opened == 1 or what == "init"
        if what in self.fails:
            raise self.NVMLError(what)

    def nvmlInit(self):  # noqa: N802 -- NVML's name
        self._may_fail("init")
        self.opened += 1

    def nvmlShutdown(self):  # noqa: N802
        self.opened -= 1

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        self._may_fail("driver")
        return b"590.1"

    def nvmlDeviceGetCount(self):  # noqa: N802
        self._may_fail("count")
        return self.count

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return index

    def nvmlDeviceGetHandleByUUID(self, name):  # noqa: N802
        self._may_fail("uuid")
        return int(name.rpartition("-")[2])

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        self._may_fail("memory")
        used = (handle + 1) * 100
        return Memory(used, 8000 - used, 8000)

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return b"Card" if handle else "Card"

    def nvmlDeviceGetComputeRunningProcesses(self, _handle):  # noqa: N802
        self._may_fail("processes")
        return self.computing

    def nvmlDeviceGetGraphicsRunningProcesses(self, _handle):  # noqa: N802
        return self.drawing


@pytest.mark.parametrize(
    ("settings", "used"),
    [
        ({}, 300.0),
        ({"count": 1}, 100.0),
        ({"count": 0}, None),
        ({"fails": ["init"]}, None),
        ({"fails": ["count"]}, None),
        ({"fails": ["memory"]}, None),
        ({"fails": ["processes"]}, 300.0),
    ],
)
def test_all_gpus_together(settings, used):
    """MiB are summed over all GPUs; one that fell off the bus is no number; NVML is closed after each look."""
    nvml = Nvml(**settings)
    reading = gpu_memory.measure(nvml)
    assert (reading.used_mib if reading else None) == used
    assert nvml.opened == 0


def test_what_is_told():
    """Free and total memory, how many GPUs, and which."""
    reading = gpu_memory.measure(Nvml())
    assert (reading.free_mib, reading.total_mib, reading.gpus) == (15_700.0, 16_000.0, 2)
    assert reading.machine == "Card 8000 MiB, Card 8000 MiB"


@pytest.mark.parametrize(
    ("visible", "used"),
    [("1", 200.0), ("1,0", 300.0), ("", None), ("-1", None), ("0,9,1", 100.0), ("GPU-1", 200.0)],
)
def test_only_what_cuda_sees(visible, used):
    """CUDA_VISIBLE_DEVICES chooses by number or UUID; from the first wrong name on, nothing is seen."""
    reading = gpu_memory.measure(Nvml(), visible)
    assert (reading.used_mib if reading else None) == used


def test_a_uuid_that_is_none():
    """A GPU that is not there cannot be measured."""
    nvml = Nvml(fails=["uuid"])
    assert gpu_memory.measure(nvml, "GPU-7") is None
    assert nvml.opened == 0


def test_who_has_how_much():
    """By process over all GPUs; one that computes and draws counts once, one that nobody knows of not at all."""
    nvml = Nvml(computing=[Process(7, 50), Process(8, None)], drawing=[Process(7, 50), Process(9, 1)])
    assert gpu_memory.measure(nvml).processes == {7: 100.0, 9: 2.0}
    assert gpu_memory.measure(Nvml(fails=["processes"], drawing=[Process(9, 1)])).processes == {9: 2.0}


@pytest.mark.parametrize(("fails", "version"), [((), "590.1"), (("driver",), None), (("init",), None)])
def test_the_driver_has_a_version_where_there_is_one(fails, version):
    """And NVML is closed again."""
    nvml = Nvml(fails=fails)
    assert gpu_memory.driver(nvml) == version
    assert nvml.opened == 0
