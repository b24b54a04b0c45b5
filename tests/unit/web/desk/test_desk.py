"""A document on the desk: which place is next, what is marked, and what a person is told."""

from dataclasses import replace

from doubtful_places import DROPPED, EDIT, NUMBER, SECOND, decided, document, open_place
from scanmend.web.desk.desk import address, changed, desk, next_open


def test_the_first_open_place_is_shown_unless_another_is_wanted():
    found = document(decided(NUMBER, "accept", "31.45"), open_place(SECOND), open_place(EDIT))
    assert desk(found).card.place.id == SECOND.id
    assert desk(found, EDIT.id).card.place.id == EDIT.id
    assert desk(found, "nonsense").card.place.id == SECOND.id


def test_places_before_and_behind_are_known():
    on_it = desk(document(open_place(NUMBER), open_place(SECOND), open_place(EDIT)), SECOND.id)
    assert (on_it.previous, on_it.next, on_it.number, on_it.total, on_it.open) == (NUMBER.id, EDIT.id, 2, 3, 3)
    assert desk(document(open_place(NUMBER))).previous == desk(document(open_place(NUMBER))).next == ""


def test_after_a_decision_comes_the_next_open_place_and_then_those_left_out():
    found = document(open_place(NUMBER), decided(SECOND, "accept", "62.90"), open_place(EDIT))
    assert next_open(found, NUMBER.id) == EDIT.id
    assert next_open(found, EDIT.id) == NUMBER.id
    assert next_open(document(decided(EDIT, "accept", "committee")), EDIT.id) == EDIT.id


def test_the_place_that_was_taken_back_is_found():
    before = [open_place(NUMBER), decided(SECOND, "accept", "62.90")]
    assert changed(before, [open_place(NUMBER), open_place(SECOND)]) == SECOND.id
    assert changed(before, before) == ""


def test_marks_stand_on_the_page_and_the_one_to_decide_lies_on_top():
    on_it = desk(document(open_place(NUMBER), decided(SECOND, "accept", "62.90"), open_place(EDIT)), NUMBER.id)
    assert [mark.tone for mark in on_it.marks] == ["decided", "", "here"]
    left, top, right, bottom = NUMBER.box
    here = on_it.marks[-1]
    assert here.x < left
    assert here.y < top
    assert here.x + here.width > right
    assert here.y + here.height > bottom


def test_only_the_page_of_the_place_is_shown():
    elsewhere = replace(EDIT, id="p2l4w2", page=2)
    found = document(open_place(NUMBER), open_place(elsewhere), pages=2)
    assert (desk(found).page.number, len(desk(found).marks)) == (1, 1)
    assert desk(found, elsewhere.id).page.number == 2
    assert desk(found, elsewhere.id).image == "/review/d1/page/2"


def test_a_page_without_an_image_has_none():
    found = document(open_place(NUMBER))
    assert desk(replace(found, pages=(replace(found.pages[0], width=0, height=0),))).image == ""


def test_a_document_without_places_is_shown_all_the_same():
    on_it = desk(document())
    assert (on_it.card, on_it.total, on_it.open, on_it.says) == (None, 0, 0, "No doubtful place")


def test_files_that_somebody_changed_and_troubles_are_told():
    found = replace(document(open_place(NUMBER)), left={".txt": "it was changed"}, trouble="the disk is full")
    assert desk(found).notices == (
        ".txt was left alone, and does not have the decisions: it was changed",
        "The outputs cannot be written now: the disk is full",
    )


def test_it_is_told_whether_the_outputs_have_the_decisions():
    found = document(open_place(NUMBER))
    assert "as the machine published" in desk(found).writing
    assert "when you pause" in desk(replace(found, steps=2, written=1)).writing
    assert "have all decisions" in desk(replace(found, steps=2, written=2)).writing


def test_a_screen_reader_hears_what_stands_there():
    assert desk(document(open_place(NUMBER))).says == "Disputed number, place 1 of 1: 31.45"
    assert desk(document(open_place(DROPPED))).says.endswith("nothing stands there")


def test_decisions_are_told_latest_first():
    found = document(
        decided(NUMBER, "accept", "31.45", at="2026-11-28T12:00:00+00:00"),
        decided(SECOND, "accept", "62.90", at="2026-11-28T12:00:05+00:00"),
    )
    assert [one.decision.place for one in desk(found).decisions] == [SECOND.id, NUMBER.id]


def test_an_address_is_quoted():
    assert address("a/b", "/decide", "p&q") == "/review/a%2Fb/decide?place=p%26q"
