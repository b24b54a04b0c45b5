"""scanmend.service in this process: the real loop, ledger and folders; pages are read by stand-ins in no time."""

import json
import os
import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import TypeAdapter

from daemon_process import until
from ledger_entries import BLANK
from scanmend.document import CorrectedPage, Fingerprint, Page
from scanmend.errors import HostDied, StorageError
from scanmend.ledger.ledger import Ledger
from scanmend.llm.scheduler.circuit_breaker import FIRST_REST_S
from scanmend.process import malloc
from scanmend.service import document_pool, startup, status_file
from scanmend.service.lock import running_pid
from scanmend.service.service import Service
from service_world import GIF, Reader
from tiny_gguf import tiny_gguf


def calm(service, most=1):
    """Whether the loop runs at most so often in 1.2 seconds, once it came to rest."""
    for _ in range(4):
        before = service.passes
        time.sleep(1.2)
        if service.passes - before <= most:
            return True
    return False


class TestWork:
    def test_two_hundred_at_once(self, house):
        """Scans that two scanners drop as fast as they can are each processed exactly once."""
        house.configure(("a", {"settle_s": 0.05}))

        def scanner(letter):
            for n in range(100):
                house.drop(f"{letter}{n:03}.gif")

        with house.open() as service:
            scanners = [threading.Thread(target=scanner, args=(letter,)) for letter in "xy"]
            for thread in scanners:
                thread.start()
            for thread in scanners:
                thread.join()
            until(lambda: service.ledger.counts() == {"done": 200}, "200 documents", 60)
        names = {f"{letter}{n:03}" for letter in "xy" for n in range(100)}
        assert Reader.read == Counter(f"{name}.gif" for name in names)
        assert {p.name for p in house.outbox().iterdir() if p.is_file()} == {
            f"{name}.{suffix}" for name in names for suffix in ("txt", "json")
        }
        assert {p.stem for p in (house.outbox() / "originals").iterdir()} == names
        assert [p for p in house.inbox().rglob("*") if p.is_file()] == []

    def test_folders_take_turns(self, house):
        """A folder with a backlog does not keep the other folder's scan waiting until it is through."""
        house.configure(("a", {}), ("b", {}))
        for n in range(30):
            house.drop(f"{n:02}.gif", "a")
        house.drop("only.gif", "b")
        with house.open():
            house.done("only", folder="b")
            house.done(*(f"{n:02}" for n in range(30)))
        ledger = Ledger(house.root / "state" / "ledger.sqlite", read_only=True)
        claimed = [entry.folder for entry in ledger.in_state("done")]
        ledger.close()
        assert "b" in claimed[:5]

    def test_a_hung_document_delays_no_other(self, house):
        """While one page takes for ever, everything else is done."""
        house.drop("slow.gif")
        with house.open():
            until(lambda: Reader.read["slow.gif"], "the slow page")
            for n in range(4):
                house.drop(f"{n}.gif")
            house.done("0", "1", "2", "3")
            assert not (house.outbox() / "slow.json").exists()
            Reader.gate.set()
            house.done("slow")

    def test_books_leave_room_for_a_letter(self, house):
        """However many books lie there, with one worker, a letter that comes last waits for a few pages only."""
        house.configure(("a", {"settle_s": 0.05}), workers=1)
        for n in range(5):
            house.drop(f"book {n} of 200 pages.gif")
        with house.open() as service:
            until(lambda: len(Reader.order) > 20, "the books to be read")
            house.drop("letter.gif")
            until(lambda: Reader.read["letter.gif"], "the letter")
            read = dict(Reader.read)
            house.done("letter")
            books = [name for name in read if name.startswith("book")]
            assert 1 <= len(books) <= 2
            assert all(read[name] < 200 for name in books)
            assert service.ledger.counts()["waiting"] >= 3
            house.done(*(f"book {n} of 200 pages" for n in range(5)))
        assert sum(Reader.read.values()) == 1001

    def test_failures_are_retried_and_given_up(self, house):
        """Three attempts with retries: 2, then quarantine; the others go on meanwhile."""
        house.configure(("a", {"retries": 2}))
        house.drop("fails.gif")
        house.drop("works.gif")
        with house.open():
            report = house.outbox() / "quarantine" / "fails.gif.error.txt"
            until(report.exists, "the quarantine")
            assert "out of paper (tried 3 times)" in report.read_text()
            house.done("works")
        assert Reader.read["fails.gif"] == 3

    def test_waiting_documents_of_a_folder_that_is_gone_stop_no_others(self, house):
        """However many wait for a folder that is not configured any more, they neither run nor hold up others."""
        house.configure(("a", {}), ("b", {}))
        remember(house, *(_entry(house, n) for n in range(30)))
        house.configure(("b", {"retry_delay_s": 1}))
        house.drop("fails.gif", "b")
        with house.open() as service:
            until(lambda: Reader.read["fails.gif"] > 1, "the second attempt")
            assert service.ledger.counts()["waiting"] >= 30
        house.configure(("a", {"retries": 0}))
        with house.open() as service:
            until(lambda: service.ledger.counts().get("quarantined", 0) >= 30, "the end of the 30")

    def test_half_written_outputs_of_a_crash_are_swept(self, house, monkeypatch):
        """An old ``.part`` of ours goes at the next start; fresh ones, and others' files, stay."""
        monkeypatch.setattr(startup.atomic, "sweep", lambda path, now: _sweep(path, now + 2 * 3600))
        house.outbox().mkdir(parents=True)
        ours, theirs = house.outbox() / ".scanmend-0123456789abcdef.part", house.outbox() / "their.part"
        ours.touch()
        theirs.touch()
        with house.open():
            until(lambda: not ours.exists(), "the sweep")
        assert theirs.exists()


