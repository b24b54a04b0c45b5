"""The daemon is killed at random moments under a mixed load; ``scripts/stress/kill_daemon.py`` does it 300 times."""

import pytest

from kill_daemon import FOLDERS, MOST_WAITING, fill, kill
from trial import Nursery, Trial

KILLS = 30


@pytest.mark.timeout(240)
def test_killed_thirty_times(tmp_path):
    """Every scan ends once; no output is torn or out of order at any moment; finished pages are not read again."""
    trial = Trial(tmp_path, FOLDERS, workers=1)
    fill(trial, 10_000)
    trial.nursery = Nursery()
    try:
        found = kill(trial, KILLS, 2.0, 6)
    finally:
        trial.kill()
        trial.nursery.close()
    assert found.problems == []
    assert found.papers > MOST_WAITING, "nothing came to an end between the kills"
    assert {"waiting", "working"} <= set(found.caught), "the kills hit nothing"
    assert found.reads >= found.pages
