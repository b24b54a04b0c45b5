"""scanmend.correct.two_readers.placement: where found lines stand in the reading order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.two_readers.comparison import FoundLine
from scanmend.correct.two_readers.frame import LineFrame
from scanmend.correct.two_readers.lattice import LineReading
from scanmend.correct.two_readers.placement import place
from scanmend.document import Line, Page
from two_readings import line, page, second

LONG = "a lost line of prose that goes on"


def found(text, left, top):
    one = second(text, left, top)
    return FoundLine(LineReading(one), LineFrame.of(one))


def placed(one, *lines):
    """The text of the page with found lines where they belong, one row for each line."""
    roomy, places, _ = place(one, lines)
    rows = [[(i, 1, w.text) for i, w in enumerate(row.words)] for row in roomy.lines]
    for p in places:
        rows[p.line].append((p.word, p.found.frame.left / 10_000, p.found.text))
    return [" ".join(text for _, _, text in sorted(row, key=lambda r: r[:2])) for row in rows]


def test_a_price_beside_its_item():
    """It joins the row, at its place from left to right."""
    items = page(line("Coffee", 0, 0), line("Tea", 0, 40))
    assert placed(items, found("4.50", 300, 3), found("2", 90, 40)) == ["Coffee 4.50", "Tea 2"]


def test_two_cells_beside_one_item():
    """They come from left to right, even where the right one stands a little higher."""
    assert [
        p.found.text for p in place(page(line("Coffee", 0, 0)), [found("4.50", 300, 0), found("2", 200, 2)])[1]
    ] == ["4.50", "2"]


def test_a_cell_before_its_row():
    """It stands before the first word."""
    assert placed(page(line("Coffee", 100, 0)), found("1", 20, 0)) == ["1 Coffee"]


def test_far_away_in_the_same_height():
    """What stands in another column is no part of the row."""
    assert placed(page(line("left", 0, 0)), found("right", 800, 0)) == ["left", "right"]


def test_a_line_between_two_others():
    """It becomes a line of its own, of the paragraph of the line above it."""
    one = page(line("first", 0, 0, paragraph=1), line("third", 0, 80, paragraph=2))
    roomy, places, moved = place(one, [found("second", 0, 40)])
    assert [len(row.words) for row in roomy.lines] == [1, 0, 1]
    assert [row.paragraph for row in roomy.lines] == [1, 1, 2]
    assert (places[0].line, places[0].word, moved) == (1, 0, (0, 2))


def test_a_line_above_all():
    """It comes first; one below all comes last."""
    assert placed(page(line("text", 0, 80)), found("heading", 0, 0), found("footer", 0, 200)) == [
        "heading",
        "text",
        "footer",
    ]


@pytest.mark.parametrize("lost_left", [True, False])
def test_a_lost_paragraph(lost_left):
    """Its lines come in order, together, and before or after the other column, of which they join no row."""
    column = [line(f"other{n}", 400 * lost_left, 25 * n) for n in range(3)]
    lost = [found(f"{LONG} {n}", 400 * (not lost_left), 25 * n) for n in range(3)]
    own, others = [f"{LONG} {n}" for n in range(3)], ["other0", "other1", "other2"]
    assert placed(page(*column), *reversed(lost)) == ([*own, *others] if lost_left else [*others, *own])


def test_a_lost_first_line_of_the_right_column():
    """It comes before the rest of its column, and after the left one."""
    columns = [*(line(f"l{n}", 0, 25 * n) for n in range(3)), *(line(f"r{n}", 900, 25 * n) for n in (1, 2))]
    assert placed(page(*columns), found("r0", 900, 0)) == ["l0", "l1", "l2", "r0", "r1", "r2"]


def test_an_empty_page():
    """All found lines in order; two lost columns one after the other."""
    assert placed(page(), found("two", 0, 40), found("one", 0, 0)) == ["one", "two"]
    columns = [found(f"{LONG} {side}{n}", 450 * (side == "r"), 25 * n) for n in range(3) for side in "lr"]
    assert [t[-2:] for t in placed(page(), *columns)] == ["l0", "l1", "l2", "r0", "r1", "r2"]


def test_nothing_found():
    """The page comes back as it is."""
    one = page(line("text", 0, 80), Line(()))
    assert place(one, []) == (one, (), (0, 1))
    assert place(Page(1, ()), []) == (Page(1, ()), (), ())


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5),
    st.lists(st.tuples(st.sampled_from(["4.50", "words here", LONG]), st.integers(0, 30), st.integers(0, 30))),
)
def test_wherever_lines_stand(rows, lost):
    """Each found line has exactly one place, and the words of the page keep their order and their lines."""
    one = page(*(line(f"w{n} x{n}", 20 * x, 12 * y, paragraph=n) for n, (x, y) in enumerate(rows)), Line(()))
    lines = [found(text, 20 * x, 12 * y) for text, x, y in lost]
    roomy, places, moved = place(one, lines)
    assert sorted(id(p.found) for p in places) == sorted(id(f) for f in lines)
    assert [roomy.lines[n] for n in moved] == list(one.lines)
    assert [w for row in roomy.lines for w in row.words] == [w for row in one.lines for w in row.words]
    new = [p for p in places if p.line not in moved]
    assert {p.line for p in new} == set(range(len(roomy.lines))) - set(moved)
    assert all(0 <= p.word <= len(roomy.lines[p.line].words) for p in places)


def test_a_number_and_its_heading():
    """Where both were found in one row, they are one line, in the order of the row; below each other, they are two."""
    one = page(line("first", 0, 0), line("last", 0, 120))
    assert placed(one, found("Heading", 80, 38), found("2.1.", 0, 40)) == ["first", "2.1. Heading", "last"]
    assert placed(one, found("Heading", 80, 70), found("2.1.", 0, 40)) == ["first", "2.1.", "Heading", "last"]
