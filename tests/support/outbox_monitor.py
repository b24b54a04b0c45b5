"""Watches outboxes while daemons are killed: what is seen once must not change or vanish, and records come last."""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from small_scans import sha256_of

OUTPUTS = ("txt", "json")


class OutboxMonitor(threading.Thread):
    """Lists outboxes every ``every_s`` seconds, and hashes each file when it is there for the first time."""

    def __init__(self, outboxes: Iterable[Path], every_s: float = 0.02) -> None:
        super().__init__(name="outbox-monitor", daemon=True)
        self._outboxes = list(outboxes)
        self._every_s = every_s
        self._seen: dict[Path, str] = {}
        self._ended = threading.Event()
        self.problems: list[str] = []

    def run(self) -> None:
        """See Thread."""
        while not self._ended.wait(self._every_s):
            self._list()

    def close(self) -> list[str]:
        """List and hash everything a last time; return what was wrong."""
        self._ended.set()
        self.join()
        self._list()
        for path, sha256 in self._seen.items():
            if path.exists() and sha256_of(path) != sha256:
                self.problems.append(f"{path} was not whole when it appeared, or was overwritten")
        return self.problems

    def _list(self) -> None:
        there = {f for outbox in self._outboxes for f in visible_files(outbox)}
        for path in there - self._seen.keys():
            with suppress(FileNotFoundError):
                self._seen[path] = sha256_of(path)
                if path.suffix == ".json":
                    beside = [path.with_suffix(f".{output}") for output in OUTPUTS]
                    self.problems += [f"{b} came after its record" for b in beside if not b.exists()]
        for path in self._seen.keys() - there:
            if not path.exists():
                self.problems.append(f"{path} vanished")
                del self._seen[path]


def visible_files(folder: Path) -> Iterator[Path]:
    """Every file in a folder and below it whose name does not begin with a dot."""
    for where, _, names in os.walk(folder):
        yield from (Path(where, name) for name in names if not name.startswith("."))
