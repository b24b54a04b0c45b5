"""scanmend.intake.inbox on real folders, with real rivals."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scanmend.config.schema import Folder
from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.fs import rename
from scanmend.intake import inbox as module
from scanmend.intake.inbox import MAX_DEPTH, Inbox, Missed
from scanmend.intake.sniff import ScanState

GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"


def make(root: Path, **settings) -> Inbox:
    root.mkdir(exist_ok=True)
    aside = root.parent / "out"
    return Inbox(Folder(name="t", inbox=root, outbox=aside, archive=aside, quarantine=aside, **settings))


@pytest.fixture
def inbox(tmp_path) -> Inbox:
    return make(tmp_path / "in")


def drop(inbox: Inbox, name: str, data: bytes = GIF) -> Path:
    path = inbox.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Path(name)


def take(inbox: Inbox, relative: Path, id: str = "id1") -> Path:  # noqa: A002 -- the field's word
    path = inbox.claim(relative, id, inbox.listing()[relative])
    assert isinstance(path, Path)
    return path


class TestListing:
    def test_only_regular_files(self, inbox, tmp_path):
        """Links, pipes, sockets and folders that look like scans are left alone."""
        drop(inbox, "a.pdf")
        (inbox.root / "folder.pdf").mkdir()
        (inbox.root / "link.pdf").symlink_to(tmp_path / "in/a.pdf")
        (inbox.root / "dangling.pdf").symlink_to("nowhere")
        os.mkfifo(inbox.root / "pipe.pdf")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(inbox.root / "socket.pdf"))
            assert inbox.listing() == {Path("a.pdf"): Fingerprint.of((inbox.root / "a.pdf").stat())}

    def test_ignored_names(self, tmp_path):
        """Temporary names, the folder's own patterns and the claim folder are not listed, at any depth."""
        inbox = make(tmp_path / "in", recursive=True, ignore=("draft*",))
        for name in (".hidden.pdf", "x.tmp", "Draft 1.pdf", "@eaDir/y.pdf", ".scanmend/id/z.pdf", "sub/~lock.pdf"):
            drop(inbox, name)
        assert inbox.listing() == {}

    def test_folders_only_when_recursive(self, tmp_path):
        """Folders are entered when the configuration says so, and never through a link."""
        flat, deep = make(tmp_path / "in"), make(tmp_path / "in", recursive=True)
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere/secret.pdf").write_bytes(GIF)
        (flat.root / "link").symlink_to(tmp_path / "elsewhere")
        drop(flat, "a/b/c.pdf")
        assert flat.listing() == {}
        assert set(deep.listing()) == {Path("a/b/c.pdf")}

    def test_depth_is_bounded(self, tmp_path):
        """What lies deeper than DEEPEST folders is not found; what lies just there is."""
        inbox = make(tmp_path / "in", recursive=True)
        drop(inbox, "d/" * MAX_DEPTH + "found.pdf")
        drop(inbox, "d/" * (MAX_DEPTH + 1) + "too deep.pdf")
        assert [path.name for path in inbox.listing()] == ["found.pdf"]

    def test_any_name(self, inbox):
        """Bytes that are no UTF-8, newlines and leading dashes are names like others, up to the claim."""
        for i, raw in enumerate([b"caf\xe9.pdf", b"two\nlines.pdf", b"-rf.pdf", b" .pdf", b"%s{}.pdf"]):
            path = inbox.root / os.fsdecode(raw)
            path.write_bytes(GIF)
            claimed = take(inbox, Path(os.fsdecode(raw)), f"id{i}")
            assert os.fsencode(claimed.name) == raw
            assert claimed.read_bytes() == GIF

    def test_a_vanished_inbox(self, inbox):
        """An inbox that is gone is an outage, not an empty inbox."""
        assert inbox.identity() is not None
        inbox.root.rmdir()
        assert inbox.identity() is None
        with pytest.raises(StorageError, match="cannot be listed"):
            inbox.listing()

    def test_another_folder_in_its_place(self, inbox):
        """The identity tells that another folder lies where the inbox was."""
        before = inbox.identity()
        inbox.root.rename(inbox.root.with_name("old"))
        inbox.root.mkdir()
        assert inbox.identity() not in {before, None}


