"""The proof that memory came back: who held what before and after, with others coming and going."""

import os
import subprocess
import sys

import pytest

from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.scheduler.unload import POLL_S, RELEASE_LIMIT_S, Footprint, release

NOBODY = 2**22
OURS, THEIRS = NOBODY + 1, NOBODY + 2


class World:
    """A GPU that gives one reading after the other, and then stays at the last."""

    def __init__(self, *readings):
        self.readings, self.now, self.ended = list(readings), 0.0, False

    def measure(self):
        assert self.ended
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]

    def pause(self, seconds):
        self.now += seconds

    def end(self):
        self.ended = True

    def release(self, held, beside=None):
        return release(held, self.end, beside or {}, measure=self.measure, clock=lambda: self.now, pause=self.pause)


def reading(used, **processes):
    return GpuMemory(
        used, 8000.0 - used, 8000.0, {{"ours": OURS, "theirs": THEIRS}[k]: v for k, v in processes.items()}
    )


def held(before=None, loaded=None, beside=None, pid=OURS):
    return Footprint(pid, before or reading(500.0), loaded or reading(900.0), beside or {})


@pytest.mark.parametrize(
    ("before", "beside", "after", "beside_now", "back"),
    [
        (reading(500.0), {}, reading(500.0), {}, True),
        (reading(500.0), {}, reading(505.0), {}, True),  # within 1 %
        (reading(500.0), {}, reading(506.0), {}, False),
        (reading(500.0), {}, reading(400.0), {}, True),
        (reading(500.0), {}, reading(500.0, ours=400.0), {}, False),  # the driver still lists the process
        (reading(500.0), {}, reading(900.0, theirs=400.0), {}, True),  # a stranger came
        (reading(500.0), {}, reading(900.0, theirs=100.0), {}, False),  # one that does not explain it
        (reading(500.0, theirs=300.0), {}, reading(200.0), {}, True),
        (reading(500.0, theirs=300.0), {}, reading(500.0), {}, False),  # one went, and what is left is ours
        (reading(500.0), {}, reading(700.0), {THEIRS: 200.0}, True),  # a model of ours that the driver does not list
        (reading(700.0), {THEIRS: 200.0}, reading(500.0), {}, True),
        (reading(700.0), {THEIRS: 200.0}, reading(700.0), {}, False),
        (reading(500.0), {}, reading(750.0, theirs=250.0), {THEIRS: 200.0}, True),  # the driver knows better
    ],
)
def test_what_counts_as_back(before, beside, after, beside_now, back):
    """Used memory as before, within 1 %, less what others took meanwhile, and the process off the list."""
    report = World(after).release(held(before, beside=beside), beside_now)
    assert report.complete is back
    assert bool(report.trouble("m")) is not back
    assert report.seconds == (0.0 if back else RELEASE_LIMIT_S)


def test_it_is_waited_for():
    """Half a second late is no warning, and no longer than that is waited."""
    report = World(reading(900.0, ours=400.0), reading(900.0), reading(500.0)).release(held())
    assert (report.complete, report.seconds) == (True, 2 * POLL_S)
    assert report.as_dict() == {
        "seconds": 0.5, "ram_freed_mib": None, "ram_after_mib": 0.0, "gpu_before_mib": 500.0, "gpu_loaded_mib": 900.0,
        "gpu_after_mib": 500.0, "gpu_others_mib": 0.0, "returned": True,
    }  # fmt: skip


def test_the_warning_has_the_numbers():
    """So that one need not look for them in the log."""
    report = World(reading(900.0)).release(held())
    assert report.trouble("m") == ("GPU memory did not come back after model 'm': 500 MiB in use before, 900 MiB after")


def test_a_gpu_that_is_gone():
    """Its memory went with it."""
    assert World(None).release(held()).complete


def test_without_a_gpu_a_real_process():
    """RAM comes back with the end of the process, and nobody asks for a GPU."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], **pipes) as process:
        process.stdout.readline()
        world = World(None)

        def end():
            process.kill()
            process.wait()

        mine = Footprint(process.pid, None, None, {})
        told = release(mine, end, {}, measure=world.measure, clock=lambda: 0.0, pause=world.pause).as_dict()
    assert told["ram_freed_mib"] > 1
    assert [told[k] for k in ("ram_after_mib", "gpu_before_mib", "gpu_after_mib", "returned")] == [
        0.0,
        None,
        None,
        True,
    ]


def test_a_process_that_does_not_end():
    """It is named, with the RAM it still holds."""
    mine = Footprint(os.getpid(), None, None, {})
    report = World(None).release(mine)
    assert not report.complete
    assert "process of model 'm' does not end" in report.trouble("m")