_sweep = startup.atomic.sweep


def remember(house, *entries):
    """Put documents into the ledger of a daemon that does not run."""
    ledger = Ledger(house.root / "state" / "ledger.sqlite")
    for entry in entries:
        ledger.add(entry)
    ledger.close()


def _entry(house, n):
    """A document of folder a that waits, and has nothing in its claim folder."""
    return replace(
        BLANK,
        id=f"20200101-000000-{n:08}",
        folder="a",
        inbox=house.inbox(),
        relative=Path(f"{n}.gif"),
        stem=Path(str(n)),
        outbox=house.outbox(),
        fingerprint=Fingerprint(1, 2, n),
        state="waiting",
        claimed=float(n),
        changed=float(n),
    )


class TestRest:
    """The loop runs when there is a reason, and not otherwise; a pass costs about a millisecond."""

    def test_idle(self, house):
        """With nothing to do it does not run at all for as long as anybody looks."""
        with house.open() as service:
            time.sleep(0.2)
            assert calm(service)

    def test_free_memory_goes_back(self, house, monkeypatch):
        """Once in a while, not in each pass, and without a pass of its own."""
        trims = []
        monkeypatch.setattr(malloc, "trim_heap", lambda: trims.append(time.monotonic()))
        with house.open() as service:
            service.wake()
            time.sleep(0.2)
            assert trims == []
            monkeypatch.setattr(malloc, "TRIM_INTERVAL_S", 0.1)
            service.wake()
            until(lambda: len(trims) == 1, "the memory")
            assert calm(service)

    def test_while_a_file_settles(self, house):
        """Once when it was dropped, once when its time has come."""
        house.configure(("a", {"settle_s": 30}))
        with house.open() as service:
            (house.inbox() / "a.gif").write_bytes(GIF)
            until(lambda: service.status()["folders"][0]["waiting"], "the listing")
            time.sleep(0.3)
            assert calm(service)

    def test_while_an_incomplete_file_waits(self, house):
        """A truncated file that is due to be judged later does not keep the loop awake."""
        house.configure(("a", {"incomplete_s": 30}))
        house.inbox().mkdir(parents=True)
        (house.inbox() / "a.gif").write_bytes(GIF[:20])
        with house.open() as service:
            until(lambda: service.status()["folders"][0]["waiting"], "the listing")
            time.sleep(0.5)
            assert calm(service)

    def test_while_documents_are_in_work(self, house):
        """Once a second, for the status, also with all hands full and more files waiting."""
        for n in range(9):
            house.drop(f"slow{n}.gif")
        with house.open() as service:
            until(lambda: len(service.status()["working"]) == 4, "all hands")
            time.sleep(0.3)
            assert calm(service, 3)
            assert service.status()["folders"][0]["waiting"] == 5
            Reader.gate.set()
            house.done(*(f"slow{n}" for n in range(9)))

    def test_while_a_retry_is_due_with_all_hands_full(self, house):
        """A document whose time has come, but for which there is no room, wakes nothing."""
        house.configure(("a", {"retry_delay_s": 0.5}))
        house.drop("fails.gif")
        with house.open() as service:
            until(lambda: service.ledger.counts().get("waiting"), "the first failure")
            for n in range(4):
                house.drop(f"slow{n}.gif")
            until(lambda: len(service.status()["working"]) == 4, "all hands")
            time.sleep(1)
            assert calm(service, 3)

    def test_while_a_retry_is_far_away(self, house):
        """The loop sleeps until it is due."""
        house.configure(("a", {"retry_delay_s": 60}), idle_unload_s=0)
        house.drop("fails.gif")
        with house.open() as service:
            until(lambda: service.ledger.counts().get("waiting"), "the first failure")
            time.sleep(0.5)
            assert calm(service)

    def test_with_a_kept_file_in_the_inbox(self, house):
        """A source that stays is settled once and then left alone."""
        house.configure(("a", {"original": "keep"}), idle_unload_s=0)
        house.drop("a.gif")
        with house.open() as service:
            house.done("a")
            until(lambda: service.status()["folders"][0]["waiting"] == 0, "the file to be known")
            time.sleep(0.5)
            assert calm(service)
        assert Reader.read["a.gif"] == 1

    def test_with_waiting_documents_of_a_folder_that_is_gone(self, house):
        """What no configured folder wants wakes nothing."""
        remember(house, _entry(house, 1))
        house.configure(("b", {}))
        with house.open() as service:
            time.sleep(0.2)
            assert calm(service)

    def test_without_the_inbox(self, house):
        """A missing inbox is looked for every few seconds; a file that was settling in it does not matter."""
        house.configure(("a", {"settle_s": 1}))
        with house.open() as service:
            (house.inbox() / "a.gif").write_bytes(GIF)
            until(lambda: service.status()["folders"][0]["waiting"], "the listing")
            house.inbox().rename(house.root / "aside")
            time.sleep(0.8)
            assert calm(service)
            (house.root / "aside").rename(house.inbox())
            house.done("a")

    def test_with_a_ledger_that_cannot_be_written(self, house, monkeypatch):
        """A full disk below the ledger stops the work, but neither the loop nor the processor; it heals by itself."""
        monkeypatch.setattr(document_pool, "RECORD_RETRY_S", 1.0)
        house.drop("slow.gif")
        with house.open() as service:
            until(lambda: Reader.read["slow.gif"], "the page")
            service.ledger.db._db.execute("PRAGMA query_only=ON")
            house.drop("b.gif")
            Reader.gate.set()
            time.sleep(0.5)
            assert calm(service, 4)
            service.ledger.db._db.execute("PRAGMA query_only=OFF")
            house.done("slow")
            house.drop("c.gif")
            house.done("c")


