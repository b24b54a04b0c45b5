"""scanmend.commands.status: what status says without a daemon; with one, see test_daemon."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from scanmend.commands.status import as_text, duration, found_text
from scanmend.config.schema import Config, Folder
from scanmend.control.link import LocalLink
from scanmend.control.status import STATES, status
from scanmend.document import Fingerprint, NumberCounts
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger

KEYS = {
    "running", "pid", "documents", "working", "waiting_retry", "failures", "model", "downloads", "folders",
    "recent", "loaded", "troubles", "uncorrected", "warnings", "set_aside", "in_hand", "paused",
    "state_dir", "others",
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
    current = status(config)
    assert set(current) == KEYS
    assert (current["running"], current["documents"]) == (False, dict.fromkeys(STATES, 0))
    assert not config.state_dir.exists()
    assert as_text(current).splitlines() == ["daemon     not running", "model      idle", "documents  none yet"]


def test_documents_that_are_looked_for(config, ledger):
    """By a part of the name, or by the beginning of the hash; where no daemon runs the ledger itself is asked."""
    for n in range(3):
        ledger.add(
            entry(f"{n}", "done", relative=Path(f"Müller {n}.pdf"), sha256=f"{n}abcdef{n}" * 8, error="x" * n or None)
        )
    found = LocalLink(config).find("MÜLLER")
    assert (found["total"], found["total_is_exact"], [one["id"] for one in found["documents"]]) == (
        3,
        True,
        ["2", "1", "0"],
    )
    text = found_text(LocalLink(config).find("1abcdef1"))
    assert text.startswith("done       1  f/Müller 1.pdf: ")
    assert text.endswith("; x\n1 found")
    assert found_text(LocalLink(config).find("nothing")) == "0 found"


def test_where_the_documents_are(config, ledger):
    """Those in hand with the file as it lies in the claim folder, or that it is gone; those done with both ends."""
    inbox = config.folders[0].inbox
    claimed = inbox / ".scanmend" / "a" / "a.pdf"
    claimed.parent.mkdir(parents=True)
    claimed.touch()
    for one in (entry("a", "working", inbox=inbox), entry("b", "waiting", inbox=inbox)):
        ledger.add(one)
    ledger.add(entry("c", "published", inbox=inbox, original="delete"))
    ledger.add(entry("d", "done", put_away=Path("/kept/d (2).pdf"), stem=Path("d (2)")))
    ledger.add(entry("e", "done", original="keep"))
    ledger.add(entry("f", "done", original="delete"))
    current = status(config)
    assert [(e["id"], e["where"]) for e in current["in_hand"]] == [("a", str(claimed)), ("b", None), ("c", None)]
    assert {e["id"]: (e["outputs"], e["where"]) for e in current["recent"]} == {
        "d": ("/p/d (2)", "/kept/d (2).pdf"),
        "e": ("/p/e", "/p/e.pdf"),
        "f": ("/p/f", None),
    }
    text = as_text(current)
    assert f"in hand    a  f/a.pdf: working; lies at {claimed}" in text
    assert "in hand    b  f/b.pdf: waiting; ITS FILE IS GONE" in text
    assert "in hand    c  f/c.pdf: published; the outputs are there" in text
    assert "done       d  f/d.pdf: outputs /p/d (2).*; the scan lies at /kept/d (2).pdf" in text
    assert "done       f  f/f.pdf: outputs /p/f.*; no scan was kept" in text


def test_disputed_numbers_of_the_latest_documents(config, ledger):
    """With the document; numbers that were read alike, or by one reader alone, need no word."""
    for id_, numbers in (("a", NumberCounts(40, 3, 2)), ("b", NumberCounts(4, 1)), ("c", NumberCounts(9, 0, 9))):
        ledger.add(entry(id_, "done", numbers=numbers))
    current = status(config)
    assert {e["id"]: e["numbers"]["disputed"] for e in current["recent"]} == {"a": 3, "b": 1, "c": 0}
    ends = {line.split()[1]: line.rpartition("; ")[2] for line in as_text(current).splitlines() if line[:4] == "done"}
    assert ends == {"a": "3 numbers disputed", "b": "1 number disputed", "c": "no scan was kept"}


def test_not_every_document_in_hand_is_a_line(config, ledger):
    """The text stays short; JSON has them all."""
    for n in range(30):
        ledger.add(entry(f"n{n}", "waiting"))
    assert len(status(config)["in_hand"]) == 30
    lines = [line for line in as_text(status(config)).splitlines() if line.startswith("in hand")]
    assert len(lines) == 21
    assert lines[-1] == "in hand    and 10 more: scanmend status --json"


def test_incomplete_files(config):
    """What the daemon reports of an inbox."""
    one = {"file": "x.pdf", "missing": "it is empty (0 bytes)", "since": "2026-01-01T00:00:00+00:00"}
    folder = {"name": "f", "mode": "events", "waiting": 1, "trouble": None, "incomplete": [one]}
    text = as_text({**status(config), "folders": [folder]})
    assert "incomplete f/x.pdf: it is empty (0 bytes); unchanged since 2026-01-01T00:00:00+00:00" in text


def test_what_the_ledger_knows(config, ledger):
    """Counts by state; what waits, with reason and time; what failed, with where it lies; what was done last."""
    ledger.add(entry("a", "waiting", error="no space", due=time.time() + 60, attempts=2))
    ledger.add(entry("b", "quarantined", error="encrypted", put_away=Path("/bad/b\udcff.pdf")))
    ledger.add(entry("c", "quarantined", error="vanished"))
    ledger.add(entry("d", "done"))
    ledger.add(entry("e", "waiting"))
    ledger.finish("d", "model 'm' rests")
    current = status(config)
    assert {s: n for s, n in current["documents"].items() if n} == {"waiting": 2, "quarantined": 2, "done": 1}
    (waits,) = current["waiting_retry"]
    assert (waits["id"], waits["error"], waits["attempts"], waits["where"]) == ("a", "no space", 2, None)
    assert waits["due"] > waits["changed"]
    assert [(f["id"], f["where"]) for f in current["failures"]] == [("b", "/bad/b\\xff.pdf"), ("c", None)]
    assert [(r["id"], r["error"]) for r in current["recent"]] == [("d", "model 'm' rests")]
    assert current["uncorrected"] == 1
    text = as_text(current)
    assert "failed     b  f/b.pdf: encrypted; lies at /bad/b\\xff.pdf" in text
    assert "failed     c  f/c.pdf: vanished\n" in text + "\n"
    assert "retry      a  f/a.pdf: no space; again at " in text
    assert "2 waiting" in text
    assert "raw        1 done without correction, since their model failed" in text


def test_documents_that_no_folder_watches_any_more(config, ledger):
    """They would wait for ever, and nobody would know why."""
    ledger.add(entry("a", "waiting", inbox=Path("/gone")))
    ledger.add(entry("b", "published", inbox=Path("/gone")))
    ledger.add(entry("c", "done", inbox=Path("/gone")))
    (current,) = status(config)["troubles"]
    assert current.startswith(
        "2 document(s) wait in /gone/.scanmend, which no folder watches any more; configure a folder"
    )


def test_with_a_daemon(config):
    """What only the daemon knows is shown as it wrote it; a folder in trouble stands out."""
    current = status(config) | {
        "running": True,
        "pid": 7,
        "model": {"state": "loading", "model": None, "pid": None},
        "loaded": [
            {"state": "correcting", "model": "m", "pid": 8, "gpu_layers": 12, "layers": 31, "ran_on": "GPU and CPU"},
            {"state": "loaded", "model": "n", "pid": 9, "gpu_layers": 0, "layers": 31, "ran_on": "CPU"},
        ],
        "troubles": ["model 'n' runs on the CPU: no room"],
        "working": [{"id": "a", "folder": "f", "file": "a.pdf", "stage": "reading page 1 of 2"}],
        "folders": [
            {"name": "f", "mode": "events", "waiting": 3, "trouble": None},
            {"name": "g", "mode": "poll", "waiting": 0, "trouble": "the inbox is gone"},
        ],
    }
    assert as_text(current).splitlines() == [
        "daemon     running, pid 7",
        "model      correcting: m, pid 8, on GPU and CPU, 12 of 31 layers on the GPU",
        "model      loaded: n, pid 9, on CPU",
        "model      loading",
        "TROUBLE    model 'n' runs on the CPU: no room",
        "documents  none yet",
        "folder     f: 3 in the inbox, watched by events",
        "folder     g: 0 in the inbox, watched by poll  TROUBLE: the inbox is gone",
        "working    a  f/a.pdf: reading page 1 of 2",
    ]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "asking the hub"),
        ({"percent": 0.0, "total_mib": 3136.0}, "0 % of 3,136 MiB"),
        (
            {"percent": 42.4, "total_mib": 3136.0, "rate_mib_s": 11.27, "remaining_s": 160},
            "42 % of 3,136 MiB, 11.3 MiB/s, 3 min left",
        ),
        ({"percent": 42.4, "total_mib": 3136.0, "rate_mib_s": 0.0}, "42 % of 3,136 MiB, 0.0 MiB/s"),
    ],
)
def test_a_download_is_told_as_far_as_it_is_known(config, known, said):
    """Model, percent, rate and what remains."""
    unknown = dict.fromkeys(("percent", "done_mib", "total_mib", "rate_mib_s", "remaining_s"))
    text = as_text(status(config) | {"downloads": [{"model": "qwen", **unknown, **known}]})
    assert text.splitlines()[2] == f"download   qwen: {said}"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (89, "89 s"), (91, "2 min"), (3599, "1 h 0 min"), (11_100, "3 h 5 min")]
)
def test_a_length_of_time_is_told_as_people_do(seconds, said):
    """In seconds, minutes, or hours and minutes."""
    assert duration(seconds) == said


def test_a_document_that_waits_for_a_download_has_no_time(config, ledger):
    """It goes on when the download is done."""
    ledger.add(entry("a", "waiting", error="waits for model 'm', which is being downloaded"))
    assert as_text(status(config)).splitlines()[-1] == (
        "retry      a  f/a.pdf: waits for model 'm', which is being downloaded"
    )


def test_a_dask_cluster(config):
    """Where it is, how many workers it has, and how many pages are there and here."""
    dask = {"scheduler": "tls://s:1", "state": "connected", "workers": 3, "threads": 12, "in_flight": 24, "queued": 70}
    said = [line for line in as_text(status(config) | {"dask": dask}).splitlines() if line.startswith("dask")]
    assert said == ["dask       tls://s:1: connected, 3 workers with 12 threads, 24 pages are with them, 70 wait here"]
    said = as_text(status(config) | {"dask": dask | {"state": "away"}})
    assert "dask       tls://s:1: away\n" in said
