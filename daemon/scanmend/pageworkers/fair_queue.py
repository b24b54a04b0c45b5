"""A fair queue of the tasks of many documents: one of each document in turn, so that none waits for a long one.

Next is a document with the fewest tasks running, among these the one that has waited longest. So a document that
comes while a task of another runs goes before that one's next task; where no other document waits, several tasks of
one document run side by side.
"""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar, cast

_T = TypeVar("_T")
_Task = tuple["Future[Any]", Callable[[], Any]]


class FairQueue:
    """One queue of tasks for each document; any number of threads may put tasks in and run them."""

    def __init__(self) -> None:
        self._queues: OrderedDict[Hashable, deque[_Task]] = OrderedDict()
        self._running: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def put(self, document: Hashable, call: Callable[[], _T], *, first: bool = False) -> "Future[_T]":
        """Queue ``call`` behind the tasks of the same document, and return the future of its result.

        ``first``: the document goes before all others that have as few tasks running.
        """
        future: Future[_T] = Future()
        with self._lock:
            self._queues.setdefault(document, deque()).append((future, call))
            if first:
                self._queues.move_to_end(document, last=False)
        return future

    def put_begun(self, document: Hashable, call: "Callable[[], Future[_T]]") -> "Future[_T]":
        """Queue ``call``, which begins a task and returns the future of its result, for ``begin_next``."""
        return cast("Future[_T]", self.put(document, call))

    def run_next(self) -> None:
        """Run the next task that was not cancelled, if there is one; what it raises goes to its future."""
        while (found := self._next()) is not None:
            document, (future, call) = found
            try:
                if future.set_running_or_notify_cancel():
                    try:
                        future.set_result(call())
                    except BaseException as e:  # noqa: BLE001 -- as executors do: ``future.result()`` raises it
                        future.set_exception(e)
                    return
            finally:
                self._finished(document)

    def begin_next(self) -> bool:
        """Begin the next task that was not cancelled, whose call returns the future of the result.

        Return whether there was one.
        """
        while (found := self._next()) is not None:
            document, (future, call) = found
            if not future.set_running_or_notify_cancel():
                self._finished(document)
                continue
            try:
                begun: Future[Any] = call()
            except BaseException as e:  # noqa: BLE001 -- as ``run_next``
                self._finished(document)
                future.set_exception(e)
            else:
                begun.add_done_callback(partial(self._hand_on, document, future))
            return True
        return False

    def fail_all(self, error: BaseException) -> None:
        """Have the futures of all tasks that were not begun raise ``error``."""
        while (found := self._next()) is not None:
            document, (future, _) = found
            self._finished(document)
            if future.set_running_or_notify_cancel():
                future.set_exception(error)

    def __len__(self) -> int:
        with self._lock:
            return sum(len(queue) for queue in self._queues.values())

    def _hand_on(self, document: Hashable, future: "Future[Any]", begun: "Future[Any]") -> None:
        self._finished(document)
        if (error := begun.exception()) is not None:
            future.set_exception(error)
        else:
            future.set_result(begun.result())

    def _next(self) -> tuple[Hashable, _Task] | None:
        with self._lock:
            if not self._queues:
                return None
            document = min(self._queues, key=lambda one: self._running[one])  # the first of those with the fewest
            queue = self._queues.pop(document)
            task = queue.popleft()
            if queue:
                self._queues[document] = queue
            self._running[document] += 1
            return document, task

    def _finished(self, document: Hashable) -> None:
        with self._lock:
            if document in self._queues:
                self._queues.move_to_end(document)
            self._running[document] -= 1
            if not self._running[document]:
                del self._running[document]
