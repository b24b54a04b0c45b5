"""scanmend.review.journal: each step on the disk, a torn one is none."""

import threading

import pytest

from scanmend.errors import StorageError
from scanmend.review import journal
from scanmend.review.doubt.decisions import Action, Decided, Decision
from scanmend.review.journal import Journal

STEP = Action(
    "decide", "Ana", "now", (Decided(Decision("p1l1w1", "type", "x \u2028\U0001f600"), "a", "x", "Ana", "now"),)
)


def test_steps_come_back_in_order(tmp_path):
    """Whatever text they hold."""
    steps = Journal(tmp_path / "j")
    assert steps.read() == ()
    assert [steps.append(STEP), steps.append(Action("undo", "", ""))] == [1, 2]
    assert Journal(tmp_path / "j").read() == (STEP, Action("undo", "", ""))


def test_a_torn_line_is_no_step(tmp_path):
    """It was never acknowledged; the next step takes its place."""
    steps = Journal(tmp_path / "j")
    steps.append(STEP)
    with steps.path.open("ab") as file:
        file.write(b'{"does": "und')
    assert steps.read() == (STEP,)
    assert steps.append(STEP) == 2
    assert steps.read() == (STEP, STEP)


def test_a_line_that_somebody_spoilt(tmp_path):
    """Nothing is guessed."""
    (tmp_path / "j").write_text("{}\n")
    with pytest.raises(StorageError, match="cannot be read"):
        Journal(tmp_path / "j").read()


def test_a_full_journal(tmp_path, monkeypatch):
    """It does not grow for ever."""
    monkeypatch.setattr(journal, "MAX_BYTES", 300)
    steps = Journal(tmp_path / "j")
    steps.append(STEP)
    with pytest.raises(StorageError, match="is full"):
        steps.append(STEP)
    assert steps.read() == (STEP,)


def test_many_append_at_once(tmp_path):
    """From threads as from processes: each with a file of its own."""
    threads = [
        threading.Thread(target=lambda: [Journal(tmp_path / "j").append(STEP) for _ in range(20)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Journal(tmp_path / "j").read() == (STEP,) * 80
