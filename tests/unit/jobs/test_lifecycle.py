"""Claims and lifecycles on real folders and a real ledger; the process dies, or the disk fails, at every step."""

import json
import os
import shutil
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scanmend.config.schema import Folder
from scanmend.document import CorrectedPage, Edit, Line, Page, Word
from scanmend.errors import DocumentError, OcrError, Postponed, Stopping, StorageError
from scanmend.fs import atomic
from scanmend.intake.fs_events import FsEvents
from scanmend.intake.inbox import Inbox, Missed
from scanmend.jobs.claim import Claims, give_back
from scanmend.jobs.lifecycle import LONGEST_DELAY_S, Custody
from scanmend.jobs.pipeline import Converted, Pipeline, Tally
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.sqlite import Database
from scanmend.outputs import error_report
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
    def folder(self):
        """See PagePool."""
        death, Death._now = Death._now, None
        try:
            with TemporaryDirectory() as work:
                Death._now = death
                yield Path(work)
        finally:
            Death._now = death


class Scripted(Pipeline):
    """Reads the same pages from every file, in no time; keeps what a real one keeps."""

    def __init__(self, *errors: Exception) -> None:
        self.pool = Desk()
        self.errors = list(errors)
        self.done: Counter[tuple[str, int]] = Counter()

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
        return Converted(Inspection("gif", PAGES, "0" * 64), done, None, datetime.now(UTC), 0.1, Tally())


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
        self.claims = Claims(self.ledger)
        self.custody = Custody(self.ledger, self.pipeline)
        self.inbox = Inbox(self.folder)
        self.watch = InboxWatcher(self.folder, self.ledger, FsEvents(lambda: None), self.claims.adopt)
        self.now = 0.0
        self.claims.recover([self.folder])

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
        while taken := self.watch.next_ready(self.now):
            entry = self.claims.claim(self.folder, self.inbox, *taken)
            if not isinstance(entry, Missed):
                self.watch.claimed(taken[0])
                entries.append(entry)
        for entry in entries:
            self.custody.work(entry, self.folder)
        return bool(entries)

    def run(self):
        """Work until nothing is left to do."""
        for _ in range(20):
            if not self.turn():
                return
        raise AssertionError("the work never ends")

    def claim(self, name="a.gif"):
        relative = Path(name)
        return self.claims.claim(self.folder, self.inbox, relative, self.inbox.listing()[relative])

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


@pytest.fixture
def tmp_path(memory):
    """Every world of this module is in memory: a process that dies there leaves what one on a disk leaves."""
    return memory


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def assert_done(world):
    """One set of outputs, the source where it belongs, and nothing anywhere else."""
    assert world.outputs == ["a.json", "a.txt"]
    assert (world.folder.outbox / "a.txt").read_text() == "the end\n\fthe end\n"
    record = json.loads((world.folder.outbox / "a.json").read_bytes())
    assert (record["source"], record["id"], len(record["pages"])) == ("a.gif", world.only().id, PAGES)
    where = {"archive": world.folder.archive, "keep": world.folder.inbox}.get(world.folder.original)
    for place in (world.folder.archive, world.folder.inbox, world.folder.quarantine):
        assert world.files(place) == (["a.gif"] if place == where else [])
    assert world.inbox.claims() == []
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
    assert world.inbox.claims() == []
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


def steps_of(make):
    """Name every change that a whole life makes."""
    death = Death()
    assert not live(make(), death)
    return death.steps


