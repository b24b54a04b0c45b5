"""Disks that are full, gone, read-only or closed, while the real loop runs: it waits, says so, and goes on."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from daemon_process import Daemon, drop, until
from outages import NO_OVERRIDE, disk, fill, mount, unmount
from scanmend.fs.free_space import shortage
from scanmend.fs.mounts import MountWatch, mount_of
from scanmend.service import folder_health, inbox_watcher, service
from service_world import GIF, Reader


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Places are looked at ten times a second."""
    for module, name in (
        (folder_health, "CHECK_INTERVAL_S"),
        (service, "MAX_SLEEP_S"),
        (inbox_watcher, "MISSING_CHECK_S"),
        (inbox_watcher, "WATCH_CHECK_S"),
    ):
        monkeypatch.setattr(module, name, 0.1)


@pytest.fixture
def home(house):
    """A house that gives up at the first failure that counts, and archives into a folder of its own."""
    house.configure(("a", {"retries": 0, "rescan_s": 3000, "archive": "a/kept", "quarantine": "a/bad"}))
    for name in ("in", "out", "kept"):
        (house.root / "a" / name).mkdir(parents=True)
    yield house
    left = {line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    for where in sorted(m for m in left if Path(m).is_relative_to(house.root)):  # of a test that failed
        subprocess.run(["umount", "--lazy", where], check=False)


def ended(home, *stems: str) -> None:
    """See that these scans have outputs and lie in the archive, each once, and that nothing else happened to any."""
    home.done(*stems)
    kept = home.root / "a" / "kept"
    until(lambda: {p.stem for p in kept.iterdir()} >= set(stems), "the archive")
    assert sorted(p.name for p in home.outbox().glob("*.json")) == sorted(f"{s}.json" for s in stems)
    assert not (home.root / "a" / "bad").exists()
    until(lambda: not list((home.inbox() / ".scanmend").glob("*/")), "the claims")
    assert [p.name for p in home.outbox().rglob("*.part")] == []
    assert {n: Reader.read[f"{n}.gif"] for n in stems} == dict.fromkeys(stems, 1)


def trouble(running) -> str:
    """What the status says of the folder."""
    return running.status()["folders"][0]["trouble"] or ""


def some_passes(running) -> None:
    """Let the loop go round more often than a file takes to settle."""
    enough = running.passes + 5
    until(lambda: running.passes >= enough, "the loop")


class TestFull:
    @pytest.mark.parametrize("place", ["a/out", "state", "a/kept"])
    def test_intake_pauses_until_there_is_room(self, home, place, capsys):
        """What is dropped meanwhile stays in the inbox; the log says it once, status all the time."""
        with disk(home.root / place), home.open() as running:
            home.drop("before.gif")
            ended(home, "before")
            hog = fill(home.root / place)
            until(lambda: f"the disk of {home.root / place} is full" in trouble(running))
            home.drop("during.gif")
            some_passes(running)
            assert (home.inbox() / "during.gif").exists()
            hog.unlink()
            until(lambda: not trouble(running))
            ended(home, "before", "during")
            said = capsys.readouterr().out
            assert said.count("folder.paused") == 1
            assert re.search(r"disk_full\S*=\S*True", said), "notifications tell a full disk from other troubles"

    def test_a_disk_that_fills_up_while_documents_are_in_work(self, home):
        """No output appears in part; the document is held without a mark against it, and is done with room."""
        with disk(home.outbox()), home.open() as running:
            home.drop("slow.gif")
            until(lambda: Reader.read["slow.gif"], "the page")
            hog = fill(home.outbox())
            Reader.gate.set()
            (entry,) = until(
                lambda: [e for e in running.ledger.in_state("waiting") if e.error], "the document to be held"
            )
            assert ("is full" in entry.error, entry.attempts) == (True, 0)
            assert [p.name for p in home.outbox().iterdir()] == [".hog"]
            hog.unlink()
            ended(home, "slow")

    def test_no_room_for_the_very_output(self, home):
        """Where the disk seems to have room, but not for this: held as well."""
        with disk(home.outbox(), "64k"), home.open() as running:
            hog = fill(home.outbox(), spare=4096)
            home.drop("big.gif")
            (entry,) = until(
                lambda: [e for e in running.ledger.in_state("waiting") if e.error], "the document to be held"
            )
            assert ("no space is left there" in entry.error, entry.attempts) == (True, 0)
            assert not list(home.outbox().glob("*.json"))
            hog.unlink()
            ended(home, "big")

    def test_a_full_inbox(self, home):
        """It is emptied all the same, as this makes room."""
        with disk(home.inbox(), "1m"), home.open():
            home.drop("line.gif")
            fill(home.inbox())
            ended(home, "line")

    def test_an_inbox_that_takes_no_further_folder(self, home, monkeypatch, capsys):
        """A claim needs one: the scan stays where it is until it can be had, which is said once."""
        monkeypatch.setattr(inbox_watcher, "FAILED_RELIST_S", 0.1)
        mount("scanmend-test", home.inbox(), "-t", "tmpfs", "-o", "size=1m,nr_inodes=3,mode=755")
        try:
            with home.open() as running:
                home.drop("line.gif")
                until(lambda: "No space left" in trouble(running))
                some_passes(running)
                assert (home.inbox() / "line.gif").exists()
                subprocess.run(["mount", "-o", "remount,nr_inodes=9", str(home.inbox())], check=True)
                ended(home, "line")
                assert not trouble(running)
                assert capsys.readouterr().out.count("inbox.trouble") == 1
        finally:
            unmount(home.inbox())


class TestMounts:
    @pytest.mark.parametrize("way", ["unmount", "move"])
    def test_an_inbox_that_is_unmounted_and_comes_back(self, home, capsys, way):
        """What lies beneath its mount point is not taken for a scan; what lay in it, is, once it is back."""
        beneath, share = home.inbox(), home.root / "share"
        home.drop("beneath.gif")
        with disk(share):
            (share / "scans").mkdir()
            mount(str(share / "scans"), beneath, "--bind")
            with home.open() as running:
                home.drop("first.gif")
                ended(home, "first")
                home.drop("slow.gif")
                until(lambda: Reader.read["slow.gif"], "the page")
                unmount(beneath)
                if way == "move":
                    beneath.rename(home.root / "aside")
                (share / "second").write_bytes(GIF)
                (share / "second").rename(share / "scans" / "second.gif")
                said = "is gone" if way == "move" else f"nothing is mounted at {beneath}"
                until(lambda: said in trouble(running))
                Reader.gate.set()
                until(lambda: not running.status()["working"], "the document to be held")
                some_passes(running)
                if way == "move":
                    (home.root / "aside").rename(beneath)
                mount(str(share / "scans"), beneath, "--bind")
                home.done("second")
                home.drop("third.gif")
                ended(home, "first", "second", "third", "slow")
                assert not trouble(running)
                most = 2 if way == "move" else 1  # it may look between the two steps, and say each once
                assert 1 <= capsys.readouterr().out.count("inbox.trouble") <= most
            unmount(beneath)
            assert (beneath / "beneath.gif").exists()

    @pytest.mark.parametrize("place", ["out", "kept"])
    def test_outbox_and_archive_unmounted_while_a_document_is_written(self, home, place):
        """Nothing is written beneath the mount point; the document is done when the disk is back."""
        where, share = home.root / "a" / place, home.root / "share"
        with disk(share):
            mount(str(share), where, "--bind")
            with home.open() as running:
                home.drop("slow.gif")
                until(lambda: Reader.read["slow.gif"], "the page")
                unmount(where)
                Reader.gate.set()
                until(lambda: not running.status()["working"], "the document to be held")
                assert f"nothing is mounted at {where}" in until(lambda: trouble(running))
                assert list(where.iterdir()) == []
                mount(str(share), where, "--bind")
                ended(home, "slow")
            unmount(where)
            assert list(where.iterdir()) == []

    def test_another_disk_over_the_inbox(self, home):
        """That is where scans come now, without a restart."""
        with home.open(), disk(home.inbox()):
            home.drop("over.gif")
            home.done("over")

    def test_a_read_only_inbox(self, home, capsys):
        """Nothing is tried until it is writable again; nothing is lost."""
        with disk(home.inbox()), home.open() as running:
            home.drop("first.gif")
            ended(home, "first")
            home.drop("second.gif.part")
            (home.inbox() / "second.gif.part").rename(home.inbox() / "second.gif")
            subprocess.run(["mount", "-o", "remount,ro", str(home.inbox())], check=True)
            until(lambda: "read-only" in trouble(running))
            some_passes(running)
            subprocess.run(["mount", "-o", "remount,rw", str(home.inbox())], check=True)
            ended(home, "first", "second")
            assert capsys.readouterr().out.count("inbox.trouble") == 1


def test_permission_lost_and_given_back(daemon, scans, tmp_path):
    """Folders that this user may not use any more: said once for each, and healed."""
    one = daemon(retries=0, rescan_s=3000)
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("as root, permissions mean nothing without setpriv")
        one.prefix = NO_OVERRIDE
    eager = (
        "import sys; from scanmend import cli; from scanmend.service import folder_health, inbox_watcher, service; "
        "folder_health.CHECK_INTERVAL_S = service.MAX_SLEEP_S = 0.2; "
        "inbox_watcher.WATCH_CHECK_S = inbox_watcher.MISSING_CHECK_S = 0.2; sys.argv[0] = 'scanmend'; cli.main()"
    )
    one.program = [sys.executable, "-c", eager]
    one.start()
    for place, event in (("in", "inbox.trouble"), ("out", "folder.paused")):
        count = len(one.said(event))
        (tmp_path / place).chmod(0)
        try:
            assert "give it permission" in one.wait(event, count + 1)[-1]["reason"]
            until(lambda: "give it permission" in str(one.status()["folders"]), "the status")
            if place != "in":
                drop(scans / "line.png", one.inbox, f"{place}.png")
                time.sleep(0.5)
                assert (one.inbox / f"{place}.png").exists()
        finally:
            (tmp_path / place).chmod(0o755)
        if place == "in":
            drop(scans / "line.png", one.inbox, "in.png")
        one.wait_for(f"{place}.json")
        until((one.archive / f"{place}.png").exists, "the archive")
        assert len(one.said(event)) == count + 1
    assert not one.quarantine.exists()


def test_a_full_work_folder_is_no_document_s_fault(daemon, scans, tmp_path):
    """Page images and outputs in the making that find no room: every library says so in its own way."""
    work = tmp_path / "state" / "work"
    work.mkdir(parents=True)
    with disk(work, "1m"):
        one = daemon(retries=0, retry_delay_s=0.05, outputs=["txt", "json", "html", "pdf", "hocr"]).start()
        hog = fill(work, 4096)
        for kind in ("three.tiff", "line.pdf"):
            drop(scans / kind, one.inbox)
        one.wait("document.held", 2)
        hog.unlink()
        hog, since = fill(work, 40_000), time.time()
        until(lambda: all(done or due > since + 1 for done, due in tries(one)), "each to be tried again and again")
        hog.unlink()
        one.wait_for("three.json", "line.json")
        assert not one.quarantine.exists()


def tries(one: Daemon) -> list[tuple[int, float]]:
    """Of each document whether it is done, and else when it is due again."""
    with closing(sqlite3.connect(f"file:{one.state}/ledger.sqlite?mode=ro", uri=True)) as db:
        return db.execute("SELECT state = 'done', due FROM document").fetchall()


class TestStorage:
    def test_room_is_a_share_of_small_disks(self, tmp_path):
        """So that a small one is of use at all, and the ledger can always take in what happened."""
        with disk(tmp_path / "small", "1m") as small:
            assert shortage(small) is None
            hog = fill(small, spare=50_000)
            assert "48.0 KiB are left of the 51.2 KiB" in (shortage(small) or "")
            hog.unlink()
            assert MountWatch().trouble(small, space=True) is None

    def test_no_inodes_are_no_room(self, tmp_path):
        """A disk may be full of empty files."""
        small = tmp_path / "small"
        small.mkdir()
        mount("scanmend-test", small, "-t", "tmpfs", "-o", "size=1m,nr_inodes=3")
        try:
            for n in range(2):
                (small / str(n)).touch()
            assert "no inode is left" in (shortage(small) or "")
        finally:
            unmount(small)

    def test_a_mount_that_comes_later_is_where_the_place_is(self, tmp_path):
        """A share that is mounted after the start is no outage, but to lose it is one; after ``forget`` neither is."""
        place = tmp_path / "share" / "in"
        place.mkdir(parents=True)
        storage = MountWatch()
        assert storage.trouble(place) is None
        with disk(tmp_path / "share"):
            assert "is gone" in (storage.trouble(place) or "")
            place.mkdir()
            assert storage.trouble(place) is None
            assert mount_of(place)[0] == tmp_path / "share"
        assert f"nothing is mounted at {tmp_path / 'share'}" in (storage.trouble(place) or "")
        storage.forget()
        assert storage.trouble(place) is None

    def test_a_folder_that_is_replaced_on_its_disk_is_none(self, tmp_path: Path):
        """Deleted and made anew, it is the same place."""
        storage = MountWatch()
        assert storage.trouble(tmp_path) is None
        (tmp_path / "in").mkdir()
        assert storage.trouble(tmp_path / "in") is None
        (tmp_path / "in").rename(tmp_path / "other")
        (tmp_path / "in").mkdir()
        assert storage.trouble(tmp_path / "in") is None
