"""Every shape in which a file can arrive, up to the claim, on real folders with the clock in the test's hand."""

import itertools
import os
from pathlib import Path

import pytest

import render_scans
from project import ROOT
from scanmend.config.schema import IGNORED, Folder
from scanmend.intake.fs_events import FsEvents
from scanmend.ledger.ledger import Ledger
from scanmend.service.inbox_watcher import InboxWatcher

GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
SETTLE_S, INCOMPLETE_S = 2.0, 60.0
SAVERS = {
    "pdf": lambda page, path: render_scans.save_pdf([page], path),
    "tiff": lambda page, path: render_scans.save_tiff([page], path),
    "png": render_scans.save_png,
    "jpg": render_scans.save_jpeg,
    "bmp": render_scans.save_bmp,
    "webp": render_scans.save_webp,
    "gif": render_scans.save_gif,
}


class Gate:
    """An inbox that is looked at when told to; all that is ready is claimed at once."""

    def __init__(self, root: Path, **settings) -> None:
        places = {name: root / name for name in ("inbox", "outbox", "archive", "quarantine")}
        defaults = {"settle_s": SETTLE_S, "incomplete_s": INCOMPLETE_S, "rescan_s": 3000, "watch": "poll"}
        self.folder = Folder(name="t", **places, **(defaults | settings))
        self.inbox = self.folder.inbox
        self.inbox.mkdir()
        self.ledger = Ledger(root / "ledger.sqlite")
        self.watch = InboxWatcher(self.folder, self.ledger, FsEvents(lambda: None), clock=lambda: 0.0)
        self.claimed: list[tuple[str, bytes]] = []
        """Relative name and content of what was claimed, in that order."""

    def at(self, now):
        """Look at that time; return the names claimed then."""
        before = len(self.claimed)
        self.watch.update(now, changed=True)
        while (one := self.watch.next_ready(now)) is not None:
            relative, fingerprint = one
            path = self.watch.inbox.claim(relative, f"id{len(self.claimed)}", fingerprint)
            assert isinstance(path, Path)
            self.watch.claimed(relative)
            self.claimed.append((str(relative), path.read_bytes()))
        return [name for name, _ in self.claimed[before:]]

    def left(self):
        """Names of the files that lie in the inbox, relative to it."""
        files = (p.relative_to(self.inbox) for p in self.inbox.rglob("*") if p.is_file())
        return sorted(str(p) for p in files if p.parts[0] != ".scanmend")


@pytest.fixture
def gate(tmp_path):
    made = []

    def build(**settings):
        made.append(Gate(tmp_path, **settings))
        return made[-1]

    yield build
    for one in made:
        one.ledger.close()


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    """One small scan in every format."""
    folder = tmp_path_factory.mktemp("wholes")
    page = render_scans.line("Total 100.00", height_px=12)
    for kind, save in SAVERS.items():
        save(page, folder / kind)
    return {kind: (folder / kind).read_bytes() for kind in SAVERS}


