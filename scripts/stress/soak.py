#!/usr/bin/env python3
"""Run the daemon for hours while things go wrong around it, and see whether anything grows, is lost or doubled.

    .venv/bin/python scripts/stress/soak.py [--minutes 120] [--documents 20000] [--known 50000] [--seed 1]

The ledger begins with ``--known`` finished documents, as many as a daemon remembers that ran for months.
Scans of every kind, damaged ones, duplicates and odd names go into four folders, evenly over the time, never more than
``MAX_WAITING`` ahead of the daemon. Every few seconds something fails: a page process, the model's process or the
daemon is killed, an inbox is renamed and comes back, an outbox may not be written (not as root, whom nothing stops),
a disk is full (as root, on a small tmpfs). The daemon itself is killed in the first half of the time only: the second
is one life, so that memory, descriptors and threads show whether they grow. In the last quarter nothing fails.
Exit code 1 when anything is lost, doubled, torn or left over.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

import _support  # noqa: F401 -- before what it makes importable
from harness import Harness
from scanmend.ledger.ledger import KEPT_FINISHED
from small_scans import MISREAD_TEXT, make_scan

FOLDERS: dict[str, dict[str, Any]] = {
    "archived": {"original": "archive", "recursive": True, "prepare": "auto"},
    "deleted": {"original": "delete"},
    "kept": {"original": "keep"},
    "corrected": {"original": "archive", "strategy": "rescore", "model": "bundled"},
}
SHARES = {"archived": 60, "deleted": 30, "kept": 7, "corrected": 3}
SMALL = "deleted"
"""The folder that lies on a small disk of its own."""
SMALL_MIB = 128
KINDS = {
    "text.pdf": 50,
    "png": 14,
    "jpg": 6,
    "gif": 6,
    "webp": 4,
    "bmp": 4,
    "tiff": 4,
    "pdf": 6,
    "cut.pdf": 4,
    "cut.png": 2,
}
ODD = ("-rf {}", "two\nlines {}", "caf\udce9 {}", "ünï {} 文書", "a" * 200 + " {}", " {} ", "'{}' \"$(x)\"", "scan")
MAX_WAITING = 60
SAMPLE_S, FAULT_S = 5.0, (4.0, 12.0)
AWAY_S = 3.0
"""How long an inbox is away, a disk full, or an outbox closed."""


@dataclass
class Samples:
    """What the daemon's process needed, over its time."""

    rows: list[tuple[float, float, int, int, float, int]] = field(default_factory=list)
    """Seconds, RSS in MiB, descriptors, threads, ledger in MiB, sources that stay in an inbox."""

    def take(self, at: float, harness: Harness) -> None:
        """Look once; nothing while the daemon is not there."""
        with suppress(psutil.Error, FileNotFoundError):  # the daemon, or an inbox, is away
            process = psutil.Process(harness.process.pid if harness.process else -1)
            size = sum(f.stat().st_size for f in harness.state.glob("ledger.sqlite*")) / 2**20
            rss = process.memory_info().rss / 2**20
            kept = sum(f.is_file() for f in harness.path_of("kept", "inbox").iterdir())
            self.rows.append((at, rss, process.num_fds(), process.num_threads(), size, kept))

    def between(self, start: float, end: float) -> tuple[str, ...]:
        """Medians within a part of the time."""
        rows = [row for row in self.rows if start <= row[0] <= end] or self.rows[-1:]
        medians = [statistics.median(column) for column in zip(*rows, strict=True)]
        return tuple(f"{median:.{digits}f}" for median, digits in zip(medians[1:], (1, 0, 0, 1, 0), strict=True))


