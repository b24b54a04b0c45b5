#!/usr/bin/env python3
"""Kill the daemon with SIGKILL while it splits stacks, and see that every document comes out once.

    .venv/bin/python scripts/stress/kill_splitting.py [--kills 100] [--seed 1] [--span 3]

Small stacks with barcodes, patch sheets and blank backs go into two folders; the daemon is killed at random moments
within ``--span`` seconds of its start. In the end each
stack must have made its documents, with their pages, once, and its source must be in the archive. Exit code 1 when
anything is wrong.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import _support  # noqa: F401 -- before what it makes importable
from harness import Harness
from split_stacks import BY_BARCODE, BY_PATCH, problems, save_stack
from waiting import until

STACKS = {
    "barcodes": (
        (("DOC-7", "upright", "back", "DOC-8", "upright"), [[2], [5]]),
        (("upright", "DOC-9", "DOC-9", "upright", "upright", "DOC-7", "upright"), [[1], [4, 5], [7]]),
        (("upright", "back", "upright"), [[1, 3]]),
    ),
    "sheets": (
        (("T", "upright", "back", "T", "upright", "2"), [[2], [5, 6]]),
        (("upright", "T", "upright", "T"), [[1], [3]]),
    ),
}
"""For each folder stacks, and the pages of the documents that they make."""
MAX_WAITING = 4
"""Most stacks that wait at a time."""


def main() -> None:
    """Kill, look, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--span", type=float, default=3.0, help="longest life in seconds after a start")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanmend-kills-") as folder:
        found = run(Path(folder), given.kills, random.Random(given.seed), given.span)  # noqa: S311 -- to be repeated
    print("\n".join(found))
    sys.exit(len(found) > 1)


def run(root: Path, kills: int, rng: random.Random, span_s: float) -> list[str]:
    """Return a line that sums it up, and one for each problem."""
    harness = Harness(root, {"barcodes": BY_BARCODE, "sheets": BY_PATCH})
    made = {
        (name, i): save_stack(kinds, root / f"{name}{i}.{'pdf' if i % 2 else 'tiff'}", small=True)
        for name, stacks in STACKS.items()
        for i, (kinds, _) in enumerate(stacks)
    }
    expected: dict[str, dict[str, list[list[int]]]] = {name: {} for name in STACKS}
    monitor = harness.monitor()
    splitting = 0
    for n in range(kills):
        while len(harness.dropped) - archived(harness) < MAX_WAITING:
            name, i = rng.choice(list(made))
            relative = Path(f"{len(harness.dropped)}{made[name, i].suffix}")
            harness.drop(made[name, i], name, relative)
            expected[name][relative.name] = STACKS[name][i][1]
        harness.start().wait_ready()
        time.sleep(rng.uniform(0, span_s))
        harness.kill()
        splitting += bool(
            harness.query_ledger("SELECT 1 FROM part JOIN document ON id = document WHERE state != 'done'")
        )
        if (n + 1) % 10 == 0:
            print(f"{n + 1} kills, {archived(harness)} of {len(harness.dropped)} done", file=sys.stderr, flush=True)
    harness.start().wait_ready()
    until(lambda: archived(harness) == len(harness.dropped), "all to be done", limit_s=300)
    until(lambda: not harness.query_ledger("SELECT 1 FROM document WHERE state != 'done'"), "the ledger to know")
    harness.stop()
    said = [problem for name in STACKS for problem in problems(harness, name, expected[name])]
    documents = sum(len(pages) for one in expected.values() for pages in one.values())
    line = (
        f"{kills} kills, {splitting} of them while documents were chosen and not all was done; {len(harness.dropped)} "
        f"sources, {documents} documents; {len(said)} problems"
    )
    return [line, *said, *monitor.close()]


def archived(harness: Harness) -> int:
    """How many sources have been put away."""
    return sum(p.is_file() for name in STACKS for p in harness.path_of(name, "archive").rglob("*"))


if __name__ == "__main__":
    main()
