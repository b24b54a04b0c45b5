"""Whether a queue stands still: documents wait, and for long none came to its end and no page got further. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from scanmend.notify.messages import Message


class QueueWatch:
    """Compares what the daemon says of itself from time to time; ``now`` is of a clock that goes on evenly."""

    def __init__(self) -> None:
        self._moved_at: float | None = None
        self._ended = 0
        self._seen: set[tuple[str, str]] = set()
        """Stages of documents since the last one ended: a document that fails again and again sees no new ones."""
        self._told = False

    def look(
        self, now: float, limit_s: float, *, waiting: int, ended: int, working: Iterable[Mapping[str, Any]]
    ) -> Message | None:
        """Return a message when nothing has moved for ``limit_s``, once; 0 for never.

        ``waiting``: documents and files that have to go on. ``ended``: how many came to their end, ever.
        ``working``: the documents in work with their stages, as status has them.
        """
        stages = {(str(one["id"]), str(one["stage"])) for one in working}
        if self._moved_at is None or not waiting or ended != self._ended or not stages <= self._seen:
            self._moved_at, self._told = now, False
        if ended != self._ended or not waiting:
            self._seen.clear()
        self._seen |= stages
        self._ended = ended
        still_s = now - self._moved_at
        if self._told or not limit_s or still_s < limit_s:
            return None
        self._told = True
        text = f"{waiting} document(s) wait, and nothing has moved for {still_s / 60:.0f} minutes."
        return Message("queue", "", "Nothing moves", f"{text} scanmend status says what they wait for.")
