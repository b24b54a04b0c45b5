"""When a model that fails is left alone, and when it is tried again."""

import pytest
import structlog

from scanmend.errors import ModelResting
from scanmend.llm.scheduler.circuit_breaker import FAILURES, LONGEST_OPEN_S, OPEN_S, CircuitBreaker


class World:
    def __init__(self):
        self.now = 1000.0
        self.circuit = CircuitBreaker(lambda: self.now)

    def fail(self, times=1):
        for _ in range(times):
            self.circuit.enter("m")
            self.circuit.failed("m", "died of SIGSEGV")


@pytest.fixture
def world():
    return World()


def test_one_failure_is_not_enough(world):
    """A page may be to blame; the next call is let through."""
    world.fail(FAILURES - 1)
    assert world.circuit.resting("m") == ""
    assert world.circuit.troubles() == []
    world.circuit.enter("m")


def test_failures_in_a_row_open_it(world):
    """Calls are refused with the reason; other models are not concerned."""
    world.fail(FAILURES)
    with pytest.raises(ModelResting, match=r"model 'm' failed 2 times in a row and rests for 60 s: died of SIGSEGV"):
        world.circuit.enter("m")
    assert "SIGSEGV" in world.circuit.resting("m")
    assert (len(world.circuit.troubles()), world.circuit.wait()) == (1, OPEN_S)
    world.circuit.enter("other")
    assert world.circuit.resting("other") == ""


def test_a_success_between_makes_a_new_row(world):
    """One bad document among good ones opens nothing."""
    for _ in range(5):
        world.fail(FAILURES - 1)
        world.circuit.enter("m")
        world.circuit.worked("m")
    assert world.circuit.resting("m") == ""


def test_after_the_rest_one_call_is_the_probe(world):
    """While it runs the model still counts as resting; when it works all is well."""
    world.fail(FAILURES)
    world.now += OPEN_S
    assert (world.circuit.resting("m"), world.circuit.wait()) == ("", None)
    world.circuit.enter("m")
    assert world.circuit.resting("m")
    world.circuit.worked("m")
    assert (world.circuit.resting("m"), world.circuit.troubles()) == ("", [])


def test_a_probe_that_fails(world):
    """One failure opens it again, for twice as long, up to a limit."""
    world.fail(FAILURES)
    rests = []
    for _ in range(7):
        rests.append(world.circuit.wait())
        world.now += rests[-1]
        world.fail()
    assert rests == [60.0, 120.0, 240.0, 480.0, 900.0, 900.0, LONGEST_OPEN_S]


def test_a_probe_that_says_nothing(world):
    """It was cut off: the next call is the probe."""
    world.fail(FAILURES)
    world.now += OPEN_S
    world.circuit.enter("m")
    world.circuit.left("m")
    assert world.circuit.resting("m") == ""
    assert world.circuit.troubles()
    world.circuit.enter("m")
    assert world.circuit.resting("m")


def test_forgotten(world):
    """A model that was configured anew is another model."""
    world.fail(FAILURES)
    world.circuit.forget("m")
    world.fail(FAILURES - 1)
    assert world.circuit.resting("m") == ""


def test_one_that_is_missing_rests_as_long_each_time_and_says_so_once(world):
    """At the first failure, and not longer and longer: looking for a file costs nothing."""
    with structlog.testing.capture_logs() as said:
        for _ in range(5):
            world.circuit.enter("m")
            world.circuit.failed("m", "no file", rest_s=10.0)
            assert "model 'm' failed" in world.circuit.resting("m")
            assert world.circuit.wait() == 10.0
            world.now += 10.0
    assert [line["event"] for line in said] == ["model.resting"]
