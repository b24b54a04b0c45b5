"""What is no plain file, or is swapped for one, in inboxes that others write to: never followed, never waited for."""

import errno
import os
import shutil
import socket
import stat
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from daemon_process import drop, until
from scanmend.config.schema import Folder
from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.fs import atomic
from scanmend.fs.safe_open import folder_at, open_source, pinned
from scanmend.intake.inbox import Inbox, Missed
from scanmend.intake.sniff import ScanState

INSIDE, OUTSIDE = b"GIF89a inside;", b"GIF89a a secret of somebody else;"
RACE_S, LIMIT_S = 0.7, 20.0
"""How long two threads race at least, and at most until both have had their turns."""

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can make devices, and files of others")


@pytest.fixture
def inbox(tmp_path) -> Inbox:
    for name in ("in", "aside", "elsewhere"):
        (tmp_path / name).mkdir()
    aside = tmp_path / "aside"
    return Inbox(Folder(name="t", inbox=tmp_path / "in", outbox=aside, archive=aside, quarantine=aside, recursive=True))


@contextmanager
def meanwhile(act):
    """Have another thread do something again and again."""
    over = threading.Event()

    def run():
        while not over.is_set():
            with suppress(OSError):
                act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def race(turn, act, enough):
    """Take turns for a while, until it is enough, against somebody who acts at the same time."""
    least, most = time.monotonic() + RACE_S, time.monotonic() + LIMIT_S
    with meanwhile(act):
        while time.monotonic() < (least if enough() else most):
            turn()


def test_the_daemon_takes_scans_and_leaves_all_else(daemon, scans, tmp_path):
    """Links, pipes, sockets, devices and folders named like scans neither block it nor lead it out of the inbox."""
    secret = tmp_path / "elsewhere" / "secret.pdf"
    secret.parent.mkdir()
    shutil.copy(scans / "line.pdf", secret)
    one = daemon(tmp_path / "d", recursive=True, incomplete_s=0.3)
    one.inbox.mkdir()
    (one.inbox / "link.pdf").symlink_to(secret)
    (one.inbox / "linked").symlink_to(secret.parent)
    (one.inbox / "dangling.pdf").symlink_to("nowhere")
    (one.inbox / "loop.pdf").symlink_to("loop.pdf")
    (one.inbox / "folder.pdf").mkdir()
    os.mkfifo(one.inbox / "pipe.pdf")
    if os.getuid() == 0:
        os.mknod(one.inbox / "device.pdf", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero has no end
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(one.inbox / "socket.pdf"))
        before = {p.name for p in one.inbox.iterdir()}
        one.start()
        drop(scans / "line.png", one.inbox / "folder.pdf", "good.png")
        until((one.archive / "folder.pdf" / "good.png").exists, "the one scan")
        assert {p.name for p in one.inbox.iterdir()} == before | {".scanmend"}
        assert one.status()["folders"][0]["waiting"] == 0
    assert one.stop() == 0
    assert secret.exists()
    assert [p.name for p in one.outbox.rglob("*.json")] == ["good.json"]
    assert not any(one.quarantine.glob("*"))


def test_a_folder_swapped_for_a_link_leads_nowhere(inbox, tmp_path):
    """Listed, looked at, claimed and put back while it is swapped: what lies behind the link is never touched."""
    real, parked, target = inbox.root / "sub", inbox.root / ".parked", tmp_path / "elsewhere"
    real.mkdir()
    (target / "x.gif").write_bytes(OUTSIDE)
    looks = {"taken": 0, "missed": 0}

    def swap():
        real.rename(parked)
        real.symlink_to(target)
        real.unlink()
        parked.rename(real)

    def put_scan():
        """Where none is; the test itself must not follow the link either."""
        for place in (real, parked):
            with suppress(OSError):
                folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    file = os.open("x.gif", os.O_WRONLY | os.O_CREAT | os.O_EXCL, dir_fd=folder)
                    os.write(file, INSIDE)
                    os.close(file)
                finally:
                    os.close(folder)

    def turn():
        put_scan()
        with suppress(StorageError):
            found = inbox.listing()
            for relative, fingerprint in found.items():
                assert fingerprint.size == len(INSIDE)
                inbox.scan_state(relative)
                id_ = f"id{looks['taken']}"
                try:
                    claimed = inbox.claim(relative, id_, fingerprint)
                except StorageError:
                    looks["missed"] += 1
                    continue
                if isinstance(claimed, Missed):
                    looks["missed"] += 1
                else:
                    looks["taken"] += 1
                    assert claimed.read_bytes() == INSIDE
                    inbox.put_back(claimed, relative)

    race(turn, swap, lambda: looks["taken"] and looks["missed"])
    assert looks["taken"], "the race was never won, so nothing was shown"
    assert {p.name: p.read_bytes() for p in target.iterdir()} == {"x.gif": OUTSIDE}


def test_a_link_in_place_of_a_folder(inbox, tmp_path):
    """Without any race, too: neither looked into nor claimed from, and nothing is put back through it."""
    target = tmp_path / "elsewhere"
    (target / "x.gif").write_bytes(OUTSIDE)
    (inbox.root / "sub").symlink_to(target)
    relative = Path("sub/x.gif")
    assert inbox.scan_state(relative) is ScanState.INCOMPLETE
    expected = fingerprint_of(target / "x.gif")
    assert inbox.claim(relative, "id1", expected) is Missed.GONE
    (inbox.root / "y.gif").write_bytes(INSIDE)
    claimed = inbox.claim(Path("y.gif"), "id2", inbox.listing()[Path("y.gif")])
    assert inbox.put_back(claimed, Path("sub/y.gif")) == inbox.root / "y.gif"
    assert [p.name for p in target.iterdir()] == ["x.gif"]