class TestCrashes:
    """The process dies before each single change that it makes to a file or to the ledger."""

    @pytest.mark.parametrize("original", ["archive", "delete", "keep"])
    def test_one_set_of_outputs_and_the_source_put_away_once(self, tmp_path, original):
        """Wherever it died, the next daemon ends with the same files, and no page is read twice."""

        def fresh(n):
            world = World(tmp_path / f"{original}-{n}", original=original)
            world.drop()
            return world

        steps = steps_of(lambda: fresh(0))
        assert Counter(steps)["ledger"] >= 9
        assert {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "open"} <= {*steps}
        for n in range(1, len(steps) + 1):
            world = fresh(n)
            assert live(world, Death(n)), n
            world.boot(world.pipeline)
            world.run()
            assert_done(world)
            assert sum(world.pipeline.done.values()) == PAGES, n
            shutil.rmtree(world.root)

    def test_dying_again_while_recovering(self, tmp_path):
        """A second death during the clean-up after the first changes nothing."""

        def fresh(n):
            world = World(tmp_path / str(n))
            world.drop()
            return world

        total = len(steps_of(lambda: fresh(0)))
        for n in range(2, total + 1, 4):
            for m in range(1, total, 5):
                world = fresh(f"{n}-{m}")
                assert live(world, Death(n))
                live(world, Death(m))
                world.boot()
                world.run()
                assert_done(world)
                shutil.rmtree(world.root)

    def test_on_the_way_to_quarantine(self, tmp_path):
        """A bad file ends in quarantine once, with one report, and the ledger knows where."""

        def fresh(n):
            world = World(tmp_path / str(n))
            world.drop(data=b"bad")
            return world

        for n in range(1, len(steps_of(lambda: fresh(0))) + 1):
            world = fresh(n)
            assert live(world, Death(n))
            world.boot()
            world.run()
            assert_quarantined(world)
            shutil.rmtree(world.root)

    def test_on_the_way_back_from_quarantine(self, tmp_path):
        """``scanmend retry`` that dies leaves a file that is either still quarantined or on its way to success."""

        def fresh(n):
            world = World(tmp_path / str(n))
            world.drop(data=b"bad")
            world.run()
            (world.folder.quarantine / "a.gif").write_bytes(GIF)
            return world

        def back(world, death):
            world.boot(world.pipeline, database=Mortal)
            with death.lurking():
                try:
                    give_back(world.ledger, world.only(), world.folder)
                except Crash:
                    return True
            return False

        count = Death()
        assert not back(fresh(0), count)
        outcomes = set()
        for n in range(1, len(count.steps) + 1):
            world = fresh(n)
            assert back(world, Death(n))
            world.boot()
            world.run()
            outcomes.add(world.only().state)
            if world.only().state == "quarantined":
                give_back(world.ledger, world.only(), world.folder)
                world.run()
            shutil.rmtree(world.folder.quarantine)  # a report may be left, of which the file is gone
            assert_done(world)
        assert outcomes == {"quarantined", "done"}

    def test_with_a_stranger_at_the_output_name(self, tmp_path):
        """Even then there is one set of outputs under a free name, and the stranger's file is as it was."""

        def fresh(n):
            world = World(tmp_path / str(n))
            world.drop()
            world.claim()
            (world.folder.outbox / "a.json").write_text("mine")
            return world

        for n in range(1, len(steps_of(lambda: fresh(0))) + 1):
            world = fresh(n)
            assert live(world, Death(n))
            world.boot()
            world.run()
            assert world.outputs == ["a (2).json", "a (2).txt", "a.json"]
            assert (world.folder.outbox / "a.json").read_text() == "mine"
            assert world.files(world.folder.archive) == ["a.gif"]
            shutil.rmtree(world.root)

    def test_while_a_file_that_changed_goes_back(self, tmp_path):
        """A claim that came too early is undone; where even that was cut off, the file is processed once."""

        def early(world, death):
            world.boot(world.pipeline, database=Mortal)
            listed = world.inbox.listing()[Path("a.gif")]
            with (world.folder.inbox / "a.gif").open("ab") as file:
                file.write(b"\0")
            with death.lurking():
                try:
                    world.claims.claim(world.folder, world.inbox, Path("a.gif"), listed)
                except Crash:
                    return True
            return False

        def fresh(n):
            world = World(tmp_path / str(n))
            world.drop()
            return world

        count = Death()
        assert not early(fresh(0), count)
        assert "os.link" in count.steps
        for n in range(1, len(count.steps) + 1):
            world = fresh(n)
            assert early(world, Death(n))
            world.boot()
            world.run()
            assert_done(world)

    def test_finished_pages_are_kept(self, world):
        """What one daemon finished before it died, the next does not do again."""
        world.drop()
        pages = next(n for n, what in enumerate(_life(world.root / "count"), 1) if what == "page 2 kept")
        assert live(world, Death(pages))
        first = Counter(world.pipeline.done)
        world.boot(Scripted())
        world.run()
        assert sum(first.values()) == PAGES
        assert world.pipeline.done == {}
        assert_done(world)


