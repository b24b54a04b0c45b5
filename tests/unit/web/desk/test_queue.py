"""scanmend.web.desk.queue: the queue of the review, page by page."""

from doubtful_places import QUEUED
from scanmend.web.desk.queue import SHOWN, section, wanted


def test_all_sections_are_on_the_first_page_only():
    """An address that nobody gave leads to the first page."""
    assert wanted("", "") == wanted("nonsense", "") == ("open", "outdated", "decided")
    assert wanted("", "1.0 d1") == ("open",)
    assert wanted("decided", "") == wanted("decided", "0.0 d1") == ("decided",)


def test_a_section_ends_where_nothing_follows():
    """With a way back from all but its first page."""
    whole = section("open", [QUEUED] * SHOWN, SHOWN, "")
    assert (len(whole.items), whole.more, whole.first, whole.title) == (SHOWN, "", "", "")
    last = section("decided", [QUEUED], SHOWN + 1, "0.0 d7")
    assert (last.more, last.first, last.title) == ("", "/review?state=decided", "Decided")


def test_more_goes_on_behind_the_last_that_is_shown():
    """Whatever its id holds."""
    assert section("open", [QUEUED] * (SHOWN + 1), 99, "").more == "/review?after=1.4+d1"
    assert section("decided", [QUEUED] * (SHOWN + 1), 99, "").more == "/review?state=decided&after=1.4+d1"
