"""The inbox, or the claimed file in it, goes away while its document is in work: what is still open is saved."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from document_world import GIF, Scripted, World, assert_done
from scanmend.errors import OcrError, Stopping, TransientError
from scanmend.fs.source_handle import SourceHandle


class Meanwhile(Scripted):
    """Does something to the folders while a document is in work, then goes on, or fails with the errors given."""

    def __init__(self, deed, *errors):
        super().__init__(*errors)
        self.deed = deed

    def convert(self, path, settings, keeper, done):
        """See Pipeline; the file is read after the deed."""
        deed, self.deed = self.deed, lambda: None
        deed()
        return super().convert(path, settings, keeper, done)


@pytest.fixture(params=["archive", "delete", "keep"])
def world(memory, request):
    made = World(memory, original=request.param)
    made.drop()
    return made


def ways(world):
    """How the source of a document can go away, by name."""
    claims = world.folder.inbox / ".scanmend"
    return {
        "inbox": lambda: shutil.rmtree(world.folder.inbox),
        "claims": lambda: shutil.rmtree(claims),
        "file": lambda: [p.unlink() for p in claims.rglob("*.gif")],
        "another inbox": lambda: (shutil.rmtree(world.folder.inbox), world.folder.inbox.mkdir()),
    }


def opened(world):
    """The files of a world that this process holds open, but for its ledger."""
    links = [os.readlink(fd) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]  # noqa: PTH115 -- some are gone
    return [link for link in links if link.startswith(str(world.root)) and ".gif" in link]


@pytest.mark.parametrize("way", ["inbox", "claims", "file", "another inbox"])
def test_finished_from_the_open_file(world, way):
    """Outputs are written and the source is in the archive, whatever the folder does with sources; all say why."""
    world.boot(Meanwhile(ways(world)[way]))
    with capture_logs() as logs:
        world.watch.update(1.0, changed=True)
        entry = world.claimer.claim(world.folder, world.inbox, *world.watch.next_ready(1.0))
        world.lifecycle.work(entry, world.folder)
    assert world.only().state == "done"
    assert (world.folder.archive / "a.gif").read_bytes() == GIF
    assert (world.folder.outbox / "a.txt").read_text() == "the end\n\fthe end\n"
    record = json.loads((world.folder.outbox / "a.json").read_bytes())
    assert [w["code"] for w in record["warnings"]] == ["inbox_gone"]
    assert [w.code for w in world.only().warnings] == ["inbox_gone"]
    assert [line["where"] for line in logs if line["event"] == "document.source_saved"] == [
        str(world.folder.archive / "a.gif")
    ]
    assert not world.folder.quarantine.exists()


def test_the_file_keeps_its_time(memory):
    """As one that is moved."""
    world = World(memory)
    os.utime(world.drop(), ns=(5, 1_000_000_000_000_000_000))
    world.boot(Meanwhile(lambda: shutil.rmtree(world.folder.inbox)))
    world.lifecycle.work(world.claim(), world.folder)
    assert (world.folder.archive / "a.gif").stat().st_mtime_ns == 1_000_000_000_000_000_000


@pytest.mark.parametrize("original", ["delete", "keep"])
def test_an_archive_that_was_not_needed_before_is_made(memory, original):
    """Folders that do not archive have none."""
    world = World(memory, original=original)
    world.drop()
    world.folder.archive.rmdir()
    world.boot(Meanwhile(lambda: shutil.rmtree(world.folder.inbox)))
    world.lifecycle.work(world.claim(), world.folder)
    assert (world.folder.archive / "a.gif").read_bytes() == GIF


def test_a_failure_meanwhile_keeps_it_open(memory):
    """The next attempt goes on with the open file; nothing is left open in the end."""
    world = World(memory)
    world.drop()
    world.boot(Meanwhile(lambda: shutil.rmtree(world.folder.inbox), OcrError("out of luck")))
    world.lifecycle.work(world.claim(), world.folder)
    assert world.only().state == "waiting"
    assert len(opened(world)) == 1
    assert world.lifecycle.inboxes_of_only_copies == {world.folder.inbox}
    world.lifecycle.work(world.only(), world.folder)
    assert world.only().state == "done"
    assert (world.folder.archive / "a.gif").read_bytes() == GIF
    assert world.lifecycle.inboxes_of_only_copies == set()
    assert opened(world) == []


def test_no_file_stays_open_that_lies_in_its_place(memory):
    """Else a share could not be unmounted while a document waits."""
    world = World(memory)
    world.drop()
    world.boot(Scripted(OcrError("out of luck")))
    world.turn()
    assert world.only().state == "waiting"
    assert opened(world) == []


@pytest.mark.parametrize("error", [Stopping(), OcrError("out of luck")])
def test_a_stop_saves_it_in_quarantine(memory, error):
    """Whether it stops the document in work, or finds one that waits."""
    world = World(memory)
    world.drop()
    world.boot(Meanwhile(lambda: shutil.rmtree(world.folder.inbox), error))
    world.lifecycle.work(world.claim(), world.folder)
    world.lifecycle.close()
    assert world.only().state == "quarantined"
    assert (world.folder.quarantine / "a.gif").read_bytes() == GIF
    assert "scanmend was stopped before it was done" in (world.folder.quarantine / "a.gif.error.txt").read_text()


def test_a_bad_file_goes_to_quarantine_from_there(memory):
    """With the report beside it, as ever."""
    world = World(memory)
    world.drop(data=b"bad")
    world.boot(Meanwhile(lambda: shutil.rmtree(world.folder.inbox)))
    world.lifecycle.work(world.claim(), world.folder)
    assert (world.folder.quarantine / "a.gif").read_bytes() == b"bad"
    assert "this is no scan" in (world.folder.quarantine / "a.gif.error.txt").read_text()


def test_an_inbox_that_comes_back_after_all(world):
    """What is left of the claim there is put away without a second copy, and nothing is processed twice."""
    world.boot(Meanwhile(lambda: world.folder.inbox.rename(world.root / "aside")))
    world.lifecycle.work(world.claim(), world.folder)
    assert world.only().state == "done"
    (world.root / "aside").rename(world.folder.inbox)
    world.ledger.move(world.only().id, "done", sha256=hashlib.sha256(GIF).hexdigest())
    world.recovery.adopt(world.folder)
    world.run()
    assert world.files(world.folder.archive) == ["a.gif"]
    assert world.inbox.claim_ids() == []
    assert world.outputs == ["a.json", "a.txt"]
    assert world.only().state == "done"


def test_another_file_in_a_finished_claim_stays(memory):
    """Only the very source is put away; what somebody else left there is theirs."""
    world = World(memory)
    world.drop()
    world.run()
    stray = world.folder.inbox / ".scanmend" / world.only().id / "b.gif"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(GIF + b"\0")
    world.recovery.adopt(world.folder)
    assert stray.exists()
    assert world.files(world.folder.archive) == ["a.gif"]


class TestPublished:
    """The record is out, the source was not put away, and then a daemon starts that does not find it."""

    @pytest.fixture
    def world(self, memory):
        made = World(memory, retries=2)
        made.drop()
        shutil.rmtree(made.folder.archive)
        made.turn()
        assert made.only().state == "published"
        made.folder.archive.mkdir()
        made.boot()
        return made

    def test_it_ends_when_the_claims_are_gone_for_good(self, world):
        """After as many tries as any document has, with a warning; the outputs stay."""
        shutil.rmtree(world.folder.inbox / ".scanmend")
        states = []
        for _ in range(3):
            world.turn()
            states.append(world.only().state)
        assert states == ["published", "published", "done"]
        assert [w.code for w in world.only().warnings] == ["source_lost"]
        assert world.outputs == ["a.json", "a.txt"]

    def test_it_ends_at_once_when_only_the_file_is_gone(self, world):
        """The claims are there, so no share is missing."""
        shutil.rmtree(world.folder.inbox / ".scanmend" / world.only().id)
        world.turn()
        assert world.only().state == "done"
        assert [w.code for w in world.only().warnings] == ["source_lost"]

    def test_it_waits_while_the_inbox_itself_is_gone(self, world):
        """That may be a share that comes back."""
        world.folder.inbox.rename(world.root / "aside")
        for _ in range(9):
            world.turn()
        assert world.only().state == "published"
        (world.root / "aside").rename(world.folder.inbox)
        world.run()
        assert_done(world)


class TestSourceHandle:
    def test_its_path_leads_there_from_other_processes(self, tmp_path):
        """Under the file's own name, also when that is gone and another file took it."""
        claimed = tmp_path / "in" / ".scanmend" / "id" / "caf\udce9 1.gif"
        claimed.parent.mkdir(parents=True)
        claimed.write_bytes(b"this one")
        handle = SourceHandle()
        handle.open(claimed)
        assert not handle.is_only_copy
        link = handle.link_in(tmp_path)
        claimed.unlink()
        assert handle.is_only_copy
        claimed.write_bytes(b"another")
        assert link.name == claimed.name
        assert subprocess.run(["cat", link], capture_output=True, check=True).stdout == b"this one"
        handle.close()
        assert handle.fd is None

    def test_a_link_is_not_followed(self, tmp_path):
        """Whoever may write to an inbox may put one in place of the claimed file."""
        (tmp_path / "secret").write_text("x")
        claimed = tmp_path / "in" / ".scanmend" / "id" / "a.gif"
        claimed.parent.mkdir(parents=True)
        claimed.symlink_to(tmp_path / "secret")
        with pytest.raises(TransientError, match="cannot be read"):
            SourceHandle().open(claimed)
