"""scanmend.notify.throttle: once an hour, and nothing is forgotten."""

import pytest

from scanmend.notify.messages import Message
from scanmend.notify.throttle import Throttle


def message(kind="failure", subject="a", text="x."):
    return Message(kind, subject, "title", text)


@pytest.fixture
def throttle():
    return Throttle(3600.0)


def test_the_first_goes_and_the_others_wait_for_the_hour_to_end(throttle):
    """Then one tells how many they were."""
    assert throttle.admit(message(), 0.0)
    assert [throttle.admit(message(text=f"{n}."), float(n)) for n in range(1, 100)] == [False] * 99
    assert list(throttle.due(3599.0)) == []
    assert throttle.seconds_until_due(3000.0) == 600.0
    (late,) = throttle.due(3600.0)
    assert late.text == "99. In all 99 of this kind since the last message."
    assert list(throttle.due(3601.0)) == []


def test_one_that_was_held_back_is_told_as_it_was(throttle):
    throttle.admit(message(), 0.0)
    throttle.admit(message(text="second."), 5.0)
    assert [m.text for m in throttle.due(4000.0)] == ["second."]


def test_kinds_and_subjects_do_not_wait_for_each_other(throttle):
    """A failure of one folder does not hide that another is paused."""
    assert all(throttle.admit(m, 0.0) for m in (message(), message(subject="b"), message("folder")))


def test_after_an_hour_of_silence_the_next_goes_at_once(throttle):
    assert throttle.admit(message(), 0.0)
    assert throttle.admit(message(), 3600.0)
    assert throttle.seconds_until_due(3600.0) is None


def test_a_flood_makes_one_message_an_hour(throttle):
    """And each of them is counted once."""
    told, counted = 0, 0
    for second in range(0, 4 * 3600, 10):
        told += throttle.admit(message(), float(second))
        for late in throttle.due(float(second)):
            told += 1
            counted += int(late.text.split("In all ")[1].split()[0])
    assert told == 4
    assert counted == 3 * 360
