"""scanmend.review.reviews over real ledgers, files and page workers: decisions come out in all outputs."""

import json
import os
from pathlib import Path

import pymupdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from review_world import AMOUNT, FOUND, ReviewWorld
from scanmend.document import NumberCounts
from scanmend.review.decisions import Decision, DecisionRefused
from scanmend.review.rewriting import CHANGED, GONE
from two_readers_page import HEIGHT, TEXT, WIDTH
from waiting import until

WAIT_S = 30.0


@pytest.fixture
def world(tmp_path, pool):
    world = ReviewWorld(tmp_path, pool)
    yield world
    world.close()


def decided(world, id_, *decisions, name="Ana"):
    world.reviews.decide(id_, decisions, name)
    assert world.reviews.wait_written(id_, WAIT_S)
    return world.reviews.open(id_)


def record_of(world, name="a"):
    return json.loads((world.folder.outbox / f"{name}.json").read_bytes())


class TestWriting:
    def test_a_typed_number_comes_out_in_all_outputs(self, world):
        """Text, Markdown, hOCR, PDF, proof sheet and record; undo brings every byte back."""
        id_ = world.publish()
        machine = world.outputs()
        assert len(machine) == 6
        found = decided(world, id_, Decision(AMOUNT, "type", "19.70"))
        assert (found.is_written, found.left, found.item.decided, found.trouble) == (True, {}, 1, "")
        after = world.outputs()
        assert after["a.txt"].decode() == TEXT.replace("19.10", "19.70") + "\n"
        for name in ("a.txt", "a.md", "a.hocr", "a.html", "a.json"):
            assert b"19.70" in after[name], name
        with pymupdf.open(stream=after["a.pdf"], filetype="pdf") as pdf:
            assert "19.70" in pdf[0].get_text()
        record = record_of(world)
        assert record["numbers"] == {"agreed": 1, "disputed": 0, "single": 1, "confirmed": 1}
        assert world.ledger.get(id_).numbers == NumberCounts(1, 0, 1, 1)
        (told,) = record["review"]
        assert told | {"at": ""} == {
            "place": AMOUNT, "page": 1, "choice": "type", "before": "19.10", "after": "19.70", "by": "Ana", "at": "",
        }  # fmt: skip
        world.reviews.undo(id_, "Ana")
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine

    def test_outputs_are_the_machines_when_made_again_without_its_copies(self, world):
        """Every format is deterministic: from the kept pages come the very same bytes."""
        id_ = world.publish()
        machine = world.outputs()
        decided(world, id_, Decision(AMOUNT, "take"))
        for kept in (world.reviews.shelf.bundle(id_).machine).iterdir():
            kept.unlink()
        world.reviews.undo(id_, "Ana")
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine

    def test_the_machines_version_is_restored(self, world):
        """Whatever was decided; and the restoring can be taken back."""
        id_ = world.publish()
        machine = world.outputs()
        decided(world, id_, Decision(AMOUNT, "take"))
        both = decided(world, id_, Decision(FOUND, "type", "Total 72"))
        assert both.pages[0].text == TEXT.replace("19.10", "49.10").replace("12", "72")
        persons = world.outputs()
        world.reviews.restore_machine(id_)
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine
        assert world.reviews.open(id_).item.decided == 0
        world.reviews.undo(id_, "")
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == persons

    def test_steps_that_follow_each_other_are_written_at_once(self, tmp_path, pool):
        """A person decides ten places in a row; the outputs are written when that pauses."""
        world = ReviewWorld(tmp_path, pool, outputs=("txt", "json"))
        id_ = world.publish()
        world.reviews._quiet_s = 0.3
        for text in "123456789":
            found = world.reviews.decide(id_, [Decision(AMOUNT, "type", text)], "")
        assert (found.steps, found.written) == (9, 0)
        assert world.reviews.wait_written(id_, WAIT_S)
        assert (world.folder.outbox / "a.txt").read_text() == TEXT.replace("19.10", "9") + "\n"
        world.close()

    def test_everything_decided(self, world):
        """The document leaves the queue of those that are open, and comes back with an undo."""
        id_ = world.publish()
        places = world.reviews.open(id_).places
        assert [item.id for item in world.reviews.queue()] == [id_]
        found = decided(world, id_, *(Decision(p.place.id, "accept") for p in places))
        assert (found.item.state, found.item.doubt, world.reviews.queue()) == ("decided", 0.0, [])
        assert [item.id for item in world.reviews.queue(state="decided")] == [id_]
        world.reviews.undo(id_, "")
        assert world.reviews.open(id_).item.state == "open"
        assert world.reviews.counts() == {"open": 1}

    def test_on_disks_of_their_own(self, world, monkeypatch):
        """Where nothing can be linked, copies are kept."""
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(PermissionError(1, "no links")))
        id_ = world.publish()
        machine = world.outputs()
        decided(world, id_, Decision(AMOUNT, "take"))
        assert world.outputs() != machine
        world.reviews.restore_machine(id_)
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine


