"""The text of a page with its places marked: whatever is decided, every place stays where it is."""

from dataclasses import replace

import pytest

from doubtful_places import DROPPED, EDIT, NUMBER, SECOND, decided, open_place
from scanmend.web.desk.page_text import Piece, marked_rows

MACHINE = "Receipt\n31.45 62.90\n\nsome text\nThe committee will meet\nthe end"


def shown(rows):
    """The rows as text, each place in brackets."""
    return ["".join(f"[{p.text}]" if p.place else p.text for p in row) for row in rows]


def test_places_are_marked_where_they_stand():
    rows = marked_rows(MACHINE, [open_place(p) for p in (NUMBER, SECOND, EDIT)])
    assert shown(rows) == ["Receipt", "[31.45] [62.90]", "", "some text", "The [committee] will meet", "the end"]


def test_a_decision_is_shown_as_decided():
    text = MACHINE.replace("31.45", "99.99")
    rows = marked_rows(text, [decided(NUMBER, "type", "99.99"), open_place(SECOND)])
    assert rows[1] == (Piece("99.99", NUMBER.id, is_decided=True), Piece(" "), Piece("62.90", SECOND.id))


def test_a_line_that_was_dropped_has_a_row_to_be_seen_in():
    rows = marked_rows(MACHINE, [open_place(DROPPED)])
    assert shown(rows)[-3:] == ["The committee will meet", "[]", "the end"]


def test_a_line_that_a_person_brings_back_is_found():
    text = MACHINE.replace("meet\n", "meet\n=~ i|\n")
    rows = marked_rows(text, [decided(DROPPED, "take", "=~ i|")])
    assert shown(rows)[-3:] == ["The committee will meet", "[=~ i|]", "the end"]


def test_a_line_that_a_person_empties_moves_those_below_it():
    alone = replace(NUMBER, before="", after="")
    text = "Receipt\n\nsome text\nThe committee will meet\nthe end"
    rows = marked_rows(text, [decided(alone, "type", ""), open_place(replace(EDIT, line=4))])
    assert shown(rows) == ["Receipt", "[]", "", "some text", "The [committee] will meet", "the end"]


@pytest.mark.parametrize("text", ["", "something else altogether", "\n\n"])
def test_a_text_that_does_not_fit_is_shown_without_marks(text):
    rows = marked_rows(text, [open_place(NUMBER)])
    assert "".join(shown(rows)).replace("\n", "") == text.replace("\n", "")


def test_a_page_of_a_thousand_lines_is_quick():
    """Each row is looked at once, not once for each place."""
    places = [
        open_place(replace(NUMBER, id=f"p1l{n}w1", line=n, span=replace(NUMBER.span, line=n - 1), after=""))
        for n in range(1, 1001)
    ]
    assert len(marked_rows("\n".join(["31.45"] * 1000), places)) == 1000
