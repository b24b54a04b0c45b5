"""Decide which files were unchanged for long enough to be taken; pure, the caller says what time it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from scanmend.document import Fingerprint


@dataclass(slots=True)
class _Waiting:
    fingerprint: Fingerprint
    since: float
    """When this fingerprint was first seen, in seconds of the caller's clock."""
    due: float
    """When the file counts as settled, by the same clock."""
    offered: bool = False
    """Whether ``settled`` returned it since it changed or was postponed."""


class Settler:
    """Remembers how long each file of one inbox has been unchanged.

    ``now`` is seconds of a clock that never jumps (``time.monotonic()``); the files' own times are only compared
    with themselves, so a scanner with a wrong clock does no harm.
    """

    def __init__(self, settle_s: float, incomplete_s: float) -> None:
        self._settle_s = settle_s
        self._incomplete_s = incomplete_s
        self._waiting: dict[Path, _Waiting] = {}
        self._next: float | None = None
        """When the first file that was not offered yet is due; None when there is none."""

    def settled(
        self, listing: Mapping[Path, Fingerprint], now: float, rest_s: Mapping[Path, float] = MappingProxyType({})
    ) -> list[Path]:
        """Return the paths unchanged for settle_s, those that waited longest first; forget those that vanished.

        ``rest_s``: paths for which fewer seconds do, counted from now where they were known before. A path is returned
        by every call until it changes, vanishes, or is postponed or forgotten.
        """
        for path in self._waiting.keys() - listing.keys():
            del self._waiting[path]
        for path, fingerprint in listing.items():
            known = self._waiting.get(path)
            if known is None or known.fingerprint != fingerprint:
                self._waiting[path] = _Waiting(fingerprint, now, now + self._settle_s)
            if path in rest_s:
                file = self._waiting[path]
                file.due = min(file.due, now + rest_s[path])
        ready = [path for path, file in self._waiting.items() if file.due <= now]
        for path in ready:
            self._waiting[path].offered = True
        self._next = self._first_due()
        return sorted(ready, key=self._age)

    def seconds_until_settled(self, now: float) -> float | None:
        """Seconds until a path may be ready that was not returned yet; None when there is none.

        Paths that ``settled`` returned do not count: a caller that leaves one lying must not spin because of it.
        """
        return max(0.0, self._next - now) if self._next is not None else None

    def postpone(self, path: Path, now: float) -> bool:
        """Hold back a path that was found incomplete until it changes or stood still for incomplete_s.

        False when it stood still for that long already, so that it is taken as it is; False, too, for an unknown path.
        """
        file = self._waiting.get(path)
        if file is None or file.since + self._incomplete_s <= now:
            return False
        file.due = file.since + self._incomplete_s
        file.offered = False
        self._next = file.due if self._next is None else min(self._next, file.due)
        return True

    def unchanged_s(self, path: Path, now: float) -> float:
        """For how many seconds the path has been seen unchanged; 0 for an unknown one."""
        file = self._waiting.get(path)
        return now - file.since if file else 0.0

    def since(self, path: Path, now: float) -> float:
        """When the path was first seen as it is; now for an unknown one."""
        file = self._waiting.get(path)
        return file.since if file else now

    def forget(self, path: Path) -> None:
        """Drop a path that was taken; when it is listed again, it has to settle again."""
        file = self._waiting.pop(path, None)
        if file is not None and not file.offered:
            self._next = self._first_due()

    def _first_due(self) -> float | None:
        return min((file.due for file in self._waiting.values() if not file.offered), default=None)

    def _age(self, path: Path) -> tuple[float, int, Path]:
        file = self._waiting[path]
        return file.since, file.fingerprint.mtime_ns, path