def _life(root):
    """Steps of a whole life, with the one that follows the second page's recording named."""
    world = World(root)
    world.drop()
    death = Death()
    kept = []
    save = Ledger.save_page

    def naming(self, id_, page):
        save(self, id_, page)
        if page.number == PAGES:
            kept.append(len(death.steps))

    with death.lurking(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "save_page", naming)
        world.boot(world.pipeline, database=Mortal)
        world.run()
    steps = death.steps
    steps[kept[0]] = "page 2 kept"
    return steps


class TestNames:
    def test_a_name_is_chosen_once_and_kept_over_retries(self, world):
        """The number in a name does not change when another file appears or goes meanwhile."""
        (world.folder.outbox / "a.txt").write_text("older")
        world.drop()
        world.boot(Scripted(OcrError("the disk was full")))
        world.turn()
        assert world.only().stem == Path("a (2)")
        (world.folder.outbox / "a.txt").unlink()
        world.run()
        assert world.outputs == ["a (2).json", "a (2).txt"]

    def test_two_scans_of_one_stem(self, world):
        """``a.gif`` and ``a.png`` both get outputs of their own, whichever comes first, also at the same time."""
        world.drop("a.gif")
        world.drop("a.png")
        first, second = world.claim("a.gif"), world.claim("a.png")
        assert (first.stem, second.stem) == (Path("a"), Path("a (2)"))
        world.run()
        records = {n: json.loads((world.folder.outbox / f"{n}.json").read_bytes()) for n in ("a", "a (2)")}
        assert {n: r["source"] for n, r in records.items()} == {"a": "a.gif", "a (2)": "a.png"}

    def test_subfolders_are_mirrored(self, tmp_path):
        """A recursive inbox has its tree in the outbox and in the archive, and no file is mixed up with another's."""
        world = World(tmp_path, recursive=True)
        world.drop("x/a.gif")
        world.drop("y/z/a.gif", GIF + b"\0")
        world.run()
        assert world.outputs == ["x/a.json", "x/a.txt", "y/z/a.json", "y/z/a.txt"]
        assert world.files(world.folder.archive) == ["x/a.gif", "y/z/a.gif"]
        record = json.loads((world.folder.outbox / "y/z/a.json").read_bytes())
        assert (record["source"], record["relative"]) == ("a.gif", "y/z/a.gif")

    def test_a_stranger_in_the_archive(self, world):
        """A file that took the reserved name while the move was being retried is not overwritten."""
        world.drop()
        shutil.rmtree(world.folder.archive)
        world.turn()
        assert (world.only().state, world.only().put_away) == ("published", world.folder.archive / "a.gif")
        world.folder.archive.mkdir()
        (world.folder.archive / "a.gif").write_text("mine")
        world.run()
        assert world.only().state == "done"
        assert (world.folder.archive / "a.gif").read_text() == "mine"
        assert (world.folder.archive / "a (2).gif").read_bytes() == GIF

    def test_a_stranger_in_quarantine(self, world):
        """Quarantine overwrites nothing either, and the ledger knows the name it took in the end."""
        world.drop(data=b"bad")
        world.folder.quarantine.write_text("a file where the folder should be")
        world.turn()
        entry = world.only()
        assert entry.state == "failing"
        world.ledger.move(entry.id, "failing", put_away=world.folder.quarantine / "a.gif")
        world.folder.quarantine.unlink()
        world.folder.quarantine.mkdir()
        (world.folder.quarantine / "a.gif").write_text("mine")
        world.run()
        assert world.files(world.folder.quarantine) == ["a (2).gif", "a (2).gif.error.txt", "a.gif"]
        assert world.only().put_away == world.folder.quarantine / "a (2).gif"

    def test_content_seen_before_is_said_in_the_record(self, world):
        """A duplicate is processed all the same, and its record names the first."""
        world.drop("a.gif")
        world.run()
        first = world.only().id
        world.drop("b.gif")
        world.run()
        record = json.loads((world.folder.outbox / "b.json").read_bytes())
        assert record["duplicate_of"] in {None, first}
        assert json.loads((world.folder.outbox / "a.json").read_bytes())["duplicate_of"] is None


