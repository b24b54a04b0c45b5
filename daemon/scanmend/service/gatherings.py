"""Files of one inbox that wait for others: which will be one document, and which of these documents are complete."""

import math
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from scanmend.assembly.groups import Gathering, Grouping, gather
from scanmend.document import local_iso, printable

MAX_GATHERINGS = 10
"""Documents of one inbox whose files wait for others, that status names."""
MAX_GATHERED = 10
"""Files of each of them that status names."""


class Gatherings:
    """What was gathered as of the last listing; times are of the loop's clock, in seconds."""

    def __init__(self, group: Grouping | None) -> None:
        """``group``: how files are put together; None: they are not."""
        self._group = group
        self._waiting: list[Gathering] = []
        self._complete: deque[Gathering] = deque()
        self._epoch = 0.0
        """Wall clock at 0 of the loop's clock, in seconds."""
        self.next_complete = math.inf
        """When the first document is complete of those that were not so at the last listing; infinity for none."""

    def update(
        self, listed: Iterable[Path], since: Callable[[Path], float], settled: Collection[Path], now: float
    ) -> set[Path]:
        """Take the listed files, since when each has been as it is; return those that are parts of documents."""
        if self._group is None:
            return set()
        still, self._epoch = set(settled), time.time() - now
        self._waiting = gather({path: since(path) for path in listed}, self._group)
        self._complete = deque(one for one in self._waiting if one.until <= now and still.issuperset(one.files))
        self.next_complete = min((one.until for one in self._waiting if one.until > now), default=math.inf)
        return {file for one in self._waiting for file in one.files}

    def pop_complete(self) -> Gathering | None:
        """Return the next document that is complete; None when there is none."""
        return self._complete.popleft() if self._complete else None

    def taken(self, gathering: Gathering) -> None:
        """Note that a document's files were taken."""
        self._waiting.remove(gathering)

    def hold(self) -> None:
        """Have no document count as complete until the next listing."""
        self._complete.clear()

    def forget(self) -> None:
        """Forget all files, as their inbox is out of reach."""
        self._waiting.clear()
        self._complete.clear()
        self.next_complete = math.inf

    def snapshot(self) -> list[dict[str, Any]]:
        """The documents whose files wait for others, as status has them."""
        return [
            {
                "name": printable(one.name),
                "files": [printable(file) for file in one.files[:MAX_GATHERED]],
                "count": len(one.files),
                "since": local_iso(one.since + self._epoch),
                "until": local_iso(one.until + self._epoch),
            }
            for one in self._waiting[:MAX_GATHERINGS]
        ]
