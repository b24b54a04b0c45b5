"""Two daemons with state folders of their own share inboxes and outboxes, as two machines on a share do."""

import json
import os
import random
from pathlib import Path

import psutil
import pytest

from fork_server import ForkServer
from harness import Harness
from outbox_monitor import visible_files
from scanmend.intake.presence import SILENT_S, daemon_mark
from scanmend.outputs import record
from small_scans import make_scan
from waiting import until

RNG = random.Random(1)  # noqa: S311 -- to be repeated
FOLDERS = {"archived": {"original": "archive", "watch": "poll", "poll_s": 0.2}, "kept": {"original": "keep"}}


@pytest.fixture(scope="module")
def fork_server():
    fork_server = ForkServer()
    yield fork_server
    fork_server.close()


@pytest.fixture
def pair(tmp_path, fork_server):
    """Two daemons, not started."""
    one, other = (
        Harness(tmp_path, FOLDERS, state=name, workers=1, top={"daemon_name": name}, fork_server=fork_server)
        for name in ("one", "other")
    )
    yield one, other
    one.kill()
    other.kill()


def drop(harness: Harness, count: int) -> None:
    """Have this many scans lie in the inboxes at once; all in one folder have the same few names."""
    made = [make_scan("text.pdf", n, harness.root, RNG)[0] for n in range(count)]
    for n, file in enumerate(made):
        folder = ("archived", "kept")[n % 2]
        harness.drop(file, folder, file.relative_to(harness.root))
        file.unlink()


def made_by(harness: Harness) -> int:
    """How many records have this one's name."""
    outputs = [f for n in FOLDERS for f in visible_files(harness.path_of(n, "outbox")) if f.suffix == ".json"]
    heads = [record.head(f) for f in outputs]
    return sum(head["daemon"] == harness.state.name for head in heads)


def test_each_file_is_processed_by_exactly_one(pair):
    """Forty files at once; one daemon is killed with files in hand and comes back; kept sources are known to both."""
    one, other = pair
    monitor = one.monitor()
    one.start(), other.start()
    one.wait_ready(), other.wait_ready()
    drop(one, 40)  # not before, or the one that starts first may do them all
    until(lambda: made_by(one) >= 2 and made_by(other) >= 2, "both to finish some", 60)
    until(lambda: stopped_with_a_claim(one))
    one.kill()
    left = [id_ for id_ in claims(one) if id_.endswith(daemon_mark(one.state))]
    assert left
    until(lambda: one.finished() >= 40 - len(left) and claims(one) == left)  # the other leaves them alone
    one.start().wait_ready()
    assert one.wait_finished(60)
    assert one.stop() == other.stop() == 0
    assert monitor.close() == []
    assert list(one.problems()) == []
    assert made_by(one) + made_by(other) == 40


@pytest.mark.thorough
def test_one_never_comes_back(pair):
    """Its claims are named by the other, which leaves them alone until it was silent for long; then it is told so."""
    one, other = pair
    monitor = one.monitor()
    drop(one, 12)
    one.start()
    until(lambda: len(presence(one)) == len(FOLDERS) and stopped_with_a_claim(one))
    one.kill()
    left = claims(one)
    assert left
    other.start().wait_ready()
    until(lambda: one.finished() >= 12 - len(left))
    shown = json.loads(other.run_command("status", "--json"))
    assert shown["others"] == [seen for seen in shown["others"] if seen["daemon"] == "one" and seen["state"] == "works"]
    assert sorted(claim["id"] for seen in shown["others"] for claim in seen["claims"]) == left
    assert "stays with the daemon one, which was heard of" in other.run_command("retry", *left, errors=True)
    assert claims(one) == left
    for file in presence(one):
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - SILENT_S))
    shown = other.run_command("status")
    assert "TROUBLE    the daemon one has taken" in shown
    assert all(f"({id_}, since" in shown for id_ in left)
    assert other.run_command("retry", *left).count("taken over from another daemon") == len(left)
    one.start().wait_ready()  # in the end it does come back, and its ledger has those documents
    assert one.wait_finished(60)
    assert other.wait_finished(60)
    assert one.stop() == other.stop() == 0
    assert monitor.close() == []
    assert list(one.problems()) == []
    assert len(one.log_lines("document.taken_over")) == len(left)
    assert made_by(one) + made_by(other) == 12


@pytest.mark.thorough
def test_the_same_name_and_content_at_the_same_time(pair):
    """Outputs of the one are never taken for, or taken back with, those of the other."""
    one, other = pair
    file, _ = make_scan("text.pdf", 1, one.root, RNG)
    one.start(), other.start()
    one.wait_ready(), other.wait_ready()
    for _ in range(6):
        one.drop(file, "archived", file.relative_to(one.root))
        until(lambda: not (one.path_of("archived", "inbox") / file.name).exists())
    file.unlink()
    assert one.wait_finished(60)
    assert one.stop() == other.stop() == 0
    assert list(one.problems()) == []


def stopped_with_a_claim(one: Harness) -> bool:
    """Stop the daemon for a look at what it has in hand; unless that is a file, it goes on."""
    assert one.process is not None
    daemon = psutil.Process(one.process.pid)
    daemon.suspend()
    until(lambda: daemon.status() == psutil.STATUS_STOPPED)
    if any(id_.endswith(daemon_mark(one.state)) for id_ in claims(one)):
        return True
    daemon.resume()
    return False


def presence(harness: Harness) -> list[Path]:
    """The files by which others know of this one, one in each inbox where it was in time to write it."""
    name = f".scanmend/daemon-{daemon_mark(harness.state)}.json"
    return [file for n in FOLDERS if (file := harness.path_of(n, "inbox") / name).exists()]


def claims(harness: Harness) -> list[str]:
    """Ids of all claims there are."""
    return sorted(p.name for n in FOLDERS for p in harness.path_of(n, "inbox").glob(".scanmend/*/") if any(p.iterdir()))
