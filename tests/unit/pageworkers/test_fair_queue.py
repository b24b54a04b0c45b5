"""scanmend.pageworkers.fair_queue: whose task comes next."""

from concurrent.futures import CancelledError, Future

import pytest

from scanmend.pageworkers.fair_queue import FairQueue


def served(queue: FairQueue, count: int) -> list[str]:
    """Run ``count`` tasks, each of which appends its name to ``ran``, and return ``ran``."""
    for _ in range(count):
        queue.run_next()
    return ran


ran: list[str] = []


@pytest.fixture
def queue():
    ran.clear()
    return FairQueue()


def put(queue: FairQueue, document: str, *names: str, first: bool = False):
    return [queue.put(document, lambda n=name: ran.append(n), first=first) for name in names]


def test_documents_take_turns(queue):
    """One task of each, in the order in which they came; within a document the first comes first."""
    put(queue, "book", "b1", "b2", "b3", "b4")
    put(queue, "letter", "l1")
    put(queue, "report", "r1", "r2")
    assert served(queue, 7) == ["b1", "l1", "r1", "b2", "r2", "b3", "b4"]


def test_a_document_that_goes_on_has_no_advantage(queue):
    """Tasks that come while others wait queue behind those others."""
    put(queue, "book", "b1", "b2")
    put(queue, "letter", "l1")
    queue.run_next()
    put(queue, "book", "b3")
    put(queue, "late", "x1")
    assert served(queue, 4) == ["b1", "l1", "b2", "x1", "b3"]


def test_a_document_that_comes_while_another_s_task_runs_is_next(queue):
    """With one worker, it goes before the other document's tasks that waited already."""
    queue.put("book", lambda: put(queue, "letter", "l1"))
    put(queue, "book", "b2")
    assert served(queue, 3) == ["l1", "b2"]


def test_a_document_that_comes_is_next_with_several_workers(queue):
    """With several workers, too, which run tasks of one document side by side where no other waits."""

    def page() -> None:
        put(queue, "letter", "l1")
        served(queue, 3)

    queue.put("book", page)
    put(queue, "book", "b2", "b3")
    queue.run_next()
    assert ran == ["l1", "b2", "b3"]


def test_a_task_put_first_comes_first(queue):
    """As the inspection of a file is, which is short."""
    put(queue, "book", "b1", "b2")
    put(queue, "letter", "look", first=True)
    assert served(queue, 3) == ["look", "b1", "b2"]


def test_cancelled_tasks_take_no_turn(queue):
    """Cancelled tasks are passed over; without any task, ``run_next`` does nothing."""
    first, second = put(queue, "book", "b1", "b2")
    assert first.cancel()
    assert served(queue, 3) == ["b2"]
    assert second.done()
    with pytest.raises(CancelledError):
        first.result(0)


def test_what_a_task_raises_goes_to_whoever_asks(queue):
    """An exception goes to the task's future, not to the thread that runs it."""

    def fail() -> None:
        raise ZeroDivisionError

    future = queue.put("book", fail)
    queue.run_next()
    assert isinstance(future.exception(0), ZeroDivisionError)


def heavy(queue: FairQueue, document: str, *names: str):
    return [queue.put(document, lambda n=name: ran.append(n), heavy=True) for name in names]


class TestHeavyTasks:
    @pytest.fixture
    def limits(self):
        """How many heavy tasks may run; the last one counts."""
        return [0]

    @pytest.fixture
    def queue(self, limits):
        """A queue with that limit."""
        ran.clear()
        return FairQueue(lambda: limits[-1])

    def test_others_go_past_those_that_are_held_back(self, queue, limits):
        """Each turn that was passed is to be taken again; that goes on where more may run."""
        heavy(queue, "book", "b1", "b2")
        put(queue, "letter", "look", first=True)
        assert served(queue, 3) == ["look"]
        assert queue.take_passed() == 2
        assert queue.take_passed() == 0
        limits.append(1)
        assert served(queue, 2) == ["look", "b1", "b2"]

    def test_no_more_run_than_may(self, queue, limits):
        """A turn passed while one runs is taken when that ends, by the same thread."""
        limits.append(1)

        def first() -> None:
            queue.run_next()
            ran.append("b1")

        queue.put("book", first, heavy=True)
        heavy(queue, "letter", "l1")
        assert served(queue, 1) == ["b1", "l1"]
        assert queue.take_passed() == 0


def test_tasks_that_are_only_begun(queue):
    """They count as running until their future is done; what is left can be given up."""
    begun = [Future(), Future()]
    first = queue.put_begun("a", lambda: begun[0])
    second = queue.put_begun("a", lambda: begun[1])
    other = queue.put_begun("b", Future)
    assert (queue.begin_next(), queue.begin_next(), len(queue)) == (True, True, 1)
    begun[0].set_result(1)
    assert (first.result(0), other.running(), second.running()) == (1, True, False)
    queue.fail_all(ValueError("gone"))
    with pytest.raises(ValueError, match="gone"):
        second.result(0)
    assert not queue.begin_next()


def test_a_task_that_cannot_be_begun(queue):
    """Its future says why, and the next one has its turn."""
    future = queue.put_begun("a", lambda: 1 / 0)
    assert queue.begin_next()
    with pytest.raises(ZeroDivisionError):
        future.result(0)
