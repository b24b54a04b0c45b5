"""scanmend.process.turns: who goes next."""

import threading

from scanmend.process.turns import Rank, Turns
from waiting import until


def test_the_lower_rank_goes_first():
    """And of the same rank, who came first; whoever comes meanwhile takes its place among those that wait."""
    turns, went, threads = Turns(), [], []

    def go(name: str, rank: Rank) -> None:
        with turns.taken(rank):
            went.append(name)

    assert turns.try_take()
    for number, (name, rank) in enumerate(
        [("look", Rank.AHEAD), ("page 1", Rank.READ), ("page 2", Rank.READ), ("settle", Rank.SETTLE)], start=1
    ):
        threads.append(threading.Thread(target=go, args=(name, rank)))
        threads[-1].start()
        until(lambda number=number: len(turns._waiting) == number, "the thread to wait")
    assert not turns.try_take()
    turns.release()
    for thread in threads:
        thread.join(10)
    assert went == ["settle", "page 1", "page 2", "look"]
    assert not turns.locked()


def test_a_page_that_was_read_is_settled_before_others_are_looked_at():
    """Though what settles it is not there at once."""
    now, went = [0.0], []
    turns = Turns(60.0, lambda: now[0])
    with turns.taken(Rank.READ):
        pass

    def look() -> None:
        with turns.taken(Rank.AHEAD):
            went.append("look")

    thread = threading.Thread(target=look)
    thread.start()
    until(lambda: turns._waiting, "the thread to wait")
    with turns.taken(Rank.SETTLE):
        went.append("settle")
    assert went == ["settle"]
    now[0] = 60.0
    turns.release()  # as another thread's turn that ends
    thread.join(10)
    assert went == ["settle", "look"]