class TestFilesOfOthers:
    def test_a_file_that_somebody_changed_is_left_alone(self, world):
        """And so is one that is gone; the others are written, and the document says which were not."""
        id_ = world.publish()
        (world.folder.outbox / "a.txt").write_text("mine")
        (world.folder.outbox / "a.md").unlink()
        found = decided(world, id_, Decision(AMOUNT, "take"))
        assert found.left == {".txt": CHANGED, ".md": GONE}
        after = world.outputs()
        assert after["a.txt"] == b"mine"
        assert "a.md" not in after
        assert b"49.10" in after["a.hocr"]
        assert record_of(world)["pages"][0]["corrected"] == TEXT.replace("19.10", "49.10")
        again = decided(world, id_, Decision(AMOUNT, "type", "5"))
        assert again.left == {".txt": CHANGED, ".md": GONE}
        assert world.outputs()["a.txt"] == b"mine"

    def test_the_scan_is_gone(self, world):
        """Then outputs that show pages cannot be made; nothing is written, and the document says so."""
        id_ = world.publish()
        machine = world.outputs()
        (world.folder.archive / "a.png").unlink()
        world.reviews.decide(id_, [Decision(AMOUNT, "take")], "")
        until(lambda: world.reviews.open(id_).trouble, "the trouble to be told")
        found = world.reviews.open(id_)
        assert (found.item.state, found.is_written) == ("outdated", False)
        assert "the scan is not where it was put" in found.trouble
        assert world.outputs() == machine

    def test_a_scan_that_is_deleted_is_kept_for_review(self, tmp_path, pool):
        """At no cost where a link will do; it goes with the bundle."""
        world = ReviewWorld(tmp_path, pool, original="delete")
        id_ = world.publish()
        own = world.reviews.shelf.bundle(id_).own_source()
        assert own.exists()
        assert not list(world.folder.archive.iterdir())
        assert decided(world, id_, Decision(AMOUNT, "take")).is_written
        assert world.reviews.shelf.expire(2e10) == 1
        assert not own.exists()
        world.close()

    def test_outputs_that_are_out_of_reach_are_waited_for(self, world):
        """An outbox that is gone is no outbox that somebody emptied; the next daemon tries again."""
        id_ = world.publish()
        world.folder.outbox.rename(world.root / "elsewhere")
        world.reviews.decide(id_, [Decision(AMOUNT, "take")], "")
        until(lambda: world.reviews.open(id_).trouble, "the trouble to be told")
        assert world.reviews.open(id_).item.state == "outdated"
        (world.root / "elsewhere").rename(world.folder.outbox)
        world.boot()
        assert world.reviews.wait_written(id_, WAIT_S)
        assert b"49.10" in world.outputs()["a.txt"]
        assert world.reviews.open(id_).left == {}


