"""Two daemons with state folders of their own share inboxes and outboxes, as two machines on a share do."""

import random

import psutil
import pytest

from scanmend.jobs.reconcile import daemon_mark
from scanmend.outputs import record
from trial import Eye, Nursery, Trial, make, outputs_in, until

RNG = random.Random(1)  # noqa: S311 -- to be repeated
FOLDERS = {"archived": {"original": "archive", "watch": "poll", "poll_s": 0.2}, "kept": {"original": "keep"}}


@pytest.fixture(scope="module")
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def pair(tmp_path, nursery):
    """Two daemons, not started."""
    one = Trial(tmp_path, FOLDERS, state="one", workers=1)
    other = Trial(tmp_path, FOLDERS, state="other", workers=1)
    one.nursery = other.nursery = nursery
    yield one, other
    one.kill()
    other.kill()


def drop(trial: Trial, count: int) -> None:
    """Have so many scans lie in the inboxes at once; all in one folder have the same few names."""
    made = [make("text.pdf", n, trial.root, RNG)[0] for n in range(count)]
    for n, file in enumerate(made):
        folder = ("archived", "kept")[n % 2]
        trial.drop(file, folder, file.relative_to(trial.root))
        file.unlink()


def made_by(trial: Trial) -> int:
    """How many documents this one's ids are on."""
    outputs = [f for n in FOLDERS for f in outputs_in(trial.place(n, "outbox")) if f.suffix == ".json"]
    return sum(record.head(f)["id"].endswith(daemon_mark(trial.state)) for f in outputs)


def test_each_file_is_processed_by_exactly_one(pair):
    """Forty files at once; one daemon is killed with files in hand and comes back; kept sources are known to both."""
    one, other = pair
    drop(one, 40)
    eye = Eye(pair)
    eye.start()
    one.start(), other.start()
    one.ready(), other.ready()
    until(lambda: made_by(one) >= 2 and made_by(other) >= 2)
    until(lambda: stopped_with_a_claim(one))
    one.kill()
    left = [id_ for id_ in claims(one) if id_.endswith(daemon_mark(one.state))]
    assert left
    until(lambda: one.through() >= 40 - len(left) and claims(one) == left)  # the other leaves them alone
    one.start().ready()
    assert one.settle(30)
    assert one.stop() == other.stop() == 0
    assert eye.close() == []
    assert list(one.problems()) == []
    assert made_by(one) + made_by(other) == 40


def test_one_never_comes_back(pair):
    """``scanmend check`` of the other tells of its claims, and ``scanmend retry`` has it go on with them."""
    one, other = pair
    drop(one, 12)
    one.start()
    until(lambda: any(id_.endswith(daemon_mark(one.state)) for id_ in claims(one)))
    one.kill()
    left = [p for n in FOLDERS for p in one.place(n, "inbox").glob(".scanmend/*/*")]
    assert left
    other.start().ready()
    until(lambda: one.through() >= 12 - len(left))
    told = other.command("check")
    assert "claims of others: another daemon has taken" in told
    ids = [path.parent.name for path in left]
    assert all(id_ in told for id_ in ids)
    assert other.command("retry", *ids).count("taken over from another daemon") == len(ids)
    assert other.settle(30)
    assert other.stop() == 0
    assert list(one.problems()) == []


def test_the_same_name_and_content_at_the_same_time(pair):
    """Outputs of the one are never taken for, or taken back with, those of the other."""
    one, other = pair
    file, _ = make("text.pdf", 1, one.root, RNG)
    one.start(), other.start()
    one.ready(), other.ready()
    for _ in range(12):
        one.drop(file, "archived", file.relative_to(one.root))
        until(lambda: not (one.place("archived", "inbox") / file.name).exists())
    file.unlink()
    assert one.settle(30)
    assert one.stop() == other.stop() == 0
    assert list(one.problems()) == []


def stopped_with_a_claim(one: Trial) -> bool:
    """Stop the daemon for a look at what it has in hand; unless that is a file, it goes on."""
    assert one.process is not None
    daemon = psutil.Process(one.process.pid)
    daemon.suspend()
    until(lambda: daemon.status() == psutil.STATUS_STOPPED)
    if any(id_.endswith(daemon_mark(one.state)) for id_ in claims(one)):
        return True
    daemon.resume()
    return False


def claims(trial: Trial) -> list[str]:
    """Ids of all claims there are."""
    return sorted(p.name for n in FOLDERS for p in trial.place(n, "inbox").glob(".scanmend/*") if any(p.iterdir()))
