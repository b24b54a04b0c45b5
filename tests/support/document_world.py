"""Folders that outlive the daemons that work on them, which die or run out of disk at any step that the test names."""

import json
import os
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from scanmend.assembly.groups import page_order
from scanmend.config.schema import Folder
from scanmend.document import NO_NUMBERS, CorrectedPage, DocumentWarning, Edit, Line, Member, Page, Word
from scanmend.errors import DocumentError, StorageError
from scanmend.fs import atomic
from scanmend.intake.fs_events import FsEvents
from scanmend.intake.inbox import Inbox, Missed
from scanmend.jobs.claim import Claimer
from scanmend.jobs.lifecycle import DocumentLifecycle
from scanmend.jobs.pipeline import Converted, Pipeline, Tally
from scanmend.jobs.recover import ClaimRecovery
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.sqlite import Database
from scanmend.service.inbox_watcher import InboxWatcher
from scanmend.source.settings import Inspection

GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
PAGES = 2


class Crash(BaseException):
    """The process died here; nothing that it would have done next happens."""


class Death:
    """Kills whoever takes its n-th step; counts the steps when n is None. Once dead, every further step dies, too."""

    WRITES = frozenset({"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "open"})
    _now: "Death | None" = None
    _hooked = False

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.steps: list[str] = []
        self._thread = threading.get_ident()

    def step(self, what: str) -> None:
        """Count one change of the world, about to be made."""
        self.steps.append(what)
        if self.at is not None and len(self.steps) >= self.at:
            raise Crash(what)

    @contextmanager
    def lurking(self):
        """Be told of every change to any file that this thread makes; yields whether it killed."""
        if not Death._hooked:
            sys.addaudithook(_tell)
            Death._hooked = True
        Death._now = self
        try:
            yield
        finally:
            Death._now = None


def _tell(event, args):
    death = Death._now
    if death is not None and event in Death.WRITES and threading.get_ident() == death._thread:
        if event == "open" and not args[2] & os.O_CREAT:
            return
        death.step(event)


class Mortal(Database):
    """Dies before it writes."""

    @contextmanager
    def transaction(self):
        if Death._now is not None:
            Death._now.step("ledger")
        with super().transaction() as db:
            yield db


class Failing(Database):
    """Has a full disk from the n-th write on, until it is mended."""

    fails_from = sys.maxsize

    @contextmanager
    def transaction(self):
        self.fails_from -= 1
        if self.fails_from <= 0:
            raise StorageError("the ledger cannot be written: disk full")
        with super().transaction() as db:
            yield db


class Desk:
    """Has room for a document's pages, as a page pool has; its folders are not what dies or fails here."""

    @contextmanager
    def temporary_folder(self):
        """See PagePool."""
        death, Death._now = Death._now, None
        try:
            with TemporaryDirectory() as work:
                Death._now = death
                yield Path(work)
        finally:
            Death._now = death

    def join(self, files, target, _limits, _limit_s, *, collate):
        """See PagePool; what is joined are the files' bytes, each of which is a page after the first six."""
        death, Death._now = Death._now, None
        data = [file.read_bytes().removeprefix(b"GIF89a") for file in files]
        order = page_order([file.name for file in files], [len(one) for one in data], collate=collate)
        target.write_bytes(b"GIF89a" + bytes(data[i][number - 1] for i, number in order))
        at = {page: number for number, page in enumerate(order, 1)}
        Death._now = death
        members = tuple(
            Member(file.name, sha256(file.read_bytes()).hexdigest(), 0, 0, tuple(at[i, n + 1] for n in range(len(one))))
            for i, (file, one) in enumerate(zip(files, data, strict=True))
        )
        return members, ()


class Scripted(Pipeline):
    """Reads the same pages from every file, in no time; keeps what a real one keeps."""

    def __init__(self, *errors: Exception) -> None:
        self.pool = Desk()
        self.errors = list(errors)
        self.done: Counter[tuple[str, int]] = Counter()
        self.warnings: tuple[DocumentWarning, ...] = ()
        self.numbers = NO_NUMBERS

    def convert(self, path, settings, keeper, done):
        """See Pipeline; each error given is raised once, before the last page."""
        data = path.read_bytes()
        if data.startswith(b"bad"):
            raise DocumentError("this is no scan")
        keeper.inspected(Inspection("gif", PAGES, f"sha-{data.hex()[-8:]}"))
        for number in range(1, PAGES + 1):
            if number == PAGES and self.errors:
                raise self.errors.pop(0)
            page = keeper.recall(number)
            if page is None:
                keeper.advance(number, "reading")
                page = Page(number, (Line((Word("teh", (1, 2, 3, 4), 50.0), Word("end", (5, 2, 8, 4), 96.0))),))
                keeper.keep_page(page)
                self.done[path.parent.name, number] += 1
            if isinstance(page, Page):
                keeper.advance(number, "correcting")
                edit = Edit(0, 0, "teh", "the", "rescore", accepted=True, reason="likelier", box=(1, 2, 3, 4))
                page = CorrectedPage(page, "the end", (edit,))
                keeper.keep_corrected(page)
            done.append(page)
        found, tally = Inspection("gif", PAGES, "0" * 64, self.warnings), Tally(numbers=self.numbers)
        return Converted(found, done, None, datetime.now(UTC), 0.1, tally)


class World:
    """Folders that outlive the daemons that work on them."""

    def __init__(self, root: Path, **settings) -> None:
        self.root = root
        places = {"outbox": root / "out", "archive": root / "kept", "quarantine": root / "bad"}
        self.folder = Folder(
            name="scans", inbox=root / "in", **(places | {"watch": "poll", "settle_s": 0, "incomplete_s": 0} | settings)
        )
        for path in (self.folder.inbox, self.folder.outbox, self.folder.archive):
            path.mkdir(parents=True, exist_ok=True)
        self.boot()

    def boot(self, pipeline=None, database=Database):
        """Start a new daemon over the same folders."""
        if hasattr(self, "ledger"):
            self.ledger.close()
        self.pipeline = pipeline or Scripted()
        self.ledger = Ledger(self.root / "ledger.sqlite", database=database)
        self.claimer = Claimer(self.ledger)
        self.recovery = ClaimRecovery(self.ledger)
        self.lifecycle = DocumentLifecycle(self.ledger, self.pipeline)
        self.inbox = Inbox(self.folder)
        self.watch = InboxWatcher(self.folder, self.ledger, FsEvents(lambda: None), self.recovery.adopt)
        self.now = 0.0
        self.recovery.recover([self.folder])

    def drop(self, name="a.gif", data=GIF):
        path = self.folder.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def turn(self, until=float("inf")):
        """Do what the loop does in one turn; return whether there was anything to do."""
        self.now += 1.0
        self.watch.update(self.now, changed=True)
        entries = self.ledger.due(until, 100)
        while taken := self.watch.next_group(self.now):
            entry = self.claimer.claim_group(self.folder, self.watch.inbox, *taken)
            if not isinstance(entry, Missed):
                for file in taken[0].files:
                    self.watch.claimed(file)
                entries.append(entry)
        while taken := self.watch.next_ready(self.now):
            entry = self.claimer.claim(self.folder, self.inbox, *taken)
            if not isinstance(entry, Missed):
                self.watch.claimed(taken[0])
                entries.append(entry)
        for entry in entries:
            self.lifecycle.work(entry, self.folder)
        return bool(entries)

    def run(self):
        """Work until nothing is left to do."""
        for _ in range(20):
            if not self.turn() and not self.watch.snapshot(None)["gathering"]:
                return
        raise AssertionError("the work never ends")

    def claim(self, name="a.gif"):
        relative = Path(name)
        return self.claimer.claim(self.folder, self.inbox, relative, self.inbox.listing()[relative])

    def files(self, place):
        """Names below a folder, but for files being written."""
        return sorted(
            str(p.relative_to(place)) for p in place.rglob("*") if p.is_file() and not atomic.PART.fullmatch(p.name)
        )

    @property
    def outputs(self):
        return self.files(self.folder.outbox)

    def only(self):
        """The one document that the ledger knows."""
        (entry,) = self.ledger.in_state(
            "claiming", "waiting", "working", "published", "done", "failing", "quarantined", "returning"
        )
        return entry


def assert_done(world):
    """One set of outputs, the source where it belongs, and nothing anywhere else."""
    assert world.outputs == ["a.json", "a.txt"]
    assert (world.folder.outbox / "a.txt").read_text() == "the end\n\fthe end\n"
    record = json.loads((world.folder.outbox / "a.json").read_bytes())
    assert (record["source"], record["id"], len(record["pages"])) == ("a.gif", world.only().id, PAGES)
    where = {"archive": world.folder.archive, "keep": world.folder.inbox}.get(world.folder.original)
    for place in (world.folder.archive, world.folder.inbox, world.folder.quarantine):
        assert world.files(place) == (["a.gif"] if place == where else [])
    assert world.inbox.claim_ids() == []
    assert world.only().state == "done"
    assert world.ledger.finished_pages(record["id"]) == {}


def assert_quarantined(world):
    assert world.files(world.folder.quarantine) == ["a.gif", "a.gif.error.txt"]
    assert (world.folder.quarantine / "a.gif").read_bytes() == b"bad"
    report = (world.folder.quarantine / "a.gif.error.txt").read_text()
    assert "this is no scan" in report
    assert world.only().id in report
    for place in (world.folder.archive, world.folder.inbox, world.folder.outbox):
        assert world.files(place) == []
    assert world.inbox.claim_ids() == []
    assert (world.only().state, world.only().put_away) == ("quarantined", world.folder.quarantine / "a.gif")


def live(world, death):
    """Run a daemon that may die; return whether it did."""
    with death.lurking():
        try:
            world.boot(world.pipeline, database=Mortal)
            world.run()
        except Crash:
            return True
    return False
