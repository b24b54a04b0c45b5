"""One watched inbox over time: when to list it, what has settled, what ails it."""

import math
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from scanmend.config.schema import Folder
from scanmend.document import Fingerprint, printable
from scanmend.errors import StorageError
from scanmend.fs.mounts import MountWatch
from scanmend.intake.fs_events import NO_WATCHES, FsEvents
from scanmend.intake.inbox import Inbox, is_network
from scanmend.intake.settle import Settler
from scanmend.intake.sniff import ScanState
from scanmend.jobs.reconcile import already_made
from scanmend.ledger.ledger import Ledger

RECHECK_S = 15.0
"""How often a lost watch is looked for."""
MISSING_S = 3.0
"""How often a missing inbox is."""
BUSY_S, FAILED_S = 5.0, 30.0
"""When the inbox is listed again after a file was busy, or could not be claimed; of that no event tells."""
LISTING_SHARE = 0.05
"""Of the time, at most, events and settled files have the inbox listed: with ten thousand files a listing takes some
20 ms, and may be asked for by each file that comes."""
EVENTS_AGAIN_S = 300.0
"""How often events are asked for again where they could not be had."""
MOST_FAILURES = 3
"""So many claims that fail in a row are the inbox's fault, or the ledger's, not the files'."""

log = structlog.get_logger()


