"""Odd arrivals on their whole way: odd names, and writers that go on after the claim. Pages are read by a stand-in."""

import hashlib
import json
import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from document_world import GIF, PAGES, Scripted, World
from scanmend.errors import DocumentError
from scanmend.jobs.quarantine import give_back
from scanmend.source.settings import Inspection

NAMES = (
    b"two\nlines.gif", b"caf\xe9.gif", b"\xff\xfe", b"x" * 251 + b".gif", b"x" * 255, "é".encode() * 125 + b".gif",
    b"-rf.gif", b"--help", b" lead.gif", b"trail.gif ", b"   ", b"a..b.gif", b"x..", b"\\..\\up.gif",
    b"\x01\x1b[31m\x7f.gif", b"Case.gif", b"case.gif", b"a.txt", b"a.json", b"a.gif", b"a (2).gif",
)  # fmt: skip


class Late(Scripted):
    """Reads as slowly as it takes ``writes`` to be written to the file meanwhile, one an attempt."""

    def __init__(self, *writes: bytes, breaks: bool = False) -> None:
        super().__init__()
        self.writes = list(writes)
        self.breaks = breaks
        self.read: list[bytes] = []

    def convert(self, path, settings, keeper, done):
        """See Pipeline; a file that is written to cannot be read at all where it ``breaks``."""
        data = path.read_bytes()
        found = Inspection("gif", PAGES, hashlib.sha256(data).hexdigest())
        self.inspection = found
        keeper.inspected(found)
        converted = super().convert(path, settings, _Deaf(keeper), done)
        self.read.append(data)
        if self.writes:
            with path.open("ab") as file:
                file.write(self.writes.pop(0))
            if self.breaks:
                raise DocumentError("page 2 is cut short")
        return replace(converted, inspection=found)


class _Deaf:
    """A keeper that has heard already what was inspected."""

    def __init__(self, keeper) -> None:
        self._keeper = keeper

    def inspected(self, found):
        """See Keeper."""

    def __getattr__(self, name):
        return getattr(self._keeper, name)


@pytest.fixture
def world(memory):
    return World(memory)


def record(world, stem="a"):
    return json.loads((world.folder.outbox / f"{stem}.json").read_bytes())


def settle(world):
    """Work until nothing is left to do, however far off the next attempt is."""
    for _ in range(20):
        if not world.turn():
            return


class TestNames:
    def test_each_comes_out_once(self, world):
        """Every file has outputs of its own, and lies in the archive under their name and with its own suffix."""
        for n, name in enumerate(NAMES):
            Path(os.fsdecode(os.fsencode(world.folder.inbox) + b"/" + name)).write_bytes(GIF + b"\0" * n)
        world.run()
        records = [json.loads(p.read_bytes()) for p in world.folder.outbox.glob("*.json")]
        assert sorted(r["size"] - len(GIF) for r in records) == list(range(len(NAMES)))
        assert len(list(world.folder.outbox.iterdir())) == 2 * len(NAMES)
        entries = world.ledger.recent(len(NAMES))
        assert {e.put_away for e in entries} == {*world.folder.archive.iterdir()}
        for entry in entries:
            assert entry.put_away.stat().st_size == entry.fingerprint.size
            assert entry.put_away.name.startswith(entry.stem.name)
            suffix = re.sub(r"[\0-\x1f\x7f]", "_", entry.relative.suffix)
            assert entry.put_away.name == entry.stem.name + suffix or len(os.fsencode(entry.put_away.name)) == 255
        assert world.files(world.folder.inbox) == world.files(world.folder.quarantine) == []
        assert sorted(p.name for p in world.root.iterdir() if p.is_dir()) == ["in", "kept", "out"]

    def test_each_goes_to_quarantine_with_its_report(self, world):
        """The same names, when nothing can be made of the files."""
        for n, name in enumerate(NAMES):
            Path(os.fsdecode(os.fsencode(world.folder.inbox) + b"/" + name)).write_bytes(b"bad" + b"\0" * n)
        world.run()
        found = {p.name for p in world.folder.quarantine.iterdir()}
        assert len(found) == 2 * len(NAMES)
        assert sum(name.endswith(".error.txt") for name in found) == len(NAMES)
        sizes = Counter(
            p.stat().st_size for p in world.folder.quarantine.iterdir() if not p.name.endswith(".error.txt")
        )
        assert sizes == Counter(3 + n for n in range(len(NAMES)))
        assert world.ledger.counts() == {"quarantined": len(NAMES)}

    @pytest.mark.parametrize("data", [GIF, b"bad"], ids=["archive", "quarantine"])
    @pytest.mark.parametrize("name", ["a." + "y" * 253, "x" * 255, "é" * 125 + ".gif"], ids=["suffix", "stem", "wide"])
    def test_the_longest_names_again_and_again(self, world, name, data):
        """There is room for a number in every name, and for the report beside it."""
        for n in range(11):
            world.drop(name, data + b"\0" * n)
            world.run()
        place = world.folder.archive if data is GIF else world.folder.quarantine
        found = [p for p in place.iterdir() if not p.name.endswith(".error.txt")]
        assert sorted(p.stat().st_size - len(data) for p in found) == list(range(11))