class TestReady:
    def test_states(self, inbox):
        """Whole, cut and foreign files are told apart; what vanished meanwhile is not ready."""
        assert inbox.scan_state(drop(inbox, "a.gif")) is ScanState.READY
        assert inbox.scan_state(drop(inbox, "b.gif", GIF[:-1])) is ScanState.INCOMPLETE
        assert inbox.scan_state(drop(inbox, "c.gif", b"hello")) is ScanState.FOREIGN
        assert inbox.scan_state(Path("vanished.gif")) is ScanState.INCOMPLETE

    def test_neither_link_nor_pipe_is_opened(self, inbox):
        """A link put in the file's place is not followed, and a pipe does not block."""
        drop(inbox, "a.gif")
        (inbox.root / "link.gif").symlink_to("a.gif")
        os.mkfifo(inbox.root / "pipe.gif")
        assert inbox.scan_state(Path("link.gif")) is ScanState.INCOMPLETE
        assert inbox.scan_state(Path("pipe.gif")) is ScanState.INCOMPLETE

    def test_no_permission_means_later(self, tmp_path):
        """A file that this user may not read yet counts as busy."""
        inbox = make(tmp_path / "in")
        drop(inbox, "a.gif")
        (inbox.root / "a.gif").chmod(0)
        script = (
            "import sys\nfrom pathlib import Path\nfrom scanmend.config.schema import Folder\n"
            "from scanmend.intake.inbox import Inbox\nimport os\n"
            "root = Path('in').absolute()\n"
            "f = Folder(name='t', inbox=root, outbox=root, archive=root, quarantine=root)\n"
            "os.geteuid() or os.setuid(65534)\n"
            "print(Inbox(f).scan_state(Path('a.gif')).name)\n"
        )
        tmp_path.chmod(0o755)
        inbox.root.chmod(0o755)
        result = run_reachable(script, tmp_path)
        assert result.stdout.split()[-1:] == ["INCOMPLETE"]


