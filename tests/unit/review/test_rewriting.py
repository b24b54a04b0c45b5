"""scanmend.review.rewriting: files of others are left alone, and what is out of reach is waited for."""

import json

from review_world import AMOUNT, WAIT_S, ReviewWorld
from scanmend.review.doubt.decisions import Decision
from scanmend.review.rewriting import CHANGED, GONE
from two_readers_page import TEXT
from waiting import until


def test_a_file_that_somebody_changed_is_left_alone(world):
    """And so is one that is gone; the others are written, and the document says which were not."""
    id_ = world.publish()
    (world.folder.outbox / "a.txt").write_text("mine")
    (world.folder.outbox / "a.md").unlink()
    found = world.decide(id_, Decision(AMOUNT, "take"))
    assert found.left == {".txt": CHANGED, ".md": GONE}
    after = world.outputs()
    assert after["a.txt"] == b"mine"
    assert "a.md" not in after
    assert b"49.10" in after["a.hocr"]
    assert json.loads(after["a.json"])["pages"][0]["corrected"] == TEXT.replace("19.10", "49.10")
    again = world.decide(id_, Decision(AMOUNT, "type", "5"))
    assert again.left == {".txt": CHANGED, ".md": GONE}
    assert world.outputs()["a.txt"] == b"mine"


def test_the_scan_is_gone(world):
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


def test_a_scan_that_is_deleted_is_kept_for_review(tmp_path, pool):
    """At no cost where a link will do; it goes with the bundle."""
    world = ReviewWorld(tmp_path, pool, original="delete")
    id_ = world.publish()
    own = world.reviews.shelf.bundle(id_).own_source()
    assert own.exists()
    assert not list(world.folder.archive.iterdir())
    assert world.decide(id_, Decision(AMOUNT, "take")).is_written
    assert world.reviews.shelf.expire(2e10) == 1
    assert not own.exists()
    world.close()


def test_outputs_that_are_out_of_reach_are_waited_for(world):
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
