"""scanmend.fs.atomic on real file systems, full ones and hostile ones included."""

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanmend.errors import StorageError
from scanmend.fs.atomic import commit, move, publish, replace, sweep


@pytest.fixture
def box(tmp_path) -> Path:
    (tmp_path / "box").mkdir()
    return tmp_path / "box"


@pytest.fixture
def other_disk(tmp_path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(where)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount a file system")
    yield where
    subprocess.run(["umount", str(where)], check=True)


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))  # noqa: PTH208 -- names are what is compared


def unprivileged(code: str, cwd: Path, *, file_bytes: int | None = None) -> str:
    """Run code in a process of its own: as nobody when the tests run as root, with a limit on file sizes if given."""

    def enter() -> None:
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    script = (
        f"import os\nfrom pathlib import Path\nfrom scanmend.errors import StorageError\n"
        f"from scanmend.fs.atomic import move, publish\nos.chdir({str(cwd)!r})\n"
        f"os.geteuid() or os.setuid(65534)\ntry:\n    {code}\n    print('done')\n"
        "except (StorageError, FileExistsError) as e:\n    print(type(e).__name__, e)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=enter,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


class TestPublish:
    def test_appears_whole(self, box):
        """The file is there with its content and mode, and nothing else is."""
        before = os.umask(0o027)
        try:
            publish(box / "a.txt", b"text")
        finally:
            os.umask(before)
        assert (box / "a.txt").read_bytes() == b"text"
        assert (box / "a.txt").stat().st_mode & 0o777 == 0o640
        assert names(box) == ["a.txt"]

    def test_never_over_another(self, box):
        """A taken name is an error, the file under it stays, and nothing is left beside it."""
        (box / "a.txt").write_bytes(b"mine")
        with pytest.raises(FileExistsError):
            publish(box / "a.txt", b"text")
        assert (box / "a.txt").read_bytes() == b"mine"
        assert names(box) == ["a.txt"]

    def test_again(self, box):
        """To publish the same content again is done already, so that a crash before recording it does no harm."""
        publish(box / "a.txt", b"text")
        first = (box / "a.txt").stat().st_ino
        publish(box / "a.txt", b"text")
        assert (box / "a.txt").stat().st_ino == first

    @pytest.mark.parametrize("kind", ["folder", "link", "dangling link", "pipe"])
    def test_whatever_has_the_name(self, box, kind):
        """A folder, pipe or link under the name counts as another file, even a link to the same content."""
        (box / "same").write_bytes(b"text")
        {
            "folder": lambda p: p.mkdir(),
            "link": lambda p: p.symlink_to(box / "same"),
            "dangling link": lambda p: p.symlink_to(box / "none"),
            "pipe": os.mkfifo,
        }[kind](box / "a.txt")
        with pytest.raises(FileExistsError):
            publish(box / "a.txt", b"text")
        assert not (box / "none").exists()

    def test_folders_below_the_root(self, box):
        """Folders are made below the root, but the root itself may be an unmounted share and is not."""
        publish(box / "x/y/a.txt", b"text", root=box)
        assert (box / "x/y/a.txt").read_bytes() == b"text"
        with pytest.raises(StorageError, match="gone"):
            publish(box / "none/x/a.txt", b"text", root=box / "none")
        with pytest.raises(StorageError, match="gone"):
            publish(box / "z/a.txt", b"text")
        assert names(box) == ["x"]

    def test_a_file_where_a_folder_should_be(self, box):
        """A file in the way of a folder is a StorageError that says so."""
        (box / "x").write_bytes(b"")
        with pytest.raises(StorageError, match="where a folder should be"):
            publish(box / "x/a.txt", b"text", root=box)

    def test_a_hundred_publishers(self, box):
        """Of a hundred that publish under one name exactly one wins, and its content is whole."""
        start, outcomes = threading.Barrier(100), []

        def one(n: int) -> None:
            data = b"%d" % n * 5000
            start.wait()
            try:
                publish(box / "a.txt", data)
            except FileExistsError:
                return
            outcomes.append(data)

        race(one)
        assert [(box / "a.txt").read_bytes()] == outcomes
        assert names(box) == ["a.txt"]

    def test_a_full_disk(self, other_disk):
        """On a full disk the error says so, and the unfinished file is gone."""
        (other_disk / "filler").write_bytes(bytes(40_000))
        with pytest.raises(StorageError, match="no space is left"):
            publish(other_disk / "a.txt", bytes(40_000))
        assert names(other_disk) == ["filler"]

    def test_a_read_only_disk(self, other_disk):
        """A read-only file system is named as the cause."""
        subprocess.run(["mount", "-o", "remount,ro", str(other_disk)], check=True)
        with pytest.raises(StorageError, match="read-only"):
            publish(other_disk / "a.txt", b"text")

    def test_a_limit_on_file_size(self, box):
        """When writing ends half-way, nothing is left."""
        box.parent.chmod(0o755)
        box.chmod(0o777)
        assert "StorageError a.txt cannot be written: the file is larger" in unprivileged(
            "publish(Path('a.txt'), bytes(100_000))", box, file_bytes=50_000
        )
        assert names(box) == []

    def test_no_permission(self, box):
        """A folder that this user may not write to is named as the cause."""
        box.chmod(0o555)
        assert "StorageError a.txt cannot be written: this user may not" in unprivileged(
            "publish(Path('a.txt'), b'text')", box
        )
        box.chmod(0o755)
        assert names(box) == []


class TestMove:
    def test_keeps_inode_and_time(self, box):
        """On one file system the file itself moves."""
        (box / "a.pdf").write_bytes(b"scan")
        os.utime(box / "a.pdf", ns=(1, 1_000_000_007))
        before = (box / "a.pdf").stat()
        move(box / "a.pdf", box / "archive/2024/a.pdf", root=box)
        after = (box / "archive/2024/a.pdf").stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert names(box) == ["archive"]

    def test_across_file_systems(self, box, other_disk):
        """Across file systems the content is copied with its time and mode, and the source goes."""
        (box / "a.pdf").write_bytes(b"scan" * 5000)
        (box / "a.pdf").chmod(0o600)
        os.utime(box / "a.pdf", ns=(5, 1_000_000_007))
        move(box / "a.pdf", other_disk / "a.pdf")
        found = (other_disk / "a.pdf").stat()
        assert (found.st_mtime_ns, found.st_mode & 0o777) == (1_000_000_007, 0o600)
        assert (other_disk / "a.pdf").read_bytes() == b"scan" * 5000
        assert (names(box), names(other_disk)) == ([], ["a.pdf"])

    def test_to_a_full_disk(self, box, other_disk):
        """When the copy does not fit, the source stays and nothing lies beside the target."""
        (box / "a.pdf").write_bytes(bytes(100_000))
        with pytest.raises(StorageError, match="no space is left"):
            move(box / "a.pdf", other_disk / "a.pdf")
        assert (names(box), names(other_disk)) == (["a.pdf"], [])

    def test_never_over_another(self, box, other_disk):
        """A taken name is an error on one file system as well as across; the source stays."""
        (box / "a.pdf").write_bytes(b"scan")
        for target in (box / "taken.pdf", other_disk / "taken.pdf"):
            target.write_bytes(b"mine")
            with pytest.raises(FileExistsError):
                move(box / "a.pdf", target)
            assert target.read_bytes() == b"mine"
        assert (names(box), names(other_disk)) == (["a.pdf", "taken.pdf"], ["taken.pdf"])

    def test_again(self, box):
        """A target with the same content counts as moved, be it a copy or the same file under two names."""
        (box / "a.pdf").write_bytes(b"scan")
        (box / "copy.pdf").write_bytes(b"scan")
        move(box / "a.pdf", box / "copy.pdf")
        assert names(box) == ["copy.pdf"]
        os.link(box / "copy.pdf", box / "b.pdf")
        move(box / "copy.pdf", box / "b.pdf")
        assert names(box) == ["b.pdf"]
        assert (box / "b.pdf").read_bytes() == b"scan"

    def test_onto_itself(self, box):
        """To move a file where it lies already does not delete it."""
        (box / "a.pdf").write_bytes(b"scan")
        move(box / "a.pdf", box / "a.pdf")
        move(box / "a.pdf", box / "../box/a.pdf")
        assert names(box) == ["a.pdf"]

    def test_a_missing_source(self, box):
        """A source that is gone is a StorageError, and no target appears."""
        with pytest.raises(StorageError, match="gone"):
            move(box / "none.pdf", box / "a.pdf")
        assert names(box) == []

    def test_a_link_is_not_moved(self, box):
        """A symbolic link in place of the source is refused."""
        (box / "link.pdf").symlink_to("/etc/hostname")
        with pytest.raises(StorageError, match="no regular file"):
            move(box / "link.pdf", box / "a.pdf")
        assert names(box) == ["link.pdf"]

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of another user")
    def test_the_file_of_another_user(self, box):
        """Where the kernel forbids hard links to other users' files, the file moves all the same."""
        (box / "a.pdf").write_bytes(b"scan")
        (box / "a.pdf").chmod(0o600)
        box.chmod(0o777)
        assert unprivileged("move(Path('a.pdf'), Path('b.pdf'))", box) == "done\n"
        assert names(box) == ["b.pdf"]


def test_replace(box):
    """A plain atomic write replaces what is there and leaves nothing beside it."""
    replace(box / "status.json", b"old")
    replace(box / "status.json", b"new")
    assert (box / "status.json").read_bytes() == b"new"
    assert names(box) == ["status.json"]
    with pytest.raises(StorageError, match="gone"):
        replace(box / "none/status.json", b"x")


def test_replace_without_waiting_for_the_disk(box, synced):
    """It is as atomic, but nothing is synced; otherwise the file is, and then its folder."""
    replace(box / "status.json", b"old", durable=False)
    replace(box / "status.json", b"new", durable=False)
    assert ((box / "status.json").read_bytes(), names(box), synced) == (b"new", ["status.json"], [])
    replace(box / "status.json", b"kept")
    assert synced == [".part", box.name]


def test_commit(box, synced):
    """A file that grew under another name takes the place of an older one, its content on the disk first."""
    (box / "a.gguf").write_bytes(b"old")
    (box / "a.gguf.part").write_bytes(b"new")
    commit(box / "a.gguf.part", box / "a.gguf")
    assert ((box / "a.gguf").read_bytes(), names(box), synced) == (b"new", ["a.gguf"], [".part", box.name])
    with pytest.raises(StorageError, match="gone"):
        commit(box / "none.part", box / "a.gguf")
    assert (box / "a.gguf").read_bytes() == b"new"


@pytest.fixture
def synced(monkeypatch) -> list[str]:
    """What is synced, in order: the suffix of files, the names of folders."""
    seen, real = [], os.fsync

    def fsync(fd: int) -> None:
        path = Path(f"/proc/self/fd/{fd}").readlink()
        seen.append(path.name if path.is_dir() else path.suffix)
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def test_sweep(box):
    """Only our own unfinished files go, only after their time, however old the time they carry."""
    part = box / "sub/.scanmend-0123456789abcdef.part"
    part.parent.mkdir()
    for path in (part, box / "upload.part", box / ".scanmend-notes.part", box / "a.txt"):
        path.write_bytes(b"x")
    os.utime(part, (0, 0))
    assert sweep(box, time.time()) == 0
    assert sweep(box, time.time() + 4000) == 1
    assert names(box) == [".scanmend-notes.part", "a.txt", "sub", "upload.part"]
    assert names(box / "sub") == []


def race(one) -> None:
    threads = [threading.Thread(target=one, args=(n,)) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_file_can_be_published_as_bytes_are(tmp_path):
    """It is copied and stays; the same content counts as done, another does not."""
    made, target = tmp_path / "made", tmp_path / "out" / "a.pdf"
    made.write_bytes(b"x" * 3_000_000)
    (tmp_path / "out").mkdir()
    for _ in range(2):
        publish(target, made)
    assert target.read_bytes() == made.read_bytes()
    assert [p.name for p in target.parent.iterdir()] == ["a.pdf"]
    made.write_bytes(b"y" * 3_000_000)
    with pytest.raises(FileExistsError):
        publish(target, made)
    assert target.read_bytes() == b"x" * 3_000_000
