"""scanmend.jobs.hooks with real commands: what they are told, how long they may take, and that they harm nothing."""

import json
import shlex
import sys
import threading
from pathlib import Path

import pytest

from scanmend.config.schema import Folder
from scanmend.document import Fingerprint
from scanmend.jobs.hooks import ReviewedDocument, after_failure, after_review, after_success
from scanmend.ledger.entry import Entry
from scanmend.outputs.record import SCHEMA


def never():
    return False


@pytest.fixture
def folder(tmp_path):
    places = {name: tmp_path / name for name in ("inbox", "outbox", "archive", "quarantine")}
    for place in places.values():
        place.mkdir()
    return Folder(name="scans", hook_limit_s=20, outputs=("json", "txt", "pdf"), **places)


@pytest.fixture
def entry(folder):
    return Entry(
        id="id-1", folder="scans", inbox=folder.inbox, relative=Path("sub/a b.png"), stem=Path("sub/a b (2)"),
        outbox=folder.outbox, fingerprint=Fingerprint(1, 2, 3), state="published", attempts=0, due=0.0,
        original="archive", put_away=folder.archive / "sub" / "a b.png", sha256=None, pages=1, error=None,
        claimed=0.0, changed=0.0,
    )  # fmt: skip


def noting(tmp_path):
    """A command that writes down its arguments and environment, and where."""
    code = "import os, sys; open(sys.argv[1], 'w').write(repr((sys.argv[2:], dict(os.environ), sys.stdin.read())))"
    return (sys.executable, "-c", code, str(tmp_path / "noted")), tmp_path / "noted"


def test_success_tells_the_outputs_and_where_the_scan_lies(folder, entry, tmp_path):
    """As arguments the outputs that are there, the record last; the rest in the environment; nothing on stdin."""
    command, noted = noting(tmp_path)
    (folder.outbox / "sub").mkdir()
    made = [folder.outbox / "sub" / f"a b (2).{name}" for name in ("txt", "json")]
    for path in made:
        path.touch()
    assert after_success(folder.model_copy(update={"on_success": command}), entry, never)
    arguments, environment, stdin = eval(noted.read_text())  # noqa: S307 -- written by the line above
    assert arguments == [str(path) for path in made]
    told = {k: v for k, v in environment.items() if k.startswith("SCANMEND_")}
    assert (
        told.items()
        >= {
            "SCANMEND_ID": "id-1",
            "SCANMEND_FOLDER": "scans",
            "SCANMEND_STATUS": "success",
            "SCANMEND_SOURCE": "sub/a b.png",
            "SCANMEND_OUTBOX": str(folder.outbox),
            "SCANMEND_ORIGINAL": str(folder.archive / "sub" / "a b.png"),
        }.items()
    )
    assert stdin == ""


def test_success_tells_the_fields(folder, entry, tmp_path):
    """As the record has them, and which of them a person should look at."""
    command, noted = noting(tmp_path)
    (folder.outbox / "sub").mkdir()
    fields = [{"name": "total", "value": "7.00", "doubt": None}, {"name": "date", "value": None, "doubt": "missing"}]
    record = {"schema": SCHEMA, "id": "id-1", "fields": fields}
    (folder.outbox / "sub" / "a b (2).json").write_text(json.dumps(record)[:-1] + ',\n  "pages": [')
    assert after_success(folder.model_copy(update={"on_success": command}), entry, never)
    _, environment, _ = eval(noted.read_text())  # noqa: S307 -- written by the line above
    told = {k: v for k, v in environment.items() if k.startswith("SCANMEND_FIELD")}
    assert told == {"SCANMEND_FIELD_TOTAL": "7.00", "SCANMEND_FIELD_DATE": "", "SCANMEND_FIELDS_DOUBTFUL": "date"}


def test_failure_tells_the_file_and_the_report(folder, entry, tmp_path):
    """And the reason, whatever is in it."""
    command, noted = noting(tmp_path)
    bad = folder.quarantine / "a b.png"
    after_failure(folder.model_copy(update={"on_failure": command}), entry, bad, "it's $(bad); \0no", never)
    arguments, environment, _ = eval(noted.read_text())  # noqa: S307 -- as above
    assert arguments == [str(bad), f"{bad}.error.txt"]
    assert (environment["SCANMEND_STATUS"], environment["SCANMEND_REASON"]) == ("failure", "it's $(bad); no")


def test_a_review_tells_the_outputs_and_what_is_left_to_decide(folder, entry, tmp_path):
    """Those that are there, with the facts as they are by now; the status says that it is no first time."""
    command, noted = noting(tmp_path)
    made = [folder.outbox / f"a b.{name}" for name in ("txt", "json")]
    made[1].touch()
    fields = [{"name": "total", "value": "7.00", "doubt": None}]
    about = ReviewedDocument("id-1", Path("a b.png"), folder.outbox, tuple(made), None, fields, 2, [".txt", ".pdf"])
    assert after_review(folder.model_copy(update={"on_review": command}), about, never)
    arguments, environment, _ = eval(noted.read_text())  # noqa: S307 -- as above
    assert arguments == [str(made[1])]
    told = {k: v for k, v in environment.items() if k.startswith("SCANMEND_")}
    assert (
        told.items()
        >= {
            "SCANMEND_ID": "id-1",
            "SCANMEND_STATUS": "review",
            "SCANMEND_SOURCE": "a b.png",
            "SCANMEND_ORIGINAL": "",
            "SCANMEND_FIELD_TOTAL": "7.00",
            "SCANMEND_REVIEW_OPEN": "2",
            "SCANMEND_REVIEW_LEFT": ".txt .pdf",
        }.items()
    )


def test_without_a_command_nothing_runs(folder, entry):
    """A failure without one is told to nobody."""
    assert after_failure(folder, entry, Path("x"), "reason", never) is None


def test_a_failing_command_is_no_failure_of_the_document(folder, entry):
    """It has run, and that is that."""
    assert after_success(folder.model_copy(update={"on_success": ("/bin/false",)}), entry, never)


def starting(tmp_path):
    """A command that starts another, and neither ends; and where the pid of the other is written."""
    noted = tmp_path / "pid"
    return ["/bin/sh", "-c", f"sleep 600 & echo $! > {shlex.quote(str(noted))}; wait"], noted


def test_a_stop_cuts_it_short(folder, entry, tmp_path):
    """The group is killed, and success has to be told again at the next start."""
    command, noted = starting(tmp_path)
    asked = threading.Event()

    def stopping():
        if noted.exists() and noted.read_text().endswith("\n"):
            asked.set()
        return asked.is_set()

    assert not after_success(folder.model_copy(update={"on_success": tuple(command)}), entry, stopping)