class TestKeep:
    @pytest.fixture
    def world(self, tmp_path):
        return World(tmp_path, original="keep")

    def test_once_and_not_again(self, world):
        """A kept source is not processed again: not by the next listing, not after a restart."""
        world.drop()
        world.run()
        world.run()
        world.boot()
        world.run()
        assert world.outputs == ["a.json", "a.txt"]
        assert world.watch.waiting == 0

    def test_a_new_revision(self, world):
        """When the file grows, or is replaced, it is processed under a new name."""
        path = world.drop()
        world.run()
        path.write_bytes(GIF + b"\0")
        world.run()
        assert world.outputs == ["a (2).json", "a (2).txt", "a.json", "a.txt"]

    def test_a_newer_file_took_the_name_meanwhile(self, world):
        """The first returns under a number and is known there; both are processed once."""
        world.drop()
        entry = world.claim()
        world.drop(data=GIF + b"\0")
        world.custody.work(entry, world.folder)
        assert world.files(world.folder.inbox) == ["a (2).gif", "a.gif"]
        world.run()
        world.boot()
        world.run()
        assert world.outputs == ["a (2).json", "a (2).txt", "a.json", "a.txt"]


class TestFailures:
    def test_retried_later_and_later(self, tmp_path):
        """Each pause is six times the one before, at most an hour; the reason and the count are in the ledger."""
        world = World(tmp_path, retries=9, retry_delay_s=10)
        world.boot(Scripted(*[OcrError("no space")] * 6))
        world.drop()
        delays = []
        for n in range(6):
            before = time.time()
            world.turn()
            entry = world.only()
            assert (entry.state, entry.attempts, entry.error) == ("waiting", n + 1, "no space")
            delays.append(entry.due - before)
        assert delays == [pytest.approx(min(10 * 6**n, LONGEST_DELAY_S), abs=2) for n in range(6)]
        assert not world.turn(until=time.time())
        world.run()
        assert_done(world)
        assert json.loads((world.folder.outbox / "a.json").read_bytes())["attempt"] == 7

    def test_the_limit(self, tmp_path):
        """After ``retries`` retries the file is quarantined, with the last reason and the number of attempts."""
        world = World(tmp_path, retries=2)
        world.boot(Scripted(*[OcrError("no luck")] * 9))
        world.drop()
        world.run()
        assert len(world.pipeline.errors) == 6
        assert "no luck (tried 3 times)" in (world.folder.quarantine / "a.gif.error.txt").read_text()
        assert (world.folder.quarantine / "a.gif").read_bytes() == GIF

    def test_an_unexpected_error_is_the_document_s_boundary(self, tmp_path):
        """A bug in one document is logged, retried, and ends in quarantine; it never leaves ``work``."""
        world = World(tmp_path, retries=1)
        world.boot(Scripted(ZeroDivisionError("oops"), ZeroDivisionError("oops")))
        world.drop()
        world.run()
        assert "unexpected ZeroDivisionError: oops" in (world.folder.quarantine / "a.gif.error.txt").read_text()

    def test_a_retry_into_an_inbox_of_another_name(self, world):
        """The folder was configured anew meanwhile: the document goes on there."""
        world.drop(data=b"bad")
        world.run()
        world.folder = world.folder.model_copy(update={"inbox": world.root / "in two"})
        world.folder.inbox.mkdir()
        world.boot()
        (world.root / "bad" / "a.gif").write_bytes(GIF)
        give_back(world.ledger, world.only(), world.folder)
        assert world.only().inbox == world.folder.inbox
        world.run()
        assert_done(world)

    def test_no_scan_is_deleted_that_is_to_be_kept_by_now(self, tmp_path):
        """Whoever takes ``delete`` back is heard for the scans that are in work already."""
        world = World(tmp_path, original="delete")
        world.boot(Scripted(Postponed("later")))
        world.drop()
        world.turn()
        world.folder = world.folder.model_copy(update={"original": "archive"})
        world.run()
        assert (world.folder.archive / "a.gif").read_bytes() == GIF

    def test_an_outbox_that_changes_while_a_document_waits(self, world):
        """Its outputs, and what is known of them, are in the new one."""
        world.boot(Scripted(Postponed("later")))
        world.drop()
        world.turn()
        world.folder = world.folder.model_copy(update={"outbox": world.root / "out two"})
        world.folder.outbox.mkdir()
        world.run()
        assert_done(world)
        assert world.only().outbox == world.folder.outbox
        assert list((world.root / "out").iterdir()) == []

    def test_stopping_is_no_failure(self, world):
        """A document that was cut off by a stop waits for the next start, without a mark against it."""
        world.boot(Scripted(Stopping()))
        world.drop()
        world.turn()
        assert (world.only().state, world.only().attempts, world.only().due) == ("waiting", 0, 0.0)
        world.boot()
        world.run()
        assert_done(world)

    def test_being_put_off_is_no_failure(self, world):
        """A document whose model is on its way waits with the reason and no mark against it, however often."""
        why = "waits for model 'm', which is being downloaded"
        world.boot(Scripted(*[Postponed(why)] * 9))
        world.drop()
        for _ in range(9):
            world.turn()
            assert (world.only().state, world.only().attempts, world.only().due) == ("waiting", 0, 0.0)
            assert world.only().error == why
        world.run()
        assert_done(world)
        assert world.only().error is None

    @pytest.mark.parametrize("place", ["outbox", "archive"])
    def test_a_folder_that_is_gone(self, world, place):
        """Without outbox or archive the document waits; when it is back, all is done, and nothing was made up."""
        shutil.rmtree(getattr(world.folder, place))
        world.drop()
        for _ in range(3):
            world.turn()
        assert not getattr(world.folder, place).exists()
        assert world.only().error
        getattr(world.folder, place).mkdir()
        world.run()
        assert_done(world)

    @pytest.mark.parametrize("place", ["outbox", "archive"])
    def test_a_published_document_never_gives_up(self, tmp_path, place):
        """While the archive is away, the outputs stay and the source waits, for weeks if need be."""
        world = World(tmp_path, retries=0)
        world.drop()
        shutil.rmtree(world.folder.archive)
        world.turn()
        world.ledger.move(world.only().id, "published", attempts=5000)
        world.turn()
        assert (world.only().state, world.only().attempts) == ("published", 5000)
        world.folder.archive.mkdir()
        world.run()
        assert_done(world)

    @pytest.mark.parametrize("state", ["waiting", "published"])
    def test_an_inbox_that_is_unmounted(self, world, state):
        """The empty folder beneath a share is not taken for the inbox: the document waits until it is back."""
        world.drop()
        if state == "published":
            shutil.rmtree(world.folder.archive)
            world.turn()
            world.folder.archive.mkdir()
        else:
            world.claim()
        world.folder.inbox.rename(world.root / "elsewhere")
        world.folder.inbox.mkdir()
        for _ in range(3):
            world.turn()
        assert world.only().state == state
        assert world.files(world.folder.archive) == []
        world.folder.inbox.rmdir()
        (world.root / "elsewhere").rename(world.folder.inbox)
        world.run()
        assert_done(world)

    def test_a_file_that_vanished_from_the_claim_folder(self, world):
        """Somebody removed it: the report says so, and should it come back, it is processed."""
        world.drop()
        entry = world.claim()
        path = world.inbox.claimed(entry.id)
        aside = path.rename(world.root / "aside.gif")
        world.run()
        assert (world.only().state, world.only().put_away) == ("quarantined", None)
        assert world.files(world.folder.quarantine) == ["a.gif.error.txt"]
        assert "vanished" in (world.folder.quarantine / "a.gif.error.txt").read_text()
        with pytest.raises(StorageError, match="does not know where the file lies"):
            give_back(world.ledger, world.only(), world.folder)
        path.parent.mkdir(exist_ok=True)
        aside.rename(path)
        shutil.rmtree(world.folder.quarantine)
        world.boot()
        world.run()
        assert_done(world)

    def test_a_quarantine_that_cannot_be_made(self, world):
        """The file stays claimed and failing with its first reason over any number of tries; it is not read again."""
        world.drop(data=b"bad")
        world.folder.quarantine.write_text("a file where the folder should be")
        for _ in range(8):
            assert world.turn()
            assert (world.only().state, world.only().error, world.only().attempts) == ("failing", "this is no scan", 0)
            assert world.only().due > time.time()
        world.folder.quarantine.unlink()
        world.run()
        assert_quarantined(world)

    def test_quarantine_beneath_a_missing_outbox_is_not_made(self, tmp_path):
        """Where the outbox is gone, its quarantine is too: nothing is put beneath an unmounted share."""
        world = World(tmp_path, quarantine=tmp_path / "out" / "quarantine")
        world.drop(data=b"bad")
        world.folder.outbox.rename(tmp_path / "aside")
        world.turn()
        assert not world.folder.outbox.exists()
        assert world.only().state == "failing"
        (tmp_path / "aside").rename(world.folder.outbox)
        world.run()
        assert world.outputs == ["quarantine/a.gif", "quarantine/a.gif.error.txt"]

    def test_a_ledger_that_cannot_be_written(self, world):
        """Whenever its disk fills up, the file is in the inbox or in the claim folder, and done once there is room."""
        for n in range(1, 40):
            world = World(world.root / "x")
            world.boot(database=Failing)
            world.drop()
            world.ledger.db.fails_from = n
            try:
                world.turn()
            except StorageError:
                held = [*world.folder.inbox.rglob("*.gif"), *world.folder.archive.rglob("*.gif")]
                assert len(held) == 1
            else:
                assert n > 9
                break
            world.boot()
            world.run()
            assert_done(world)
            shutil.rmtree(world.root)
        else:
            raise AssertionError("the ledger never got to the end")