class TestLock:
    def test_one_daemon_for_one_state_folder(self, house):
        """A second one is refused with the reason and the remedy; after the first ended, it may."""
        with (
            house.open(),
            pytest.raises(StorageError, match=r"another scanmend works with .*own state_dir"),
            house.open(),
        ):
            pass
        with house.open() as service:
            assert running_pid(service.config.state_dir) == os.getpid()
        assert running_pid(house.root / "state") is None


class TestReload:
    def test_a_new_folder_is_watched_and_a_removed_one_is_not(self, house):
        """The file as it is at the signal counts; what is in work is finished."""
        house.drop("slow.gif")
        with house.open() as service:
            until(lambda: Reader.read["slow.gif"], "the page")
            house.configure(("b", {}))
            service.request_reload()
            until(lambda: [f["name"] for f in service.status()["folders"]] == ["b"], "the reload")
            house.drop("late.gif", "a")
            house.drop("new.gif", "b")
            house.done("new", folder="b")
            Reader.gate.set()
            house.done("slow")
        assert Reader.read == {"slow.gif": 1, "new.gif": 1}

    @pytest.mark.parametrize("bad", ["nonsense: [", "folders: []", "state_dir: elsewhere"])
    def test_a_bad_file_changes_nothing(self, house, bad, capsys):
        """The old configuration stays, and the log says what is wrong."""
        with house.open() as service:
            good = house.file.read_text()
            house.file.write_text(good.replace("state_dir: state", bad) if ":" in bad and "elsewhere" in bad else bad)
            service.request_reload()
            until(lambda: "config.rejected" in capsys.readouterr().out, "the refusal")
            (trouble,) = service.status()["troubles"]
            assert trouble.startswith("a change of the configuration was rejected, the old one stays: ")
            house.drop("a.gif")
            house.done("a")
            house.file.write_text(good)
            service.request_reload()
            until(lambda: service.status()["troubles"] == [], "the good one")

    def test_a_glossary_that_goes_after_the_start(self, house, capsys):
        """Its words are known since then, though no document asked for them; a reload without it changes nothing."""
        file = house.root / "glossary.txt"
        file.write_text("one\n")
        house.configure(("a", {"glossary": "glossary.txt"}))
        with house.open() as service:
            file.unlink()
            house.drop("a.gif")
            house.done("a")
            service.request_reload()
            until(lambda: "config.rejected" in (out := capsys.readouterr().out) and "no file" in out, "the refusal")

    def test_a_document_that_a_crash_left_in_a_folder_that_comes_back(self, house):
        """A folder that is configured again has its interrupted documents taken up."""
        entry = replace(_entry(house, 1), state="working")
        claim = house.inbox() / ".scanmend" / entry.id / "1.gif"
        claim.parent.mkdir(parents=True)
        claim.write_bytes(GIF)
        remember(house, entry)
        house.configure(("b", {}))
        with house.open() as service:
            house.configure(("a", {}), ("b", {}))
            service.request_reload()
            house.done("1")


