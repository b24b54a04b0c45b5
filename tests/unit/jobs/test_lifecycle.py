"""Whole lives of documents on real folders and a real ledger; the process dies, or the disk fails, at every step."""

import json
import shutil
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from document_world import (
    GIF,
    PAGES,
    Crash,
    Death,
    Failing,
    Mortal,
    Scripted,
    World,
    assert_done,
    assert_quarantined,
    live,
)
from scanmend.document import NO_NUMBERS, DocumentWarning, NumberCounts
from scanmend.errors import OcrError, Postponed, Stopping, StorageError
from scanmend.jobs.lifecycle import DocumentLifecycle
from scanmend.jobs.quarantine import give_back
from scanmend.jobs.retry_policy import MAX_DELAY_S
from scanmend.ledger.ledger import Ledger


@pytest.fixture
def tmp_path(memory):
    """Every world of this module is in memory: a process that dies there leaves what one on a disk leaves."""
    return memory


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def archived_as(world, stem):
    """Where the record of that stem says that the source went."""
    return Path(json.loads((world.folder.outbox / f"{stem}.json").read_bytes())["archived_as"])


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

    @pytest.mark.parametrize("outputs", [("txt", "json"), ("txt",)])
    def test_the_table_of_fields_gets_one_whole_row(self, tmp_path, outputs):
        """Wherever it died, and whether or not a record tells the next daemon what was found."""

        def fresh(n):
            root = tmp_path / f"{len(outputs)}-{n}"
            fields = ({"name": "last", "pattern": "end"},)
            world = World(root, outputs=outputs, fields=fields, fields_csv=root / "fields.csv")
            world.drop()
            return world

        for n in range(1, len(steps_of(lambda: fresh(0))) + 1):
            world = fresh(n)
            assert live(world, Death(n)), n
            world.boot(world.pipeline)
            world.run()
            head, row = (world.root / "fields.csv").read_text().splitlines()
            assert head == "id,source,finished,last,doubtful", n
            assert row.startswith(f"{world.only().id},a.gif,"), n
            assert row.endswith(",end,"), n
            shutil.rmtree(world.root)

    def test_a_table_of_one_document_is_an_output(self, tmp_path):
        """Beside the others, under the same name."""
        fields = ({"name": "last", "pattern": "end"}, {"name": "date", "type": "date", "required": True})
        world = World(tmp_path, outputs=("csv", "json"), fields=fields)
        world.drop()
        world.run()
        assert world.outputs == ["a.csv", "a.json"]
        _, row = (world.folder.outbox / "a.csv").read_text().splitlines()
        assert row.endswith(",end,,date")
        (last, date) = json.loads((world.folder.outbox / "a.json").read_bytes())["fields"]
        assert (last["value"], last["page"], last["boxes"]) == ("end", 1, [[5, 2, 8, 4]])
        assert (date["value"], date["doubt"]) == (None, "nothing on the pages can be it")

    @pytest.mark.thorough
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
            assert world.files(world.folder.archive) == ["a (2).gif"]
            assert archived_as(world, "a (2)") == world.folder.archive / "a (2).gif"
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
                    world.claimer.claim(world.folder, world.inbox, Path("a.gif"), listed)
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

    @pytest.mark.parametrize(("place", "name"), [("archive", "a.gif"), ("outbox", "a.txt")])
    def test_one_name_for_outputs_and_source(self, world, place, name):
        """Whether the outbox or the archive has the first already; the record says where the source went."""
        (getattr(world.folder, place) / name).write_text("older")
        world.drop()
        world.run()
        assert {n for n in world.outputs if n != "a.txt"} == {"a (2).json", "a (2).txt"}
        assert archived_as(world, "a (2)") == world.folder.archive / "a (2).gif"
        assert (world.folder.archive / "a (2).gif").read_bytes() == GIF

    @pytest.mark.parametrize(
        "name", ["a.gif", "x/a.gif", "b\n.gif", "no suffix", "Mr. Smith and all that he wrote", "é" * 120 + ".jpeg"]
    )
    def test_several_of_one_name(self, tmp_path, name):
        """Of whatever kind the name is, outputs and source of each differ in their suffix alone."""
        world = World(tmp_path, recursive=True, outputs=["json"])
        for n in range(3):
            world.drop(name, GIF + b"\0" * n)
            world.run()
        records = [world.folder.outbox / n for n in world.outputs]
        assert len(records) == 3
        for record in records:
            source = Path(json.loads(record.read_bytes())["archived_as"])
            stem = record.relative_to(world.folder.outbox).with_suffix("")
            assert str(source.relative_to(world.folder.archive)).startswith(str(stem))
            assert source.is_file()

    def test_a_stranger_takes_the_name_in_the_archive_before_the_record_is_written(self, world):
        """Both get the next name."""
        world.boot(Scripted(Postponed("later")))
        world.drop()
        world.turn()
        (world.folder.archive / "a.gif").write_text("mine")
        world.run()
        assert world.outputs == ["a (2).json", "a (2).txt"]
        assert world.files(world.folder.archive) == ["a (2).gif", "a.gif"]
        assert archived_as(world, "a (2)") == world.folder.archive / "a (2).gif"

    @pytest.mark.parametrize(("original", "warned"), [("keep", True), ("keep", False), ("delete", False)])
    def test_a_source_that_is_not_archived(self, tmp_path, original, warned):
        """The record says so, and a name in the archive does not matter where nothing ever goes there."""
        world = World(tmp_path, original=original)
        if original == "keep":
            (world.folder.archive / "a.gif").write_text("older")
        pipeline = Scripted()
        pipeline.warnings = (DocumentWarning("picture_not_read", "picture 7 is cut short", 2),) if warned else ()
        world.boot(pipeline)
        world.drop()
        world.run()
        assert json.loads((world.folder.outbox / "a.json").read_bytes())["archived_as"] is None

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
        world.lifecycle.work(entry, world.folder)
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
        assert delays == [pytest.approx(min(10 * 6**n, MAX_DELAY_S), abs=2) for n in range(6)]
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

    def test_the_source_of_a_document_with_warnings_is_never_deleted(self, tmp_path):
        """Not all of it is in the outputs, so it is archived; status and log say what is missing."""
        world = World(tmp_path, original="delete")
        warned = Scripted()
        warned.warnings = (DocumentWarning("picture_not_read", "picture 7 is cut short", 2),)
        world.boot(warned)
        world.drop()
        with capture_logs() as logs:
            world.run()
        assert (world.folder.archive / "a.gif").read_bytes() == GIF
        assert archived_as(world, "a") == world.folder.archive / "a.gif"
        assert world.only().warnings == warned.warnings
        (said,) = [line for line in logs if line["event"] == "document.warning"]
        assert (said["log_level"], said["code"], said["page"]) == ("warning", "picture_not_read", 2)
        assert [line["warnings"] for line in logs if line["event"] == "document.done"] == [1]

    def test_numbers_that_two_readers_read_are_counted(self, world):
        """In record, ledger and log; a ledger that missed that the outputs are out learns them from the record."""
        read_twice = Scripted()
        read_twice.numbers = NumberCounts(7, 2, 1)
        world.boot(read_twice)
        world.drop()
        with capture_logs() as logs:
            world.run()
        assert json.loads((world.folder.outbox / "a.json").read_bytes())["numbers"] == asdict(read_twice.numbers)
        assert world.only().numbers == read_twice.numbers
        (done,) = [line for line in logs if line["event"] == "document.done"]
        assert {key: value for key, value in done.items() if key.startswith("numbers")} == {
            "numbers_agreed": 7,
            "numbers_disputed": 2,
            "numbers_single": 1,
        }
        world.ledger.move(world.only().id, "waiting", numbers=NO_NUMBERS)
        world.run()
        assert (world.only().state, world.only().numbers) == ("done", read_twice.numbers)

    def test_without_a_second_reader_the_log_has_no_numbers(self, world):
        """As before there was one."""
        world.drop()
        with capture_logs() as logs:
            world.run()
        (done,) = [line for line in logs if line["event"] == "document.done"]
        assert not [key for key in done if key.startswith("numbers")]
        assert world.only().numbers == NO_NUMBERS

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
        path = world.inbox.claimed_file(entry.id)
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
        world.lifecycle = DocumentLifecycle(world.ledger, world.pipeline, stopping=lambda: True)
        world.drop()
        world.turn()
        assert world.only().state == "published"
        world.folder = world.folder.model_copy(update={"on_success": command})
        world.boot()
        world.run()
        assert noted.read_text().startswith("success ")
        assert_done(world)
        assert world.pipeline.done == Counter()
