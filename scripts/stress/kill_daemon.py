#!/usr/bin/env python3
"""Kill the daemon with SIGKILL under a mixed load, and see that nothing is lost, doubled or torn.

    .venv/bin/python scripts/stress/kill_daemon.py [--kills 300] [--seed 1] [--rows 10000] [--no-model]

First it is killed once at each of ``POINTS`` and ``POINTS_ENTERED``: on both sides of each state that the ledger knows,
and between the steps within some. Then it is killed at random moments, ``--kills`` times, and lives for up to
``--span`` seconds each time. Scans of every kind, damaged ones among them, go into folders that archive, delete and
keep their sources, and, every so often, into one that the bundled model corrects. Meanwhile the outboxes are listed
every 20 ms. After each kill the ledger has the finished pages; those must not go through Tesseract again. The ledger
begins with ``--rows`` finished documents, to see how long a start takes. Exit code 1 when anything is wrong.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _support  # noqa: F401 -- before what it makes importable
from fork_server import ForkServer
from harness import Harness
from kill_points import KillPoint
from scanmend.ledger.ledger import ACTIVE
from small_scans import KINDS, MISREAD_TEXT, make_scan
from waiting import until

FOLDERS: dict[str, dict[str, Any]] = {
    "archived": {"original": "archive", "recursive": True},
    "deleted": {"original": "delete"},
    "kept": {"original": "keep"},
}
MODEL: dict[str, dict[str, Any]] = {"corrected": {"original": "archive", "strategy": "rescore", "model": "bundled"}}
POINTS = (
    *(KillPoint("leaving", state, "archived") for state in ACTIVE),
    KillPoint("page kept", "working", "archived"),
    KillPoint("output written", "working", "archived"),
    KillPoint("target recorded", "published", "archived"),
    KillPoint("target recorded", "failing", "archived"),
    KillPoint("leaving", "published", "deleted"),
    KillPoint("leaving", "published", "kept"),
)
"""Each state, once all is done to the files that belongs to it, and moments within a state that leave files by half."""
POINTS_ENTERED = tuple(KillPoint("entered", state, "archived") for state in ACTIVE)
"""Each state, before anything is done to the files: what ``POINTS`` leave of the state before, but for the ledger."""
DROPPED_FOR = {"working": "tiff", "failing": "cut.png", "returning": "cut.png"}
"""Kind of scan that gets into a state; for the other states, one that is read at once."""
MAX_WAITING = 8
"""Most scans that wait at a time."""


@dataclass
class Findings:
    """What the kills brought to light."""

    starts_s: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    """How many documents each state had when the daemon was killed, over all kills."""
    pages_kept: int = 0
    """How many finished pages the ledger had when the daemon was killed, over all kills."""
    kills: int = 0
    scans: int = 0
    pages: int = 0
    """Page images that are different from each other."""
    tesseract_runs: int = 0


def main() -> None:
    """Kill, look, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=300, help="at random moments, after those at each point")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--span", type=float, default=3.0, help="longest life in seconds after a start")
    options.add_argument("--no-model", action="store_true")
    given = options.parse_args()
    server = ForkServer()
    with tempfile.TemporaryDirectory(prefix="scanmend-kills-") as folder:
        folders = FOLDERS if given.no_model else FOLDERS | MODEL
        folders = {name: settings | {"second_reader": "auto"} for name, settings in folders.items()}
        harness = Harness(Path(folder) / "points", folders, fork_server=server)
        aimed = KillTest(harness, given.seed)
        aimed.at_points(POINTS + POINTS_ENTERED)
        first = aimed.close()
        server.close()
        harness = Harness(Path(folder) / "random", folders)
        harness.fill_ledger(given.rows)
        by_chance = KillTest(harness, given.seed)
        by_chance.at_random(given.kills, given.span, progress=True)
        second = by_chance.close()
    print(table(first), table(second), sep="\n\n")
    sys.exit(bool(first.problems or second.problems))


