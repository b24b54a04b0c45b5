"""One doubtful place: its readings, who has them, and the keys that take them."""

from doubtful_places import DROPPED, EDIT, NUMBER, decided, open_place
from scanmend.web.desk.places import card, evidence, is_settled, reading_order


def test_what_is_published_comes_first_and_is_accepted():
    readings = card(open_place(NUMBER)).readings
    assert [(r.key, r.text, r.choice, r.source) for r in readings] == [
        ("1", "31.45", "accept", ""),
        ("2", "27873145)", "take", "tesseract"),
    ]


def test_every_reading_says_who_has_it_and_what_speaks_for_it():
    readings = card(open_place(NUMBER)).readings
    assert readings[0].who == ("as published", "second reader (image +11.0, language +2.3)")
    assert readings[1].who == ("Tesseract (62 % sure)",)
    assert evidence(EDIT.alternatives[1]) == "language model (language +4.2)"


def test_a_place_that_was_dropped_offers_what_was_read():
    readings = card(open_place(DROPPED)).readings
    assert [(r.text, r.choice) for r in readings] == [("", "accept"), ("=~ i|", "take")]


def test_what_a_person_chose_is_marked():
    shown = card(decided(NUMBER, "take", "27873145)", by="Mira"))
    assert [r.is_chosen for r in shown.readings] == [False, True]
    assert (shown.is_decided, shown.by, shown.text) == (True, "Mira", "27873145)")


def test_what_was_skipped_is_open():
    one = decided(NUMBER, "skip", "31.45")
    assert not is_settled(one)
    assert not card(one).is_decided


def test_places_are_read_as_the_page_is():
    order = reading_order(map(open_place, (DROPPED, EDIT, NUMBER)))
    assert [one.place.id for one in order] == [NUMBER.id, EDIT.id, DROPPED.id]