class TestLateWriters:
    """A file that is moved keeps its writer: whoever holds it open can go on after the claim."""

    @pytest.mark.parametrize("original", ["archive", "keep", "delete"])
    def test_more_came_while_it_was_read(self, memory, original):
        """No output of half a file: the document is read anew, and outputs, record and source are of the whole one."""
        world = World(memory, original=original, retry_delay_s=0.001)
        world.boot(Late(b"more", b"and more"))
        world.drop()
        settle(world)
        whole = GIF + b"moreand more"
        assert world.pipeline.read == [GIF, GIF + b"more", whole]
        assert world.outputs == ["a.json", "a.txt"]
        assert record(world)["sha256"] == hashlib.sha256(whole).hexdigest()
        assert record(world)["size"] == len(whole)
        where = {"archive": world.folder.archive, "keep": world.folder.inbox}.get(original)
        if where is not None:
            assert (where / "a.gif").read_bytes() == whole
        assert world.files(world.folder.quarantine) == []

    def test_pages_of_the_half_are_not_kept(self, memory):
        """What was read of the half is forgotten, not put beside pages of the whole."""
        world = World(memory, retry_delay_s=0.001)
        world.boot(Late(b"more"))
        world.drop()
        settle(world)
        assert set(world.pipeline.done.values()) == {2}

    def test_more_came_and_it_could_not_be_read(self, memory):
        """Nor is a file quarantined because it was caught in the middle of a write."""
        world = World(memory, retry_delay_s=0.001)
        world.boot(Late(b"more", breaks=True))
        world.drop()
        settle(world)
        assert world.outputs == ["a.json", "a.txt"]
        assert (world.folder.archive / "a.gif").read_bytes() == GIF + b"more"

    def test_it_never_ends(self, memory):
        """A file that grows for ever is quarantined in the end, and the report names the setting."""
        world = World(memory, retries=2, retry_delay_s=0.001)
        world.boot(Late(*[b"more"] * 99))
        world.drop()
        settle(world)
        assert world.outputs == []
        assert "settle_s" in (world.folder.quarantine / "a.gif.error.txt").read_text()

    def test_a_new_time_alone(self, memory):
        """A server that sets the time of a file after it was closed does not have it read or processed twice."""
        world = World(memory, original="keep", retry_delay_s=0.001)
        world.boot(Late(b""))
        path = world.drop()
        read = world.pipeline.convert

        def convert(path, *others):
            converted = read(path, *others)
            os.utime(path, (7, 7))
            return converted

        world.pipeline.convert = convert
        settle(world)
        settle(world)
        assert len(world.pipeline.read) == 1
        assert world.outputs == ["a.json", "a.txt"]
        assert path.stat().st_mtime == 7

    def test_mended_in_quarantine(self, memory):
        """Pages of the file as it was are not used for the one that was put in its place."""
        world = World(memory, retries=0)
        world.boot(Late(b"more"))
        world.drop()
        settle(world)
        mended = world.folder.quarantine / "a.gif"
        mended.write_bytes(GIF + b"mended")
        give_back(world.ledger, world.only(), world.folder)
        settle(world)
        assert record(world)["sha256"] == hashlib.sha256(GIF + b"mended").hexdigest()
        assert set(world.pipeline.done.values()) == {2}