class TestPictures:
    def test_page_and_place(self, world):
        """The page in its own size; the crop shows the place, in colour."""
        id_ = world.publish()
        with Image.open(world.reviews.page_image(id_, 1)) as page:
            assert page.size == (WIDTH, HEIGHT)
            assert page.convert("RGB").getpixel((260, 255)) == (0, 0, 128)
        with Image.open(world.reviews.crop(id_, AMOUNT)) as crop:
            assert crop.size == (80 + 4 * 30, 30 + 2 * 30)
            assert crop.convert("RGB").getpixel((100, 45)) == (0, 0, 128)
        (world.folder.archive / "a.png").unlink()
        assert world.reviews.crop(id_, AMOUNT).exists()  # from the cache
        with pytest.raises(DecisionRefused, match="no image of a page 2"):
            world.reviews.page_image(id_, 2)


class TestQueueAndBundles:
    def test_most_doubtful_first_page_by_page(self, tmp_path, pool):
        """The cursor of the last one leads to those behind it."""
        world = ReviewWorld(tmp_path, pool, outputs=("txt",))
        ids = [world.publish(f"{n}.png") for n in range(3)]
        decided(world, ids[1], Decision(AMOUNT, "accept"))
        first = world.reviews.queue(limit=2)
        rest = world.reviews.queue(first[-1].cursor, limit=2)
        assert {item.id for item in first} == {ids[0], ids[2]}
        assert [item.id for item in rest] == [ids[1]]
        assert rest[0].doubt < first[0].doubt
        world.close()

    def test_off_keeps_nothing(self, tmp_path, pool):
        """The default."""
        world = ReviewWorld(tmp_path, pool, review="off", outputs=("txt",), original="delete")
        id_ = world.publish()
        assert not (tmp_path / "state" / "review").exists()
        with pytest.raises(DecisionRefused, match="is in review"):
            world.reviews.open(id_)
        world.close()

    def test_a_lost_ledger_learns_reviews_again(self, world):
        """From the bundles; decisions that were taken stay."""
        id_ = world.publish()
        decided(world, id_, Decision(AMOUNT, "take"))
        world.close()
        (world.root / "state" / "ledger.sqlite").unlink()
        del world.ledger
        world.boot()
        found = world.reviews.open(id_)
        assert (found.item.decided, found.is_written) == (1, True)

    def test_expired(self, world):
        """Nothing of it stays but a row that says so."""
        id_ = world.publish()
        assert world.reviews.shelf.expire(0.0) == 0
        assert world.reviews.shelf.expire(2e10) == 1
        assert not world.reviews.shelf.bundle(id_).path.exists()
        assert world.reviews.counts() == {"expired": 1}
        with pytest.raises(DecisionRefused, match="any more"):
            world.reviews.open(id_)

    @pytest.mark.parametrize("id_", ["", "../x", ".x", "a/b"])
    def test_ids_never_lead_elsewhere(self, world, id_):
        """They come from a browser."""
        with pytest.raises(DecisionRefused):
            world.reviews.open(id_)


STEPS = st.lists(
    st.one_of(
        st.builds(Decision, st.sampled_from([AMOUNT, FOUND]), st.just("type"), st.sampled_from(["", "9", "x 8"])),
        st.builds(Decision, st.sampled_from([AMOUNT, FOUND]), st.sampled_from(["accept", "take", "skip"])),
        st.just("undo"),
        st.just("restore"),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, daemons=st.sets(st.integers(0, 5)))
def test_whatever_was_decided_undoing_all_of_it_brings_the_machines_version_back(
    tmp_path_factory, pool, steps, daemons
):
    """Byte by byte, over any number of daemons; ``txt`` and ``json`` here, all formats in the tests above."""
    world = ReviewWorld(Path(tmp_path_factory.mktemp("world")), pool, outputs=("txt", "json"))
    id_ = world.publish()
    machine = world.outputs()
    for n, one in enumerate(steps):
        try:
            if one == "undo":
                world.reviews.undo(id_, "")
            elif one == "restore":
                world.reviews.restore_machine(id_)
            else:
                world.reviews.decide(id_, [one], "")
        except DecisionRefused:
            assert one == "undo"
        if n in daemons:
            world.boot()
    while world.reviews.open(id_).can_undo:
        world.reviews.undo(id_, "")
    assert world.reviews.wait_written(id_, WAIT_S)
    assert world.outputs() == machine
    world.close()
