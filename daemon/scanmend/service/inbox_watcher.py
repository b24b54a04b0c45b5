"""One watched inbox over time: when it is listed, which of its files are ready, and what is wrong with it."""

import itertools
import math
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from scanmend.assembly.groups import Gathering
from scanmend.config.schema import Folder
from scanmend.document import Fingerprint, local_iso, printable
from scanmend.errors import StorageError
from scanmend.fs.mounts import MountWatch
from scanmend.intake.fs_events import FsEvents
from scanmend.intake.group_inbox import GroupInbox
from scanmend.intake.settle import Settler
from scanmend.intake.sniff import ScanState
from scanmend.jobs.reconcile import already_made
from scanmend.ledger.ledger import Ledger
from scanmend.service.gatherings import Gatherings
from scanmend.service.watch_mode import WatchMode

WATCH_CHECK_S = 15.0
"""How often it is checked that the inbox is there and its events arrive, in seconds."""
MISSING_CHECK_S = 3.0
"""How often a missing inbox is looked for, in seconds."""
BUSY_RELIST_S = 5.0
"""When the inbox is listed again after a file was busy when it was to be claimed, in seconds: its end is no event."""
FAILED_RELIST_S = 30.0
"""When the inbox is listed again after a file could not be claimed, in seconds."""
MAX_LISTING_SHARE = 0.05
"""Largest share of the time that goes into listings for events and settled files; with ten thousand files a listing
takes some 20 ms, and each file that comes may ask for one."""
MAX_INCOMPLETE = 20
"""Incomplete files of one inbox that status names."""
MAX_ARRIVING = 10
"""Files of one inbox, still to be taken, that status names."""
PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".heic", ".pnm", ".pgm", ".ppm"}
"""Suffixes, in lower case, of files for which the second reader is started while they settle."""
MAX_LISTING_PAUSE_S = 5.0
"""Longest pause for that share, in seconds: on a busy machine a listing takes long that does no work."""
MAX_FAILURES = 3
"""After this many failed claims in a row the inbox or the ledger is at fault, and no further file is tried for now."""

log = structlog.get_logger()