class Model:
    """A model's process that hangs while ``well`` is not set, and mends nothing when it works."""

    pid, alive = 4_000_001, True
    well = threading.Event()
    asked: ClassVar[list[str]] = []

    def ask(self, request, limit_s, progress=None, *, in_all=False):
        if request["do"] == "load":
            return {"context": request["context"], "gpu_layers": 0, "seconds": 0.0}
        Model.asked.append(request["page"]["lines"][0]["words"][0]["text"])
        if not Model.well.is_set():
            raise HostDied("gave no sign of life")
        page = TypeAdapter(Page).validate_python(request["page"])
        return {"result": TypeAdapter(CorrectedPage).dump_python(CorrectedPage(page, page.raw), mode="json")}

    def end(self, grace_s=10.0):
        self.alive = False

    def kill(self):
        self.alive = False


class TestModelThatFails:
    @pytest.fixture
    def failing(self, house):
        """A folder whose model fails at every page; its slot's clock can be put forward."""
        Model.well.clear()
        Model.asked.clear()
        (house.root / "m.gguf").write_bytes(tiny_gguf())
        self.ahead = 0.0

        @contextmanager
        def run(**settings):
            house.configure(
                ("a", {"strategy": "rescore", "model": "m", "retry_delay_s": 0.01, "retries": 50} | settings),
                models={"m": {"path": "m.gguf", "gpu": "off"}},
            )
            with house.open(start=Model, clock=lambda: time.monotonic() + self.ahead) as service:
                yield service

        return run

    def test_documents_wait_while_it_rests(self, house, failing):
        """They are read, and cost nothing while they wait; after the rest one tries, and then all are done."""
        with failing() as service:
            for n in range(6):
                house.drop(f"a document, number {n}.gif")
            until(lambda: service.status()["troubles"], "the rest")
            house.drop("one that comes later.gif")
            until(lambda: Reader.read["one that comes later.gif"], "the latecomer")
            until(lambda: not service.status()["working"], "all to wait")
            until(lambda: service.ledger.counts().get("waiting") == 7, "all to wait")
            asked, passes = len(Model.asked), service.passes
            time.sleep(0.5)
            assert (len(Model.asked), service.ledger.counts()) == (asked, {"waiting": 7})
            assert service.passes - passes < 10, "the loop spins"
            Model.well.set()
            self.ahead = FIRST_REST_S
            service.wake()
            for n in range(6):
                house.done(f"a document, number {n}")
            house.done("one that comes later")
            assert set(Reader.read.values()) == {1}
            until(lambda: service.status()["troubles"] == [], "no trouble")

    def test_raw_where_the_folder_says_so(self, house, failing):
        """The text comes out as it was read; record, ledger and log say so."""
        with failing(on_model_failure="raw") as service:
            house.drop("a document of one line.gif")
            house.done("a document of one line")
            until(lambda: service.ledger.counts() == {"done": 1}, "the end")
            assert service.ledger.uncorrected() == 1
            assert [e.error for e in service.ledger.recent()] == ["gave no sign of life"]
        record = json.loads((house.root / "a" / "out" / "a document of one line.json").read_bytes())
        assert record["uncorrected"] == "gave no sign of life"
        assert record["pages"][0]["corrected"] == record["pages"][0]["raw"]
        assert record["pages"][0]["skipped"] == "the model failed: gave no sign of life"


