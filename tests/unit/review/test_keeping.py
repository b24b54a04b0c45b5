"""scanmend.review.keeping: what is kept, listed, learned again and removed."""

import pytest

from review_world import AMOUNT, ReviewWorld
from scanmend.review.doubt.decisions import Decision, DecisionRefused


def test_most_doubtful_first_page_by_page(tmp_path, pool):
    """The cursor of the last one leads to those behind it."""
    world = ReviewWorld(tmp_path, pool, outputs=("txt",))
    ids = [world.publish(f"{n}.png") for n in range(3)]
    world.decide(ids[1], Decision(AMOUNT, "accept"))
    first = world.reviews.queue(limit=2)
    rest = world.reviews.queue(first[-1].cursor, limit=2)
    assert {item.id for item in first} == {ids[0], ids[2]}
    assert [item.id for item in rest] == [ids[1]]
    assert rest[0].doubt < first[0].doubt
    world.close()


def test_off_keeps_nothing(tmp_path, pool):
    """The default."""
    world = ReviewWorld(tmp_path, pool, review="off", outputs=("txt",), original="delete")
    id_ = world.publish()
    assert not (tmp_path / "state" / "review").exists()
    with pytest.raises(DecisionRefused, match="is in review"):
        world.reviews.open(id_)
    world.close()


def test_a_lost_ledger_learns_reviews_again(world):
    """From the bundles; decisions that were taken stay."""
    id_ = world.publish()
    world.decide(id_, Decision(AMOUNT, "take"))
    world.close()
    (world.root / "state" / "ledger.sqlite").unlink()
    del world.ledger
    world.boot()
    found = world.reviews.open(id_)
    assert (found.item.decided, found.is_written) == (1, True)


def test_expired(world):
    """Nothing of it stays but a row that says so."""
    id_ = world.publish()
    assert world.reviews.shelf.expire(0.0) == 0
    assert world.reviews.shelf.expire(2e10) == 1
    assert not world.reviews.shelf.bundle(id_).path.exists()
    assert world.reviews.counts() == {"expired": 1}
    with pytest.raises(DecisionRefused, match="any more"):
        world.reviews.open(id_)


@pytest.mark.parametrize("id_", ["", "../x", ".x", "a/b"])
def test_ids_never_lead_elsewhere(world, id_):
    """They come from a browser."""
    with pytest.raises(DecisionRefused):
        world.reviews.open(id_)
