"""Hyphen repair: words that a line end broke are recognised, joined for judging, and divided again."""

import pytest

from scanmend.correct.lexicon.hyphenation import broken_pieces_beside, is_broken, rejoin, split_over_lines
from scanmend.document import page_from_text


class TestBroken:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("trans-", "ported"),
            ("trans-", "ported,”"),
            ("“trans-", "ported"),
            ("trans\u00ac", "ported"),
            ("trans\u2010", "ported"),
            ("trans\u00ad", "ported"),
            ("Ab-", "teilung"),
            ("l'am-", "biance"),
        ],
    )
    def test_a_hyphen_and_a_small_letter(self, before, after):
        """A line end broke the word there, be it a line end still or one that was lost when the text was flattened."""
        assert is_broken(before, after)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("trans", "ported"),
            ("trans-", "Ported"),
            ("trans-", "5"),
            ("trans-", "p0rted"),
            ("A4-", "ported"),
            ("-", "ported"),
            ("trans—", "ported"),
            ("trans-,", "ported"),
            ("trans-", "-ported"),
            ("trans-", ""),
            ("", "ported"),
            ("well-known-", "ported"),
        ],
    )
    def test_anything_else(self, before, after):
        """Capitals, figures, dashes and other marks end a word."""
        assert not is_broken(before, after)

    @pytest.mark.parametrize(
        ("text", "whole"),
        [
            ("trans- ported", "transported"),
            ("was trans- ported by", "was transported by"),
            ("was trans- Ported by", "was trans- Ported by"),
            ("in- ter- nal", "internal"),
            ("- a", "- a"),
            ("trans-", "trans-"),
            ("", ""),
        ],
    )
    def test_put_together_again(self, text, whole):
        """A word is joined however often it was broken."""
        assert rejoin(text) == whole


class TestPiecesBeside:
    PAGE = page_from_text("one trans-\nported two- three\nfour-\n5 six")

    @pytest.mark.parametrize(
        ("line", "word", "count", "expected"),
        [
            (0, 0, 1, ("", "")),
            (0, 1, 1, ("", "ported")),
            (1, 0, 1, ("trans", "")),
            (1, 0, 2, ("trans", "three")),
            (1, 1, 1, ("", "three")),
            (1, 2, 1, ("two", "")),
            (2, 0, 1, ("", "")),
            (3, 0, 1, ("", "")),
        ],
    )
    def test_the_rest_of_a_broken_word(self, line, word, count, expected):
        """The other half of a broken word is returned on either side, and only where a word is broken."""
        assert broken_pieces_beside(self.PAGE, line, word, count) == expected


@pytest.mark.parametrize(
    ("groups", "new", "expected"),
    [
        (["Satur-", "day"], "Saturday", ["Satur-", "day"]),
        (["Satur-", "dav"], "Saturday", ["Satur-", "day"]),
        (["Salur¬", "day"], "Saturday", ["Satur¬", "day"]),
        (["of", "tbe"], "ofthe", ["of", "the"]),
        (["in-", "com-", "plele"], "incomplete", ["in-", "com-", "plete"]),
        (["whole"], "hole", ["hole"]),
        (["a", "b", "c"], "d", ["d", "b", "c"]),
    ],
)
def test_a_word_over_several_lines_is_divided_as_it_was(groups, new, expected):
    """Each part stays on its line with its hyphen; a text too short to divide replaces the first part only."""
    assert split_over_lines(groups, new) == expected
