"""Daemons that review one document and end themselves with SIGKILL before their n-th change of any file or the ledger.

Run as a program it is such a daemon. ``ReviewKills`` starts them, and says after each what is wrong with the files.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from review_world import AMOUNT, FOUND, ReviewWorld
from scanmend.ledger.sqlite import Database
from scanmend.outputs import txt
from scanmend.pageworkers.pool import PagePool
from scanmend.review.bundle import Bundle
from scanmend.review.decisions import Decision, holding
from scanmend.review.rewriting import decided_pages

WRITES = frozenset({"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "open"})
"""What changes a file system, as Python's audit events name it; of ``open`` only what creates or empties a file."""
STEPS_LIMIT_S = 60.0
"""Longest time for the outputs to be written, in seconds."""


class Countdown:
    """Kills this process before the n-th change from now on, in whatever thread; 0 never does, and counts."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._lock = threading.Lock()
        self.count = 0

    def begin(self) -> None:
        """Count from here on; for good."""
        sys.addaudithook(self._hear)
        transaction = Database.transaction

        def counted(database: Database):
            self._step()
            return transaction(database)

        Database.transaction = counted

    def _hear(self, event: str, args: tuple[object, ...]) -> None:
        if event not in WRITES:
            return
        if event == "open" and not (isinstance(args[2], int) and args[2] & (os.O_CREAT | os.O_TRUNC)):
            return
        self._step()

    def _step(self) -> None:
        with self._lock:
            self.count += 1
            if self.count == self._at:
                os.kill(os.getpid(), signal.SIGKILL)


class ReviewKills:
    """One published document, and daemons over it."""

    def __init__(self, root: Path, outputs: Sequence[str]) -> None:
        self.root, self._outputs = root, tuple(outputs)
        pool = PagePool(1, root / "work")
        world = ReviewWorld(root, pool, outputs=self._outputs)
        self.id = world.publish()
        self.machine = world.outputs()
        world.close()
        pool.close()
        self.outbox = world.folder.outbox
        self.bundle = Bundle(root / "state" / "review" / self.id)
        self.acknowledged = 0

    def daemon(self, does: str, text: str = "", kill_at: int = 0) -> int | None:
        """Have a daemon take a step (``type``, ``take``, ``undo``, ``restore``, ``nothing``), and write the outputs.

        Returns how many changes it made; None where it was killed before the change ``kill_at``.
        """
        arguments = [str(self.root), self.id, does, text, str(kill_at), ",".join(self._outputs)]
        done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=False)
        told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        self.acknowledged = max([self.acknowledged, *(line["acknowledged"] for line in told if "acknowledged" in line)])
        if done.returncode == -signal.SIGKILL:
            return None
        if done.returncode:
            raise RuntimeError(done.stderr)
        return next(line["changes"] for line in told if "changes" in line)

    def forget_copies(self) -> None:
        """Where the outputs are the machine's, remove the copies kept of these: the next step keeps them again."""
        if self.bundle.written.files == self.bundle.facts.files:
            shutil.rmtree(self.bundle.machine, ignore_errors=True)

    def torn(self) -> list[str]:
        """Return what is wrong right now: outputs that are neither old nor new, and steps that are lost."""
        before, bundle = self.bundle.written, self.bundle
        intent = bundle.intent
        wrong = []
        for suffix, old in before.files.items():
            data = (self.outbox / f"a{suffix}").read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            if digest not in {old.sha256, intent.files[suffix].sha256 if intent else old.sha256}:
                wrong.append(f"a{suffix} is neither the old version nor the new one")
        if (steps := len(bundle.journal.read())) < self.acknowledged:
            wrong.append(f"{self.acknowledged} steps were acknowledged, the journal has {steps}")
        return wrong

    def unfinished(self, scratch: Path) -> list[str]:
        """Return what is wrong once a daemon came to its end: outputs that are not what the journal says, leftovers."""
        wrong = self.torn()
        actions = self.bundle.journal.read()
        decided = holding(actions)
        scratch.unlink(missing_ok=True)
        pages, _ = decided_pages(self.bundle, decided, scratch)
        if (self.outbox / "a.txt").read_bytes() != b"".join(txt.render(pages)):
            wrong.append("a.txt is not what the journal says")
        record = json.loads((self.outbox / "a.json").read_bytes())
        if [one["after"] for one in record["review"]] != [one.after for one in _by_place(decided)]:
            wrong.append("a.json does not list the decisions of the journal")
        if not decided and {p.name: p.read_bytes() for p in self.outbox.iterdir()} != self.machine:
            wrong.append("nothing is decided, but the outputs are not the machine's")
        if self.bundle.written.steps != len(actions) or self.bundle.intent or self.bundle.next.exists():
            wrong.append("the bundle is not at rest")
        if left := sorted(p.name for p in self.outbox.iterdir() if p.name not in self.machine and not _is_part(p)):
            wrong.append(f"strange files: {left}")
        return wrong


def _by_place(decided):
    order = {FOUND: 0, AMOUNT: 1}
    return sorted(decided, key=lambda one: order[one.decision.place])


def _is_part(path: Path) -> bool:
    return path.name.endswith(".part")


def main() -> None:
    """Be a daemon that takes one step."""
    options = argparse.ArgumentParser()
    for name in ("root", "id", "does", "text"):
        options.add_argument(name)
    options.add_argument("kill_at", type=int)
    options.add_argument("outputs")
    given = options.parse_args()
    root = Path(given.root)
    pool = PagePool(1, root / "work")
    countdown = Countdown(given.kill_at)
    countdown.begin()
    world = ReviewWorld(root, pool, outputs=tuple(given.outputs.split(",")))
    steps = {
        "type": lambda: world.reviews.decide(given.id, [Decision(AMOUNT, "type", given.text)], "Ana"),
        "take": lambda: world.reviews.decide(given.id, [Decision(FOUND, "take")], "Ana"),
        "undo": lambda: world.reviews.undo(given.id, "Ana"),
        "restore": lambda: world.reviews.restore_machine(given.id),
        "nothing": lambda: world.reviews.open(given.id),
    }
    if given.does != "undo" or world.reviews.open(given.id).can_undo:
        found = steps[given.does]()
        print(json.dumps({"acknowledged": found.steps}), flush=True)  # noqa: T201 -- for who started it
    if not world.reviews.wait_written(given.id, STEPS_LIMIT_S):
        raise SystemExit(f"not written: {world.reviews.open(given.id).trouble}")
    world.close()
    print(json.dumps({"changes": countdown.count}), flush=True)  # noqa: T201 -- for who started it
    pool.close()


if __name__ == "__main__":
    main()
