"""Hear through watchdog (inotify) that something happened in a folder; what happened, the listing tells.

An idle doorbell has three blocked threads (one more for each further folder) and no timer: watchdog 7 waits without
a time limit. In a recursive inbox each claim rings once or twice more, for the folder it makes; then it is quiet.
"""

import errno
import logging
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

import structlog
from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from scanmend.errors import StorageError

HEARD: list[type[FileSystemEvent]] = [
    FileCreatedEvent,  # moved in and hard-linked files, too
    FileMovedEvent,
    FileClosedEvent,  # after writing
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,  # the inbox itself, too
]
"""What rings. Reading, opening and listing do not, nor does a claim that takes a file away, nor each single write."""

NO_WATCHES = "all inotify watches of this user are taken; allow more: sysctl fs.inotify.max_user_watches=524288"
REMEDIES = {
    errno.ENOSPC: NO_WATCHES,
    errno.EMFILE: "all inotify instances of this user are taken; allow more: sysctl fs.inotify.max_user_instances=512",
    errno.ENOENT: "it is not there; create it",
    errno.ENOTDIR: "it is no folder; put a folder there",
    errno.EACCES: "this user may not list it; give it read and search permission",
}

_WATCHDOG = "watchdog"
"""The logger below which watchdog tells of an overflow, to which it has no event."""
log = structlog.get_logger()


class FsEvents:
    """Calls ``ring`` from another thread whenever a watched folder may have changed; ring must return at once."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._bell = _Bell(ring)
        self._observer: BaseObserver | None = None
        self._watches: dict[Path, ObservedWatch] = {}
        self._overflow = _Overflow(self._bell)

    def watch(self, path: Path, recursive: bool) -> None:  # noqa: FBT001 -- the one property of a watch
        """Begin to watch a folder, or begin anew; StorageError, with the remedy, when that cannot be had."""
        self.unwatch(path)
        try:
            _may_list(path)
            if self._observer is None:
                observer = Observer()
                observer.start()
                self._observer = observer
                logging.getLogger(_WATCHDOG).addHandler(self._overflow)
            # Where the inbox is a symbolic link, watchdog 7 would watch the link.
            self._watches[path] = self._observer.schedule(
                self._bell, str(path.resolve()), recursive=recursive, event_filter=HEARD
            )
        except OSError as e:
            remedy = REMEDIES.get(e.errno or 0, e.strerror)
            raise StorageError(f"{path} cannot be watched: {remedy}") from e

    def unwatch(self, path: Path) -> None:
        """Stop watching a folder; nothing happens when it is not watched."""
        watch = self._watches.pop(path, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)

    def watching(self, path: Path) -> bool:
        """Whether events of this folder still arrive.

        A watch ends when its folder is deleted, even if one with the same name, device and inode takes its place.
        """
        watch = self._watches.get(path)
        if watch is None or self._observer is None:
            return False
        return any(e.watch == watch and e.is_alive() and e.should_keep_running() for e in self._observer.emitters)

    @property
    def overflows(self) -> int:
        """How often so far the kernel had more events than it keeps, so that some never came; each rings."""
        return self._overflow.count

    @staticmethod
    def deaf(path: Path, inodes: Collection[int]) -> int:
        """How many of these folders below a watched one give no events: where no watch is left, watchdog goes on.

        0 where the kernel does not tell, or tells inodes of its own.
        """
        if not inodes:
            return 0
        watched = _watched()
        try:
            return len(set(inodes) - watched) if path.stat().st_ino in watched else 0
        except OSError:
            return 0

    def close(self) -> None:
        """Stop watching everything and end the threads."""
        logging.getLogger(_WATCHDOG).removeHandler(self._overflow)
        self._watches.clear()
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()


def _watched() -> set[int]:
    """Inodes that inotify watches for this process, as the kernel tells; none where it does not."""
    found: set[int] = set()
    for fd in Path("/proc/self/fd").iterdir():
        try:
            if "inotify" in os.readlink(fd):  # noqa: PTH115 -- it leads to no path
                told = Path("/proc/self/fdinfo", fd.name).read_text("ascii")
                found |= {int(inode, 16) for inode in re.findall(r"^inotify .*?\bino:([0-9a-f]+)", told, re.MULTILINE)}
        except OSError:  # closed meanwhile
            continue
    return found


def _may_list(path: Path) -> None:
    """Raise what watchdog passes over in silence."""
    os.scandir(path).close()
    if not os.access(path, os.X_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


class _Bell(FileSystemEventHandler):
    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Ring; an exception that got out of here would end watchdog's thread, and with it every further event."""
        try:
            self._ring()
        except Exception:
            log.exception("doorbell.ring_failed", happened=event.event_type)


class _Overflow(logging.Handler):
    """Hears watchdog say that the queue of events overflowed; that is not replayed, and what it held is dropped."""

    def __init__(self, bell: _Bell) -> None:
        super().__init__(logging.WARNING)
        self._bell = bell
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        if "overflow" in record.getMessage():
            self.count += 1
            self._bell.on_any_event(FileSystemEvent(""))
