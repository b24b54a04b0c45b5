"""What every view has around it."""

from scanmend.web.frame import Frame


def test_the_numbers_stand_at_the_views_where_a_person_is_wanted():
    views = {view: (number, tone) for _, _, view, number, tone in Frame("now", "Now", 0.0, 3, 7).views}
    assert views == {"now": (0, ""), "done": (0, ""), "failed": (3, "no"), "review": (7, "two")}


def test_a_list_is_fetched_less_often_than_what_is_watched():
    assert Frame("done", "Done", 0.0, 0, 0).pace_ms > Frame("now", "Now", 0.0, 0, 0).pace_ms
