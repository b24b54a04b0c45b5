"""Clocks that jump, and files from another time: nothing waits for ever, is swept while written, or is done twice."""

import os
import re
import time
from datetime import UTC, datetime

import pytest

from project import ROOT
from scanmend.commands.status import as_text
from scanmend.config.load import load
from scanmend.control.status import status
from scanmend.fs import atomic
from scanmend.ledger.ledger import MAX_DELAY_S
from service_world import GIF, Reader
from waiting import until

YEAR = 365 * 86_400.0
SOURCE = ROOT / "daemon" / "scanmend"
WALL_CLOCK = {
    "commands/check.py": "how long ago another daemon took a file; only said",
    "commands/status.py": "when a status that is watched was shown; only said",
    "commands/report/state.py": "how long the daemon runs; only said",
    "control/daemon_controls.py": "when a status was written; only said",
    "control/http/gate.py": "whether a login has expired",
    "control/http/login.py": "when a login expires: after a jump people log in again",
    "control/retry.py": "when another daemon was heard of, less the file server's time asked for just then",
    "control/samples.py": "the last hour of a plot",
    "control/status.py": "as control/retry.py",
    "intake/presence.py": "notes say when they were written; only said",
    "jobs/claim.py": "ids begin with it, and differ by chance; rows note it",
    "jobs/lifecycle.py": "when a document is due, which ledger.due does not believe beyond MAX_DELAY_S",
    "jobs/pipeline.py": "records note it",
    "jobs/quarantine.py": "reports note it",
    "jobs/write_outputs.py": "records note it",
    "ledger/ledger.py": "rows note it",
    "ledger/reviews.py": "rows note it",
    "llm/remote/client.py": "a server's date for a retry; bounded",
    "llm/store/hub_errors.py": "a server's date for a retry; bounded by MAX_ASKED_PAUSE_S",
    "llm/store/partial_file.py": "the age of unfinished files, of which any will do",
    "metrics/metrics.py": "when values were put together; only said",
    "review/keeping.py": "how long a bundle is kept: after a jump it may go early, outputs and archived scans stay",
    "review/reviews.py": "records note it; the same age of bundles",
    "service/document_pool.py": "when a document is due",
    "service/gatherings.py": "until when files are waited for; only said",
    "service/inbox_watcher.py": "since when a file is incomplete; only said",
    "service/service.py": "when a document is due; status",
    "service/startup.py": "the age of unfinished files",
    "service/status_file.py": "when it was written; only said",
    "web/handling.py": "how long ago something was; only said",
    "web/views.py": "how long ago something was; only said",
}
"""Who may ask for the time of day, and what for; all waiting but for ``due`` goes by time.monotonic()."""


@pytest.fixture
def clock(monkeypatch):
    """The wall clock, which jumps by what is added to its only item."""
    jump, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump[0])
    return jump


@pytest.mark.parametrize("years", [-1, 1])
def test_a_jump_while_documents_wait(house, clock, years):
    """Those that wait for another try, those that settle and those in work are done once, and soon."""
    house.configure(("a", {"retries": 9, "retry_delay_s": 60}))
    with house.open() as running:
        house.drop("fails.gif")
        house.drop("slow.gif")
        (entry,) = until(lambda: [e for e in running.ledger.in_state("waiting") if e.error], "a document to be put off")
        house.drop("settles.gif")
        clock[0] = years * YEAR
        assert (entry.due > time.time() + MAX_DELAY_S) == (years < 0)
        running.wake()
        until(lambda: running.ledger.get(entry.id).attempts == 2, "the next try")
        Reader.gate.set()
        house.done("slow", "settles")
        clock[0] = 0
        house.drop("back.gif")
        house.done("back")
        assert all(Reader.read[f"{name}.gif"] == 1 for name in ("slow", "settles", "back"))


@pytest.mark.parametrize("years", [-1, 1])
def test_a_jump_while_the_daemon_is_away(house, clock, years):
    """A document that was put off before is tried again, and one that was done is not done again."""
    house.configure(("a", {"retries": 9, "retry_delay_s": 600, "original": "keep"}))
    with house.open() as running:
        house.drop("fails.gif")
        house.drop("done.gif")
        house.done("done")
        until(lambda: [e for e in running.ledger.in_state("waiting") if e.error], "a document to be put off")
    clock[0] = years * YEAR
    with house.open():
        until(lambda: Reader.read["fails.gif"] == 2, "the next try")
        house.drop("after.gif")
        house.done("after")
        assert Reader.read["done.gif"] == 1
    assert as_text(status(load(house.file)))


def test_a_file_that_is_being_written_is_not_swept(tmp_path):
    """Whatever the clock says; what a crash left is, also when it seems to be of the future."""
    target = tmp_path / "out.txt"
    stale = tmp_path / ".scanmend-0123456789abcdef.part"
    with atomic._part(target, 0o644) as (part, _):
        stale.touch()
        assert atomic.sweep(tmp_path, time.time()) == 0
        assert atomic.sweep(tmp_path, time.time() + YEAR) == 1
        stale.touch()
        assert atomic.sweep(tmp_path, time.time() - YEAR) == 1
        assert part.exists()


@pytest.mark.parametrize("when", [0, -86_400 * 10**9, int(datetime(2106, 2, 8, tzinfo=UTC).timestamp() * 10**9)])
def test_sources_of_another_time(house, when):
    """From 1970, from before, from the future: they settle and are done as all others, once."""
    house.configure(("a", {"original": "keep"}))
    with house.open() as running:
        path = house.inbox() / "old.gif"
        (house.inbox() / ".old").write_bytes(GIF)
        os.utime(house.inbox() / ".old", ns=(when, when))
        (house.inbox() / ".old").rename(path)
        house.done("old")
        until(lambda: running.ledger.counts().get("done"), "the ledger")
        house.drop("after.gif")
        house.done("after")
        assert Reader.read["old.gif"] == 1
        assert path.stat().st_mtime_ns == when


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns"])
def test_daylight_saving_is_of_no_concern(house, monkeypatch, zone):
    """Ids are in UTC, dues in seconds; only what people read is in their time."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        house.configure(("a", {"retries": 9, "retry_delay_s": 3600}))
        with house.open() as running:
            house.drop("fails.gif")
            (entry,) = until(lambda: [e for e in running.ledger.in_state("waiting") if e.error], "it to be put off")
            assert entry.id.startswith(f"{datetime.fromtimestamp(entry.claimed, UTC):%Y%m%d-%H%M}")
            assert 3500 < entry.due - time.time() <= 3600
    finally:
        monkeypatch.undo()
        time.tzset()


def test_who_asks_for_the_time_of_day():
    """Each that does is known, with what makes its use harmless."""
    asks = re.compile(r"\btime\.time(_ns)?\(\)(?!`)|\bdatetime\.now\(|\butcnow\(")
    found = {str(p.relative_to(SOURCE)) for p in SOURCE.rglob("*.py") if asks.search(p.read_text("utf-8"))}
    assert found - set(WALL_CLOCK) == set()
    assert "ledger/ledger.py" in found
