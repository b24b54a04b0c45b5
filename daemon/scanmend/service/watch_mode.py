"""How one inbox is watched now: by events, or by polling where it gives none; and whether events can be trusted."""

import math
from pathlib import Path

import structlog

from scanmend.config.schema import Folder
from scanmend.errors import StorageError
from scanmend.intake.fs_events import NO_WATCHES, FsEvents
from scanmend.intake.inbox import Inbox
from scanmend.intake.network import is_network

EVENTS_RETRY_S = 300.0
"""How often events are asked for again where they could not be had, in seconds."""

log = structlog.get_logger()


class WatchMode:
    """Events or polling, for one inbox; each change is logged once."""

    def __init__(self, folder: Folder, inbox: Inbox, fs_events: FsEvents) -> None:
        self.polls = False
        """Whether the inbox is listed every ``poll_s``, since it gives no events."""
        self.reason = ""
        """Why it is polled; empty where it is not."""
        self.subfolders_unwatched = False
        """Whether, at the latest listing, there were subfolders that give no events."""
        self._folder = folder
        self._inbox = inbox
        self._fs_events = fs_events
        self._overflows = fs_events.overflow_count
        self._retry_at = math.inf
        self._logged = ("", "")

    @property
    def name(self) -> str:
        """``events`` or ``poll``."""
        return "poll" if self.polls else "events"

    @property
    def lost(self) -> bool:
        """Whether events are expected, but the inbox is not watched any more."""
        return not self.polls and not self._fs_events.watching(self._folder.inbox)

    def should_retry(self, now: float) -> bool:
        """Whether it is time to ask again for events that could not be had; ``now`` is time.monotonic()."""
        return now >= self._retry_at

    def start(self, now: float) -> None:
        """Watch the inbox as it is now, for the first time or again."""
        network = self._folder.watch == "auto" and is_network(self._folder.inbox)
        self.polls = self._folder.watch == "poll" or network
        self.reason = "watch: poll" if self._folder.watch == "poll" else "network file system" if network else ""
        self._retry_at = math.inf
        if not self.polls:
            try:
                self._fs_events.watch(self._folder.inbox, self._folder.recursive)
                if unwatched := self._fs_events.count_unwatched(self._folder.inbox, self._inbox.subfolder_inodes):
                    raise StorageError(self._unwatched_reason(unwatched))
            except StorageError as e:
                self._poll_instead(str(e), now)
        self._log_change()

    def pop_renamed(self) -> set[Path]:
        """Return the names that came into the inbox by a rename since the last call; none where it is polled."""
        return set() if self.polls else self._fs_events.pop_renamed(self._folder.inbox)

    def stop(self) -> None:
        """Ask for no more events."""
        self._fs_events.unwatch(self._folder.inbox)

    def pop_overflow(self) -> bool:
        """Whether events were dropped since the last call, because too many came at once."""
        before, self._overflows = self._overflows, self._fs_events.overflow_count
        if before == self._overflows:
            return False
        log.warning("inbox.events_lost", folder=self._folder.name, meaning="too many at once; the inbox is listed")
        return True

    def check_subfolders(self, now: float) -> None:
        """After a listing: poll where subfolders gave no events twice in a row; watchdog may only just hear of one."""
        unwatched = (
            0 if self.polls else self._fs_events.count_unwatched(self._folder.inbox, self._inbox.subfolder_inodes)
        )
        if unwatched and self.subfolders_unwatched:
            self._poll_instead(self._unwatched_reason(unwatched), now)
            self._log_change()
        self.subfolders_unwatched = bool(unwatched) and not self.polls

    def _poll_instead(self, reason: str, now: float) -> None:
        """Poll for ``EVENTS_RETRY_S`` seconds, instead of waiting for events."""
        self.stop()
        self.polls, self.reason = True, reason
        self._retry_at = now + EVENTS_RETRY_S
        if self._logged != (self.name, reason):
            log.warning("inbox.events_unavailable", folder=self._folder.name, error=reason)

    def _log_change(self) -> None:
        if self._logged != (mode := (self.name, self.reason)) or not self.polls:
            self._logged = mode
            log.info(
                "inbox.watching",
                folder=self._folder.name,
                inbox=str(self._folder.inbox),
                mode=self.name,
                why=self.reason or None,
            )

    def _unwatched_reason(self, count: int) -> str:
        return f"{count} folders in {self._folder.inbox} cannot be watched: {NO_WATCHES}"
