"""scanmend.report: what status says without a daemon; with one, see test_daemon."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from scanmend.config import Config, Folder
from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.ledger import Entry, Ledger
from scanmend.report import STATES, as_text, failed, status

KEYS = {
    "running", "pid", "documents", "working", "waiting_retry", "failures", "model", "folders", "recent",
}  # fmt: skip


@pytest.fixture
def config(tmp_path):
    place = tmp_path / "p"
    folder = Folder(name="f", inbox=place, outbox=place, archive=place, quarantine=place)
    return Config(source=tmp_path / "c.yaml", state_dir=tmp_path / "state", folders=(folder,))


@pytest.fixture
def ledger(config):
    made = Ledger(config.state_dir / "ledger.sqlite")
    yield made
    made.close()


def entry(id, state, **changes):  # noqa: A002 -- the field's word
    here = Path("/p")
    fixed = {"folder": "f", "inbox": here, "outbox": here, "fingerprint": Fingerprint(1, 2, 3), "original": "archive"}
    made = Entry(
        id=id, state=state, relative=Path(f"{id}.pdf"), stem=Path(id), attempts=0, due=0.0, put_away=None, sha256=None,
        pages=None, error=None, claimed=time.time(), changed=time.time(), **fixed,
    )  # fmt: skip
    return replace(made, **changes)


def test_before_anything_ran(config):
    """Nothing is created by asking, and the keys are all there."""
    told = status(config)
    assert set(told) == KEYS
    assert (told["running"], told["documents"]) == (False, dict.fromkeys(STATES, 0))
    assert not config.state_dir.exists()
    assert as_text(told).splitlines() == ["daemon     not running", "model      idle", "documents  none yet"]


def test_what_the_ledger_knows(config, ledger):
    """Counts by state; what waits, with reason and time; what failed, with where it lies; what was done last."""
    ledger.add(entry("a", "waiting", error="no space", due=time.time() + 60, attempts=2))
    ledger.add(entry("b", "quarantined", error="encrypted", put_away=Path("/bad/b\udcff.pdf")))
    ledger.add(entry("c", "quarantined", error="vanished"))
    ledger.add(entry("d", "done"))
    ledger.add(entry("e", "waiting"))
    told = status(config)
    assert {s: n for s, n in told["documents"].items() if n} == {"waiting": 2, "quarantined": 2, "done": 1}
    (waits,) = told["waiting_retry"]
    assert (waits["id"], waits["error"], waits["attempts"], waits["where"]) == ("a", "no space", 2, None)
    assert waits["due"] > waits["changed"]
    assert [(f["id"], f["where"]) for f in told["failures"]] == [("b", "/bad/b\\xff.pdf"), ("c", None)]
    assert [r["id"] for r in told["recent"]] == ["d"]
    text = as_text(told)
    assert "failed     b  f/b.pdf: encrypted; lies at /bad/b\\xff.pdf" in text
    assert "failed     c  f/c.pdf: vanished\n" in text + "\n"
    assert "retry      a  f/a.pdf: no space; again at " in text
    assert "2 waiting" in text


def test_with_a_daemon(config):
    """What only the daemon knows is shown as it wrote it; a folder in trouble stands out."""
    told = status(config) | {
        "running": True,
        "pid": 7,
        "model": {"state": "correcting", "model": "m", "pid": 8},
        "working": [{"id": "a", "folder": "f", "file": "a.pdf", "stage": "reading page 1 of 2"}],
        "folders": [
            {"name": "f", "mode": "events", "waiting": 3, "trouble": None},
            {"name": "g", "mode": "poll", "waiting": 0, "trouble": "the inbox is gone"},
        ],
    }
    assert as_text(told).splitlines() == [
        "daemon     running, pid 7",
        "model      correcting: m, pid 8",
        "documents  none yet",
        "folder     f: 3 in the inbox, watched by events",
        "folder     g: 0 in the inbox, watched by poll  TROUBLE: the inbox is gone",
        "working    a  f/a.pdf: reading page 1 of 2",
    ]


def test_failed_documents_by_id(ledger):
    """Named ones in the order named, each once; all of them; and a message for what is none."""
    for id_, state in (("a", "quarantined"), ("b", "quarantined"), ("c", "done")):
        ledger.add(entry(id_, state))
    assert [e.id for e in failed(ledger, ["b", "a", "b"], every=False)] == ["b", "a"]
    assert [e.id for e in failed(ledger, [], every=True)] == ["a", "b"]
    with pytest.raises(StorageError, match=r"id c, x; scanmend status lists them"):
        failed(ledger, ["a", "c", "x"], every=False)
