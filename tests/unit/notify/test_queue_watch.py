"""scanmend.notify.queue_watch: a queue that stands still is told once, one that works never."""

import pytest

from scanmend.notify.queue_watch import QueueWatch

LIMIT_S = 3600.0


@pytest.fixture
def look():
    watch = QueueWatch()

    def at(now, waiting, ended=0, *stages):
        working = [{"id": "1", "stage": stage} for stage in stages]
        return watch.look(now, LIMIT_S, waiting=waiting, ended=ended, working=working)

    return at


def test_nothing_moving_for_the_limit_is_told_once(look):
    """Until something moves again."""
    assert look(0.0, 3) is None
    assert look(3599.0, 3) is None
    assert "3 document(s) wait, and nothing has moved for 60 minutes" in look(3600.0, 3).text
    assert look(9000.0, 3) is None
    assert look(9001.0, 3, 1) is None
    assert look(9001.0 + LIMIT_S, 3, 1) is not None


def test_an_empty_queue_may_stand_still_for_ever(look):
    """And what comes after a year of silence is not late at once."""
    assert [look(float(now), 0) for now in range(0, 100_000, 1000)] == [None] * 100
    assert look(100_000.0, 1) is None


def test_a_long_document_moves_page_by_page(look):
    assert [look(page * 1800.0, 1, 0, f"reading page {page} of 900") for page in range(900)] == [None] * 900


def test_one_that_fails_again_and_again_does_not_move(look):
    """Its stages come again, and are nothing new."""
    stages = ["starting", "reading page 1 of 2", "correcting page 1 of 2"]
    told = [look(n * 60.0, 1, 0, stages[n % 3]) for n in range(120)]
    assert sum(m is not None for m in told) == 1


def test_zero_is_never(look):
    watch = QueueWatch()
    assert [watch.look(now, 0.0, waiting=1, ended=0, working=[]) for now in (0.0, 1e6)] == [None, None]
