"""Several files, one document: all of them, once, whatever is cut off when."""

import json
import shutil

import pytest

from document_world import Crash, Death, Mortal, World, live
from lettered_stack import Stack
from scanmend.jobs.quarantine import give_back

BY_NUMBER = {"group": {"within_s": 0.5, "pattern": r"(.+)_\d+"}}
FILES = {"scan_1.gif": "p", "scan_2.gif": "qr", "scan_10.gif": "s"}


@pytest.fixture
def tmp_path(memory):
    """Every world of this module is in memory: a process that dies there leaves what one on a disk leaves."""
    return memory


def world_of(root, files=FILES, **settings):
    world = World(root, **(BY_NUMBER | settings))
    world.boot(Stack())
    drop(world, files)
    return world


def drop(world, files):
    for name, drawn in files.items():
        world.drop(name, b"GIF89a" + drawn.encode())


def record(world):
    (path,) = world.folder.outbox.rglob("*.json")
    return json.loads(path.read_bytes())


def test_files_become_one_document_and_are_put_away_together(tmp_path):
    """In natural order; the record names each file, and of each page where it comes from."""
    world = world_of(tmp_path)
    world.run()
    assert world.outputs == ["scan.json", "scan.txt"]
    assert world.files(world.folder.archive) == [
        f"scan.files/{name}" for name in ("scan_1.gif", "scan_10.gif", "scan_2.gif")
    ]
    assert world.files(world.folder.inbox) == []
    made = record(world)
    assert [(one["file"], one["pages"]) for one in made["sources"]] == [
        ("scan_1.gif", [1]),
        ("scan_2.gif", [2, 3]),
        ("scan_10.gif", [4]),
    ]
    assert [page["from"] for page in made["pages"]] == [
        {"file": "scan_1.gif", "page": 1},
        {"file": "scan_2.gif", "page": 1},
        {"file": "scan_2.gif", "page": 2},
        {"file": "scan_10.gif", "page": 1},
    ]
    assert made["archived_as"] == str(world.folder.archive / "scan.files")


def test_other_files_are_documents_of_their_own(tmp_path):
    """And subfolders, where they are to be."""
    files = {"letter/b.gif": "p", "letter/a.gif": "q", "alone.gif": "r", "more.d/x/c.gif": "s"}
    world = world_of(tmp_path, files, group={"within_s": 0.5, "pattern": "subfolder"}, recursive=True)
    world.run()
    assert world.outputs == sorted(f"{n}.{kind}" for n in ("alone", "letter", "more.d/x") for kind in ("json", "txt"))
    assert "letter.files/a.gif" in world.files(world.folder.archive)
    assert "alone.gif" in world.files(world.folder.archive)


def test_sources_may_be_deleted(tmp_path):
    """All of them, once the outputs are out."""
    world = world_of(tmp_path, original="delete")
    world.run()
    assert world.outputs == ["scan.json", "scan.txt"]
    assert world.files(world.folder.archive) == world.files(world.folder.inbox) == []
    assert world.inbox.claim_ids() == []


def test_what_cannot_be_collated_is_quarantined_together_and_retried(tmp_path):
    """The report names both files; the one that a person mends in quarantine counts then."""
    world = world_of(tmp_path, {"s_1.gif": "pp", "s_2.gif": "q"}, duplex="collate")
    world.run()
    assert world.outputs == []
    assert world.files(world.folder.quarantine) == ["s.files.error.txt", "s.files/s_1.gif", "s.files/s_2.gif"]
    why = world.only().error
    assert "s_1.gif (fronts) has 2 pages, s_2.gif (backs) has 1 page" in why
    (world.folder.quarantine / "s.files" / "s_2.gif").write_bytes(b"GIF89aqq")
    give_back(world.ledger, world.only(), world.folder)
    world.run()
    assert [page["from"] for page in record(world)["pages"]] == [
        {"file": "s_1.gif", "page": 1},
        {"file": "s_2.gif", "page": 2},
        {"file": "s_1.gif", "page": 2},
        {"file": "s_2.gif", "page": 1},
    ]
    assert world.files(world.folder.quarantine) == []


