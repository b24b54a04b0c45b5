"""scanmend.pageworkers.fair_queue: whose task comes next."""

from concurrent.futures import CancelledError

import pytest

from scanmend.pageworkers.fair_queue import FairQueue


def served(rounds: FairQueue, count: int) -> list[str]:
    """Serve so many tasks, each of which notes its name when it runs."""
    for _ in range(count):
        rounds.serve()
    return ran


ran: list[str] = []


@pytest.fixture
def rounds():
    ran.clear()
    return FairQueue()


def put(rounds: FairQueue, document: str, *names: str, first: bool = False):
    return [rounds.put(document, lambda n=name: ran.append(n), first=first) for name in names]


def test_documents_take_turns(rounds):
    """One task of each, in the order in which they came; within a document the first comes first."""
    put(rounds, "book", "b1", "b2", "b3", "b4")
    put(rounds, "letter", "l1")
    put(rounds, "report", "r1", "r2")
    assert served(rounds, 7) == ["b1", "l1", "r1", "b2", "r2", "b3", "b4"]


def test_a_document_that_goes_on_has_no_advantage(rounds):
    """Tasks that come while others wait queue behind those others."""
    put(rounds, "book", "b1", "b2")
    put(rounds, "letter", "l1")
    rounds.serve()
    put(rounds, "book", "b3")
    put(rounds, "late", "x1")
    assert served(rounds, 4) == ["b1", "l1", "b2", "x1", "b3"]


def test_a_document_that_comes_while_another_s_task_runs_is_next(rounds):
    """Though more of the other's tasks waited before it: with one worker …"""
    rounds.put("book", lambda: put(rounds, "letter", "l1"))
    put(rounds, "book", "b2")
    assert served(rounds, 3) == ["l1", "b2"]


def test_with_several_workers_too(rounds):
    """… and with more, which serve tasks of one document side by side where nobody else waits."""

    def page() -> None:
        put(rounds, "letter", "l1")
        served(rounds, 3)

    rounds.put("book", page)
    put(rounds, "book", "b2", "b3")
    rounds.serve()
    assert ran == ["l1", "b2", "b3"]


def test_a_look_at_a_file_comes_first(rounds):
    """It takes no time, and who waits for it has not begun."""
    put(rounds, "book", "b1", "b2")
    put(rounds, "letter", "look", first=True)
    assert served(rounds, 3) == ["look", "b1", "b2"]


def test_cancelled_tasks_take_no_turn(rounds):
    """They are passed over, and a turn without any task does nothing."""
    first, second = put(rounds, "book", "b1", "b2")
    assert first.cancel()
    assert served(rounds, 3) == ["b2"]
    assert second.done()
    with pytest.raises(CancelledError):
        first.result(0)


def test_what_a_task_raises_goes_to_whoever_asks(rounds):
    """And not to whoever serves it."""

    def fail() -> None:
        raise ZeroDivisionError

    future = rounds.put("book", fail)
    rounds.serve()
    assert isinstance(future.exception(0), ZeroDivisionError)
