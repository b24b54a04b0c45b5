"""scanmend.layout.line_order: of two lines of one column the upper one is read first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.document import Line, Word
from scanmend.layout.line_order import in_vertical_order


def line(text, left, top, width=100, paragraph=0, height=10):
    return Line((Word(text, (left, top, left + width, top + height)),), paragraph)


def texts(lines):
    return [one.text for one in in_vertical_order(lines)]


LINES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 40), st.integers(1, 20), st.integers(0, 2), st.booleans()), max_size=9
)


def drawn(rows):
    """Lines of these edges; some have no boxes, as a test of what is odd."""
    return [
        line(f"w{n}", 10 * left, 5 * top, 10 * width, paragraph) if boxed else Line((Word(f"w{n}"),), paragraph)
        for n, (left, top, width, paragraph, boxed) in enumerate(rows)
    ]


def test_a_block_that_came_too_early():
    """It goes below the lines that stand above it, and begins a paragraph."""
    lines = [line("footer", 0, 300), line("one", 0, 0, paragraph=1), line("two", 0, 20, paragraph=1)]
    done = in_vertical_order(lines)
    assert [(one.text, one.paragraph) for one in done] == [("one", 0), ("two", 0), ("footer", 1)]


def test_two_columns_stay():
    """Each is read to its end, although the second begins higher than the first ends; the same lines come back."""
    lines = [
        *(line(f"l{n}", 0, 20 * n) for n in range(5)),
        *(line(f"r{n}", 200, 20 * n, paragraph=1) for n in range(5)),
    ]
    assert in_vertical_order(lines) == tuple(lines)


def test_rows_of_a_table_stay():
    """Cells beside each other have no order of height."""
    lines = [line("b", 200, 2), line("a", 0, 0), line("d", 200, 20), line("c", 0, 21)]
    assert texts(lines) == ["b", "a", "d", "c"]


def test_lines_that_overlap_stay():
    """Where the upper one reaches into the lower one, none is above the other."""
    assert texts([line("low", 0, 4), line("high", 0, 0)]) == ["low", "high"]


def test_lines_without_boxes_follow_the_line_before_them():
    """They move with it; what they stand between is sorted all the same."""
    lines = [line("low", 0, 90), Line((Word("x"),)), line("high", 0, 0), Line((Word("y"),)), Line(())]
    assert texts(lines) == ["high", "y", "", "low", "x"]
    assert texts([Line((Word("x"),)), line("low", 0, 90), line("high", 0, 0)]) == ["x", "high", "low"]


def test_nothing():
    """No lines, no order."""
    assert in_vertical_order([]) == ()


@settings(deadline=None, max_examples=40)
@given(LINES)
def test_whatever_the_lines(rows):
    """The same words come back, sorting them again changes nothing, and paragraphs only count up."""
    lines = drawn(rows)
    done = in_vertical_order(lines)
    assert sorted(one.text for one in done) == sorted(one.text for one in lines)
    assert in_vertical_order(done) == done
    if done != tuple(lines):
        assert [one.paragraph for one in done] == sorted(one.paragraph for one in done)


@settings(deadline=None, max_examples=40)
@given(LINES)
def test_no_line_of_a_column_precedes_one_above_it(rows):
    """Of two lines as wide as each other at the same left edge, the upper one is first."""
    done = [one for one in in_vertical_order(drawn(rows)) if one.words[0].box]
    for k, one in enumerate(done):
        for other in done[:k]:
            a, b = one.words[0].box, other.words[0].box
            if (a[0], a[2]) == (b[0], b[2]):
                assert not a[3] <= b[1]
