"""Once an hour is enough: what of many alike messages is sent, and how many were held back. Pure; takes ``now``."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scanmend.notify.messages import Message

INTERVAL_S = 3600.0
"""Seconds between two messages of one kind about one subject."""


@dataclass(frozen=True, slots=True)
class _Sent:
    at: float
    held_back: int = 0
    last: Message | None = None
    """The latest message that was held back."""


class Throttle:
    """Remembers when each kind about each subject was last told; ``now`` is of any clock that goes on evenly."""

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._sent: dict[tuple[str, str], _Sent] = {}

    def admit(self, message: Message, now: float) -> bool:
        """Whether a message is to be sent now; one that is not is counted."""
        before = self._sent.get(message.key)
        if before is None or (now - before.at >= self._interval_s and not before.held_back):
            self._sent[message.key] = _Sent(now)
            return True
        self._sent[message.key] = replace(before, held_back=before.held_back + 1, last=message)
        return False

    def due(self, now: float) -> Iterator[Message]:
        """Yield, for each kind and subject whose time is over, the latest message held back, and how many there were.

        What was not heard of for so long is forgotten.
        """
        for key, sent in list(self._sent.items()):
            if now - sent.at < self._interval_s:
                continue
            del self._sent[key]
            if sent.last is not None:
                self._sent[key] = _Sent(now)
                yield _with_count(sent.last, sent.held_back)

    def seconds_until_due(self, now: float) -> float | None:
        """Seconds until ``due`` has something; None when it will not have anything."""
        waiting = [sent.at + self._interval_s - now for sent in self._sent.values() if sent.held_back]
        return max(0.0, min(waiting)) if waiting else None


def _with_count(message: Message, count: int) -> Message:
    if count == 1:
        return message
    return replace(message, text=f"{message.text} In all {count} of this kind since the last message.")
