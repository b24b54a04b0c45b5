"""One watched inbox over time: when to list it, what has settled, what ails it."""

from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from scanmend.config import Folder
from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.intake.doorbell import Doorbell
from scanmend.intake.format import State
from scanmend.intake.inbox import Inbox, is_network
from scanmend.intake.settle import Settler
from scanmend.ledger import Ledger

RECHECK_S = 15.0
"""How often a lost watch is looked for."""
MISSING_S = 3.0
"""How often a missing inbox is."""
BUSY_S, FAILED_S = 5.0, 30.0
"""When the inbox is listed again after a file was busy, or could not be claimed; of that no event tells."""
MOST_FAILURES = 3
"""So many claims that fail in a row are the inbox's fault, or the ledger's, not the files'."""

log = structlog.get_logger()


class Watch:
    """Knows which files of one inbox are ready to be claimed."""

    def __init__(
        self,
        folder: Folder,
        ledger: Ledger,
        doorbell: Doorbell,
        arrived: Callable[[Folder], None] = lambda _folder: None,
    ) -> None:
        """``arrived(folder)`` hears that the inbox is there again after an absence, or another one in its place."""
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
        self._next_check = 0.0
        self._kept: dict[Path, Fingerprint] = {}
        self.polls = False

    def close(self) -> None:
        """Stop hearing events of this inbox."""
        self._doorbell.unwatch(self.folder.inbox)

    def look(self, now: float, *, rung: bool) -> None:
        """Look at the inbox when it is time, or when the doorbell rang; ``now`` is time.monotonic()."""
        if rung or now >= self._next_check:
            self._check(now)
        if self._identity is None:
            return
        settling = self._settler.wait(now)
        if rung or now >= self._next_listing or (settling is not None and settling <= 0):
            self._list(now)

    def wait(self, now: float) -> float:
        """Seconds until ``look`` has something to do of its own."""
        if self._identity is None:
            return max(0.0, self._next_check - now)
        times = [self._next_listing - now, self._next_check - now]
        if (settling := self._settler.wait(now)) is not None:
            times.append(settling)
        return max(0.0, min(times))

    def take(self, now: float) -> tuple[Path, Fingerprint] | None:
        """Return the next file that is ready to be claimed, the one that waited longest first."""
        while self._ready:
            relative = self._ready.popleft()
            fingerprint = self._listing[relative]
            if self._is_kept(relative, fingerprint):
                continue
            if self.inbox.ready(relative) is State.INCOMPLETE and self._settler.postpone(relative, now):
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
        return sum(1 for relative in self._listing if relative not in self._kept)

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
        self._troubled(reason)
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            self._ready.clear()
        self._next_listing = min(self._next_listing, now + FAILED_S)

    def _check(self, now: float) -> None:
        """See that the inbox is there and its events arrive; arm anew after it was replaced or unmounted."""
        self._next_check = now + RECHECK_S
        identity = self.inbox.identity()
        if identity is None:
            self._out_of_reach(f"the inbox {self.folder.inbox} is gone; waiting for it to come back", now)
            self._identity = None
            return
        lost = not self.polls and not self._doorbell.watching(self.folder.inbox)
        if identity != self._identity or lost:
            if self._identity is not None or not self._listed:
                self._arrived(self.folder)
            self._identity = identity
            self._arm()
            self._next_listing = now

    def _arm(self) -> None:
        network = self.folder.watch == "auto" and is_network(self.folder.inbox)
        self.polls = self.folder.watch == "poll" or network
        why = "watch: poll" if self.folder.watch == "poll" else "network file system" if network else ""
        if not self.polls:
            try:
                self._doorbell.watch(self.folder.inbox, self.folder.recursive)
            except StorageError as e:
                self.polls, why = True, str(e)
                log.warning("inbox.events_unavailable", folder=self.folder.name, error=str(e))
        log.info(
            "inbox.watching", folder=self.folder.name, inbox=str(self.folder.inbox), mode=self.mode, why=why or None
        )

    @property
    def mode(self) -> str:
        """``events`` or ``poll``."""
        return "poll" if self.polls else "events"

    def _list(self, now: float) -> None:
        self._next_listing = now + (self.folder.poll_s if self.polls else self.folder.rescan_s)
        try:
            listing = self.inbox.listing()
        except StorageError as e:
            self._out_of_reach(str(e), now)
            self._next_listing = now + min(self.folder.rescan_s, BUSY_S)
            return
        if not self._listed or (self.trouble is not None and not listing):
            log.info("inbox.back", folder=self.folder.name)
            self._listed, self.trouble = True, None
        self._kept = {p: f for p, f in self._kept.items() if listing.get(p) == f}
        self._fresh |= any(p not in self._listing and p not in self._kept for p in listing)
        self._listing = {p: f for p, f in listing.items() if p not in self._kept}
        self._ready = deque(self._settler.settled(self._listing, now))

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
            return False
        same = (known.fingerprint.size, known.fingerprint.mtime_ns) == (fingerprint.size, fingerprint.mtime_ns)
        if same:
            self._kept[relative] = fingerprint
        return same
