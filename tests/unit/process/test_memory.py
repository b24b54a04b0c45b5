"""scanmend.process.memory: what the kernel counts of a process."""

import os
import subprocess
import sys

import psutil
import pytest

from scanmend.process.memory import MIB, proportional_mib, resident_mib


def test_resident_memory_of_a_process():
    """It is what psutil tells, in MiB."""
    assert resident_mib(os.getpid()) == pytest.approx(psutil.Process().memory_info().rss / MIB, abs=2)


def test_resident_memory_follows():
    """64 MiB more are seen as such."""
    before = resident_mib(os.getpid())
    held = b"x" * (64 * MIB)
    assert resident_mib(os.getpid()) - before == pytest.approx(64, abs=4)
    del held


def test_resident_memory_of_nobody():
    """A process that ended has none."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert resident_mib(process.pid) is None


def test_memory_of_a_process():
    """It is what the kernel says of a process, and nothing of one that is gone."""
    assert 1 < proportional_mib(os.getpid()) <= psutil.Process().memory_info().rss / 2**20
    assert proportional_mib(4_000_000) == 0
