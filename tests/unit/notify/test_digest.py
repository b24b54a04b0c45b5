"""scanmend.notify.digest: due once a day, and counts only."""

from datetime import UTC, datetime

import pytest

from scanmend.ledger.ledger import DayCount
from scanmend.notify.digest import message, next_due


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 28, 6, 0, tzinfo=UTC), datetime(2026, 11, 28, 7, 30, tzinfo=UTC)),
        (datetime(2026, 11, 28, 7, 30, tzinfo=UTC), datetime(2026, 11, 29, 7, 30, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 1, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_it_is_due_at_the_next_such_time(now, due):
    assert next_due(now, "07:30") == due


def test_it_has_each_folder_and_what_is_left():
    """What nobody has to know is left out."""
    counts = [
        DayCount("letters", 12, 40, 0, 3, 1),
        DayCount("invoices", 2, 2, 1, 0, 0),
    ]
    text = message(counts, {"done": 900, "quarantined": 5, "waiting": 2, "working": 1}, 1).text
    assert text.splitlines() == [
        "invoices: 2 done with 2 pages, 1 of them not corrected.",
        "letters: 12 done with 40 pages, 3 disputed numbers, 1 failed.",
        "Now: 3 in hand, 5 in quarantine, 1 folder(s) paused.",
    ]


def test_a_quiet_day_says_so():
    """A digest that does not come would mean that something is wrong."""
    assert message([], {}, 0).text == "No document came to its end.\nNow: 0 in hand, 0 in quarantine."
