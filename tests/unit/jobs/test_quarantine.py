"""scanmend.jobs.quarantine: the way back from quarantine to work."""

from dataclasses import replace

import pytest

from document_world import GIF, World, assert_done, assert_quarantined
from scanmend.errors import StorageError
from scanmend.jobs.quarantine import give_back
from scanmend.outputs import error_report


@pytest.fixture
def world(memory):
    return World(memory)


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
        assert error_report.report_path(world.folder.quarantine / "a.gif").exists()
        with pytest.raises(StorageError, match="does not know"):
            give_back(world.ledger, replace(world.only(), put_away=None), world.folder)
