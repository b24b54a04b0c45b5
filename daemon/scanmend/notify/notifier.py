"""The daemon's notifier: a thread that hears log events, and tells people what they have to know."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import structlog

from scanmend.config.schema import Config
from scanmend.errors import ConfigError, StorageError
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.notify import addresses, digest, messages
from scanmend.notify.delivery import Delivery, Send, send_in_child
from scanmend.notify.messages import Event, Message
from scanmend.notify.queue_watch import QueueWatch
from scanmend.notify.throttle import Throttle

MAX_HEARD = 1000
"""Events that may wait to be looked at; what comes while so many do is not told, as there is more than enough to."""
LOOK_INTERVAL_S = 30.0
"""Seconds between two looks at the queue, and at the time of day."""

log = structlog.get_logger()


class Notifier:
    """Hears on any thread; thinks and sends on its own, so that no document ever waits for a mail server."""

    def __init__(
        self,
        config: Callable[[], Config],
        status: Callable[[], Mapping[str, Any]],
        ledger: Callable[[], Ledger],
        send: Send | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """``config``, ``status`` and ``ledger`` return the daemon's of now; they are called once it is started.

        ``clock``: what waiting is measured by. ``wall_clock``: what the digest goes by, in seconds.
        """
        self._config = config
        self._status = status
        self._ledger = ledger
        self._clock, self._wall_clock = clock, wall_clock
        self._stopping = threading.Event()
        self._heard: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.looks = 0
        """How often the thread has looked at what is due."""
        self.unheard = 0
        """Events that were passed over, since too many waited."""
        self._ended = 0
        self._throttle, self._queue_watch = Throttle(), QueueWatch()
        send = send or partial(send_in_child, stopping=self._stopping.is_set)
        self._delivery = Delivery(send, socket.gethostname())
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
        self._digest_due: tuple[str, datetime] | None = None

    def hear(self, event: Event) -> None:
        """Note an event, quickly, on whatever thread."""
        name = event.get("event")
        if name not in messages.TOLD and name not in messages.ENDS:
            return
        if self._heard.qsize() < MAX_HEARD:
            self._heard.put(dict(event))
        else:
            self.unheard += 1

    def __enter__(self) -> Self:
        """Begin to tell; what was heard before is told now."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; what could not be sent is logged, and what is being sent is cut off."""
        self._stopping.set()
        self._heard.put(None)
        self._thread.join()
        notify, untold = self._config().notify, []
        while not self._heard.empty():
            if (event := self._heard.get()) is not None:
                untold.append(messages.of_event(event, names=notify.names))
        if notify.wanted:
            self._delivery.give_up([message for message in untold if message is not None])

    def _run(self) -> None:
        if self._config().notify.wanted and not has_network():
            log.warning("notify.no_network", meaning="this process has no network: see Notifications in monitoring.md")
        wait_s = 0.0
        while not self._stopping.is_set():
            try:
                event = self._heard.get(timeout=wait_s)
            except queue.Empty:
                event = None
            wait_s = self._step(event)
            self.looks += 1

    def _step(self, event: Event | None) -> float:
        """Do what an event asks for, and what is due; return for how many seconds nothing will be."""
        notify, now = self._config().notify, self._clock()
        found: list[Message] = []
        if event is not None:
            self._ended += event.get("event") in messages.ENDS
            message = messages.of_event(event, names=notify.names)
            if message is not None:
                found.append(message)
        if not notify.wanted:
            return LOOK_INTERVAL_S
        if (stuck := self._look_at_queue(now)) is not None:
            found.append(stuck)
        told = [message for message in found if self._throttle.admit(message, now)]
        told += [*self._throttle.due(now), *self._due_digest(self._wall_clock())]
        self._tell(told, now)
        until = (self._delivery.seconds_until_retry(now), self._throttle.seconds_until_due(now), LOOK_INTERVAL_S)
        return min(seconds for seconds in until if seconds is not None)

    def _tell(self, told: list[Message], now: float) -> None:
        try:
            where = addresses.read(self._config().notify) if told else ()
        except ConfigError as e:
            log.error("notify.unavailable", error=str(e), lost=[m.kind for m in told])  # noqa: TRY400 -- no bug of ours
            return
        for message in told:
            self._delivery.send(message, where, now)
        self._delivery.retry(now)

    def _look_at_queue(self, now: float) -> Message | None:
        status = self._status()
        if not status:
            return None
        try:
            counts = self._ledger().counts()
        except StorageError:  # the loop says so, and stops
            return None
        waiting = sum(counts.get(state, 0) for state in ACTIVE) + sum(f["waiting"] for f in status["folders"])
        limit_s = self._config().notify.queue_stuck_min * 60
        return self._queue_watch.look(now, limit_s, waiting=waiting, ended=self._ended, working=status["working"])

    def _due_digest(self, now: float) -> list[Message]:
        at, moment = self._config().notify.digest_at, datetime.fromtimestamp(now).astimezone()
        if at is None:
            self._digest_due = None
            return []
        if self._digest_due is None or self._digest_due[0] != at:
            self._digest_due = (at, digest.next_due(moment, at))
        if moment < self._digest_due[1]:
            return []
        self._digest_due = (at, digest.next_due(moment, at))
        try:
            counts, states = self._ledger().counts_since(now - digest.DAY_S), self._ledger().counts()
        except StorageError:
            return []
        paused = sum(bool(folder["paused"]) for folder in self._status().get("folders", ()))
        return [digest.message(counts, states, paused)]


def has_network() -> bool:
    """Whether this process sees any network but the one with itself; with PrivateNetwork=yes it does not."""
    try:
        lines = Path("/proc/self/net/dev").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return True
    return {line.split(":")[0].strip() for line in lines if ":" in line} != {"lo"}
