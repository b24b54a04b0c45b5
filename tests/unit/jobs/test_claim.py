"""scanmend.jobs.claim and recover on a real inbox and a real ledger: a claim that fails or is cut off loses nothing."""

from pathlib import Path

import pytest

from document_world import GIF, World, assert_done
from scanmend.errors import StorageError
from scanmend.intake.inbox import Missed


@pytest.fixture
def world(memory):
    return World(memory)


class TestClaim:
    def test_a_file_that_changed_meanwhile_goes_back(self, world):
        """A claim of a file that grew since it was listed leaves no trace."""
        path = world.drop()
        listed = world.inbox.listing()[Path("a.gif")]
        path.write_bytes(GIF + b"more")
        assert world.claimer.claim(world.folder, world.inbox, Path("a.gif"), listed) is Missed.NOT_YET
        assert world.ledger.counts() == {}
        assert world.inbox.claim_ids() == []
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

    def test_documents_of_other_inboxes_are_left_alone(self, world, memory):
        """Recovery of one folder does not touch what another folder, or one no longer configured, has in work."""
        world.drop()
        entry = world.claim()
        world.ledger.move(entry.id, "working")
        other = world.folder.model_copy(update={"inbox": memory / "other"})
        world.recovery.recover([other])
        assert world.only().state == "working"
        world.recovery.recover([world.folder], in_work={entry.id})
        assert world.only().state == "working"
        world.recovery.recover([world.folder])
        assert world.only().state == "waiting"
