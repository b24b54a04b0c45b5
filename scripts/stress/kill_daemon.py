#!/usr/bin/env python3
"""Kill the daemon with SIGKILL at random moments under a mixed load, and see that nothing is lost, doubled or torn.

    .venv/bin/python scripts/stress/kill_daemon.py [--kills 300] [--seed 1] [--rows 10000] [--no-model]

Scans of every kind, damaged ones among them, go into folders that archive, delete and keep their sources, and, every
so often, into one that the bundled model corrects. Between two kills the daemon lives for up to ``--span`` seconds.
Meanwhile the outboxes are looked at every 20 ms. After each kill the ledger tells which pages are finished; those must
not go through Tesseract again. The ledger begins with ``--rows`` finished documents, to see how long a start takes.
Exit code 1 when anything is wrong.
"""

import argparse
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _support  # noqa: F401 -- before what it makes importable
from scanmend.ledger.ledger import ACTIVE, Ledger
from trial import KINDS, Eye, Trial, make

FOLDERS: dict[str, dict[str, Any]] = {
    "archived": {"original": "archive", "recursive": True},
    "deleted": {"original": "delete"},
    "kept": {"original": "keep"},
}
MODEL: dict[str, dict[str, Any]] = {"mended": {"original": "archive", "strategy": "rescore", "model": "bundled"}}
SUSPECT = "The comrnittee will rneet on whieh day, No"
"""So that the model is asked."""
MOST_WAITING = 8
"""Scans that wait at a time."""


@dataclass
class Findings:
    """What the kills brought to light."""

    starts_s: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    caught: dict[str, int] = field(default_factory=dict)
    """How many documents each state had when the daemon was killed, over all kills."""
    papers: int = 0
    reads: int = 0
    pages: int = 0


