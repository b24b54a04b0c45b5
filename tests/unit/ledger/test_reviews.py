"""scanmend.ledger.reviews: the queue, what is pending, and what is over."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from scanmend.ledger.ledger import Ledger
from scanmend.ledger.reviews import ReviewRow

ROW = ReviewRow("1", "letters", Path("sub/caf\udce9.pdf"), 1.5, 3, 0, "open", False, 100.0, 200.0)


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def test_a_row_comes_back(ledger):
    """Whatever bytes its name has."""
    ledger.reviews.put(ROW)
    assert ledger.reviews.get("1") == ROW
    ledger.reviews.put(replace(ROW, decided=3, state="decided"))
    assert ledger.reviews.get("1").state == "decided"
    assert ledger.reviews.get("2") is None


def test_pending_is_noted_until_a_row_says_otherwise(ledger):
    """By another process, too."""
    ledger.reviews.put(ROW)
    assert ledger.reviews.pending() == []
    ledger.reviews.mark_pending("1")
    assert [row.id for row in ledger.reviews.pending()] == ["1"]
    ledger.reviews.put(ROW)
    assert ledger.reviews.pending() == []


def test_what_is_over(ledger):
    """By its time, or the oldest where there are too many, decided ones first; never what is still to be written."""
    for n in range(6):
        state = "decided" if n in (3, 4) else "open"
        ledger.reviews.put(replace(ROW, id=str(n), state=state, added=n, expires=100.0 * n, pending=n == 1))
    assert [row.id for row in ledger.reviews.over(250.0, 100)] == ["0", "2"]
    assert [row.id for row in ledger.reviews.over(0.0, 3)] == ["3", "4", "0"]
    ledger.reviews.expire("0")
    assert ledger.reviews.counts() == {"decided": 2, "expired": 1, "open": 3}


def test_pages_of_a_long_queue_are_found_by_the_index(ledger):
    """However many documents there are: no page is sorted, none is scanned; equal doubts are told apart by id."""
    with ledger.db.transaction() as db:
        db.executemany(
            "INSERT INTO review VALUES (?, 'f', x'61', ?, 3, 0, 'open', 0, 0, 0)",
            [(f"{n:05}", float(n % 7)) for n in range(50_000)],
        )
    seen: list[str] = []
    after = None
    started = time.monotonic()
    for _ in range(100):
        rows = ledger.reviews.queue("open", after, 500)
        seen += [row.id for row in rows]
        after = (rows[-1].doubt, rows[-1].id)
    assert len(set(seen)) == 50_000
    assert ledger.reviews.queue("open", after, 1) == []
    assert time.monotonic() - started < 60  # a sort of all for each page would take minutes
    plan = ledger.db.query(
        "EXPLAIN QUERY PLAN SELECT * FROM review WHERE state = 'open' AND (doubt, id) < (3.0, '1') "
        "ORDER BY doubt DESC, id DESC LIMIT 50"
    )
    assert [row["detail"] for row in plan] == ["SEARCH review USING INDEX review_queue (state=? AND (doubt,id)<(?,?))"]
