"""scanmend.intake.settle with a clock in hand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.document import Fingerprint
from scanmend.intake.settle import Settler

A, B = Path("a.pdf"), Path("sub/b.png")


def state(size: int = 1, mtime_ns: int = 0, inode: int = 1) -> Fingerprint:
    return Fingerprint(inode, size, mtime_ns)


def test_a_file_settles_after_its_time():
    """A file is ready settle_s after it was first seen, not before."""
    settler = Settler(2, 60)
    assert settler.settled({A: state()}, 100) == []
    assert settler.settled({A: state()}, 101.9) == []
    assert settler.settled({A: state()}, 102) == [A]


@pytest.mark.parametrize("changed", [state(size=2), state(mtime_ns=1), state(inode=2)])
def test_any_change_begins_the_wait_anew(changed):
    """Size, time and inode each start the wait again."""
    settler = Settler(2, 60)
    settler.settled({A: state()}, 0)
    assert settler.settled({A: changed}, 2) == []
    assert settler.settled({A: changed}, 4) == [A]


def test_a_zero_wait_takes_a_file_at_first_sight():
    """With settle_s 0 whatever is listed is ready."""
    assert Settler(0, 60).settled({A: state()}, 7) == [A]


def test_longest_waiting_first():
    """Files come in the order in which they began to stand still, then by their own time."""
    settler = Settler(2, 60)
    settler.settled({B: state(mtime_ns=9)}, 0)
    c = Path("c")
    everything = {A: state(mtime_ns=5), c: state(mtime_ns=3), B: state(mtime_ns=9)}
    settler.settled(everything, 1)
    assert settler.settled(everything, 3) == [B, c, A]


def test_a_vanished_file_is_forgotten():
    """A file that comes back after it had vanished waits its whole time."""
    settler = Settler(2, 60)
    settler.settled({A: state()}, 0)
    settler.settled({}, 1)
    assert settler.settled({A: state()}, 2) == []
    assert settler.seconds_until_settled(2) == 2


def test_wait_is_exact():
    """The loop may sleep until the earliest file is due."""
    settler = Settler(2, 60)
    assert settler.seconds_until_settled(0) is None
    settler.settled({A: state()}, 0)
    settler.settled({A: state(), B: state()}, 1)
    assert settler.seconds_until_settled(1.5) == 0.5
    assert settler.seconds_until_settled(9) == 0
    assert settler.settled({A: state(), B: state()}, 2) == [A]
    assert settler.seconds_until_settled(2) == 1


def test_a_file_left_lying_does_not_keep_the_loop_awake():
    """What was returned is returned again, but nobody need wake up for it."""
    settler = Settler(2, 60)
    settler.settled({A: state()}, 0)
    assert settler.settled({A: state()}, 2) == [A]
    assert settler.seconds_until_settled(2) is None
    assert settler.settled({A: state()}, 300) == [A]


def test_an_incomplete_file_is_taken_in_the_end():
    """A postponed file comes again at incomplete_s, and then cannot be postponed any more."""
    settler = Settler(2, 60)
    settler.settled({A: state()}, 0)
    assert settler.settled({A: state()}, 2) == [A]
    assert settler.postpone(A, 2)
    assert settler.settled({A: state()}, 3) == []
    assert settler.seconds_until_settled(3) == 57
    assert settler.settled({A: state()}, 60) == [A]
    assert not settler.postpone(A, 60)


def test_an_incomplete_file_that_grows_comes_after_its_time():
    """Growth ends the postponement: the usual time to settle counts again."""
    settler = Settler(2, 60)
    settler.settled({A: state()}, 0)
    settler.settled({A: state()}, 2)
    settler.postpone(A, 2)
    assert settler.settled({A: state(size=2)}, 10) == []
    assert settler.settled({A: state(size=2)}, 12) == [A]


def test_forget_begins_anew():
    """A forgotten path is a new one; an unknown path may be forgotten, but not postponed."""
    settler = Settler(2, 60)
    settler.settled({A: state()}, 0)
    settler.forget(A)
    settler.forget(B)
    assert settler.seconds_until_settled(0) is None
    assert not settler.postpone(B, 0)
    assert settler.settled({A: state()}, 2) == []


@given(steps=st.lists(st.tuples(st.floats(0, 10), st.integers(0, 2) | st.none()), max_size=30))
def test_never_ready_before_it_stood_still(steps):
    """Whatever happens to a file, it is returned exactly when it was seen unchanged for settle_s."""
    settler, now, since, before = Settler(3, 60), 0.0, None, None
    for pause, size in steps:
        now += pause
        listing = {} if size is None else {A: state(size=size)}
        if size != before:
            since, before = now, size
        ready = settler.settled(listing, now)
        assert ready == ([A] if size is not None and now >= since + 3 else [])