class TestClaim:
    def test_a_file_that_changed_meanwhile_goes_back(self, world):
        """A claim of a file that grew since it was listed leaves no trace."""
        path = world.drop()
        listed = world.inbox.listing()[Path("a.gif")]
        path.write_bytes(GIF + b"more")
        assert world.claims.claim(world.folder, world.inbox, Path("a.gif"), listed) is Missed.NOT_YET
        assert world.ledger.counts() == {}
        assert world.inbox.claims() == []
        assert path.read_bytes() == GIF + b"more"

    def test_a_claim_that_fails_leaves_no_name_taken(self, world):
        """However often an inbox refuses, the document gets the name it would have had."""
        world.drop()
        (world.folder.inbox / ".scanmend").write_text("no folder")
        for _ in range(3):
            with pytest.raises(StorageError):
                world.claim()
        assert world.ledger.counts() == {}
        (world.folder.inbox / ".scanmend").unlink()
        world.run()
        assert_done(world)

    def test_a_claim_cut_off_with_the_inbox_is_decided_when_it_is_back(self, world):
        """A share that goes away during the rename does not make a file be forgotten in the claim folder."""
        world.drop()
        entry = world.claim()
        world.ledger.move(entry.id, "claiming")
        world.folder.inbox.rename(world.root / "elsewhere")
        world.boot()
        assert world.only().state == "claiming"
        assert not world.turn()
        (world.root / "elsewhere").rename(world.folder.inbox)
        world.run()
        assert_done(world)

    def test_an_unknown_claim_is_left_alone(self, world):
        """It may belong to another daemon on the same share."""
        other = world.folder.inbox / ".scanmend" / "20200101-000000-aaaa" / "b.gif"
        other.parent.mkdir(parents=True)
        other.write_bytes(GIF)
        world.boot()
        world.run()
        assert other.read_bytes() == GIF
        assert world.outputs == []

    def test_documents_of_other_inboxes_are_left_alone(self, world, tmp_path):
        """Recovery of one folder does not touch what another folder, or one no longer configured, has in work."""
        world.drop()
        entry = world.claim()
        world.ledger.move(entry.id, "working")
        other = world.folder.model_copy(update={"inbox": tmp_path / "other"})
        world.claims.recover([other])
        assert world.only().state == "working"
        world.claims.recover([world.folder], in_work={entry.id})
        assert world.only().state == "working"
        world.claims.recover([world.folder])
        assert world.only().state == "waiting"