class KillTest:
    """Kills the daemon of one harness again and again, and finds out what that did."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self._harness = harness
        self._rng = random.Random(seed)  # noqa: S311 -- to be repeated
        self._found = Findings()
        self._finished: list[tuple[int, set[str]]] = []
        """At each kill, how often Tesseract had run, and the images of the pages that were finished."""
        self._monitor = harness.monitor()

    def at_points(self, points: tuple[KillPoint, ...]) -> None:
        """Kill the daemon, or ``scanmend retry``, at each of these points; a problem where that meets no document."""
        for point in points:
            self._drop(point.folder, DROPPED_FOR.get(point.state, "text.pdf"))
            if point.state == "returning":
                id_ = self._quarantine_last()
                self._harness.start_command("retry", id_, kill_point=point).wait(60)
            else:
                self._harness.start(point).wait_killed(60)
            self._look_after_kill()
            if not self._harness.query_ledger(
                f"SELECT 1 FROM document WHERE state = '{point.state}' AND folder = '{point.folder}'"  # noqa: S608 -- ours
            ):
                self._found.problems.append(f"no document was {point} when its process was gone")

    def at_random(self, kills: int, span_s: float, *, progress: bool = False) -> None:
        """Kill the daemon this often, each time within ``span_s`` seconds of its start."""
        harness, rng = self._harness, self._rng
        before, stretch = 0, 1.0  # on a busy machine nothing may come to its end within the span
        for n in range(kills):
            self._drop_some()
            if n % 20 == 10 and "corrected" in harness.folders:
                self._drop("corrected", "png")
            harness.start()
            if rng.random() < 0.15:
                time.sleep(rng.uniform(0, 0.5))
            else:
                self._found.starts_s.append(harness.wait_ready())
                time.sleep(rng.uniform(0, 0.3) if rng.random() < 0.7 else stretch * rng.uniform(0.5, span_s))
            harness.kill()
            self._look_after_kill()
            if n % 6 == 5:
                last, before = before, harness.finished()
                stretch = stretch if before > last else min(8.0, 2 * stretch)
            if progress and (n + 1) % 25 == 0:
                said = f"{n + 1} kills, {len(harness.dropped)} scans, {harness.finished()} finished"
                print(said, file=sys.stderr, flush=True)

    def close(self) -> Findings:
        """Let the daemon finish; return what was found."""
        harness, found = self._harness, self._found
        harness.start().wait_ready()
        if not harness.wait_finished(60 + 2.0 * len(harness.dropped)):
            found.problems.append(f"{len(harness.dropped) - harness.finished()} scans never came to an end")
        if code := harness.stop():
            found.problems.append(f"the daemon ended with {code}")
        found.problems += self._monitor.close()
        found.problems += harness.problems()
        found.problems += self._read_again()
        found.problems += self._ledger_problems()
        found.scans, found.tesseract_runs = len(harness.dropped), len(harness.tesseract_runs())
        found.pages = len({image for scan in harness.dropped for image in scan.page_images})
        return found

    def _quarantine_last(self) -> str:
        """Let the daemon run until the scan dropped last is in quarantine; return the id of its document."""
        file = str(self._harness.dropped[-1].relative)

        def ids() -> list[str]:
            return [line["id"] for line in self._harness.log_lines("document.quarantined") if line["file"] == file]

        self._harness.start().wait_ready()
        found = until(ids, f"{file} to be in quarantine")
        self._harness.kill()
        return found[-1]

    def _look_after_kill(self) -> None:
        self._found.kills += 1
        self._finished.append((len(self._harness.tesseract_runs()), self._harness.finished_page_images()))
        for state, count in self._harness.query_ledger("SELECT state, count(*) FROM document GROUP BY state"):
            if state in ACTIVE:
                self._found.states[state] = self._found.states.get(state, 0) + count
        self._found.pages_kept += sum(n for (n,) in self._harness.query_ledger("SELECT count(*) FROM page"))

    def _drop_some(self) -> None:
        free = MAX_WAITING - (len(self._harness.dropped) - self._harness.finished())
        for _ in range(min(free, self._rng.randint(1, 3))):
            self._drop(self._rng.choice([*FOLDERS]), self._rng.choice(KINDS))

    def _drop(self, folder: str, kind: str) -> None:
        harness, rng = self._harness, self._rng
        number = len(harness.dropped)
        text = MISREAD_TEXT if folder == "corrected" else "No"
        made, images = make_scan(kind, number, harness.root, rng, text=text)
        below = "sub/" if folder == "archived" and rng.random() < 0.3 else ""
        # Some names come again and again, so that outputs and archived sources need numbers.
        name = rng.choice(["scan", "scan", f"letter {number}"])
        relative = Path(f"{below}{name}{made.suffix}")
        if (harness.path_of(folder, "inbox") / relative).exists():
            relative = relative.with_name(f"{number}-{relative.name}")
        harness.drop(made, folder, relative, () if folder == "corrected" else images, sound=not kind.startswith("cut."))
        made.unlink()

    def _read_again(self) -> list[str]:
        runs = self._harness.tesseract_runs()
        return [
            f"page image {image[:8]} was finished before kill {n + 1}, and read again"
            for n, (before, images) in enumerate(self._finished)
            for image in images.intersection(runs[before:])
        ]

    def _ledger_problems(self) -> list[str]:
        harness = self._harness
        query = "SELECT state, count(*) FROM document WHERE folder != 'old' GROUP BY state"
        states = dict(harness.query_ledger(query))
        bad = sum(not scan.sound for scan in harness.dropped)
        problems = []
        if states != {k: v for k, v in (("done", len(harness.dropped) - bad), ("quarantined", bad)) if v}:
            problems.append(f"the ledger says {states}, dropped were {len(harness.dropped)}, {bad} of them damaged")
        if harness.query_ledger("SELECT 1 FROM page JOIN document ON id = document WHERE state = 'done'"):
            problems.append("the ledger keeps pages of finished documents")
        return problems


def table(found: Findings) -> str:
    """What was found, as Markdown."""
    starts = sorted(found.starts_s) or [0.0]
    states = ", ".join(f"{state} {count}" for state, count in sorted(found.states.items()))
    rows = {
        "kills": found.kills,
        "scans dropped": found.scans,
        "documents in work when killed": states,
        "start until ready, median / slowest": f"{statistics.median(starts):.2f} / {starts[-1]:.2f} s",
        "page images / runs of Tesseract": f"{found.pages} / {found.tesseract_runs}",
        "problems": len(found.problems),
    }
    lines = ["| | |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows.items())]
    return "\n".join([*lines, *found.problems])


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    main()