def test_a_joined_document_may_be_split_again(tmp_path):
    """At the barcodes that its files show."""
    split = {"by": "barcode", "pattern": "DOC-.*", "separator": "drop"}
    world = world_of(tmp_path, {"s_1.gif": "ap", "s_2.gif": "pb", "s_3.gif": "p"}, split=split)
    world.run()
    assert world.outputs == ["s-1.json", "s-1.txt", "s-2.json", "s-2.txt"]
    assert len(world.files(world.folder.archive)) == 3


@pytest.mark.timeout(240)
@pytest.mark.parametrize("settings", [{}, {"original": "delete"}])
def test_dying_before_any_single_change(tmp_path, settings):
    """One document of all files, once; no page is read twice."""

    def fresh(n):
        return world_of(tmp_path / str(n), **settings)

    death = Death()
    assert not live(fresh(0), death)
    assert len(death.steps) > 25
    for n in range(1, len(death.steps) + 1):
        world = fresh(n)
        assert live(world, Death(n)), n
        world.boot(world.pipeline)
        world.run()
        assert world.outputs == ["scan.json", "scan.txt"], n
        assert [one["file"] for one in record(world)["sources"]] == list(FILES), n
        assert (world.only().state, record(world)["id"]) == ("done", world.only().id), n
        kept = [] if settings else sorted(f"scan.files/{name}" for name in FILES)
        assert world.files(world.folder.archive) == kept, n
        assert world.files(world.folder.inbox) == [], n
        assert world.inbox.claim_ids() == [], n
        assert set(world.pipeline.done.values()) == {1}, n
        shutil.rmtree(world.root)


@pytest.mark.timeout(240)
def test_dying_on_the_way_to_quarantine_and_back(tmp_path):
    """All files are in quarantine together, or all come back to work."""

    def fresh(n):
        return world_of(tmp_path / str(n), {"s_1.gif": "pp", "s_2.gif": "q"}, duplex="collate")

    def retry(world):
        entry = world.only()
        if entry.state == "quarantined":
            give_back(world.ledger, entry, world.folder)

    death = Death()
    world = fresh(0)
    assert not live(world, death)
    for n in range(1, len(death.steps) + 1, 2):
        world = fresh(n)
        assert live(world, Death(n)), n
        world.boot(world.pipeline)
        world.run()
        assert world.files(world.folder.quarantine) == ["s.files.error.txt", "s.files/s_1.gif", "s.files/s_2.gif"], n
        (world.folder.quarantine / "s.files" / "s_2.gif").write_bytes(b"GIF89aqq")
        with Death(n).lurking():
            try:
                world.boot(world.pipeline, database=Mortal)
                retry(world)
            except Crash:
                pass
        world.boot(world.pipeline)
        retry(world)
        world.run()
        assert [one["file"] for one in record(world)["sources"]] == ["s_1.gif", "s_2.gif"], n
        assert world.files(world.folder.archive) == ["s.files/s_1.gif", "s.files/s_2.gif"], n
        shutil.rmtree(world.root)


@pytest.mark.timeout(240)
def test_a_lost_ledger_loses_no_file(tmp_path):
    """What was taken goes on, or back to the inbox; what was published is not made again."""
    death = Death()
    live(world_of(tmp_path / "0"), death)
    for n in range(1, len(death.steps) + 1, 2):
        world = world_of(tmp_path / str(n))
        assert live(world, Death(n)), n
        published = [path.name for path in world.folder.outbox.glob("*.json")]
        world.ledger.close()
        for file in world.root.glob("ledger.sqlite*"):
            file.unlink()
        del world.ledger
        world.boot(Stack())
        world.run()
        assert [one["file"] for one in record(world)["sources"]] == list(FILES), n
        assert not published or [path.name for path in world.folder.outbox.glob("*.json")] == published, n
        archived = sorted(name.rpartition("/")[2] for name in world.files(world.folder.archive))
        assert archived == sorted(FILES), n
        shutil.rmtree(world.root)
