"""A worn receipt through the real daemon, both readers and a person: what is decided comes out in every format."""

import json
import re

import pymupdf
import pytest

import demo_receipt
from daemon_process import Daemon, drop

FORMATS = ("txt", "md", "hocr", "pdf", "html", "json")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    daemon = Daemon(
        tmp_path_factory.mktemp("review"), review="on", second_reader="always", outputs=list(FORMATS), prepare="off"
    )
    daemon.start()
    yield daemon
    daemon.end()


def review(daemon, *arguments):
    done = daemon.command("review", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(240)
def test_a_person_decides_a_number_of_a_receipt(daemon, tmp_path):
    """The command leaves the decision to the daemon, which rewrites all outputs; undo brings every byte back."""
    drop(demo_receipt.write(tmp_path), daemon.inbox)
    daemon.wait_for("receipt.json", limit_s=120)
    machine = {name: (daemon.outbox / f"receipt.{name}").read_bytes() for name in FORMATS}
    (opened,) = daemon.wait("review.opened")
    (id_,) = re.findall(r"^(\S+)  scans/receipt.png", review(daemon), re.MULTILINE)
    shown = review(daemon, id_)
    assert len(re.findall(r"^p1l\w+  page 1, line \d+ ", shown, re.MULTILINE)) == opened["places"] > 0
    place, text = re.search(
        r"^(p1l\w+)  .*\n.*\[([^]]*\d[^]]*)\].*\n  the readers dispute", shown, re.MULTILINE
    ).groups()
    review(daemon, id_, "--place", place, "--text", "98765.43", "--by", "Ana")
    record = json.loads((daemon.outbox / "receipt.json").read_bytes())
    assert [(one["place"], one["before"], one["after"], one["by"]) for one in record["review"]] == [
        (place, text, "98765.43", "Ana")
    ]
    assert record["numbers"]["confirmed"] == 1
    for name in ("txt", "md", "hocr", "html", "json"):
        assert b"98765.43" in (daemon.outbox / f"receipt.{name}").read_bytes().replace(b"\\", b""), name
    with pymupdf.open(daemon.outbox / "receipt.pdf") as pdf:
        assert "98765.43" in pdf[0].get_text()
    review(daemon, id_, "--undo")
    assert {name: (daemon.outbox / f"receipt.{name}").read_bytes() for name in FORMATS} == machine
