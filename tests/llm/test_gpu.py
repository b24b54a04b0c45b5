"""What memory meters tell, with and without a driver."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pynvml
import pytest

from scanmend.llm import gpu

DRIVER = Path("/proc/driver/nvidia/version").exists()


@pytest.mark.skipif(DRIVER, reason="an NVIDIA driver is here")
def test_no_driver_no_number():
    """Without an NVIDIA driver there is nothing to measure, however often one looks."""
    assert gpu.used_mib() is None
    assert gpu.used_mib() is None


@pytest.mark.skipif(not DRIVER, reason="no NVIDIA driver is here")
def test_a_driver_gives_a_number():
    """With a driver and a GPU some memory is always in use."""
    assert gpu.used_mib() >= 0


class Nvml:
    """NVML with two GPUs, as pynvml shows it; counts who has it open."""

    def __init__(self, count=2, fails=""):
        self.count, self.fails, self.opened = count, fails, 0

    def nvmlInit(self):  # noqa: N802 -- NVML's name
        self.opened += 1

    def nvmlShutdown(self):  # noqa: N802
        self.opened -= 1

    def nvmlDeviceGetCount(self):  # noqa: N802
        if self.fails == "count":
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return self.count

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return index

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        if self.fails == "memory":
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return pynvml.c_nvmlMemory_t(used=(handle + 1) * 100 * gpu.MIB)


@pytest.fixture
def nvml(monkeypatch):
    """Puts an Nvml in the driver's place."""

    def install(**settings):
        made = Nvml(**settings)
        for name in (n for n in dir(made) if n.startswith("nvml")):
            monkeypatch.setattr(pynvml, name, getattr(made, name))
        return made

    return install


@pytest.mark.parametrize(
    ("settings", "used"),
    [({}, 300.0), ({"count": 1}, 100.0), ({"count": 0}, None), ({"fails": "count"}, None), ({"fails": "memory"}, None)],
)
def test_all_gpus_together(nvml, settings, used):
    """MiB are summed over all GPUs; a GPU that fell off the bus is no number; NVML is closed after each look."""
    driver = nvml(**settings)
    assert gpu.used_mib() == used
    assert driver.opened == 0


def test_resident_memory_of_a_process():
    """It is what psutil tells, in MiB."""
    assert gpu.resident_mib(os.getpid()) == pytest.approx(psutil.Process().memory_info().rss / gpu.MIB, abs=2)


def test_resident_memory_follows():
    """64 MiB more are seen as such."""
    before = gpu.resident_mib(os.getpid())
    held = b"x" * (64 * gpu.MIB)
    assert gpu.resident_mib(os.getpid()) - before == pytest.approx(64, abs=4)
    del held


def test_resident_memory_of_nobody():
    """A process that ended has none."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert gpu.resident_mib(process.pid) is None
