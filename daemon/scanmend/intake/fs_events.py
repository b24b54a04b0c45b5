"""Be called through watchdog (inotify) when something changes in a folder; what changed, only a listing says.

One hint is kept of an event: that a name came by a rename, so that a whole file need not settle.

While nothing changes there are three blocked threads (one more for each further folder) and no timer: watchdog 7 waits
without a time limit. In a recursive inbox each claim causes one or two more calls, for the folder that it makes.
"""

import errno
import logging
import os
import re
import threading
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
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.inotify import InotifyObserver

from scanmend.errors import StorageError

EVENT_TYPES: list[type[FileSystemEvent]] = [
    FileCreatedEvent,  # moved in and hard-linked files, too
    FileMovedEvent,
    FileClosedEvent,  # after writing
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,  # the inbox itself, too
]
"""Events that count as a change: not reading, opening, listing, each single write, nor a claim that takes a file."""

NO_WATCHES = "all inotify watches of this user are taken; allow more: sysctl fs.inotify.max_user_watches=524288"
REMEDIES = {
    errno.ENOSPC: NO_WATCHES,
    errno.EMFILE: "all inotify instances of this user are taken; allow more: sysctl fs.inotify.max_user_instances=512",
    errno.ENOENT: "it is not there; create it",
    errno.ENOTDIR: "it is no folder; put a folder there",
    errno.EACCES: "this user may not list it; give it read and search permission",
}
"""What to do about a folder that cannot be watched, by error number."""

MAX_RENAMED = 10_000
"""Names that are remembered as renamed, at most; those that are forgotten settle as any other."""
_WATCHDOG = "watchdog"
"""Name of the logger through which watchdog reports an overflow, for which it has no event."""
log = structlog.get_logger()


class FsEvents:
    """Calls ``on_change`` from another thread when a watched folder may have changed; it must return at once."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._handler = _ChangeHandler(on_change)
        self._observer: BaseObserver | None = None
        self._watches: dict[Path, ObservedWatch] = {}
        self._overflow = _OverflowHandler(self._handler)

    def watch(self, path: Path, recursive: bool) -> None:  # noqa: FBT001 -- the one property of a watch
        """Watch a folder, or watch it again after it was replaced; StorageError, with the remedy, when that fails."""
        self.unwatch(path)
        try:
            _require_listable(path)
            if self._observer is None:
                observer = InotifyObserver(generate_full_events=True)  # else a rename from elsewhere is like a new file
                observer.start()
                self._observer = observer
                logging.getLogger(_WATCHDOG).addHandler(self._overflow)
            # Where the inbox is a symbolic link, watchdog 7 would watch the link.
            self._watches[path] = self._observer.schedule(
                self._handler, str(path.resolve()), recursive=recursive, event_filter=EVENT_TYPES
            )
            _require_listable(path)  # it may have been shut just before watchdog came
        except OSError as e:
            self.unwatch(path)
            remedy = REMEDIES.get(e.errno or 0, e.strerror)
            raise StorageError(f"{path} cannot be watched: {remedy}") from e

    def unwatch(self, path: Path) -> None:
        """Stop watching a folder; nothing happens when it is not watched."""
        watch = self._watches.pop(path, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)

    def pop_renamed(self, path: Path) -> set[Path]:
        """Return what was renamed into a watched folder, or within it, since the last call; relative to the folder.

        Only a hint: the names may be gone, or of other files, by now.
        """
        watch = self._watches.get(path)
        return self._handler.pop_renamed(Path(watch.path), watch.is_recursive) if watch is not None else set()

    def watching(self, path: Path) -> bool:
        """Whether events of this folder still arrive.

        A watch ends when its folder is deleted, even if one with the same name, device and inode takes its place.
        """
        watch = self._watches.get(path)
        if watch is None or self._observer is None:
            return False
        return any(e.watch == watch and e.is_alive() and e.should_keep_running() for e in self._observer.emitters)

    @property
    def overflow_count(self) -> int:
        """How often the kernel had more events than it keeps, so that some were lost; each time counts as a change."""
        return self._overflow.count

    @staticmethod
    def count_unwatched(path: Path, inodes: Collection[int]) -> int:
        """Return how many of these folders, by inode, below a watched one give no events.

        Where the kernel has no watch left for one, watchdog goes on without. 0 where the kernel does not list its
        watches, or lists inode numbers of its own.
        """
        if not inodes:
            return 0
        watched = _watched_inodes()
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


def _watched_inodes() -> set[int]:
    """Inode numbers that inotify watches for this process; none where the kernel does not list them."""
    found: set[int] = set()
    for fd in Path("/proc/self/fd").iterdir():
        try:
            if "inotify" in os.readlink(fd):  # noqa: PTH115 -- it leads to no path
                info = Path("/proc/self/fdinfo", fd.name).read_text("ascii")
                found |= {int(inode, 16) for inode in re.findall(r"^inotify .*?\bino:([0-9a-f]+)", info, re.MULTILINE)}
        except OSError:  # closed meanwhile
            continue
    return found


def _require_listable(path: Path) -> None:
    """Raise OSError where the folder cannot be listed, which watchdog passes over in silence."""
    os.scandir(path).close()
    if not os.access(path, os.X_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


class _ChangeHandler(FileSystemEventHandler):
    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._renamed: set[Path] = set()
        self._lock = threading.Lock()

    def pop_renamed(self, root: Path, recursive: bool) -> set[Path]:  # noqa: FBT001 -- as of a watch
        """See FsEvents."""
        with self._lock:
            found = {p for p in self._renamed if p.parent == root or (recursive and p.is_relative_to(root))}
            self._renamed -= found
        return {path.relative_to(root) for path in found}

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass a change on; an exception that got out of here would end watchdog's thread, and every further event."""
        try:
            if isinstance(event, FileMovedEvent):
                if not event.dest_path:  # renamed to elsewhere, as by a claim
                    return
                with self._lock:
                    if len(self._renamed) >= MAX_RENAMED:  # of a folder that nobody lists
                        self._renamed.clear()
                    self._renamed.add(Path(os.fsdecode(event.dest_path)))
            self._on_change()
        except Exception:
            log.exception("doorbell.ring_failed", happened=event.event_type)


class _OverflowHandler(logging.Handler):
    """Counts an overflow of the event queue, which watchdog only logs, as a change: the events in it are lost."""

    def __init__(self, changes: _ChangeHandler) -> None:
        super().__init__(logging.WARNING)
        self._changes = changes
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        if "overflow" in record.getMessage():
            self.count += 1
            self._changes.on_any_event(FileSystemEvent(""))