class TestClaim:
    def test_a_claim_moves_the_file(self, inbox):
        """The file leaves the inbox under its own name, and can be found again by id."""
        relative = drop(inbox, "a.gif")
        before = (inbox.root / relative).stat()
        path = take(inbox, relative)
        assert path == inbox.root / ".scanmend/id1/a.gif"
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert inbox.listing() == {}
        assert inbox.claim_ids() == ["id1"]
        assert inbox.claimed_file("id1") == path

    def test_gone_is_no_error(self, inbox):
        """A file that another daemon took first is missed, and leaves no claim folder."""
        relative = drop(inbox, "a.gif")
        expected = inbox.listing()[relative]
        (inbox.root / relative).unlink()
        assert inbox.claim(relative, "id1", expected) is Missed.GONE
        assert inbox.claim_ids() == []
        assert inbox.claimed_file("id1") is None

    def test_a_changed_file_goes_back(self, inbox):
        """A file that grew since it was listed stays in the inbox."""
        relative = drop(inbox, "a.gif")
        expected = inbox.listing()[relative]
        drop(inbox, "a.gif", GIF + b"more")
        assert inbox.claim(relative, "id1", expected) is Missed.NOT_YET
        assert (inbox.root / relative).read_bytes() == GIF + b"more"
        assert inbox.claim_ids() == []

    @pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
    def test_a_swapped_file_goes_back(self, inbox, kind):
        """What is no regular file any more goes back as it is, and nothing behind it is touched."""
        relative = drop(inbox, "a.gif")
        expected = inbox.listing()[relative]
        path = inbox.root / relative
        path.unlink()
        if kind == "link":
            path.symlink_to("/etc/hostname")
        elif kind == "folder":
            (path / "inner").mkdir(parents=True)
        else:
            os.mkfifo(path)
        assert inbox.claim(relative, "id1", expected) is Missed.NOT_YET
        assert (path.is_symlink(), path.is_fifo(), (path / "inner").is_dir()) == (
            kind == "link",
            kind == "pipe",
            kind == "folder",
        )
        assert inbox.claim_ids() == []

    def test_a_claim_folder_that_is_a_link(self, inbox, tmp_path):
        """Whoever may write to the inbox cannot send claimed scans elsewhere."""
        (tmp_path / "elsewhere").mkdir()
        (inbox.root / ".scanmend").symlink_to(tmp_path / "elsewhere")
        relative = drop(inbox, "a.gif")
        with pytest.raises(StorageError, match="no folder"):
            inbox.claim(relative, "id1", inbox.listing()[relative])
        assert (inbox.root / relative).exists()

    def test_an_id_in_use(self, inbox):
        """A claim never overwrites what an earlier one of the same id holds."""
        take(inbox, drop(inbox, "a.gif"))
        relative = drop(inbox, "a.gif", b"other")
        with pytest.raises(StorageError, match="already"):
            inbox.claim(relative, "id1", inbox.listing()[relative])
        assert (inbox.root / relative).read_bytes() == b"other"

    def test_a_crash_between_the_steps(self, inbox):
        """An empty claim folder, left by a crash before the rename, does not hinder the same claim."""
        (inbox.root / ".scanmend/id1").mkdir(parents=True)
        assert take(inbox, drop(inbox, "a.gif")).read_bytes() == GIF

    def test_a_vanished_inbox(self, inbox):
        """Without its inbox a file is not gone: the whole folder is out of reach."""
        with pytest.raises(StorageError):
            (inbox.root.rmdir(), inbox.claim(Path("a.gif"), "id1", Fingerprint(1, 1, 1)))

    @pytest.mark.parametrize("id", ["", ".", "..", "../x", "a/b"])
    def test_an_id_stays_inside(self, inbox, id):  # noqa: A002 -- the field's word
        """An id that a person typed cannot name another folder."""
        with pytest.raises(ValueError, match="no id"):
            inbox.claimed_file(id)

    def test_two_daemons_race(self, inbox):
        """Of two processes that claim the same 40 files, each file goes to exactly one; both see no error."""
        names = [str(drop(inbox, f"{n}.gif")) for n in range(40)]
        script = (
            "import sys\nfrom pathlib import Path\nfrom scanmend.config.schema import Folder\n"
            "from scanmend.intake.inbox import Inbox, Missed\n"
            "root = Path('in').absolute()\n"
            "inbox = Inbox(Folder(name='t', inbox=root, outbox=root, archive=root, quarantine=root))\n"
            "listing = inbox.listing()\nprint('ready', flush=True)\nsys.stdin.readline()\n"
            "for path, fingerprint in sorted(listing.items()):\n"
            "    got = inbox.claim(path, f'{sys.argv[1]}-{path.stem}', fingerprint)\n"
            "    print(path, got.name)\n"
        )
        rivals = [
            subprocess.Popen(
                [sys.executable, "-c", script, who],
                cwd=inbox.root.parent,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for who in ("one", "two")
        ]
        for rival in rivals:
            assert rival.stdout.readline() == "ready\n"
        for rival in rivals:
            rival.stdin.write("go\n")
            rival.stdin.flush()
        results = [dict(line.split() for line in rival.communicate(timeout=30)[0].splitlines()) for rival in rivals]
        assert [rival.returncode for rival in rivals] == [0, 0]
        for name in names:
            assert sorted(result[name] for result in results) == sorted([name, "GONE"])
        assert len(inbox.claim_ids()) == 40


class TestPutBack:
    def test_under_its_old_name(self, inbox):
        """A file goes back where it came from, and its claim folder goes away."""
        path = take(inbox, drop(inbox, "a.gif"))
        assert inbox.put_back(path, Path("a.gif")) == inbox.root / "a.gif"
        assert (inbox.claim_ids(), set(inbox.listing())) == ([], {Path("a.gif")})

    @pytest.mark.parametrize("way", [rename.by_link, rename.by_renameat2, rename.by_reservation])
    def test_never_over_another(self, inbox, monkeypatch, way):
        """A taken name is numbered; so is the next, with hard links and without."""
        monkeypatch.setattr(module, "rename_to_free_name", way)
        for n, expected in enumerate(["a.gif", "a (2).gif", "a (3).gif"]):
            path = take(inbox, drop(inbox, "new.gif", b"%d" % n), f"id{n}")
            assert inbox.put_back(path, Path("a.gif")).name == expected
        assert [(inbox.root / name).read_bytes() for name in ("a.gif", "a (2).gif", "a (3).gif")] == [b"0", b"1", b"2"]

    def test_a_vanished_folder_comes_back(self, tmp_path):
        """The folder that the file lay in is made again; the inbox itself is not."""
        inbox = make(tmp_path / "in", recursive=True)
        path = take(inbox, drop(inbox, "sub/a.gif"))
        (inbox.root / "sub").rmdir()
        assert inbox.put_back(path, Path("sub/a.gif")).read_bytes() == GIF
        path = take(inbox, Path("sub/a.gif"))
        inbox.root.rename(tmp_path / "unmounted")
        with pytest.raises(StorageError, match="gone"):
            inbox.put_back(path, Path("sub/a.gif"))
        assert not inbox.root.exists()

    def test_a_crash_between_the_steps(self, inbox):
        """A file that already has its old name again, beside the one in the claim folder, is not doubled."""
        path = take(inbox, drop(inbox, "a.gif"))
        os.link(path, inbox.root / "a.gif")
        assert inbox.put_back(path, Path("a.gif")) == inbox.root / "a.gif"
        assert (inbox.claim_ids(), list(inbox.listing())) == ([], [Path("a.gif")])

    @pytest.mark.parametrize("name", ["é" * 125 + ".gif", "x." + "y" * 250, "." + "z" * 250])
    def test_the_longest_names(self, inbox, name):
        """A numbered name is shortened to what a file system holds."""
        path = take(inbox, drop(inbox, "a.gif"))
        drop(inbox, name)
        back = inbox.put_back(path, Path(name))
        assert len(os.fsencode(back.name)) <= 255
        assert back.stem.endswith(" (2)") or back.name.endswith(" (2)")

    def test_a_failed_rename_leaves_no_reservation(self, inbox):
        """Where hard links do not exist, a file that cannot go back leaves no empty one in its place."""
        with pytest.raises(FileNotFoundError):
            rename.by_reservation(inbox.root / "none", inbox.root / "a.gif")
        (inbox.root / "folder").mkdir()
        with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
            rename.by_reservation(inbox.root / "folder", inbox.root / "folder/inside")
        assert list((inbox.root / "folder").iterdir()) == []


def test_release_keeps_what_is_in_use(inbox):
    """Only an empty claim folder is removed."""
    path = take(inbox, drop(inbox, "a.gif"))
    inbox.release("id1")
    assert path.exists()
    path.unlink()
    inbox.release("id1")
    assert inbox.claim_ids() == []
    inbox.release("id1")


def test_litter_in_a_claim_folder(inbox):
    """What a file manager leaves beside the claimed file is not taken for it; without any other it is."""
    path = take(inbox, drop(inbox, "z.gif"))
    (path.parent / ".DS_Store").write_bytes(b"x")
    (path.parent / "@eaDir").mkdir()
    assert inbox.claimed_file("id1") == path
    path.unlink()
    assert inbox.claimed_file("id1") == path.with_name(".DS_Store")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def run_reachable(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder that an unprivileged user reaches by its relative name only."""
    script = f"import os; os.chdir({str(cwd)!r})\n" + script.replace(".absolute()", "")
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, timeout=30, check=False
    )
    assert result.returncode == 0, result.stderr
    return result


def test_a_download_of_aria2_is_left_alone(tmp_path):
    """Its file has its full length and its final name while a list of what is missing lies beside it."""
    folder = Folder(name="t", inbox=tmp_path, outbox=tmp_path, archive=tmp_path, quarantine=tmp_path, recursive=True)
    (tmp_path / "sub").mkdir()
    for name in ("a.pdf", "a.pdf.aria2", "sub/a.pdf", "b.pdf", "sub/b.pdf.aria2"):
        (tmp_path / name).write_bytes(b"x")
    assert sorted(map(str, Inbox(folder).listing())) == ["b.pdf", "sub/a.pdf"]


def test_recycle_bins_are_not_entered(tmp_path):
    """Whatever was deleted on a NAS, a stick or a share stays deleted."""
    folder = Folder(name="t", inbox=tmp_path, outbox=tmp_path, archive=tmp_path, quarantine=tmp_path, recursive=True)
    for name in (
        "#recycle/a.pdf",
        "@Recycle/x/a.pdf",
        "$RECYCLE.BIN/S-1-5-21/$R1.pdf",
        ".Trash-1000/files/a.pdf",
        "sub/a.pdf",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert list(map(str, Inbox(folder).listing())) == ["sub/a.pdf"]


def test_asking_who_writes_never_kills_the_asker(tmp_path):
    """The kernel signals the holder of a lease when somebody opens the file for writing just then."""
    folder = Folder(name="t", inbox=tmp_path, outbox=tmp_path, archive=tmp_path, quarantine=tmp_path)
    inbox, path = Inbox(folder), tmp_path / "a.gif"
    path.write_bytes(b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;")
    code = f"while True: open({str(path)!r}, 'r+b').close()"
    with subprocess.Popen([sys.executable, "-c", code]) as writer:
        try:
            rests = [inbox.rest_s(Path("a.gif")) for _ in range(20_000)]
        finally:
            writer.kill()
    assert {None, 0.0} >= set(rests)
    assert 0.0 in rests
