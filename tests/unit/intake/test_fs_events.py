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
from watchdog.observers.inotify import InotifyObserver

from scanmend.config.schema import Folder
from scanmend.errors import StorageError
from scanmend.intake.fs_events import FsEvents
from scanmend.intake.inbox import Inbox

QUIET_S = 0.7
"""Longer than watchdog holds back half of a move."""


class Changes:
    """What is called when something changes; it can be made to fail."""

    def __init__(self):
        self.called = threading.Event()
        self.fails = False

    def __call__(self):
        self.called.set()
        if self.fails:
            raise RuntimeError("broken callback")

    def heard(self, within_s: float = 5.0) -> bool:
        """Wait for the next call; return whether it came."""
        heard = self.called.wait(within_s)
        self.called.clear()
        return heard

    def settle(self):
        """Wait until no call comes any more."""
        while self.heard(QUIET_S):
            pass


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def events(changes) -> Iterator[FsEvents]:
    events = FsEvents(changes)
    yield events
    events.close()


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
def test_every_way_to_arrive_is_heard(events, changes, folder, tmp_path, arrive):
    """Written, moved in, hard-linked, renamed: each makes the loop look."""
    (folder / "a.pdf.tmp").write_bytes(b"x")
    events.watch(folder, recursive=False)
    arrive(folder, tmp_path)
    assert changes.heard()


def test_the_end_of_writing_is_heard(events, changes, folder):
    """A file that is written slowly is heard of when it is closed."""
    with (folder / "a.pdf").open("wb") as file:
        events.watch(folder, recursive=False)
        file.write(b"x")
    assert changes.heard()


def test_our_own_work_is_not_heard(events, changes, folder):
    """Listing, looking and claiming do not call for another look."""
    inbox = Inbox(Folder(name="t", inbox=folder, outbox=folder, archive=folder, quarantine=folder))
    (folder / ".scanmend").mkdir()
    (folder / "a.gif").write_bytes(b"GIF89a")
    events.watch(folder, recursive=False)
    (path,), (fingerprint,) = inbox.listing().keys(), inbox.listing().values()
    inbox.scan_state(path)
    assert inbox.claim(path, "id1", fingerprint) == folder / ".scanmend/id1/a.gif"
    assert not changes.heard(QUIET_S)


def test_calls_end_when_claims_end(events, changes, folder):
    """In a recursive inbox a claim may count as a change, but listing after each change does not go on for ever."""
    inbox = Inbox(Folder(name="t", inbox=folder, outbox=folder, archive=folder, quarantine=folder, recursive=True))
    events.watch(folder, recursive=True)
    (folder / "a.gif").write_bytes(b"GIF89a")
    looks = 0
    while changes.heard(QUIET_S):
        looks += 1
        assert looks < 20
        for path, fingerprint in inbox.listing().items():
            inbox.scan_state(path)
            inbox.claim(path, f"id{looks}", fingerprint)
    assert len(inbox.claim_ids()) == 1


def test_a_failing_callback_is_called_again(events, changes, folder, capsys):
    """An exception in the callback is logged, and the next change is passed on."""
    changes.fails = True
    events.watch(folder, recursive=False)
    (folder / "a").touch()
    assert changes.heard()
    changes.settle()
    (folder / "b").touch()
    assert changes.heard()
    events.close()
    assert "broken callback" in capsys.readouterr().out


def test_a_deleted_folder_is_heard_and_can_be_watched_again(events, changes, folder):
    """A deleted inbox is heard of and known to be unwatched, even if a new one got its inode; watching again helps."""
    events.watch(folder, recursive=False)
    assert events.watching(folder)
    folder.rmdir()
    assert changes.heard()
    folder.mkdir()
    changes.settle()
    assert not events.watching(folder)
    events.watch(folder, recursive=False)
    assert events.watching(folder)
    (folder / "a").touch()
    assert changes.heard()


def test_an_inbox_behind_a_link(events, changes, folder, tmp_path):
    """Where an inbox is a symbolic link to a folder, changes in that folder are heard."""
    (tmp_path / "link").symlink_to(folder)
    events.watch(tmp_path / "link", recursive=False)
    (folder / "a").touch()
    assert changes.heard()


def test_unwatch_is_silent(events, changes, folder):
    """Nothing is heard of a folder that is no longer watched; to unwatch it again does no harm."""
    events.watch(folder, recursive=False)
    events.unwatch(folder)
    events.unwatch(folder)
    (folder / "a").touch()
    assert not changes.heard(QUIET_S)
    assert not events.watching(folder)


def test_a_missing_folder(events, folder):
    """A folder that is not there, or is none, is a StorageError, and the next watch works."""
    with pytest.raises(StorageError, match="not there"):
        events.watch(folder / "none", recursive=False)
    (folder / "file").touch()
    with pytest.raises(StorageError, match="no folder"):
        events.watch(folder / "file", recursive=False)
    events.watch(folder, recursive=False)


def test_close_ends_every_thread(changes, folder):
    """After close no thread is left, and closing twice does no harm."""
    before = set(threading.enumerate())
    events = FsEvents(changes)
    events.close()
    events.watch(folder, recursive=False)
    assert set(threading.enumerate()) > before
    events.close()
    events.close()
    assert set(threading.enumerate()) == before


def test_idle_threads_sleep(events, folder):
    """Nothing in watchdog's threads wakes up while nothing happens: a second costs no processor time."""
    events.watch(folder, recursive=False)
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
        "events = FsEvents(print)\n"
        "try:\n    events.watch(Path(sys.argv[1]), recursive=False)\n"
        "except StorageError as e:\n    print(e)\n"
        "events.close()\n"
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


def test_a_folder_that_is_shut_just_before_it_is_watched(tmp_path, monkeypatch):
    """watchdog passes over it in silence; nobody is to wait for its events."""
    schedule = InotifyObserver.schedule

    def shut_and_schedule(*args, **how):
        monkeypatch.setattr("os.access", lambda *_: False)
        return schedule(*args, **how)

    monkeypatch.setattr(InotifyObserver, "schedule", shut_and_schedule)
    doorbell = FsEvents(lambda: None)
    try:
        with pytest.raises(StorageError, match="read and search permission"):
            doorbell.watch(tmp_path, recursive=False)
        assert not doorbell.watching(tmp_path)
    finally:
        doorbell.close()