def fingerprint_of(path):
    return Fingerprint.of(path.stat())


class TestAClaimFolderOfSomebodyElse:
    """Whoever may write to an inbox without sticky bit may rename ``.scanmend`` there, and put his own in its place."""

    @pytest.fixture
    def claimed(self, inbox, tmp_path) -> Path:
        """A claimed file whose claim folder is by now a link to a folder of somebody else with such a file."""
        (inbox.root / "x.gif").write_bytes(INSIDE)
        path = inbox.claim(Path("x.gif"), "id1", inbox.listing()[Path("x.gif")])
        (tmp_path / "elsewhere" / "x.gif").write_bytes(OUTSIDE)
        path.parent.rename(tmp_path / "stolen")
        path.parent.symlink_to(tmp_path / "elsewhere")
        assert path.read_bytes() == OUTSIDE
        return path

    def test_is_not_read(self, claimed, inbox):
        """Not by a worker, and not by the daemon."""
        with pytest.raises(OSError, match=os.strerror(errno.ENOTDIR)):
            open_source(claimed)
        assert inbox.claimed_file("id1") is None

    def test_is_not_emptied(self, claimed, tmp_path):
        """Neither archived from nor deleted from."""
        with pytest.raises(StorageError):
            atomic.move(claimed, tmp_path / "aside" / "x.gif")
        with pytest.raises(NotADirectoryError), pinned(claimed) as here:
            here.unlink()
        assert (tmp_path / "elsewhere" / "x.gif").read_bytes() == OUTSIDE
        assert list((tmp_path / "aside").iterdir()) == []

    def test_whole_is_not_used(self, inbox, tmp_path):
        """The same one level up."""
        (inbox.root / "x.gif").write_bytes(INSIDE)
        path = inbox.claim(Path("x.gif"), "id1", inbox.listing()[Path("x.gif")])
        (tmp_path / "elsewhere" / "id1").mkdir()
        (tmp_path / "elsewhere" / "id1" / "x.gif").write_bytes(OUTSIDE)
        (inbox.root / ".scanmend").rename(tmp_path / "stolen")
        (inbox.root / ".scanmend").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError, match=os.strerror(errno.ENOTDIR)):
            open_source(path)
        assert inbox.claim_ids() == []

    @as_root
    def test_that_was_there_first_is_refused(self, inbox):
        """A claim folder that belongs to another user is his to fill with links, however it looks now."""
        (inbox.root / ".scanmend").mkdir(mode=0o777)
        os.chown(inbox.root / ".scanmend", 65534, 65534)
        (inbox.root / "x.gif").write_bytes(INSIDE)
        with pytest.raises(StorageError, match="belongs to user id 65534"):
            inbox.claim(Path("x.gif"), "id1", inbox.listing()[Path("x.gif")])
        assert (inbox.root / "x.gif").exists()
        assert inbox.claim_ids() == []


def test_a_claimed_file_swapped_for_a_link_is_never_read_through_it(inbox, tmp_path):
    """While it is swapped to and fro, every read gives the scan or an error."""
    (inbox.root / "x.gif").write_bytes(INSIDE)
    path = inbox.claim(Path("x.gif"), "id1", inbox.listing()[Path("x.gif")])
    (tmp_path / "elsewhere" / "x.gif").write_bytes(OUTSIDE)
    parked = path.with_name("parked")
    seen = set()

    def swap():
        path.rename(parked)
        path.symlink_to(tmp_path / "elsewhere" / "x.gif")
        path.unlink()
        os.mkfifo(path)
        path.unlink()
        parked.rename(path)

    def turn():
        try:
            with open_source(path) as file:
                seen.add(file.read())
        except OSError:
            seen.add("refused")

    race(turn, swap, lambda: len(seen) == 2)
    assert seen == {INSIDE, "refused"}


@pytest.mark.parametrize("claimed", [True, False])
def test_a_pipe_is_refused_at_once(tmp_path, claimed):
    """Also one that is given to ``scanmend process``."""
    folder = tmp_path / ".scanmend" / "id1" if claimed else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / "x.gif")
    started = time.monotonic()
    with pytest.raises(OSError, match="no regular file"):
        open_source(folder / "x.gif")
    assert time.monotonic() - started < 30


def test_links_that_people_name_themselves_are_followed(tmp_path):
    """An inbox may be a link, and so may a file that is given to ``scanmend process``."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.gif").write_bytes(INSIDE)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "x.gif").symlink_to("link/x.gif")
    with open_source(tmp_path / "x.gif") as file:
        assert file.read() == INSIDE
    aside = tmp_path / "aside"
    inbox = Inbox(Folder(name="t", inbox=tmp_path / "link", outbox=aside, archive=aside, quarantine=aside))
    taken = inbox.claim(Path("x.gif"), "id1", inbox.listing()[Path("x.gif")])
    with open_source(taken) as file:
        assert file.read() == INSIDE


@pytest.mark.parametrize("parts", [("..",), ("sub", ".."), ("",), (".",), ("a/b",)])
def test_a_name_that_leads_up_is_no_folder_of_the_inbox(tmp_path, parts):
    """Whatever a ledger that was tampered with says."""
    (tmp_path / "sub").mkdir()
    with pytest.raises(OSError, match="leads elsewhere"), folder_at(tmp_path, parts):
        pass


def test_a_swapped_inbox_costs_no_descriptors(inbox):
    """A daemon runs for years."""
    (inbox.root / "sub").symlink_to("nowhere")
    before = len([*Path("/proc/self/fd").iterdir()])
    for _ in range(20):
        inbox.scan_state(Path("sub/x.gif"))
        inbox.claim(Path("sub/x.gif"), "id1", fingerprint_of(inbox.root))
        inbox.listing()
    assert len([*Path("/proc/self/fd").iterdir()]) == before
