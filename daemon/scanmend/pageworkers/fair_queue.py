"""A fair queue of the tasks of many documents: one of each document in turn, so that none waits for a long one.

Next is a document with the fewest tasks running, among these the one that has waited longest. So a document that
comes while a task of another runs goes before that one's next task; where no other document waits, several tasks of
one document run side by side.

Tasks that take a core for seconds, such as reading a page, are *heavy*; of these no more run at a time than a limit,
which may change, allows. Others go past those that it holds back.
"""

import math
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Task:
    call: Callable[[], Any]
    future: "Future[Any]"
    heavy: bool


class FairQueue:
    """One queue of tasks for each document; any number of threads may put tasks in and run them."""

    def __init__(self, most_heavy: Callable[[], float] = lambda: math.inf) -> None:
        """``most_heavy`` tells how many heavy tasks may run now; it is asked from within, and must not call back."""
        self._most_heavy = most_heavy
        self._running_heavy = 0
        self._turns_passed = 0
        """How often ``run_next`` ended because only tasks waited that were held back."""
        self._queues: OrderedDict[Hashable, deque[_Task]] = OrderedDict()
        self._running: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def put(
        self, document: Hashable, call: Callable[[], _T], *, first: bool = False, heavy: bool = False
    ) -> "Future[_T]":
        """Queue ``call`` behind the tasks of the same document, and return the future of its result.

        ``first``: the document goes before all others that have as few tasks running.
        """
        future: Future[_T] = Future()
        with self._lock:
            self._queues.setdefault(document, deque()).append(_Task(call, future, heavy))
            if first:
                self._queues.move_to_end(document, last=False)
        return future

    def put_begun(self, document: Hashable, call: "Callable[[], Future[_T]]") -> "Future[_T]":
        """Queue ``call``, which begins a task and returns the future of its result, for ``begin_next``."""
        return cast("Future[_T]", self.put(document, call))

    def run_next(self) -> None:
        """Run the next task that was not cancelled, if there is one; what it raises goes to its future.

        And after it what was held back meanwhile, as long as that may run.
        """
        while (found := self._next()) is not None:
            document, task = found
            has_run = False
            try:
                if has_run := task.future.set_running_or_notify_cancel():
                    try:
                        task.future.set_result(task.call())
                    except BaseException as e:  # noqa: BLE001 -- as executors do: ``future.result()`` raises it
                        task.future.set_exception(e)
            finally:
                self._finished(document, task)
            if has_run and not self.take_passed(1):
                return

    def take_passed(self, most: int | None = None) -> int:
        """Return how many turns were passed since the last call, ``most`` at most: ``run_next`` is to run so often."""
        with self._lock:
            taken = self._turns_passed if most is None else min(most, self._turns_passed)
            self._turns_passed -= taken
            return taken

    def begin_next(self) -> bool:
        """Begin the next task that was not cancelled, whose call returns the future of the result.

        Return whether there was one.
        """
        while (found := self._next()) is not None:
            document, task = found
            if not task.future.set_running_or_notify_cancel():
                self._finished(document, task)
                continue
            try:
                begun: Future[Any] = task.call()
            except BaseException as e:  # noqa: BLE001 -- as ``run_next``
                self._finished(document, task)
                task.future.set_exception(e)
            else:
                begun.add_done_callback(partial(self._hand_on, document, task))
            return True
        return False

    def fail_all(self, error: BaseException) -> None:
        """Have the futures of all tasks that were not begun raise ``error``."""
        while (found := self._next()) is not None:
            document, task = found
            self._finished(document, task)
            if task.future.set_running_or_notify_cancel():
                task.future.set_exception(error)

    def __len__(self) -> int:
        with self._lock:
            return sum(len(queue) for queue in self._queues.values())

    def _hand_on(self, document: Hashable, task: _Task, begun: "Future[Any]") -> None:
        self._finished(document, task)
        if (error := begun.exception()) is not None:
            task.future.set_exception(error)
        else:
            task.future.set_result(begun.result())

    def _next(self) -> tuple[Hashable, _Task] | None:
        with self._lock:
            if not self._queues:
                return None
            holds = self._running_heavy >= self._most_heavy()
            ready = [document for document, queue in self._queues.items() if not (holds and queue[0].heavy)]
            if not ready:
                self._turns_passed += 1
                return None
            document = min(ready, key=lambda one: self._running[one])  # the first of those with the fewest
            queue = self._queues.pop(document)
            task = queue.popleft()
            if queue:
                self._queues[document] = queue
            self._running[document] += 1
            self._running_heavy += task.heavy
            return document, task

    def _finished(self, document: Hashable, task: _Task) -> None:
        with self._lock:
            self._running_heavy -= task.heavy
            if document in self._queues:
                self._queues.move_to_end(document)
            self._running[document] -= 1
            if not self._running[document]:
                del self._running[document]
