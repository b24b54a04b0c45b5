"""The daemon is killed in every state; ``scripts/stress/kill_daemon.py`` also does so before each, and by chance."""

import pytest

from fork_server import ForkServer
from harness import Harness
from kill_daemon import FOLDERS, POINTS, KillTest
from scanmend.ledger.ledger import ACTIVE, Ledger


def test_a_ledger_may_begin_full(tmp_path):
    """What the script fills it with are documents as the ledger keeps them."""
    harness = Harness(tmp_path, FOLDERS)
    harness.fill_ledger(3)
    ledger = Ledger(harness.state / "ledger.sqlite")
    try:
        documents = ledger.in_state("done")
    finally:
        ledger.close()
    assert [(entry.folder, str(entry.stem)) for entry in documents] == [("old", f"scan{n:06}") for n in (1, 2, 3)]


@pytest.mark.timeout(240)
def test_killed_in_every_state(tmp_path):
    """Every scan ends once; no output is torn or out of order at any moment; finished pages are not read again."""
    server = ForkServer()
    harness = Harness(tmp_path, FOLDERS, workers=1, fork_server=server)
    test = KillTest(harness, seed=6)
    try:
        test.at_points(POINTS)
        found = test.close()
    finally:
        harness.kill()
        server.close()
    assert found.problems == []
    assert (found.kills, {*found.states}) == (len(POINTS), {*ACTIVE})
    assert found.pages_kept, "no page was finished when its document was killed"
    assert found.tesseract_runs >= found.pages
