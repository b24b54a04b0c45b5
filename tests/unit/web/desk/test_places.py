"""One doubtful place: its readings, who has them, and the keys that take them."""

from doubtful_places import DROPPED, EDIT, NUMBER, decided, open_place
from scanmend.document import DocumentField, FieldValue
from scanmend.review.doubt.places import field_places
from scanmend.web.desk.places import card, evidence, is_settled, reading_order

TWELVE = FieldValue("12,00", "12.00", 1, ((10, 10, 50, 30),), 0.6)
SEVEN = FieldValue("7,00", "7.00", 1, ((10, 50, 50, 70),), 0.3)


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


def test_a_field_shows_what_it_can_be_and_where():
    """Each candidate as it was read, and its value to be taken by; and another value can be typed."""
    asked = DocumentField("total", "amount", required=True, chosen=TWELVE, others=(SEVEN,), doubt="two readers")
    (place,) = field_places([asked])
    shown = card(open_place(place))
    assert [(r.text, r.choice, r.source, r.value) for r in shown.readings] == [
        ("12.00", "accept", "", ""),
        ("7.00", "take", "candidate", "7.00"),
    ]
    assert shown.readings[1].who == ("'7,00' on page 1 (30 % sure)",)
    assert (shown.takes_text, shown.has_crop, shown.place.reason) == (True, True, "two readers")
