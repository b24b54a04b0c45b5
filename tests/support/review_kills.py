"""Daemons that review one document and end themselves with SIGKILL before their n-th change of any file or the ledger.

``ReviewKills`` starts them, each a process of its own, and says after each what is wrong with the files.
"""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from review_world import AMOUNT, FOUND, ReviewWorld
from scanmend.fs import atomic
from scanmend.ledger.sqlite import Database
from scanmend.outputs import fields_table, txt
from scanmend.pageworkers.pool import PagePool
from scanmend.review.bundle import Bundle
from scanmend.review.doubt.decisions import Decision, holding
from scanmend.review.rewriting import decided_pages

WRITES = frozenset({"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "open"})
"""What changes a file system, as Python's audit events name it; of ``open`` only what creates or empties a file."""
TABLE = "all.csv"
"""Name of the folder's growing table."""
FIELDS = ({"name": "amount", "type": "text", "pattern": r"\d\d\.\d\d"},)
"""What it tells of the document: the disputed number, where it looks like an amount."""
STEPS_LIMIT_S = 60.0
"""Longest time for the outputs to be written, in seconds."""
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["review_kills"])


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
        world = _world(root, pool, self._outputs)
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
        here, there = _FORKS.Pipe(duplex=False)
        process = _FORKS.Process(
            target=_be_daemon, args=(self.root, self.id, self._outputs, does, text, kill_at, there)
        )
        process.start()
        there.close()
        told: dict[str, int] = {}
        try:
            while True:
                told |= here.recv()
        except EOFError:
            process.join()
        self.acknowledged = max(self.acknowledged, told.get("acknowledged", 0))
        if process.exitcode == -signal.SIGKILL:
            return None
        if process.exitcode:
            raise RuntimeError(f"the daemon failed with {process.exitcode}")
        return told["changes"]

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
        rows = (self.root / TABLE).read_bytes().split(b"\r\n")
        if [row.count(self.id.encode()) for row in rows] != [0, 1, 0]:
            wrong.append("the table has not just the row of the document")
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
        if (self.root / TABLE).read_bytes() != b"".join(fields_table.table(record)):
            wrong.append("the table does not have the facts of a.json")
        files = [p for p in self.outbox.iterdir() if not atomic.PART.fullmatch(p.name)]  # those are swept later
        if not decided and {p.name: p.read_bytes() for p in files} != self.machine:
            wrong.append("nothing is decided, but the outputs are not the machine's")
        if self.bundle.written.steps != len(actions) or self.bundle.intent or self.bundle.next.exists():
            wrong.append("the bundle is not at rest")
        if left := sorted(p.name for p in files if p.name not in self.machine):
            wrong.append(f"strange files: {left}")
        return wrong


def _world(root: Path, pool: PagePool, outputs: Sequence[str]) -> ReviewWorld:
    """Return the world of every daemon: its folder has a growing table, in which decisions come out, too."""
    return ReviewWorld(root, pool, outputs=outputs, fields=FIELDS, fields_csv=root / TABLE)


def _by_place(decided):
    order = {FOUND: 0, AMOUNT: 1}
    return sorted(decided, key=lambda one: order[one.decision.place])


def _be_daemon(
    root: Path, id_: str, outputs: tuple[str, ...], does: str, text: str, kill_at: int, tell: Connection
) -> None:
    """Be a daemon that takes one step, and is killed before the change ``kill_at``; 0: never."""
    pool = PagePool(1, root / "work")
    countdown = Countdown(kill_at)
    countdown.begin()
    world = _world(root, pool, outputs)
    steps = {
        "type": lambda: world.reviews.decide(id_, [Decision(AMOUNT, "type", text)], "Ana"),
        "take": lambda: world.reviews.decide(id_, [Decision(FOUND, "take")], "Ana"),
        "undo": lambda: world.reviews.undo(id_, "Ana"),
        "restore": lambda: world.reviews.restore_machine(id_, "Ana"),
        "nothing": lambda: world.reviews.open(id_),
    }
    if does != "undo" or world.reviews.open(id_).can_undo:
        tell.send({"acknowledged": steps[does]().steps})
    if not world.reviews.wait_written(id_, STEPS_LIMIT_S):
        raise SystemExit(f"not written: {world.reviews.open(id_).trouble}")
    world.close()
    tell.send({"changes": countdown.count})
    pool.close()