class InboxWatcher:
    """Knows which files of one inbox are ready to be claimed."""

    def __init__(
        self,
        folder: Folder,
        ledger: Ledger,
        fs_events: FsEvents,
        on_return: Callable[[Folder], None] = lambda _folder: None,
        clock: Callable[[], float] = time.monotonic,
        storage: MountWatch | None = None,
    ) -> None:
        """``on_return(folder)`` is called when the inbox is there again after an absence, or another in its place.

        ``clock`` measures how long a listing takes, in seconds.
        """
        self.folder = folder
        self.inbox = GroupInbox(folder)
        self.trouble: str | None = None
        """What is wrong with the inbox now; None for nothing."""
        self.mode = WatchMode(folder, self.inbox, fs_events)
        self._ledger = ledger
        self._on_return = on_return
        self._clock = clock
        self._storage = storage or MountWatch()
        self._settler = Settler(folder.settle_s, folder.incomplete_s)
        self._listing: dict[Path, Fingerprint] = {}
        self._kept: dict[Path, Fingerprint] = {}
        """Files that stay in the inbox and were processed already; no part of the listing."""
        self._incomplete: dict[Path, dict[str, str]] = {}
        """Files that stand still, but are not whole: each with what it lacks and since when, as status has it."""
        self._ready: deque[Path] = deque()
        self._gatherings = Gatherings(folder.gathered)
        self._arrived = self._pictures_arrived = False
        self._failures = 0
        """Failed claims in a row."""
        self._identity: tuple[int, int] | None = None
        """Device and inode of the inbox; None while it is missing."""
        self._reachable = True
        self._next_check = 0.0
        self._next_listing = 0.0
        self._earliest_listing = 0.0
        """Before this moment neither events nor settled files have the inbox listed."""
        self._changed = False

    def close(self) -> None:
        """Stop hearing events of this inbox."""
        self.mode.stop()

    def update(self, now: float, *, changed: bool) -> None:
        """Check and list the inbox when it is time, or when ``changed`` by an event; ``now`` is time.monotonic()."""
        if changed or now >= self._next_check:
            self._check(now)
        if self._identity is None:
            return
        self._changed |= changed
        if now >= min(self._next_listing, self._listing_wanted(now)):
            self._list(now)

    def _listing_wanted(self, now: float) -> float:
        """When the inbox is to be listed because of events, or of files that have settled; infinity when it is not."""
        settling = self._settler.seconds_until_settled(now)
        due = now if self._changed else math.inf if settling is None else now + settling
        due = min(due, self._gatherings.next_complete)
        return max(due, self._earliest_listing)

    def seconds_until_update(self, now: float) -> float:
        """Seconds until ``update`` has something to do without any event."""
        if self._identity is None:
            return max(0.0, self._next_check - now)
        return max(0.0, min(self._next_listing, self._next_check, self._listing_wanted(now)) - now)

    def next_ready(self, now: float) -> tuple[Path, Fingerprint] | None:
        """Return the next file that is ready to be claimed, the one that waited longest; None when there is none."""
        while self._ready:
            relative = self._ready.popleft()
            fingerprint = self._listing[relative]
            if self._is_kept(relative, fingerprint):
                self._kept[relative] = self._listing.pop(relative)
                continue
            if self._is_held_back(relative, now):
                continue
            self._taken(relative)
            return relative, fingerprint
        return None

    def next_group(self, now: float) -> tuple[Gathering, dict[Path, Fingerprint]] | None:
        """Return the next files that are ready to be one document, and their fingerprints; None when there are none."""
        while (gathering := self._gatherings.pop_complete()) is not None:
            if [file for file in gathering.files if self._is_held_back(file, now)]:  # of each is noted what it lacks
                continue
            self._gatherings.taken(gathering)
            for file in gathering.files:
                self._taken(file)
            return gathering, {file: self._listing[file] for file in gathering.files}
        return None

    def _is_held_back(self, relative: Path, now: float) -> bool:
        """Whether a file that has settled is not whole, and given more time."""
        if self.inbox.scan_state(relative) is ScanState.INCOMPLETE and self._settler.postpone(relative, now):
            self._note_incomplete(relative, now)
            return True
        return False

    def _taken(self, relative: Path) -> None:
        self._incomplete.pop(relative, None)
        self._settler.forget(relative)

    def rescan(self) -> None:
        """Have the inbox checked and listed at the next update, whatever is due."""
        self._next_check = self._next_listing = 0.0

    def pop_arrived(self) -> bool:
        """Whether new files were listed since the last call; they still have to settle."""
        arrived, self._arrived = self._arrived, False
        return arrived

    def pop_pictures_arrived(self) -> bool:
        """Whether any of the files listed since the last call is a picture by its name, and so to be read by OCR."""
        arrived, self._pictures_arrived = self._pictures_arrived, False
        return arrived

    @property
    def waiting(self) -> int:
        """How many files lie in the inbox to be processed, settled or not."""
        return len(self._listing)

    def snapshot(self, pause_reason: str | None) -> dict[str, Any]:
        """The folder as status has it; ``pause_reason`` is its trouble where the inbox has none."""
        return {
            "name": self.folder.name,
            "mode": self.mode.name,
            "why": self.mode.reason,
            "waiting": self.waiting,
            "trouble": self.trouble or pause_reason,
            "arriving": [printable(p) for p in itertools.islice(self._listing, MAX_ARRIVING)],
            "paused": pause_reason is not None,
            "gathering": self._gatherings.snapshot(),
            "incomplete": [told for _, told in sorted(self._incomplete.items())][:MAX_INCOMPLETE],
        }

    def claimed(self, relative: Path) -> None:
        """Note that a file was claimed."""
        self._listing.pop(relative, None)
        self._failures = 0
        self.trouble = None

    def claim_missed(self, now: float) -> None:
        """Note that a file changed, went away or was busy when it was to be claimed."""
        self._next_listing = min(self._next_listing, now + BUSY_RELIST_S)

    def claim_failed(self, reason: str, now: float) -> None:
        """Note that a file could not be claimed; after ``MAX_FAILURES`` in a row the others have to wait."""
        if not self._failures:  # of a hundred files that fail for one reason, the first says it
            self._set_trouble(self._storage_trouble() or reason)
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            self._ready.clear()
            self._gatherings.hold()
        self._next_listing = min(self._next_listing, now + FAILED_RELIST_S)

    def _check(self, now: float) -> None:
        """Check that the inbox is there and its events arrive; watch it again after it was replaced or unmounted."""
        self._next_check = now + WATCH_CHECK_S
        identity, trouble = self.inbox.identity(), self._storage_trouble()
        if trouble or identity is None:
            self._lose(trouble or f"the inbox {self.folder.inbox} is no folder", now)
            self._identity = None
            return
        if self.mode.pop_overflow():
            self._next_listing = now
        another = identity != self._identity or self.mode.lost
        if another or self.mode.should_retry(now):
            if another and (self._identity is not None or not self._reachable):
                self._on_return(self.folder)
            self._identity = identity
            self.mode.start(now)
            self._next_listing = now

    def _list(self, now: float) -> None:
        self._changed = False
        began = self._clock()
        try:
            listing = self.inbox.listing()
        except StorageError as e:
            self._lose(self._storage_trouble() or str(e), now)
            self._next_listing = now + min(self.folder.rescan_s, BUSY_RELIST_S)
            return
        took_s = self._clock() - began
        self.mode.check_subfolders(now)
        self._next_listing = now + (self.folder.poll_s if self.mode.polls else self.folder.rescan_s)
        if self.mode.subfolders_unwatched:
            self._next_listing = now + min(self.folder.rescan_s, BUSY_RELIST_S)
        if not self._reachable or (self.trouble is not None and not listing):
            log.info("inbox.back", folder=self.folder.name)
            self._reachable, self.trouble, self._failures = True, None, 0
        self._kept = {p: f for p, f in self._kept.items() if listing.get(p) == f}
        arrived = [p for p in listing if p not in self._listing and p not in self._kept]
        self._arrived |= bool(arrived)
        self._pictures_arrived |= any(p.suffix.lower() in PICTURE_SUFFIXES for p in arrived)
        self._listing = {p: f for p, f in listing.items() if p not in self._kept}
        self._incomplete = {p: told for p, told in self._incomplete.items() if p in self._listing}
        rests = {p: self.inbox.rest_s(p) for p in self.mode.pop_renamed() if p in self._listing}
        rest_s = {p: seconds for p, seconds in rests.items() if seconds is not None}
        settled = self._settler.settled(self._listing, now, rest_s)
        grouped = self._gatherings.update(self._listing, lambda path: self._settler.since(path, now), settled, now)
        self._ready = deque(path for path in settled if path not in grouped)
        self._earliest_listing = now + min(took_s / MAX_LISTING_SHARE, MAX_LISTING_PAUSE_S)

    def _note_incomplete(self, relative: Path, now: float) -> None:
        """Say once that a file which stands still is not whole, and keep for status what it lacks and since when."""
        missing, known = self.inbox.missing_part(relative), self._incomplete.get(relative)
        since = time.time() - self._settler.unchanged_s(relative, now)
        said = local_iso(since)
        self._incomplete[relative] = {"file": printable(relative), "missing": missing, "since": said}
        if known is None:
            log.warning(
                "document.incomplete",
                folder=self.folder.name,
                file=printable(relative),
                missing=missing,
                given_up_after_s=self.folder.incomplete_s,
            )

    def _storage_trouble(self) -> str | None:
        """What is wrong with the folder or the disk that the inbox is; None for nothing."""
        trouble = self._storage.trouble(self.folder.inbox, read=True)
        return f"the inbox {trouble}" if trouble else None

    def _set_trouble(self, reason: str) -> None:
        if self.trouble != reason:
            log.warning("inbox.trouble", folder=self.folder.name, reason=reason)
        self.trouble = reason

    def _lose(self, reason: str, now: float) -> None:
        """Note that the inbox is out of reach, and forget its files: one due for ever would keep the loop awake."""
        self._set_trouble(reason)
        self._reachable = False
        self._listing = {}
        self._incomplete = {}
        self._gatherings.forget()
        self._ready = deque(self._settler.settled({}, now))
        self._next_check = min(self._next_check, now + MISSING_CHECK_S)

    def _is_kept(self, relative: Path, fingerprint: Fingerprint) -> bool:
        """Whether this very file was processed already and stays in the inbox (``original: keep``)."""
        known = self._ledger.kept(self.folder.inbox, relative, fingerprint)
        if known is None:
            return self._has_outputs(relative, fingerprint)
        return (known.fingerprint.size, known.fingerprint.mtime_ns) == (fingerprint.size, fingerprint.mtime_ns)

    def _has_outputs(self, relative: Path, fingerprint: Fingerprint) -> bool:
        """Whether another daemon, or this one before it lost its ledger, has processed this file, which stays."""
        made = already_made(self.folder, relative, fingerprint)
        if made is not None:
            log.info("document.known", id=made["id"], folder=self.folder.name, file=printable(relative))
        return made is not None
