"""Hard rules: what no evidence may change, and what kinds of edits there are."""

import pytest

from scanmend.correct.hard_rules import changes_only_marks, drops_lone_mark, merges_words, violated_rule


@pytest.mark.parametrize(
    ("raw", "new", "why"),
    [
        ("are", "Are", "case"),
        ("U.S.", "U. S.", "spacing"),
        ("“Yes”", '"Yes"', "quotes"),
        ("trans- ported", "transported", "spacing"),
        ("well-known", "well known", "spacing"),
        ("word", "word,", "punctuation"),
        ("word", "word;", "punctuation"),
        ("word!", "word.", "punctuation"),
        ("word?", "word", "punctuation"),
        ("(word)", "word", "punctuation"),
        ("“word", "word", "punctuation"),
        ("« word", "word", "punctuation"),
        ("word.", "word...", "punctuation"),
        ("word.", "word!", "punctuation"),
        ("it's", "its", "apostrophes"),
        ("don’t", "dont", "apostrophes"),
        ("we'll", "well", "apostrophes"),
        ("l'homme", "lhomme", "apostrophes"),
        ("cant", "can't", "kept as read"),
        ("U.S.", "US", "punctuation"),
        ("e.g.", "eg", "punctuation"),
        ("p.m", "pm", "punctuation"),
        ("U.S.,", "U,S,", "punctuation"),
        ("| 5", "5", "numbers"),
        ("5 |", "5", "numbers"),
        ("5. the", "5 the", "numbers"),
        ("§. the", "the", "numbers"),
        ("www.example.org", "www.exampleorg", "addresses"),
        ("info@example.org.", "info@example.org", "addresses"),
        ("a–b", "a-b", "spacing"),
        ("office@example.com", "offices@example.com", "addresses"),
        ("www.exarnple.org", "www.example.org", "addresses"),
        ("S/Price", "Since", "slash"),
        ("and/or", "andor", "slash"),
        ("W/house", "Whose", "slash"),
        ("c/o", "co", "slash"),
        ("wi/l", "wilt", "slash"),
        ("Total", "", "inserted nor dropped"),
        ("", "Total", "inserted nor dropped"),
        ("Qty", "Quantity of goods", "inserted nor dropped"),
        ("$5.00", "$6.00", "numbers"),
        ("$5.00", "5.00", "numbers"),
        ("1OO", "10", "numbers"),
        ("hospita1", "hospital", "numbers"),
    ],
)
def test_hard_rules(raw, new, why):
    """What is not the model's to change is refused whatever the evidence."""
    assert why in violated_rule(raw, new)


@pytest.mark.parametrize(
    ("raw", "new"), [("wi/l", "will"), ("/n", "In"), ("Qtv/Price", "Qty/Price"), ("hcr/his", "her/his")]
)
def test_slashes_that_are_misread_letters(raw, new):
    """A letter of a slash's shape may stand there, and the words on either side may be mended."""
    assert violated_rule(raw, new) == ""


class TestBlanks:
    @pytest.mark.parametrize(
        ("raw", "new"),
        [("ofthe", "of the"), ("prep aration", "preparation"), ("oft he", "of the"), ("prcp aration", "preparation")],
    )
    def test_blanks_between_letters(self, raw, new):
        """Words that were run together or torn apart may be mended."""
        assert violated_rule(raw, new) == ""

    @pytest.mark.parametrize(
        ("raw", "new"),
        [
            ("U.S.", "U. S."),
            ("z.B.", "z. B."),
            ("well-known", "well known"),
            ("well known", "well-known"),
            ("a - b", "a b"),
        ],
    )
    def test_other_blanks(self, raw, new):
        """Abbreviations and hyphens are set as they were read."""
        assert violated_rule(raw, new)


class TestKinds:
    def test_marks_alone(self):
        """Letters, digits and the ends of words stay; words of letters run together are another kind."""
        assert changes_only_marks("house.", "house")
        assert changes_only_marks("have.been", "have been")
        assert not changes_only_marks("ofthe", "of the")
        assert not changes_only_marks("tbe", "the")

    def test_a_mark_that_stands_alone(self):
        """It is left out; a mark at a word, and a piece of a word, are other kinds."""
        assert drops_lone_mark("| and", "and")
        assert drops_lone_mark("and ~", "and")
        assert not drops_lone_mark("and.", "and")
        assert not drops_lone_mark("prep aration", "preparation")

    def test_words_merged(self):
        """Two words of letters become one; a lone mark that goes, and a word split in two, are other kinds."""
        assert merges_words("prep aration", "preparation")
        assert not merges_words("| and", "and")
        assert not merges_words("ofthe", "of the")