def main() -> None:
    """Soak and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=120.0)
    options.add_argument("--documents", type=int, default=20_000)
    options.add_argument("--known", type=int, default=KEPT_FINISHED)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanmend-soak-") as folder, _small_disk(Path(folder) / SMALL) as small:
        folders = {name: settings | {"second_reader": "auto"} for name, settings in FOLDERS.items()}
        harness = Harness(Path(folder), folders, top={"idle_unload_s": 15})
        harness.fill_ledger(given.known)
        sys.exit(bool(soak(harness, given.minutes * 60, given.documents, given.seed, small=small)))


def soak(harness: Harness, seconds: float, documents: int, seed: int, *, small: bool) -> list[str]:
    """Drop, harm, sample; then let it finish, print what was found, and return what was wrong."""
    rng = random.Random(seed)  # noqa: S311 -- to be repeated
    samples, faults, monitor = Samples(), Counter[str](), harness.monitor(2.0)
    harness.start().wait_ready()
    began = time.monotonic()
    next_sample, next_fault, next_note = 5.0, 10.0, 60.0
    while (now := time.monotonic() - began) < seconds and len(harness.dropped) < documents:
        due = int(documents * now / seconds)
        if len(harness.dropped) < min(due, harness.finished() + MAX_WAITING):
            for _ in range(min(10, due - len(harness.dropped))):
                _drop(harness, rng)
        if now >= next_sample:
            next_sample = now + SAMPLE_S
            samples.take(now, harness)
        if now >= next_fault and now < 0.75 * seconds:
            next_fault = now + rng.uniform(*FAULT_S)
            faults[_harm(harness, rng, small=small, kill=now < 0.5 * seconds)] += 1
        if now >= next_note:
            next_note = now + 60.0
            print(f"{now / 60:.0f} min: {len(harness.dropped)} dropped, {harness.finished()} finished", file=sys.stderr)
        time.sleep(0.2)
    problems = []
    if not harness.wait_finished(300):
        problems.append(f"{len(harness.dropped) - harness.finished()} scans never came to an end")
    samples.take(time.monotonic() - began, harness)
    if code := harness.stop():
        problems.append(f"the daemon ended with {code}")
    problems += [*monitor.close(), *harness.problems()]
    _print(harness, samples, faults, seconds, problems)
    return problems


def _drop(harness: Harness, rng: random.Random) -> None:
    number = len(harness.dropped)
    (folder,) = rng.choices([*SHARES], [*SHARES.values()])
    (kind,) = rng.choices([*KINDS], [*KINDS.values()])
    kind = "png" if folder == "corrected" else kind
    text = MISREAD_TEXT if folder == "corrected" else "No"
    made, _ = make_scan(kind, number, harness.root, rng, hashed=False, text=text)
    name = rng.choice(ODD).format(number) if rng.random() < 0.2 else f"scan {number}"
    relative = Path(name + made.suffix)
    if folder == "archived" and rng.random() < 0.3:
        relative = Path(rng.choice(("a", "b/c", "d e"))) / relative
    for copy in range(2 if rng.random() < 0.03 else 1):  # some come twice
        place = relative.with_name(f"again {number}{made.suffix}") if copy else relative
        if not os.path.lexists(harness.path_of(folder, "inbox") / place):
            with suppress(FileNotFoundError, OSError):  # the inbox is away, or its disk full, just now
                harness.drop(made, folder, place, sound=not kind.startswith("cut."))
    made.unlink()


def _harm(harness: Harness, rng: random.Random, *, small: bool, kill: bool) -> str:
    """Let something fail, the daemon itself if it may be killed; return what."""
    faults: list[Callable[[Harness, random.Random], str]] = [_kill_child, _kill_child, _rename_inbox]
    if kill:
        faults.append(_kill_daemon)
    if os.getuid():
        faults.append(_close_outbox)
    if small:
        faults.append(_fill_disk)
    return rng.choice(faults)(harness, rng)


def _kill_daemon(harness: Harness, rng: random.Random) -> str:
    harness.kill()
    time.sleep(rng.uniform(0, 0.5))
    harness.start().wait_ready()
    return "daemon killed"


def _kill_child(harness: Harness, rng: random.Random) -> str:
    with suppress(psutil.Error):
        children = psutil.Process(harness.process.pid if harness.process else -1).children()
        models = [child for child in children if "scanmend.llm.inference.host" in child.cmdline()]
        if chosen := models or children:
            rng.choice(chosen).kill()
            return "model killed" if models else "page process killed"
    return "nobody to kill"


def _rename_inbox(harness: Harness, rng: random.Random) -> str:
    inbox = harness.path_of(rng.choice([n for n in harness.folders if n != SMALL]), "inbox")
    away = inbox.with_name("away")
    inbox.rename(away)
    time.sleep(AWAY_S)
    away.rename(inbox)
    return "inbox away"


def _close_outbox(harness: Harness, rng: random.Random) -> str:
    outbox = harness.path_of(rng.choice([*harness.folders]), "outbox")
    outbox.chmod(0o500)
    time.sleep(AWAY_S)
    outbox.chmod(0o755)
    return "outbox closed"


def _fill_disk(harness: Harness, _: random.Random) -> str:
    filler = harness.root / SMALL / "filler"
    with suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(b"\0" * 65536)
            file.flush()
    time.sleep(AWAY_S)
    filler.unlink()
    return "disk full"


@contextmanager
def _small_disk(place: Path) -> Iterator[bool]:
    """Have a small file system there, where we may; yields whether."""
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_MIB}m", "none", str(place)]
    mounted = os.getuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _print(harness: Harness, samples: Samples, faults: "Counter[str]", seconds: float, problems: list[str]) -> None:
    print(
        f"{len(harness.dropped)} scans in {seconds / 60:.0f} min; " + ", ".join(f"{n} × {f}" for f, n in faults.items())
    )
    print("| | RSS MiB | descriptors | threads | ledger MiB | files kept |\n|---|---|---|---|---|---|")
    parts = {"first quarter, the daemon is killed, too": (0, 2), "second": (2, 4)}
    parts |= {"third, one life from here on, other faults": (4, 5), "its second half": (5, 6)}
    parts |= {"last, without faults": (6, 7), "the end": (7, 8)}
    for part, (start, end) in parts.items():
        print(f"| {part} | {' | '.join(samples.between(start * seconds / 8, end * seconds / 8))} |")
    states = harness.query_ledger("SELECT state, count(*) FROM document GROUP BY state")
    print("ledger: " + ", ".join(f"{count} {state}" for state, count in states))
    print(f"problems: {len(problems)}", *problems[:50], sep="\n")


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    main()
