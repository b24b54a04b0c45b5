"""The ledger is damaged, deleted, or cannot be written when the daemon starts; real daemons, files and disks."""

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fork_server import ForkServer
from harness import Harness
from ledger_entries import BLANK
from scanmend.config.schema import Folder
from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.intake.inbox import Inbox, Missed
from scanmend.intake.presence import daemon_mark
from scanmend.jobs.claim import Claimer
from scanmend.jobs.reconcile import already_made
from scanmend.jobs.recover import ClaimRecovery
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.recovery import damaged_ledgers, names_in_damaged_ledgers, open_ledger
from scanmend.outputs import error_report
from scanmend.service.lock import hold_lock
from small_scans import make_scan
from waiting import LIMIT_S, until

RNG = random.Random(3)  # noqa: S311 -- to be repeated
FOLDERS = {"archived": {"recursive": True}, "kept": {"original": "keep"}}


def flip(path: Path) -> None:
    """Turn the bytes of its middle pages around."""
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data) - 4096):
        data[at] ^= 0xFF
    path.write_bytes(data)


def cut(path: Path) -> None:
    """Take its second half away."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 8192 * 4096])


def scribble(path: Path) -> None:
    """Make it no database."""
    path.write_bytes(b"this is no database at all\n" * 400)


def strange_columns(path: Path) -> None:
    """Let it be ours by its version, but not by what it holds."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE document DROP COLUMN pages")


def of_another(path: Path) -> None:
    """Put the database of another program in its place."""
    path.unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE recipes (name TEXT)")


DAMAGE = [flip, cut, scribble, strange_columns, of_another]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_detected_and_damaged_ledgers(memory, damage):
    """Under a name with the date, byte for byte; the new one is empty and sound."""
    path = memory / "ledger.sqlite"
    with closing(Ledger(path)) as ledger:
        for i in range(100):
            ledger.add(replace(BLANK, id=str(i), sha256=f"{i:064}"))
    damage(path)
    damaged = path.read_bytes()
    with closing(open_ledger(path)) as ledger:
        assert ledger.counts() == {}
        ledger.add(BLANK)
    (aside,) = damaged_ledgers(memory)
    assert re.fullmatch(r"ledger-damaged-\d{8}-\d{6}\.sqlite", aside.name)
    assert aside.read_bytes() == damaged
    with closing(open_ledger(path)) as ledger:
        assert ledger.counts() == {"claiming": 1}
    assert damaged_ledgers(memory) == [aside]


def test_each_of_several_is_damaged_ledgers(tmp_path):
    """Also several within one second."""
    path = tmp_path / "ledger.sqlite"
    seen = []
    for n in range(3):
        path.write_bytes(b"%d" % n * 5000)
        open_ledger(path).close()
        seen.append(damaged_ledgers(tmp_path))
    assert {p.read_bytes()[:1] for p in seen[-1]} == {b"0", b"1", b"2"}


def test_a_page_whose_text_is_damaged_is_read_again(tmp_path):
    """A byte that SQLite does not miss; the document does not fail for it."""
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        ledger.add(BLANK)
        ledger.db.run("INSERT INTO page VALUES ('1', 4, '{\"number\": 4, \"li', NULL)", ())
        assert ledger.read_page("1", 4) is None
        assert ledger.finished_pages("1") == {}


def test_ten_thousand_documents_are_checked_when_they_are_opened(tmp_path):
    """Every page of the file is gone through, and that takes no time."""
    path = tmp_path / "ledger.sqlite"
    with closing(Ledger(path)) as ledger, ledger.db.transaction() as db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO document "
            "SELECT 'd' || i, 'f', x'2f', CAST(i AS BLOB), x'61', x'2f', i, 1, 1, 'done', 0, 0.0, 'archive', NULL, "
            "printf('%064x', i), 1, NULL, 1.0, 1.0, NULL, NULL FROM n"
        )
    began = time.monotonic()
    open_ledger(path).close()
    assert time.monotonic() - began < 20
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 200)
    open_ledger(path).close()
    assert len(damaged_ledgers(tmp_path)) == 1