class TestPausedByHand:
    def test_a_paused_folder_is_at_rest(self, house):
        """Files wait in its inbox without keeping the loop awake or starting page workers; other folders go on."""
        house.configure(("a", {}), ("b", {}))
        with house.open() as service:
            service.pauses.add("a")
            service.wake()
            until(lambda: service.status()["paused"], "the pause")
            house.drop("waits.gif")
            house.drop("goes.gif", "b")
            house.done("goes", folder="b")
            until(lambda: service.status()["folders"][0]["waiting"] == 1, "the file to be seen")
            assert calm(service)
            assert Reader.read == Counter(["goes.gif"])
            service.pauses.remove("a")
            service.wake()
            house.done("waits")

    def test_no_claim_follows_a_pause(self, house):
        """It holds for the very next file, even while the loop is in the middle of many."""
        house.configure(("a", {"settle_s": 0.05}))
        with house.open() as service:
            for n in range(100):
                house.drop(f"{n}.gif")
            until(lambda: service.ledger.counts().get("done", 0) > 5, "some documents")
            service.pauses.add("a")
            time.sleep(0.1)  # the claim that was under way
            taken = sum(service.ledger.counts().values())
            assert taken < 100
            until(lambda: not service.status()["working"], "the end of what is in hand")
            assert sum(service.ledger.counts().values()) == taken


class TestWaking:
    def test_a_signal_wakes_the_loop_before_its_handler_has_run(self, house):
        """What the system writes to the descriptor is enough: the handler may have come too early for the sleep."""
        with house.open() as service:
            assert calm(service, 0)
            before = service.passes
            os.write(service.signal_fd, b"\x0f")
            until(lambda: service.passes > before, "a pass", 5)
            assert calm(service, 0)

    def test_rescan_lists_the_inbox_at_once(self, house):
        """Whatever was due when."""
        with house.open() as service:
            (watcher,) = service._watchers
            due = watcher.seconds_until_update(time.monotonic())
            assert due > 1
            before = watcher._next_listing
            service.request_rescan()
            until(lambda: watcher._next_listing > before, "the listing", 5)


class TestLatestStatus:
    def test_who_waits_hears_of_a_change_and_of_nothing_else(self):
        """The same status again is none; after the end nobody waits."""
        latest = status_file.LatestStatus()
        assert latest.age_s(5.0) == float("inf")
        latest.report({"a": 1}, 5.0)
        assert (latest.get(), latest.age_s(7.0)) == (({"a": 1}, 1), 2.0)
        latest.report({"a": 1}, 8.0)
        assert (latest.wait(1, 0.0), latest.age_s(8.0)) == (1, 0.0)
        threading.Timer(0.1, latest.report, ({"a": 2}, 9.0)).start()
        assert latest.wait(1, 10.0) == 2
        threading.Timer(0.1, latest.end).start()
        began = time.monotonic()
        assert latest.wait(2, 60.0) == 2
        assert time.monotonic() - began < 30


class TestStatus:
    def test_file_says_what_is_in_work(self, house):
        """The status file follows the documents, and goes with the daemon."""
        house.drop("slow.gif")
        with house.open() as service:
            until(lambda: service.status()["working"] and Reader.read["slow.gif"], "the document")
            (work,) = service.status()["working"]
            assert (work["folder"], work["file"], work["stage"]) == ("a", "slow.gif", "reading page 1 of 1")
            assert (house.root / "state" / status_file.NAME).exists()
            Reader.gate.set()
            house.done("slow")
            until(lambda: not service.status()["working"], "the end")
        assert not (house.root / "state" / status_file.NAME).exists()


class TestNotify:
    @pytest.fixture
    def manager(self, tmp_path, monkeypatch):
        """A socket such as systemd's."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(str(tmp_path / "notify"))
            s.settimeout(5)
            monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
            yield s

    def test_a_loop_that_hangs_sends_no_pings(self, house, manager, monkeypatch):
        """The pings come from the loop itself, so that systemd ends a daemon whose loop is stuck."""
        monkeypatch.setenv("WATCHDOG_USEC", "300000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        stuck = threading.Event()
        released = threading.Event()

        class Sticky(Service):
            def run_once(self):
                if stuck.is_set():
                    released.wait(60)
                super().run_once()

        with house.open(Sticky):
            for _ in range(4):
                assert manager.recv(4096)
            stuck.set()
            manager.settimeout(0.5)
            heard = 0
            try:
                while heard < 9:
                    manager.recv(4096)
                    heard += 1
            except TimeoutError:
                assert heard <= 2
            assert heard < 9
            released.set()