class TestSlowly:
    @pytest.mark.parametrize("kind", SAVERS)
    def test_in_pieces_with_long_pauses(self, gate, wholes, kind):
        """A file in five pieces, each pause just short of incomplete_s, is claimed once, whole, after the last."""
        one, data, now = gate(), wholes[kind], 0.0
        cuts = [len(data) * fifth // 5 for fifth in range(6)]
        with (one.inbox / f"a.{kind}").open("wb") as file:
            for start, end in itertools.pairwise(cuts):
                file.write(data[start:end])
                file.flush()
                for later in (0.0, SETTLE_S, INCOMPLETE_S - 1):
                    if end < len(data):
                        assert one.at(now + later) == []
                now += INCOMPLETE_S - 1
        assert one.at(now) == []
        assert one.at(now + SETTLE_S) == [f"a.{kind}"]
        assert one.at(now + 900) == []
        assert one.claimed == [(f"a.{kind}", data)]

    def test_nothing_first(self, gate):
        """A name that is taken with zero bytes long before the content comes is waited for."""
        one = gate()
        (one.inbox / "a.gif").touch()
        assert [one.at(t) for t in (0, 2, 30, 59)] == [[], [], [], []]
        (one.inbox / "a.gif").write_bytes(GIF)
        assert [one.at(t) for t in (59.5, 61.4, 61.5)] == [[], [], ["a.gif"]]

    def test_zeros_first(self, gate, wholes):
        """A file that has its full length before its content is waited for, where the format has an end mark."""
        one, data = gate(), wholes["pdf"]
        path = one.inbox / "a.pdf"
        path.write_bytes(bytes(len(data)))
        assert [one.at(t) for t in (0, 2)] == [[], []]
        path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
        assert [one.at(t) for t in (30, 32)] == [[], []]
        path.write_bytes(data)
        assert [one.at(t) for t in (60, 62)] == [[], ["a.pdf"]]
        assert one.claimed[0][1] == data

    def test_pages_added_after_minutes(self, gate, tmp_path):
        """A TIFF is whole after each page: with settle_s longer than the pauses, all pages are one document."""
        pages = [render_scans.line(f"Page {n}", height_px=12) for n in (1, 2, 3)]
        one = gate(settle_s=300)
        for n in (1, 2, 3):
            render_scans.save_tiff(pages[:n], one.inbox / "a.tiff")
            assert one.at(n * 240) == []
            assert one.at(n * 240 + 239) == []
        whole = (one.inbox / "a.tiff").read_bytes()
        assert one.at(720 + 300) == ["a.tiff"]
        assert one.claimed == [("a.tiff", whole)]

    def test_times_that_are_set_back(self, gate):
        """A writer that gives the copy the time of the original in the end, as mv does, begins the wait anew."""
        one = gate()
        path = one.inbox / "a.gif"
        path.write_bytes(GIF)
        assert one.at(0) == []
        os.utime(path, (1_000_000, 1_000_000))
        assert [one.at(t) for t in (1.9, 3.8, 3.9)] == [[], [], ["a.gif"]]


class TestAgain:
    def test_the_same_name_again_and_again(self, gate):
        """Each file that comes under a name that went before is claimed for itself."""
        one = gate()
        for n in range(5):
            (one.inbox / "scan.gif").write_bytes(GIF + b"\0" * n)
            assert one.at(n * 10) == []
            assert one.at(n * 10 + SETTLE_S) == ["scan.gif"]
        assert one.claimed == [("scan.gif", GIF + b"\0" * n) for n in range(5)]

    def test_replaced_while_it_settles(self, gate):
        """A file renamed over another waits its own time, even with the size and time of the first."""
        one = gate()
        later = GIF.replace(b"D", b"L")
        for data, now in ((GIF, 0.0), (later, 1.5)):
            part = one.inbox / "scan.part"
            part.write_bytes(data)
            os.utime(part, (5, 5))
            part.rename(one.inbox / "scan.gif")
            assert one.at(now) == []
        assert one.at(2.5) == []
        assert one.at(3.5) == ["scan.gif"]
        assert one.claimed == [("scan.gif", later)]

    def test_the_same_content_twice(self, gate):
        """Two copies, and two names of one file, are two documents each."""
        one = gate()
        for name in ("a.gif", "b.gif", "c.gif"):
            (one.inbox / name).write_bytes(GIF)
        os.link(one.inbox / "c.gif", one.inbox / "d.gif")
        one.at(0)
        assert sorted(one.at(2)) == ["a.gif", "b.gif", "c.gif", "d.gif"]
        assert one.left() == []

    def test_a_hard_link_from_elsewhere(self, gate, tmp_path):
        """The other name of a linked file stays where it is."""
        one = gate()
        (tmp_path / "mine.gif").write_bytes(GIF)
        os.link(tmp_path / "mine.gif", one.inbox / "a.gif")
        one.at(0)
        assert one.at(2) == ["a.gif"]
        assert (tmp_path / "mine.gif").read_bytes() == GIF


class TestFolders:
    def test_moved_in_whole(self, gate, tmp_path):
        """Files of a folder tree that is moved in are claimed where they lie, once each."""
        one = gate(recursive=True)
        for name in ("batch/1.gif", "batch/deep/er/2.gif", "batch/3.gif"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(GIF)
        one.at(0)
        (tmp_path / "batch").rename(one.inbox / "batch")
        assert one.at(10) == []
        assert sorted(one.at(12)) == ["batch/1.gif", "batch/3.gif", "batch/deep/er/2.gif"]
        assert one.left() == []

    def test_under_a_temporary_name(self, gate):
        """Nothing in a folder with a temporary name is touched until the folder gets its own."""
        one = gate(recursive=True)
        for name in (".batch", "batch.part", ".~tmp~"):
            (one.inbox / name).mkdir()
            (one.inbox / name / "1.gif").write_bytes(GIF)
        assert [one.at(t) for t in (0, 2, 600)] == [[], [], []]
        (one.inbox / ".batch").rename(one.inbox / "batch")
        assert [one.at(t) for t in (700, 702)] == [[], ["batch/1.gif"]]

    def test_moved_away_and_back(self, gate, tmp_path):
        """A folder that is renamed while its files settle has them wait again under the new name; none comes twice."""
        one = gate(recursive=True)
        (one.inbox / "a").mkdir()
        (one.inbox / "a/1.gif").write_bytes(GIF)
        assert one.at(0) == []
        (one.inbox / "a").rename(one.inbox / "b")
        assert [one.at(t) for t in (1, 2.9, 3, 60)] == [[], [], ["b/1.gif"], []]


TAKEN = (
    b"two\nlines.gif", b"\n.gif", b"caf\xe9.gif", b"\xff\xfe", "é".encode() * 125 + b".gif", b"x" * 251 + b".gif",
    b"x" * 255, b"-rf.gif", b"--help", b" lead.gif", b"trail.gif ", b"   ", b"a..b.gif", b"a...", b"x..",
    b"no suffix", b"\\..\\up.gif", b"%2e%2e%2fup.gif", b"{}%s$(x)`y`;&|.gif", b"\x01\x1b[31m\x7f.gif", b"CON", b"*",
    b"Case.gif", b"case.gif", b"CASE.GIF", "e\u0301.gif".encode(), "\u00e9.gif".encode(), "\u202efig.exe.gif".encode(),
)  # fmt: skip
HIDDEN = (b"...", b"....gif", b"..gif", b"..evil.gif", b".gif", b"..\\up.gif")
"""Names that begin with a dot, as those of files in the making do."""


class TestNames:
    def test_odd_ones(self, gate):
        """Whatever bytes a name is made of, the file is claimed under it, and no two names are taken for one."""
        one = gate()
        root = os.fsencode(one.inbox)
        for n, name in enumerate(TAKEN):
            Path(os.fsdecode(root + b"/" + name)).write_bytes(GIF + b"\0" * n)
        assert one.at(0) == []
        assert len(one.at(2)) == len(TAKEN)
        found = {os.fsencode(name): len(data) - len(GIF) for name, data in one.claimed}
        assert found == {name: n for n, name in enumerate(TAKEN)}
        assert one.left() == []

    def test_hidden_ones(self, gate):
        """Dots at the beginning, and nothing but dots, mean a file in the making: it is left alone for ever."""
        one = gate()
        for name in HIDDEN:
            (one.inbox / os.fsdecode(name)).write_bytes(GIF)
        assert [one.at(t) for t in (0, 2, 9000)] == [[], [], []]
        assert len(one.left()) == len(HIDDEN)

    def test_odd_folders(self, gate):
        """The same holds for the folders of a recursive inbox."""
        one = gate(recursive=True)
        names = ("two\nlines/a.gif", "caf\udce9/b.gif", "-rf/c.gif", "x../d.gif", " /e.gif", "x" * 255 + "/f.gif")
        for name in names:
            (one.inbox / name).parent.mkdir()
            (one.inbox / name).write_bytes(GIF)
        one.at(0)
        assert sorted(one.at(2)) == sorted(names)

    def test_the_page_for_users_names_them(self):
        """docs/scanners.md has every name that is always left alone."""
        text = (ROOT / "docs/scanners.md").read_text("utf-8")
        assert [p for p in IGNORED if f"`{p.strip('*')}`" not in text and p != ".*"] == []