def main() -> None:
    """Kill, look, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--span", type=float, default=3.0, help="longest life in seconds after a start")
    options.add_argument("--no-model", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanmend-kills-") as folder:
        trial = Trial(Path(folder), FOLDERS if given.no_model else FOLDERS | MODEL)
        fill(trial, given.rows)
        found = kill(trial, given.kills, given.span, given.seed, progress=True)
    print(table(found, given.kills))
    sys.exit(bool(found.problems))


def kill(trial: Trial, kills: int, span_s: float, seed: int, *, progress: bool = False) -> Findings:
    """Kill the daemon so often, then let it finish, and say what was found."""
    rng = random.Random(seed)  # noqa: S311 -- to be repeated
    found = Findings()
    eye = Eye([trial])
    eye.start()
    finished: list[tuple[int, set[str]]] = []
    through, stretch = 0, 1.0  # on a busy machine nothing may come to its end within the span
    for n in range(kills):
        _drop_some(trial, rng)
        if n % 20 == 10 and "mended" in trial.folders:
            _drop(trial, "mended", "png", rng)
        trial.start()
        if rng.random() < 0.15:
            time.sleep(rng.uniform(0, 0.5))
        else:
            found.starts_s.append(trial.ready())
            time.sleep(rng.uniform(0, 0.3) if rng.random() < 0.7 else stretch * rng.uniform(0.5, span_s))
        trial.kill()
        finished.append((_reads(trial), trial.finished_pages()))
        for state, count in trial.ledger("SELECT state, count(*) FROM document GROUP BY state"):
            if state in ACTIVE:
                found.caught[state] = found.caught.get(state, 0) + count
        if n % 6 == 5:
            before, through = through, trial.through()
            stretch = stretch if through > before else min(8.0, 2 * stretch)
        if progress and (n + 1) % 25 == 0:
            print(f"{n + 1} kills, {len(trial.papers)} scans, {trial.through()} through", file=sys.stderr, flush=True)
    trial.start().ready()
    if not trial.settle(60 + 2.0 * len(trial.papers)):
        found.problems.append(f"{len(trial.papers) - trial.through()} scans never came to an end")
    if code := trial.stop():
        found.problems.append(f"the daemon ended with {code}")
    found.problems += eye.close()
    found.problems += trial.problems()
    found.problems += _read_again(trial, finished)
    found.problems += _ledger_problems(trial)
    found.papers, found.reads = len(trial.papers), _reads(trial)
    found.pages = len({image for paper in trial.papers for image in paper.images})
    return found


def fill(trial: Trial, rows: int) -> None:
    """Begin with a ledger of so many finished documents, each as long as those that the trial adds."""
    Ledger(trial.state / "ledger.sqlite").close()
    places = [os.fsencode(trial.place("old", kind)) for kind in ("inbox", "outbox", "archive")]
    with closing(sqlite3.connect(trial.state / "ledger.sqlite")) as db, db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?4) INSERT INTO document SELECT "
            "printf('20250101-%06d-%08x-abcdef', i % 240000, i), 'old', ?1, "
            "CAST(printf('scan%06d.pdf', i) AS BLOB), CAST(printf('scan%06d', i) AS BLOB), ?2, "
            "i, 1000, 1735689600000000000 + i, 'done', 0, 0.0, 'archive', "
            "CAST(CAST(?3 AS TEXT) || printf('/scan%06d.pdf', i) AS BLOB), hex(randomblob(32)), 1, NULL, "
            "1735689600 + i / 7.0, 1735689600 + i / 7.0 FROM n",
            (*places, rows),
        )


def table(found: Findings, kills: int) -> str:
    """What was found, as Markdown."""
    starts = sorted(found.starts_s) or [0.0]
    caught = ", ".join(f"{state} {count}" for state, count in sorted(found.caught.items()))
    rows = {
        "kills": kills,
        "scans dropped": found.papers,
        "documents in hand when killed": caught,
        "start until ready, median / slowest": f"{statistics.median(starts):.2f} / {starts[-1]:.2f} s",
        "page images / runs of Tesseract": f"{found.pages} / {found.reads}",
        "problems": len(found.problems),
    }
    lines = ["| | |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows.items())]
    return "\n".join([*lines, *found.problems])


def _drop_some(trial: Trial, rng: random.Random) -> None:
    room = MOST_WAITING - (len(trial.papers) - trial.through())
    for _ in range(min(room, rng.randint(1, 3))):
        _drop(trial, rng.choice([*FOLDERS]), rng.choice(KINDS), rng)


def _drop(trial: Trial, folder: str, kind: str, rng: random.Random) -> None:
    number = len(trial.papers)
    made, images = make(kind, number, trial.root, rng, text=SUSPECT if folder == "mended" else "No")
    below = "sub/" if folder == "archived" and rng.random() < 0.3 else ""
    # Some names come again and again, so that outputs and archived sources need numbers.
    name = rng.choice(["scan", "scan", f"letter {number}"])
    relative = Path(f"{below}{name}{made.suffix}")
    if (trial.place(folder, "inbox") / relative).exists():
        relative = relative.with_name(f"{number}-{relative.name}")
    trial.drop(made, folder, relative, () if folder == "mended" else images, sound=not kind.startswith("cut."))
    made.unlink()


def _reads(trial: Trial) -> int:
    return trial.reads.read_bytes().count(b"\n")


def _read_again(trial: Trial, finished: list[tuple[int, set[str]]]) -> list[str]:
    runs = trial.reads.read_text().split()
    return [
        f"page image {image[:8]} was finished before kill {n + 1}, and read again"
        for n, (mark, images) in enumerate(finished)
        for image in images.intersection(runs[mark:])
    ]


def _ledger_problems(trial: Trial) -> list[str]:
    states = dict(trial.ledger("SELECT state, count(*) FROM document WHERE folder != 'old' GROUP BY state"))
    bad = sum(not paper.sound for paper in trial.papers)
    problems = []
    if states != {k: v for k, v in (("done", len(trial.papers) - bad), ("quarantined", bad)) if v}:
        problems.append(f"the ledger says {states}, dropped were {len(trial.papers)}, {bad} of them damaged")
    if trial.ledger("SELECT 1 FROM page JOIN document ON id = document WHERE state = 'done'"):
        problems.append("the ledger keeps pages of finished documents")
    return problems


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    main()
