#!/usr/bin/env python3
"""What the daemon itself costs for each file of a backlog, and how that grows with the files that lie in one inbox.

    .venv/bin/python scripts/bench/backlog.py [--sizes 10 100 1000 10000] [--files 2000]

The daemon is the real one, in a process of its own; only its page workers are replaced by answers that are ready, so
that what is measured is watching, settling, claiming, recording, writing and archiving. For each size that many files
are dropped at once, again and again until ``--files`` went through; CPU is that of the daemon's process.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from scanmend.config.load import load
from scanmend.llm.scheduler.model_process import Effects
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import policy_of
from scanmend.llm.store.store import Store
from scanmend.pageworkers.pool import PagePool
from scanmend.service.service import Service

GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
WORDS = 200
SETTLE_S = 0.5
CONFIG = """\
state_dir: state
workers: 2
models: {{}}
folders:
  - {{name: a, inbox: in, outbox: out, archive: archive, strategy: "off", settle_s: {settle}}}
"""


class Ready:
    """Stands for a page worker whose pages are read already."""

    pid = 4_000_000
    alive = True
    _words = [{"text": f"word{n}", "box": (n, 0, n + 9, 9), "confidence": 95.0, "glyphs": []} for n in range(WORDS)]  # noqa: RUF012 -- read only

    def ask(self, request: dict[str, Any], *_: Any, **_how: Any) -> dict[str, Any]:
        """See Child."""
        if request["do"] == "inspect":
            return {"result": {"kind": "gif", "pages": 1, "sha256": hashlib.sha256(os.urandom(8)).hexdigest()}}
        lines = [{"words": self._words[at : at + 10], "paragraph": 0} for at in range(0, WORDS, 10)]
        return {"result": {"number": request["number"], "lines": lines, "width": 10, "height": 10}}

    def end(self, grace_s: float = 0.0) -> None:
        """See Child."""

    def kill(self) -> None:
        """See Child."""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 10000])
    options.add_argument("--files", type=int, default=2000, help="least number of files for each size")
    options.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        _serve(given.serve)
        return
    print("| files at once | rounds | CPU ms/file | wall ms/file | daemon RSS MiB |\n|---|---|---|---|---|")
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="scanmend-backlog-") as folder:
            _measure(Path(folder), size, max(1, given.files // size))


def _measure(root: Path, size: int, rounds: int) -> None:
    (root / "config.yaml").write_text(CONFIG.format(settle=SETTLE_S))
    (root / "staged").mkdir()
    command = [sys.executable, __file__, "--serve", str(root / "config.yaml")]
    with (root / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        daemon = psutil.Process(process.pid)
        try:
            _wait(lambda: b"daemon.ready" in (root / "log").read_bytes(), 30)
            _drop(root, "warm-up", 5)
            cpu = wall = 0.0
            for n in range(rounds):
                before, began = daemon.cpu_times(), time.monotonic()
                _drop(root, f"r{n}", size)
                after = daemon.cpu_times()
                cpu += after.user + after.system - before.user - before.system
                wall += time.monotonic() - began - SETTLE_S
            rss = daemon.memory_info().rss / 2**20
        finally:
            process.kill()
    done = size * rounds
    print(f"| {size} | {rounds} | {1000 * cpu / done:.2f} | {1000 * wall / done:.1f} | {rss:.0f} |", flush=True)


def _drop(root: Path, name: str, count: int) -> None:
    """Drop ``count`` files at once, and wait until all are done."""
    for n in range(count):
        (root / "staged" / f"{name}-{n}.gif").write_bytes(GIF)
    for n in range(count):
        (root / "staged" / f"{name}-{n}.gif").rename(root / "in" / f"{name}-{n}.gif")

    def archived() -> int:
        return sum(entry.name.startswith(f"{name}-") for entry in os.scandir(root / "archive"))

    _wait(lambda: archived() == count, 1200, 0.02 + count / 2e4)


def _wait(condition: Any, limit_s: float, pause_s: float = 0.05) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"bench/backlog.py: waited {limit_s:.0f} s in vain")
        time.sleep(pause_s)


def _serve(file: Path) -> None:
    """Run the daemon with such page workers."""
    Service(
        load(file),
        lambda c: PagePool(c.workers or 1, c.state_dir / "work", Ready),  # type: ignore[arg-type]
        lambda c, **wiring: ModelSlot(c.models, Store(c.models_dir), policy_of(c), Effects(**wiring)),
    ).run()


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    main()
