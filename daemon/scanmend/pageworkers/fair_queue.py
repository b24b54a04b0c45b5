"""Tasks of many documents, served in turn: one of each, then the next of each, so that none waits for a long one.

A document that comes while a task of another is in work goes before the next of that one; where nobody waits, tasks
of one document are served side by side.
"""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")
_Task = tuple["Future[Any]", Callable[[], Any]]


class FairQueue:
    """Queues of tasks, one for each document; any number of threads put tasks in and serve them."""

    def __init__(self) -> None:
        self._queues: OrderedDict[Hashable, deque[_Task]] = OrderedDict()
        self._in_work: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def put(self, document: Hashable, call: Callable[[], _T], *, first: bool = False) -> "Future[_T]":
        """Queue a task behind those of the same document; ``first``: this document comes next, before all others."""
        future: Future[_T] = Future()
        with self._lock:
            self._queues.setdefault(document, deque()).append((future, call))
            if first:
                self._queues.move_to_end(document, last=False)
        return future

    def run_next(self) -> None:
        """Run the next task that nobody cancelled; what it raises goes to its future. Returns at once without one."""
        while (found := self._next()) is not None:
            document, (future, call) = found
            try:
                if future.set_running_or_notify_cancel():
                    try:
                        future.set_result(call())
                    except BaseException as e:  # noqa: BLE001 -- as executors do: it is for whoever asks for the result
                        future.set_exception(e)
                    return
            finally:
                self._finished(document)

    def _next(self) -> tuple[Hashable, _Task] | None:
        with self._lock:
            if not self._queues:
                return None
            document = min(self._queues, key=lambda one: self._in_work[one])  # the first of those that have fewest
            queue = self._queues.pop(document)
            task = queue.popleft()
            if queue:
                self._queues[document] = queue
            self._in_work[document] += 1
            return document, task

    def _finished(self, document: Hashable) -> None:
        with self._lock:
            if document in self._queues:
                self._queues.move_to_end(document)
            self._in_work[document] -= 1
            if not self._in_work[document]:
                del self._in_work[document]
