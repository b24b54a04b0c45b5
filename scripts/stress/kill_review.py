#!/usr/bin/env python3
"""Kill the daemon with SIGKILL while a person's decisions are written, and see that nothing is torn or lost.

    .venv/bin/python scripts/stress/kill_review.py [--kills 300] [--seed 1] [--outputs txt,md,hocr,pdf,html,json]

A document is published, decided, taken back and restored; each daemon ends itself before its n-th change of a file or
the ledger, in its start, in a step or while outputs take their places. First n is each number there is, then any, and
what comes after a kill may be killed, too. After each kill, every output has to be the old or the new one, and every
step that was acknowledged has to be in the journal; whenever a daemon comes to its end, all outputs have to be what the
journal says, and the folder's growing table what the record says. Exit code 1 when anything is wrong.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import _support  # noqa: F401 -- before what it makes importable
from review_kills import ReviewKills

STEPS = ("type", "type", "type", "take", "undo", "restore", "nothing")
"""What a daemon does, each as likely as it is often here."""


def main() -> None:
    """Kill, look, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--minutes", type=float, default=600.0, help="stop after so long in any case")
    options.add_argument("--outputs", default="txt,md,hocr,pdf,html,json")
    given = options.parse_args()
    rng, problems = random.Random(given.seed), []  # noqa: S311 -- to be repeated
    started, killed, whole, tried = time.monotonic(), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="scanmend-review-kills-") as folder:
        kills = ReviewKills(Path(folder) / "world", given.outputs.split(","))
        scratch = Path(folder) / "pages"
        at_most = kills.daemon("type", "1") or 0
        while killed < given.kills and time.monotonic() - started < given.minutes * 60:
            does = "type" if tried < at_most else rng.choice(STEPS)
            if does != "nothing" and rng.random() < 0.5:
                kills.forget_copies()
            at = tried + 1 if tried < at_most else rng.randint(1, at_most)
            tried += 1
            changes = kills.daemon(does, str(rng.randint(1, 99)), kill_at=at)
            if changes is None:
                killed += 1
                problems += _told(f"kill {killed}, {does}, before change {at}", kills.torn())
            if changes is not None or rng.random() < 0.5:
                kills.daemon("nothing")
                whole += 1
                problems += _told(f"after kill {killed}, {does}, change {at}", kills.unfinished(scratch))
            if tried % 25 == 0:
                print(f"{killed} kills, {kills.acknowledged} steps", file=sys.stderr, flush=True)
        kills.daemon("restore")
        problems += kills.unfinished(scratch)
    print(f"| kills | {killed} |\n|---|---|\n| changes that one decision makes | {at_most} |")
    print(f"| steps acknowledged | {kills.acknowledged} |\n| times all was compared with the journal | {whole + 1} |")
    print(f"| seconds | {time.monotonic() - started:.0f} |\n| problems | {len(problems)} |")
    print(*problems, sep="\n")
    sys.exit(bool(problems))


def _told(when: str, wrong: Sequence[str]) -> list[str]:
    """Return what is wrong with the moment at which it was seen, and print it: the end of a run may be hours away."""
    told = [f"{when}: {what}" for what in wrong]
    for one in told:
        print(one, file=sys.stderr, flush=True)
    return told


if __name__ == "__main__":
    main()
