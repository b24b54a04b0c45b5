"""scanmend.intake.fs_events with the real inotify."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanmend.config.schema import Folder
from scanmend.errors import StorageError
from scanmend.intake.fs_events import FsEvents
from scanmend.intake.inbox import Inbox

QUIET_S = 0.7
"""Longer than watchdog holds back half of a move."""


class Bell:
    """Counts its rings; what it does at a ring can be changed."""

    def __init__(self):
        self.rang = threading.Event()
        self.count = 0
        self.fails = False

    def __call__(self):
        self.count += 1
        self.rang.set()
        if self.fails:
            raise RuntimeError("broken bell")

    def heard(self, within_s: float = 5.0) -> bool:
        heard = self.rang.wait(within_s)
        self.rang.clear()
        return heard

    def settle(self):
        while self.heard(QUIET_S):
            pass


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def doorbell(bell) -> Iterator[FsEvents]:
    doorbell = FsEvents(bell)
    yield doorbell
    doorbell.close()


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def write(folder: Path, aside: Path):
    (folder / "a.pdf").write_bytes(b"x")


def move_in(folder: Path, aside: Path):
    (aside / "a.pdf").write_bytes(b"x")
    (aside / "a.pdf").rename(folder / "a.pdf")


def link_in(folder: Path, aside: Path):
    (aside / "a.pdf").write_bytes(b"x")
    os.link(aside / "a.pdf", folder / "a.pdf")


def rename(folder: Path, aside: Path):
    (folder / "a.pdf.tmp").rename(folder / "a.pdf")


def folder_in(folder: Path, aside: Path):
    (aside / "batch").mkdir()
    (aside / "batch").rename(folder / "batch")


@pytest.mark.parametrize("arrive", [write, move_in, link_in, rename, folder_in])
def test_every_way_to_arrive_rings(doorbell, bell, folder, tmp_path, arrive):
    """Written, moved in, hard-linked, renamed: each makes the loop look."""
    (folder / "a.pdf.tmp").write_bytes(b"x")
    doorbell.watch(folder, recursive=False)
    arrive(folder, tmp_path)
    assert bell.heard()


def test_the_end_of_writing_rings(doorbell, bell, folder):
    """A file that is written slowly rings when it is closed."""
    with (folder / "a.pdf").open("wb") as file:
        doorbell.watch(folder, recursive=False)
        file.write(b"x")
    assert bell.heard()


def test_our_own_work_does_not_ring(doorbell, bell, folder):
    """Listing, looking and claiming do not call for another look."""
    inbox = Inbox(Folder(name="t", inbox=folder, outbox=folder, archive=folder, quarantine=folder))
    (folder / ".scanmend").mkdir()
    (folder / "a.gif").write_bytes(b"GIF89a")
    doorbell.watch(folder, recursive=False)
    (path,), (fingerprint,) = inbox.listing().keys(), inbox.listing().values()
    inbox.ready(path)
    assert inbox.claim(path, "id1", fingerprint) == folder / ".scanmend/id1/a.gif"
    assert not bell.heard(QUIET_S)


def test_rings_end_when_claims_end(doorbell, bell, folder):
    """In a recursive inbox a claim may ring, but listing after each ring does not go on for ever."""
    inbox = Inbox(Folder(name="t", inbox=folder, outbox=folder, archive=folder, quarantine=folder, recursive=True))
    doorbell.watch(folder, recursive=True)
    (folder / "a.gif").write_bytes(b"GIF89a")
    looks = 0
    while bell.heard(QUIET_S):
        looks += 1
        assert looks < 20
        for path, fingerprint in inbox.listing().items():
            inbox.ready(path)
            inbox.claim(path, f"id{looks}", fingerprint)
    assert len(inbox.claims()) == 1


def test_a_broken_ring_is_not_the_last(doorbell, bell, folder, capsys):
    """An exception in the callback is logged, and the next event rings again."""
    bell.fails = True
    doorbell.watch(folder, recursive=False)
    (folder / "a").touch()
    assert bell.heard()
    bell.settle()
    (folder / "b").touch()
    assert bell.heard()
    doorbell.close()
    assert "broken bell" in capsys.readouterr().out


def test_a_deleted_folder_rings_and_can_be_watched_again(doorbell, bell, folder):
    """A deleted inbox rings and is known to be deaf, even when a new one got its inode; watching again helps."""
    doorbell.watch(folder, recursive=False)
    assert doorbell.watching(folder)
    folder.rmdir()
    assert bell.heard()
    folder.mkdir()
    bell.settle()
    assert not doorbell.watching(folder)
    doorbell.watch(folder, recursive=False)
    assert doorbell.watching(folder)
    (folder / "a").touch()
    assert bell.heard()


def test_an_inbox_behind_a_link(doorbell, bell, folder, tmp_path):
    """An inbox that is a symbolic link to a folder rings for what happens in that folder."""
    (tmp_path / "link").symlink_to(folder)
    doorbell.watch(tmp_path / "link", recursive=False)
    (folder / "a").touch()
    assert bell.heard()


def test_unwatch_is_silent(doorbell, bell, folder):
    """A folder that is watched no more does not ring; to unwatch it again does no harm."""
    doorbell.watch(folder, recursive=False)
    doorbell.unwatch(folder)
    doorbell.unwatch(folder)
    (folder / "a").touch()
    assert not bell.heard(QUIET_S)
    assert not doorbell.watching(folder)


def test_a_missing_folder(doorbell, folder):
    """A folder that is not there, or is none, is a StorageError, and the next watch works."""
    with pytest.raises(StorageError, match="not there"):
        doorbell.watch(folder / "none", recursive=False)
    (folder / "file").touch()
    with pytest.raises(StorageError, match="no folder"):
        doorbell.watch(folder / "file", recursive=False)
    doorbell.watch(folder, recursive=False)


def test_close_ends_every_thread(bell, folder):
    """After close no thread is left, and closing twice does no harm."""
    before = set(threading.enumerate())
    doorbell = FsEvents(bell)
    doorbell.close()
    doorbell.watch(folder, recursive=False)
    assert set(threading.enumerate()) > before
    doorbell.close()
    doorbell.close()
    assert set(threading.enumerate()) == before


def test_an_idle_doorbell_sleeps(doorbell, folder):
    """Nothing in watchdog's threads wakes up while nothing happens: a second costs no processor time."""
    doorbell.watch(folder, recursive=False)
    threading.Event().wait(0.2)
    before = time.process_time()
    threading.Event().wait(1.0)
    assert time.process_time() - before < 0.02


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
@pytest.mark.parametrize("limit", ["watches", "instances"])
def test_exhausted_inotify_names_the_remedy(folder, limit):
    """Without free watches or instances the error says which setting to raise."""
    knob = f"/proc/sys/user/max_inotify_{limit}"
    probe = ["unshare", "--user", "--map-root-user", "sh", "-c", f"echo 0 > {knob}"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not let a test make a user namespace")
    script = (
        f"import sys\nopen({knob!r}, 'w').write('0')\n"
        "from pathlib import Path\nfrom scanmend.errors import StorageError\n"
        "from scanmend.intake.fs_events import FsEvents\n"
        "bell = FsEvents(print)\n"
        "try:\n    bell.watch(Path(sys.argv[1]), recursive=False)\n"
        "except StorageError as e:\n    print(e)\n"
        "bell.close()\n"
    )
    result = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, "-c", script, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert f"sysctl fs.inotify.max_user_{limit}=" in result.stdout, result.stderr
