"""When a model that fails is left alone, and when it is tried again: plain values and a clock number."""

import pytest

from scanmend.llm.scheduler.circuit_breaker import (
    FAILURES,
    FIRST_REST_S,
    LONGEST_REST_S,
    Circuit,
    Failure,
    begun,
    ended,
)

NOW = 1000.0
DIED = Failure("died of SIGSEGV")


def after(*outcomes, circuit=None, now=NOW):
    """The breaker after calls that ended like this, all at one moment."""
    circuit = circuit or Circuit()
    for outcome in outcomes:
        circuit = ended(begun(circuit), outcome, now)
    return circuit


def test_one_failure_is_not_enough():
    """A page may be to blame; the next call is let through."""
    circuit = after(*[DIED] * (FAILURES - 1))
    assert (circuit.opened, circuit.refuses(NOW), circuit.blocks(NOW)) == (False, False, False)


def test_failures_in_a_row_open_it():
    """Calls are refused until the rest is over, with the reason."""
    circuit = after(*[DIED] * FAILURES)
    assert circuit.opened
    assert circuit.refuses(NOW + FIRST_REST_S - 1)
    assert not circuit.refuses(NOW + FIRST_REST_S)
    assert circuit.sentence("m") == "model 'm' failed 2 times in a row and rests for 60 s: died of SIGSEGV"


@pytest.mark.parametrize(("between", "opened"), [("worked", False), ("undecided", True)])
def test_what_lies_between_two_failures(between, opened):
    """A success makes a new row, so that one bad document among good ones opens nothing; a call cut off does not."""
    assert after(*[DIED] * (FAILURES - 1), between, DIED).opened is opened


def test_after_the_rest_one_call_is_the_probe():
    """While it runs the model still counts as resting; when it works all is well."""
    circuit, now = after(*[DIED] * FAILURES), NOW + FIRST_REST_S
    assert not circuit.blocks(now)
    assert begun(circuit).blocks(now)
    assert ended(begun(circuit), "worked", now) == Circuit()


def test_a_probe_that_says_nothing():
    """It was cut off: the next call is the probe, and the model is not well yet."""
    circuit = after("undecided", circuit=after(*[DIED] * FAILURES), now=NOW + FIRST_REST_S)
    assert circuit.opened
    assert not circuit.blocks(NOW + FIRST_REST_S)


def test_a_probe_that_fails():
    """One failure opens it again, for twice as long, up to a limit."""
    circuit, rests = after(*[DIED] * FAILURES), []
    for _ in range(7):
        rests.append(circuit.rest_s)
        circuit = after(DIED, circuit=circuit, now=circuit.until)
    assert rests == [60.0, 120.0, 240.0, 480.0, 900.0, 900.0, LONGEST_REST_S]


def test_one_that_is_missing_rests_as_long_each_time():
    """At the first failure, and not longer and longer: looking for a file costs nothing."""
    circuit = Circuit()
    for n in range(5):
        now = NOW + 10.0 * n
        assert not circuit.refuses(now)
        circuit = after(Failure("no file", 10.0), circuit=circuit, now=now)
        assert circuit.until == now + 10.0
    assert after(Failure("no file", 10.0)).sentence("m") == "model 'm' failed and rests for 10 s: no file"