class TestGiveBack:
    def test_with_a_mended_file(self, world):
        """The report goes, the attempts begin anew, and the outputs have the name chosen at first."""
        world.drop(data=b"bad")
        world.run()
        assert_quarantined(world)
        (world.folder.quarantine / "a.gif").write_bytes(GIF)
        give_back(world.ledger, world.only(), world.folder)
        entry = world.only()
        assert (entry.state, entry.attempts, entry.error, entry.put_away) == ("waiting", 0, None, None)
        world.run()
        assert_done(world)

    def test_that_fails_changes_nothing(self, world):
        """Without the inbox, or without the file, the document stays quarantined, and no folder is made up."""
        world.drop(data=b"bad")
        world.run()
        world.folder.inbox.rename(world.root / "elsewhere")
        with pytest.raises(StorageError, match="cannot be taken back"):
            give_back(world.ledger, world.only(), world.folder)
        assert not world.folder.inbox.exists()
        (world.root / "elsewhere").rename(world.folder.inbox)
        assert_quarantined(world)
        (world.folder.quarantine / "a.gif").unlink()
        with pytest.raises(StorageError, match="is not there any more; drop the scan into the inbox again"):
            give_back(world.ledger, world.only(), world.folder)
        assert world.only().state == "quarantined"
        assert error_report.report_of(world.folder.quarantine / "a.gif").exists()
        with pytest.raises(StorageError, match="does not know"):
            give_back(world.ledger, replace(world.only(), put_away=None), world.folder)


