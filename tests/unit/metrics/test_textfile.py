"""scanmend.metrics.textfile: there while the daemon runs, readable by others, and honest about its end."""

import os
import stat

import pytest
from structlog.testing import capture_logs

from scanmend.metrics.textfile import Textfile
from waiting import until


@pytest.fixture
def place(tmp_path):
    """Return the path that is configured, in a list that a test may change."""
    return [tmp_path / "scanmend.prom"]


@pytest.fixture
def textfile(place):
    values = iter(range(10_000))
    one = Textfile(lambda: place[0], lambda: b"%d" % next(values), lambda: b"stopped", interval_s=0.01)
    before = os.umask(0o077)
    yield one
    os.umask(before)


def test_it_is_written_again_and_again_and_says_at_last_that_it_is_over(textfile, place):
    """Nobody takes the last values for those of now."""
    textfile.start()
    until(lambda: place[0].exists() and int(place[0].read_bytes()) > 2, "the third value")
    textfile.stop()
    assert place[0].read_bytes() == b"stopped"
    assert [p.name for p in place[0].parent.iterdir()] == ["scanmend.prom"]


def test_others_may_read_it_whatever_the_umask(textfile, place):
    """node_exporter is another user, and the service's umask is 0027."""
    textfile.start()
    until(place[0].exists, "the file")
    textfile.stop()
    assert stat.S_IMODE(place[0].stat().st_mode) == 0o644


def test_where_none_is_configured_none_is_written(textfile, place, tmp_path):
    """Nor left behind, when the configuration changes while it runs."""
    first, place[0] = place[0], None
    textfile.start()
    place[0] = first
    until(first.exists, "the file")
    place[0] = tmp_path / "other.prom"
    until(place[0].exists, "the other file")
    until(lambda: not first.exists(), "the first one to be gone")
    textfile.stop()


def test_a_folder_that_is_not_there_is_told_once_and_tried_again(textfile, place, tmp_path):
    """Until it is there."""
    place[0] = tmp_path / "later" / "scanmend.prom"
    with capture_logs() as logs:
        textfile.start()
        until(lambda: logs, "a warning")
        place[0].parent.mkdir()
        until(place[0].exists, "the file")
        textfile.stop()
    assert [entry["event"] for entry in logs] == ["metrics.unwritten"]