class TestDaemon:
    """A daemon that loses its ledger with everything in it."""

    @pytest.fixture(scope="class")
    @staticmethod
    def fork_server():
        fork_server = ForkServer()
        yield fork_server
        fork_server.close()

    @pytest.fixture
    def harness(self, tmp_path, fork_server):
        harness = Harness(tmp_path, FOLDERS, workers=1, fork_server=fork_server)
        yield harness
        harness.kill()

    def drop(self, harness: Harness, folder: str, kind: str, relative: str) -> None:
        made, _ = make_scan(kind, len(harness.dropped), harness.root, RNG, hashed=False)
        harness.drop(made, folder, Path(relative), sound=not kind.startswith("cut."))
        made.unlink()

    def test_goes_on_as_if_it_had_not(self, harness):
        """Kept sources are known, claims go on where they were, what is in quarantine can be retried; nothing twice."""
        self.drop(harness, "archived", "text.pdf", "a.pdf")
        self.drop(harness, "archived", "cut.pdf", "sub/torn.pdf")
        for name in ("k.pdf", "sub (2).pdf"):
            self.drop(harness, "kept", "text.pdf", name)
        harness.start().wait_ready()
        assert harness.wait_finished(LIMIT_S)
        (quarantined,) = harness.query_ledger("SELECT id FROM document WHERE state = 'quarantined'")
        # One is claimed when the daemon dies, one comes while there is none.
        self.drop(harness, "archived", "tiff", "sub/deep/b.tiff")
        until(lambda: any(harness.path_of("archived", "inbox").glob(".scanmend/*/b.tiff")))
        harness.kill()
        self.drop(harness, "kept", "text.pdf", "later.pdf")
        with closing(sqlite3.connect(harness.state / "ledger.sqlite")) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else most of it lies in the journal
        flip(harness.state / "ledger.sqlite")
        harness.start().wait_ready()
        assert harness.wait_finished(LIMIT_S)
        assert len(harness.log_lines("claim.taken_up")) == 1
        assert len(harness.log_lines("ledger.set_aside")) == 1
        assert "a damaged one was set aside" in harness.run_command("status")
        assert {line["file"] for line in harness.log_lines("document.known")} == {"k.pdf", "sub (2).pdf"}
        assert f"{quarantined[0]}: back to work" in harness.run_command("retry", quarantined[0])
        until(lambda: len(harness.log_lines("document.quarantined")) == 2)
        assert harness.wait_finished(LIMIT_S)
        assert harness.stop() == 0
        assert list(harness.problems()) == []

    def test_the_whole_state_folder_is_gone(self, harness):
        """Kept sources are known; of one published but not put away, the record says so, and where it lay."""
        self.drop(harness, "archived", "text.pdf", "sub/a.pdf")
        self.drop(harness, "kept", "text.pdf", "k.pdf")
        harness.start().wait_ready()
        assert harness.wait_finished(LIMIT_S)
        harness.kill()
        ((id_,),) = harness.query_ledger("SELECT id FROM document WHERE original = 'archive'")
        archive, claim = (
            harness.path_of("archived", "archive"),
            harness.path_of("archived", "inbox") / ".scanmend" / id_,
        )
        claim.mkdir(parents=True)
        (archive / "sub/a.pdf").rename(claim / "a.pdf")
        shutil.rmtree(harness.state)
        harness.start().wait_ready()
        assert harness.wait_finished(LIMIT_S)
        assert harness.stop() == 0
        assert list(harness.problems()) == []
        assert (archive / "sub/a.pdf").exists()

    @pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
    @pytest.mark.parametrize("how", ["full", "read-only"])
    def test_on_a_disk_that_cannot_be_written(self, harness, how):
        """It says so and ends with an error; no scan is touched, and nothing is set aside."""
        self.drop(harness, "archived", "text.pdf", "a.pdf")
        harness.state.mkdir(exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=755", "none", str(harness.state)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("nothing can be mounted here")
        try:
            if how == "full":
                (harness.state / "filler").write_bytes(b"\0" * 256 * 1024)
            else:
                subprocess.run(["mount", "-o", "remount,ro", str(harness.state)], check=True)
            command = [sys.executable, "-m", "scanmend.cli", "run", "--config", str(harness.config)]
            ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
            assert ran.returncode == 1
            assert re.search(r"^scanmend: .*(no space|full|[Rr]ead-only)", ran.stderr, re.MULTILINE | re.IGNORECASE)
            assert "Traceback" not in ran.stderr
            assert (harness.path_of("archived", "inbox") / "a.pdf").exists()
            assert damaged_ledgers(harness.state) == []
        finally:
            subprocess.run(["umount", str(harness.state)], check=True)


def record_of_a(found: Fingerprint, digest: str) -> str:
    """A record of a.pdf, as far as it tells one file from another."""
    told = f'{{\n  "schema": 1,\n  "id": "i",\n  "relative": "a.pdf",\n  "sha256": "{digest}",\n  "size": 7,\n'
    return told + f'  "modified_ns": {found.mtime_ns},\n  "pages": [\n  ]\n}}\n'


class TestTraces:
    """What the folders tell."""

    @pytest.fixture
    def folder(self, tmp_path):
        places = {p: tmp_path / p for p in ("inbox", "outbox", "archive", "quarantine")}
        for place in places.values():
            place.mkdir()
        return Folder(name="f", strategy="off", original="keep", **places)

    def test_a_mark_is_of_machine_and_place(self, tmp_path):
        """The same each time, another for another state folder; whether it is there does not matter."""
        assert daemon_mark(tmp_path / "a") == daemon_mark(tmp_path / "a") != daemon_mark(tmp_path / "b")
        assert daemon_mark(tmp_path / "x" / ".." / "a") == daemon_mark(tmp_path / "a")

    def test_only_the_very_same_file_is_known(self, folder):
        """Another time, size, name or content makes another document of it."""
        scan = folder.inbox / "a.pdf"
        scan.write_bytes(b"content")
        found = Fingerprint.of(scan.stat())
        digest = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
        told = record_of_a(found, digest)
        (folder.outbox / "a.json").write_text('{"schema": 1, "by": "somebody else"}')
        (folder.outbox / "a (2).json").write_text(told)
        assert already_made(folder, Path("a.pdf"), found)["stem"] == Path("a (2)")
        scan.rename(folder.inbox / "a (7).pdf")  # as it went back when its name was taken
        assert already_made(folder, Path("a (7).pdf"), found)["id"] == "i"
        for other in (replace(found, size=8), replace(found, mtime_ns=found.mtime_ns + 1)):
            assert already_made(folder, Path("a (7).pdf"), other) is None
        (folder.inbox / "a (7).pdf").write_bytes(b"CONTENT")
        assert already_made(folder, Path("a (7).pdf"), found) is None
        assert already_made(folder, Path("b.pdf"), found) is None

    def test_a_kept_file_that_another_daemon_was_quicker_with(self, folder, tmp_path):
        """Listed before the other took it, claimed after the other put it back: it goes back and is not done again."""
        scan = folder.inbox / "a.pdf"
        scan.write_bytes(b"content")
        found = Fingerprint.of(scan.stat())
        digest = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
        (folder.outbox / "a.json").write_text(record_of_a(found, digest))
        ledger = Ledger(tmp_path / "state" / "ledger.sqlite")
        inbox = Inbox(folder)
        assert Claimer(ledger).claim(folder, inbox, Path("a.pdf"), found) is Missed.GONE
        assert (scan.read_bytes(), list(inbox.claim_ids())) == (b"content", [])
        assert ledger.counts() == {}
        ledger.close()

    def test_claims_of_others_and_claims_that_lie(self, folder, tmp_path):
        """A claim of another daemon is left alone; a damaged ledger's word on a place counts only if it can be true."""
        ledger = Ledger(tmp_path / "state" / "ledger.sqlite")
        mine = daemon_mark(tmp_path / "state")
        hints = {
            f"1-{mine}": Path("sub/a.pdf"),
            f"2-{mine}": Path("../../b.pdf"),
            f"3-{mine}": Path("sub/other.pdf"),
            f"4-{mine}": Path("/etc/d.pdf"),
        }
        for id_, name in zip([*hints, "5-ffffff"], "abcde", strict=True):
            place = folder.inbox / ".scanmend" / id_
            place.mkdir(parents=True)
            (place / f"{name}.pdf").write_bytes(b"scan")
        (folder.inbox / ".scanmend" / f"6-{mine}").mkdir()
        ClaimRecovery(ledger, hints).adopt(folder)
        taken = {e.id: str(e.relative) for e in ledger.in_state("waiting")}
        assert taken == dict(zip(hints, ["sub/a.pdf", "b.pdf", "c.pdf", "d.pdf"], strict=True))
        assert not (folder.inbox / ".scanmend" / f"6-{mine}").exists()
        ledger.close()

    def test_names_from_a_damaged_ledger(self, tmp_path):
        """As far as they can be read; one that tells nothing does no harm."""
        path = tmp_path / "ledger.sqlite"
        with closing(Ledger(path)) as ledger:
            ledger.add(replace(BLANK, id="a", relative=Path("sub/a.pdf")))
            ledger.add(replace(BLANK, id="b", state="done"))
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("ALTER TABLE document DROP COLUMN pages")
        open_ledger(path).close()
        assert names_in_damaged_ledgers(tmp_path) == {"a": Path("sub/a.pdf")}
        (tmp_path / "ledger-damaged-20990101-000000.sqlite").write_bytes(b"nothing at all" * 999)
        assert names_in_damaged_ledgers(tmp_path) == {"a": Path("sub/a.pdf")}


class TestRetention:
    """A ledger of ten years stays small."""

    def test_finished_documents_are_forgotten_beyond_the_latest(self, tmp_path):
        """Neither those in work, nor those in quarantine, nor those whose source stays in the inbox."""
        with closing(Ledger(tmp_path / "ledger.sqlite", remembered=5)) as ledger:
            for i in range(20):
                ledger.add(replace(BLANK, id=f"d{i}", state="done", claimed=float(i)))
            for state in ("waiting", "quarantined"):
                ledger.add(replace(BLANK, id=state, state=state, claimed=-1.0))
            ledger.add(replace(BLANK, id="kept", state="done", original="keep", claimed=-1.0))
            assert ledger.prune() == 15
            assert ledger.prune() == 0
            assert [e.id for e in ledger.in_state("done")] == ["kept", *(f"d{i}" for i in range(15, 20))]
            assert ledger.counts() == {"done": 6, "quarantined": 1, "waiting": 1}

    def test_a_running_daemon_prunes_too(self, memory):
        """Every so many documents, not only when it starts."""
        with closing(Ledger(memory / "ledger.sqlite", remembered=100)) as ledger:
            for i in range(250):
                ledger.add(replace(BLANK, id=str(i), claimed=float(i)))
                ledger.finish(str(i))
                assert ledger.counts()["done"] <= 102
            assert ledger.get("249")
            assert not ledger.get("140")

    def test_what_somebody_took_away_is_forgotten(self, tmp_path):
        """A quarantined file that is gone with its report; not one whose report is there, or whose folder is not."""
        places = {p: tmp_path / p for p in ("inbox", "outbox", "archive", "quarantine")}
        folder = Folder(name="f", strategy="off", **places)
        folder.quarantine.mkdir()
        with closing(Ledger(tmp_path / "state" / "ledger.sqlite")) as ledger:
            for id_, place in (("gone", "g.pdf"), ("here", "h.pdf"), ("told", "t.pdf"), ("away", "no/a.pdf")):
                where = folder.quarantine / place
                ledger.add(replace(BLANK, id=id_, inbox=folder.inbox, state="quarantined", put_away=where))
            (folder.quarantine / "h.pdf").touch()
            error_report.report_path(folder.quarantine / "t.pdf").touch()
            ClaimRecovery(ledger).recover([folder])
            assert {e.id for e in ledger.in_state("quarantined")} == {"here", "told", "away"}


def test_the_lock_on_a_folder_that_cannot_be_written(tmp_path):
    """It is told as such."""
    with pytest.raises(StorageError, match="cannot be written: No such file"):
        hold_lock(tmp_path / "gone")