class TestCommands:
    """The folder's own commands: when they run, and that they change nothing about the document."""

    @pytest.fixture
    def noted(self, tmp_path):
        return tmp_path / "noted"

    @pytest.fixture
    def command(self, noted):
        return ("/bin/sh", "-c", f'echo "$SCANMEND_STATUS" "$@" >> {noted}; exit 3', "hook")

    def test_success_is_told_once_all_is_in_its_place(self, tmp_path, noted, command):
        """With the outputs, the record last; that the command fails is no failure of the document."""
        world = World(tmp_path, on_success=command, on_failure=command)
        world.drop()
        world.run()
        out = world.folder.outbox
        assert noted.read_text() == f"success {out / 'a.txt'} {out / 'a.json'}\n"
        assert_done(world)

    def test_failure_is_told_with_the_report(self, tmp_path, noted, command):
        """Once the file lies in quarantine."""
        world = World(tmp_path, on_success=command, on_failure=command)
        world.drop(data=b"bad")
        world.run()
        bad = world.folder.quarantine / "a.gif"
        assert noted.read_text() == f"failure {bad} {bad}.error.txt\n"
        assert_quarantined(world)

    def test_a_stop_meanwhile_has_it_run_again(self, tmp_path, noted, command):
        """The document stays published, and is not converted again."""
        slow = ("/bin/sh", "-c", "sleep 600", "hook")
        world = World(tmp_path, on_success=slow)
        world.custody = Custody(world.ledger, world.pipeline, stopping=lambda: True)
        world.drop()
        world.turn()
        assert world.only().state == "published"
        world.folder = world.folder.model_copy(update={"on_success": command})
        world.boot()
        world.run()
        assert noted.read_text().startswith("success ")
        assert_done(world)
        assert world.pipeline.done == Counter()
