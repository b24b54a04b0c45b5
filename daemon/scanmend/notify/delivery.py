"""Delivery: a message is sent in a process of its own, within a time limit; what failed is tried again later."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from scanmend.errors import ChildDied, Stopping
from scanmend.notify.messages import Message
from scanmend.process.child import Child

SEND_LIMIT_S = 60.0
"""Seconds that all addresses together may take for one message; then the process is ended, and it has failed."""
RETRY_DELAYS_S = (60.0, 300.0, 1800.0)
"""Seconds until a message is tried again, after each failure; then it is given up, and the log says so."""
MAX_WAITING = 50
"""Messages that wait to be tried again; beyond, the oldest is given up."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    failed: tuple[str, ...]
    """Addresses that did not take the message."""
    why: str = ""
    """For people: without addresses."""


Send = Callable[[Sequence[str], str, str], Outcome]
"""Sends title and text to addresses."""


def send_in_child(addresses: Sequence[str], title: str, text: str, stopping: Callable[[], bool]) -> Outcome:
    """Have a fresh process send; never longer than SEND_LIMIT_S, and cut off when ``stopping``."""
    everyone = tuple(addresses)
    try:
        child = Child("scanmend.notify.host")
    except ChildDied as e:
        return Outcome(everyone, str(e))
    try:
        reply = child.ask({"addresses": everyone, "title": title, "text": text}, SEND_LIMIT_S, stopping=stopping)
    except ChildDied:  # its message may quote what it said, addresses included
        return Outcome(everyone, "the process that sends died, or took too long")
    except Stopping:
        return Outcome(everyone, "the daemon stopped")
    finally:
        child.end(0)
    if error := reply.get("error"):
        return Outcome(everyone, str(error))
    return Outcome(tuple(everyone[i] for i in reply["failed"]), str(reply["why"]))


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    addresses: tuple[str, ...]
    attempts: int
    due: float


class Delivery:
    """Messages under way; used by one thread. ``now`` is of a clock that goes on evenly."""

    def __init__(self, send: Send, machine: str) -> None:
        """``machine``: name of this machine, with which each title begins."""
        self._send = send
        self._machine = machine
        self._waiting: list[_Waiting] = []

    def send(self, message: Message, addresses: Sequence[str], now: float) -> None:
        """Send a message now; what fails waits."""
        self._try(_Waiting(message, tuple(addresses), 0, now), now)

    def retry(self, now: float) -> None:
        """Try again what is due."""
        due = [one for one in self._waiting if one.due <= now]
        self._waiting = [one for one in self._waiting if one.due > now]
        for one in due:
            self._try(one, now)

    def seconds_until_retry(self, now: float) -> float:
        """Seconds until a message is due again; infinity when none is."""
        return max(0.0, min((one.due - now for one in self._waiting), default=math.inf))

    def give_up(self, untold: Sequence[Message] = ()) -> None:
        """Say of each message that waits, and of others that were never tried, that it will not be sent."""
        for one in (*self._waiting, *(_Waiting(message, (), 0, 0.0) for message in untold)):
            _log_given_up(one, "the daemon stopped")
        self._waiting = []

    def _try(self, one: _Waiting, now: float) -> None:
        outcome = self._send(one.addresses, f"scanmend on {self._machine}: {one.message.title}", one.message.text)
        if not outcome.failed:
            log.info("notify.sent", kind=one.message.kind, subject=one.message.subject, addresses=len(one.addresses))
            return
        attempts = one.attempts + 1
        failed = replace(one, addresses=outcome.failed, attempts=attempts)
        if attempts > len(RETRY_DELAYS_S):
            _log_given_up(failed, outcome.why)
            return
        delay_s = RETRY_DELAYS_S[attempts - 1]
        log.warning(
            "notify.failed", kind=one.message.kind, why=outcome.why, addresses=len(outcome.failed), again_in_s=delay_s
        )
        self._waiting.append(replace(failed, due=now + delay_s))
        while len(self._waiting) > MAX_WAITING:
            _log_given_up(self._waiting.pop(0), "too many wait")


def _log_given_up(one: _Waiting, why: str) -> None:
    log.error(
        "notify.given_up", kind=one.message.kind, subject=one.message.subject, why=why, addresses=len(one.addresses)
    )
