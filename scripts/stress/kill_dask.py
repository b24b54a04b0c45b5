#!/usr/bin/env python3
"""Kill Dask's workers and scheduler, and the daemon, under load, and see that nothing is lost, doubled or torn.

    .venv/bin/python scripts/stress/kill_dask.py [--kills 200] [--seed 1] [--pause 3]

Scans of every kind, damaged ones among them, go into folders that archive, delete and keep their sources; two workers
read their pages, each a process as on a machine of its own, with TLS. At random a worker is killed, or stopped for
longer than the scheduler has patience (as one that is cut off), or the scheduler is killed, or the daemon, mostly while
pages are with the workers; what was killed is started again after a moment. Meanwhile the outboxes are listed every
20 ms. Exit code 1 when anything is wrong.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import _support  # noqa: F401 -- before what it makes importable
from dask_machines import Machines
from harness import Harness
from kill_daemon import FOLDERS, MAX_WAITING
from small_scans import KINDS, make_scan

VICTIMS = {"worker": 5, "cut off": 1, "scheduler": 2, "daemon": 3}
"""Who is killed, how often in comparison."""
READY_S = 180.0
"""Longest start of a daemon on a busy machine, in seconds."""
LOAD_S = 60.0
"""Longest wait for pages to be with a worker before each kill, in seconds."""
CUT_S = 12.0
"""Seconds for which a worker is stopped; the scheduler takes it for lost after ten."""


def main() -> None:
    """Kill, look, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--minutes", type=float, default=600, help="end after this time, however few the kills")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--pause", type=float, default=3.0, help="longest time between two kills, in seconds")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanmend-dask-") as folder:
        root = Path(folder)
        machines = Machines(root / "machines")
        harness = Harness(root / "daemon", FOLDERS, top={"executor": machines.executor})
        soak = Soak(harness, machines, given.seed)
        try:
            soak.run(given.kills, given.pause, given.minutes)
            problems = soak.close()
            print(soak.table(problems))
        finally:
            harness.kill()
            machines.close()
    sys.exit(bool(problems))


class Soak:
    """One daemon, one scheduler and two workers, and what becomes of them."""

    def __init__(self, harness: Harness, machines: Machines, seed: int) -> None:
        self._harness, self._machines = harness, machines
        self._rng = random.Random(seed)  # noqa: S311 -- to be repeated
        self._kills: Counter[str] = Counter()
        self._busy: Counter[str] = Counter()
        self._monitor = harness.monitor()
        self._workers = 0

    def run(self, kills: int, pause_s: float, minutes: float) -> None:
        """Kill this often, or for so long."""
        end = time.monotonic() + 60 * minutes
        machines, rng = self._machines, self._rng
        machines.start_scheduler()
        self._fill_up()
        self._harness.start().wait_ready(READY_S)
        while self._kills.total() < kills and time.monotonic() < end:
            self._drop_some()
            self._fill_up()
            self._await_load(finish=self._kills.total() % 6 == 5)
            time.sleep(rng.uniform(0, pause_s))
            victim = rng.choices([*VICTIMS], [*VICTIMS.values()])[0]
            self._busy[victim] += bool(self._in_flight())
            self._kill(victim)
            self._kills[victim] += 1
            if self._kills.total() % 20 == 0:
                said = f"{dict(self._kills)}, {len(self._harness.dropped)} scans, {self._harness.finished()} finished"
                print(said, file=sys.stderr, flush=True)

    def close(self) -> list[str]:
        """Let everything come to its end; return what is wrong."""
        harness = self._harness
        self._fill_up()
        problems = []
        if not harness.wait_finished(180 + 3.0 * len(harness.dropped)):
            problems.append(f"{len(harness.dropped) - harness.finished()} scans never came to an end")
        if code := harness.stop():
            problems.append(f"the daemon ended with {code}")
        return [*problems, *self._monitor.close(), *harness.problems()]

    def table(self, problems: list[str]) -> str:
        """What was done and found, as Markdown."""
        harness = self._harness
        kills = ", ".join(
            f"{who} {n} ({self._busy[who]} while pages were with workers)" for who, n in self._kills.items()
        )
        rows = {
            "kills": f"{self._kills.total()}: {kills}",
            "scans dropped": len(harness.dropped),
            "documents held, retried, in quarantine": ", ".join(
                str(len(harness.log_lines(f"document.{event}"))) for event in ("held", "retry", "quarantined")
            ),
            "of these damaged": sum(not scan.sound for scan in harness.dropped),
            "problems": len(problems),
        }
        return "\n".join(["| | |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows.items()), *problems])

    def _await_load(self, *, finish: bool) -> None:
        """Wait until pages are with a worker, so that the kill hits something; or until a document is through."""
        limit, before = time.monotonic() + LOAD_S, self._harness.finished()
        while time.monotonic() < limit:
            if self._harness.finished() > before if finish else self._in_flight():
                return
            time.sleep(0.05)

    def _in_flight(self) -> int:
        try:
            status = json.loads((self._harness.state / "daemon.json").read_bytes())
        except (OSError, ValueError):
            return 0
        return int(status["dask"]["in_flight"])

    def _kill(self, victim: str) -> None:
        machines, rng = self._machines, self._rng
        if victim == "daemon":
            self._harness.kill()
            time.sleep(rng.uniform(0, 0.5))
            self._harness.start().wait_ready(READY_S)
        elif victim == "scheduler":
            machines.kill_scheduler()
            time.sleep(rng.uniform(0, 3))
            machines.start_scheduler()
        elif victim == "worker":
            machines.kill_worker(rng.choice([*machines.workers]))
        else:
            process = machines.workers[rng.choice([*machines.workers])]
            process.send_signal(signal.SIGSTOP)
            threading.Timer(CUT_S, lambda: process.poll() is None and process.send_signal(signal.SIGCONT)).start()

    def _fill_up(self) -> None:
        """Start workers in place of those that were killed, or that ended with their scheduler."""
        machines = self._machines
        for name in [name for name, process in machines.workers.items() if process.poll() is not None]:
            machines.kill_worker(name)
        while len(machines.workers) < 2:
            self._workers += 1
            machines.start_worker(f"w{self._workers}", 1)

    def _drop_some(self) -> None:
        harness, rng = self._harness, self._rng
        for _ in range(min(MAX_WAITING - (len(harness.dropped) - harness.finished()), rng.randint(1, 3))):
            kind, folder = rng.choice(KINDS), rng.choice([*FOLDERS])
            made, images = make_scan(kind, len(harness.dropped), harness.root, rng, text="No")
            relative = Path(f"{len(harness.dropped)}{made.suffix}")
            harness.drop(made, folder, relative, images, sound=not kind.startswith("cut."))
            made.unlink()


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    main()
