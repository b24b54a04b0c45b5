"""scanmend.source.pdf_content.content_stream: where the operators of a content stream stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.source.pdf_content.content_stream import Edit, edited, name_in, numbers, operators


def names(data):
    return [operator.name for operator in operators(data)]


class TestOperators:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (b"q 1 0 0 1 0 0 cm /Im Do Q", [b"q", b"cm", b"Do", b"Q"]),
            (rb"(a \( Tj) Tj (b (nested) Tj) ' <54 6A> Tj", [b"Tj", b"'", b"Tj"]),
            (b'[(a)-20(b)]TJ T* 1 2(c)"', [b"TJ", b"T*", b'"']),
            (b"% q Q\nq %BT\r BT", [b"q", b"BT"]),
            (b"/Span<</ActualText(q)/MCID 1>>BDC EMC true null f*", [b"BDC", b"EMC", b"f*"]),
            (b"BI /W 2 /H 2 /CS /RGB /BPC 8 ID 1234 EI Q 12 EI Q", [b"BI", b"Q"]),
            (b"BI /W 9 /H 9 /F /Fl ID \x00\xff EI \x01\xff EI Q", [b"BI", b"Q"]),
            (b"BI /W 9 /H 9 /F /AHx ID 00ff>EI Q", [b"BI", b"Q"]),
            (b"q (never ends Tj", [b"q"]),
            (b"q ) ] >> } Q", [b"q", b"Q"]),
        ],
    )
    def test_they_are_found(self, data, expected):
        """Not in strings, comments and images."""
        assert names(data) == expected

    @given(st.binary(max_size=200))
    def test_anything_at_all(self, data):
        """Nothing is raised, and operators come in order, each within the data."""
        at = 0
        for operator in operators(data):
            assert at == operator.start <= operator.name_start < operator.end <= len(data)
            at = operator.end

    @pytest.mark.timeout(20)
    @pytest.mark.parametrize("piece", [b"<a", b"(", b"BI ID ", b"BI /F ID \xff EI", b"(\\", b"<<", b"[", b"%"])
    def test_nothing_takes_long(self, piece):
        """Whatever is opened and never closed."""
        assert len(names(piece * 200_000)) <= 400_000


class TestEdited:
    def test_edits(self):
        """Of one place, in the order given."""
        edits = [Edit(4, 6, b"X"), Edit(2, 2, b"<b"), Edit(2, 2, b"a>")]
        assert edited(b"01234567", edits) == b"01<ba>23X67"


class TestOperands:
    def test_numbers_and_names(self):
        """The last ones count."""
        assert numbers(b" 9 1 -.5 ", 2) == (1.0, -0.5)
        assert numbers(b"1", 2) is None
        assert numbers(b"/F1 x", 1) is None
        assert name_in(b"/F#31 12 ") == "F1"
        assert name_in(b"12") == ""