class InboxWatcher:
    """Knows which files of one inbox are ready to be claimed."""

    def __init__(
        self,
        folder: Folder,
        ledger: Ledger,
        doorbell: FsEvents,
        arrived: Callable[[Folder], None] = lambda _folder: None,
        clock: Callable[[], float] = time.monotonic,
        storage: MountWatch | None = None,
    ) -> None:
        """``arrived(folder)`` hears that the inbox is there again after an absence, or another one in its place.

        ``clock`` tells how long a listing takes, in seconds.
        """
        self.folder = folder
        self.inbox = Inbox(folder)
        self.trouble: str | None = None
        self._ledger = ledger
        self._doorbell = doorbell
        self._arrived = arrived
        self._settler = Settler(folder.settle_s, folder.incomplete_s)
        self._listing: dict[Path, Fingerprint] = {}
        self._ready: deque[Path] = deque()
        self._identity: tuple[int, int] | None = None
        self._listed = True
        self._fresh = False
        self._failures = 0
        self._next_listing = 0.0
        self._not_before = 0.0
        self._rung = False
        self._clock = clock
        self._storage = storage or MountWatch()
        self._next_check = 0.0
        self._events_again = math.inf
        self._deaf = False
        self._overflows = doorbell.overflow_count
        self._armed = ("", "")
        self._kept: dict[Path, Fingerprint] = {}
        self.polls = False
        self.why = ""
        """Why it is polled."""

    def close(self) -> None:
        """Stop hearing events of this inbox."""
        self._doorbell.unwatch(self.folder.inbox)

    def look(self, now: float, *, rung: bool) -> None:
        """Look at the inbox when it is time, or when the doorbell rang; ``now`` is time.monotonic()."""
        if rung or now >= self._next_check:
            self._check(now)
        if self._identity is None:
            return
        self._rung |= rung
        if now >= min(self._next_listing, self._wanted(now)):
            self._list(now)

    def _wanted(self, now: float) -> float:
        """When the inbox is to be listed because of events, or of files that have settled; infinity when it is not."""
        settling = self._settler.seconds_until_settled(now)
        due = now if self._rung else math.inf if settling is None else now + settling
        return max(due, self._not_before)

    def wait(self, now: float) -> float:
        """Seconds until ``look`` has something to do of its own."""
        if self._identity is None:
            return max(0.0, self._next_check - now)
        return max(0.0, min(self._next_listing, self._next_check, self._wanted(now)) - now)

    def take(self, now: float) -> tuple[Path, Fingerprint] | None:
        """Return the next file that is ready to be claimed, the one that waited longest first."""
        while self._ready:
            relative = self._ready.popleft()
            fingerprint = self._listing[relative]
            if self._is_kept(relative, fingerprint):
                self._kept[relative] = self._listing.pop(relative)
                continue
            if self.inbox.scan_state(relative) is ScanState.INCOMPLETE and self._settler.postpone(relative, now):
                continue
            self._settler.forget(relative)
            return relative, fingerprint
        return None

    def fresh(self) -> bool:
        """Whether files came since this was asked last; they still have to settle."""
        fresh, self._fresh = self._fresh, False
        return fresh

    @property
    def waiting(self) -> int:
        """How many files lie in the inbox to be processed, settled or not."""
        return len(self._listing)

    def taken(self, relative: Path) -> None:
        """Note that a file is out of the inbox."""
        self._listing.pop(relative, None)
        self._failures = 0
        self.trouble = None

    def missed(self, now: float) -> None:
        """Note that a file changed, went away or was busy when it was to be claimed."""
        self._next_listing = min(self._next_listing, now + BUSY_S)

    def failed(self, reason: str, now: float) -> None:
        """Note that a file could not be claimed; the others get their chance, but not when all fail."""
        if not self._failures:  # of a hundred files that fail for one reason, the first says it
            self._troubled(self._ailment() or reason)
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            self._ready.clear()
        self._next_listing = min(self._next_listing, now + FAILED_S)

    def _check(self, now: float) -> None:
        """See that the inbox is there and its events arrive; arm anew after it was replaced or unmounted."""
        self._next_check = now + RECHECK_S
        identity, ailment = self.inbox.identity(), self._ailment()
        if ailment or identity is None:
            self._out_of_reach(ailment or f"the inbox {self.folder.inbox} is no folder", now)
            self._identity = None
            return
        if self._overflows != self._doorbell.overflow_count:
            self._overflows = self._doorbell.overflow_count
            self._next_listing = now
            log.warning("inbox.events_lost", folder=self.folder.name, meaning="too many at once; the inbox is listed")
        lost = not self.polls and not self._doorbell.watching(self.folder.inbox)
        another = identity != self._identity or lost
        if another or now >= self._events_again:
            if another and (self._identity is not None or not self._listed):
                self._arrived(self.folder)
            self._identity = identity
            self._arm(now)
            self._next_listing = now

    def _arm(self, now: float) -> None:
        network = self.folder.watch == "auto" and is_network(self.folder.inbox)
        self.polls = self.folder.watch == "poll" or network
        self.why = "watch: poll" if self.folder.watch == "poll" else "network file system" if network else ""
        self._events_again = math.inf
        if not self.polls:
            try:
                self._doorbell.watch(self.folder.inbox, self.folder.recursive)
                if deaf := self._doorbell.count_unwatched(self.folder.inbox, self.inbox.subfolder_inodes):
                    raise StorageError(self._unheard(deaf))
            except StorageError as e:
                self._poll_instead(str(e), now)
        self._tell_mode()

    def _poll_instead(self, why: str, now: float) -> None:
        """Do without events for a while."""
        self._doorbell.unwatch(self.folder.inbox)
        self.polls, self.why = True, why
        self._events_again = now + EVENTS_AGAIN_S
        if self._armed != (self.mode, why):
            log.warning("inbox.events_unavailable", folder=self.folder.name, error=why)

    def _tell_mode(self) -> None:
        if self._armed != (armed := (self.mode, self.why)) or not self.polls:
            self._armed = armed
            log.info(
                "inbox.watching",
                folder=self.folder.name,
                inbox=str(self.folder.inbox),
                mode=self.mode,
                why=self.why or None,
            )

    def _see_to_folders(self, now: float) -> None:
        """Poll where folders in the inbox give no events; twice in a row, as watchdog may only just hear of one."""
        deaf = 0 if self.polls else self._doorbell.count_unwatched(self.folder.inbox, self.inbox.subfolder_inodes)
        if deaf and self._deaf:
            self._poll_instead(self._unheard(deaf), now)
            self._tell_mode()
        self._deaf = bool(deaf) and not self.polls

    def _unheard(self, deaf: int) -> str:
        return f"{deaf} folders in {self.folder.inbox} cannot be watched: {NO_WATCHES}"

    @property
    def mode(self) -> str:
        """``events`` or ``poll``."""
        return "poll" if self.polls else "events"

    def _list(self, now: float) -> None:
        self._rung = False
        began = self._clock()
        try:
            listing = self.inbox.listing()
        except StorageError as e:
            self._out_of_reach(self._ailment() or str(e), now)
            self._next_listing = now + min(self.folder.rescan_s, BUSY_S)
            return
        self._see_to_folders(now)
        self._next_listing = now + (self.folder.poll_s if self.polls else self.folder.rescan_s)
        if self._deaf:
            self._next_listing = now + min(self.folder.rescan_s, BUSY_S)
        if not self._listed or (self.trouble is not None and not listing):
            log.info("inbox.back", folder=self.folder.name)
            self._listed, self.trouble, self._failures = True, None, 0
        self._kept = {p: f for p, f in self._kept.items() if listing.get(p) == f}
        self._fresh |= any(p not in self._listing and p not in self._kept for p in listing)
        self._listing = {p: f for p, f in listing.items() if p not in self._kept}
        self._ready = deque(self._settler.settled(self._listing, now))
        self._not_before = now + (self._clock() - began) / LISTING_SHARE

    def _ailment(self) -> str | None:
        """What is wrong with the inbox as a whole, whoever noticed."""
        trouble = self._storage.trouble(self.folder.inbox, read=True)
        return f"the inbox {trouble}" if trouble else None

    def _troubled(self, reason: str) -> None:
        if self.trouble != reason:
            log.warning("inbox.trouble", folder=self.folder.name, reason=reason)
        self.trouble = reason

    def _out_of_reach(self, reason: str, now: float) -> None:
        """Forget what was settling: a file that stays due for ever would keep the loop from sleeping."""
        self._troubled(reason)
        self._listed = False
        self._listing = {}
        self._ready = deque(self._settler.settled({}, now))
        self._next_check = min(self._next_check, now + MISSING_S)

    def _is_kept(self, relative: Path, fingerprint: Fingerprint) -> bool:
        """Whether this very file was processed already and stays in the inbox (``original: keep``)."""
        known = self._ledger.kept(self.folder.inbox, relative, fingerprint)
        if known is None:
            return self._is_made(relative, fingerprint)
        return (known.fingerprint.size, known.fingerprint.mtime_ns) == (fingerprint.size, fingerprint.mtime_ns)

    def _is_made(self, relative: Path, fingerprint: Fingerprint) -> bool:
        """Whether another daemon, or this one before it lost its ledger, made outputs of this file, which stays."""
        made = already_made(self.folder, relative, fingerprint)
        if made is not None:
            log.info("document.known", id=made["id"], folder=self.folder.name, file=printable(relative))
        return made is not None
