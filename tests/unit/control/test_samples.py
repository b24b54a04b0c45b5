"""scanmend.control.samples: memory of the daemon with its children, and of the GPU where it is worth a look."""

import os
import subprocess
import sys

import pytest

from scanmend.control import samples
from scanmend.control.samples import Samples, family
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.process.memory import proportional_mib
from waiting import until


def test_children_of_children_belong_to_the_family():
    """Whatever thread began them."""
    child = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, text=True) as process:
        grandchild = int(process.stdout.readline())
        try:
            assert {os.getpid(), process.pid, grandchild} <= set(family(os.getpid()))
            assert until(lambda: (mib := proportional_mib(grandchild)) > 0.1 and mib, "what it needs once it runs") < 20
        finally:
            os.kill(grandchild, 9)
            process.wait()
    assert proportional_mib(process.pid) == 0.0


@pytest.mark.parametrize(("loaded", "looks"), [(False, 1), (True, 3)])
def test_the_gpu_is_looked_at_often_only_while_a_model_is_loaded(loaded, looks):
    """Each look opens its driver."""
    asked = []
    taken = Samples(lambda: loaded, lambda: asked.append(1) or GpuMemory(100.0, 900.0, 1000.0))
    for _ in range(3):
        taken.take()
    assert (len(asked), taken.gpu_total_mib) == (looks, 1000.0)
    assert [one.gpu_mib for one in taken.last_hour()] == [100.0] * 3


def test_an_hour_is_kept(monkeypatch):
    """And no more."""
    taken = Samples(lambda: False, lambda: None)
    monkeypatch.setattr(samples, "family", lambda _pid: iter(()))
    for _ in range(300):
        taken.take()
    assert len(taken.last_hour()) == 240
    assert taken.gpu_total_mib is None


def test_it_ends_when_it_is_told(monkeypatch):
    """A second start begins nothing new."""
    monkeypatch.setattr(samples, "INTERVAL_S", 0.01)
    taken = Samples(lambda: False, lambda: None)
    taken.start()
    thread = taken._thread
    taken.start()
    assert taken._thread is thread
    taken.stop()
    thread.join(5)
    assert not thread.is_alive()
