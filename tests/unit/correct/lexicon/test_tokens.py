"""Words as correction sees them: cores between punctuation, their case, their neighbours, and where sentences begin."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.lexicon.tokens import (
    WordParts,
    count_letters,
    match_case,
    neighbours,
    split_punctuation,
    starts_sentence,
)
from scanmend.document import Line, Word, page_from_text

LATIN = st.text(string.ascii_letters + "äöüéñçÄÖÜÉÑÇ", min_size=1)


class TestParts:
    @pytest.mark.parametrize(
        ("text", "before", "core", "after"),
        [
            ("word", "", "word", ""),
            ("“word,”", "“", "word", ",”"),
            ("«¿qué?»", "«¿", "qué", "?»"),
            ("([{word}])...", "([{", "word", "}])..."),
            ("U.S.", "", "U.S", "."),
            ("well-known;", "", "well-known", ";"),
            ("snake_case_", "", "snake_case_", ""),
            ("$1,250.00.", "$", "1,250.00", "."),
            ("a\u0301b", "", "a\u0301b", ""),
            ("日本語。", "", "日本語", "。"),
        ],
    )
    def test_punctuation_is_cut_from_both_ends(self, text, before, core, after):
        """Quotes, brackets, stops and signs go; what stands between letters stays."""
        assert split_punctuation(text) == WordParts(before, core, after)

    @pytest.mark.parametrize(
        ("text", "before", "core", "after"),
        [
            ("l'eau", "l'", "eau", ""),
            ("L\u2019EAU,", "L\u2019", "EAU", ","),
            ("(qu'il", "(qu'", "il", ""),
            ("d'accord.", "d'", "accord", "."),
            ("dell'arte", "dell'", "arte", ""),
            ("un'altra", "un'", "altra", ""),
            ("jusqu'alors", "jusqu'", "alors", ""),
            ("«s'il", "«s'", "il", ""),
        ],
    )
    def test_elisions_stand_before_the_core(self, text, before, core, after):
        """Word lists hold the article and the noun apart."""
        assert split_punctuation(text) == WordParts(before, core, after)

    @pytest.mark.parametrize("text", ["don't", "aujourd'hui", "o'clock", "committee's", "rock'n'roll", "I'm"])
    def test_other_apostrophes_stay_inside(self, text):
        """An apostrophe within a word is a letter of it."""
        assert split_punctuation(text) == WordParts("", text, "")

    def test_an_article_with_nothing_after_it_is_a_word(self):
        """What a line end broke off is not taken for punctuation."""
        assert split_punctuation("l'") == WordParts("", "l", "'")

    @pytest.mark.parametrize("text", ["", "...", "—", "“”", "\x00\x07", "\n", "\u200b\ufeff"])
    def test_without_letters_there_is_no_core(self, text):
        """Empty text, punctuation and control characters have none."""
        assert split_punctuation(text).core == ""

    @pytest.mark.parametrize("text", ["\x00word\x1f", "\nword\n", "\u200eword\u200f"])
    def test_control_characters_are_punctuation(self, text):
        """What cannot be seen is not part of the core."""
        assert split_punctuation(text).core == "word"

    @given(st.text())
    def test_nothing_is_lost(self, text):
        """The three parts are always the whole, and neither end of the core is punctuation."""
        cut = split_punctuation(text)
        assert cut.before + cut.core + cut.after == text
        assert cut.with_core(cut.core) == text
        assert not cut.core or all(c.isalnum() or c == "_" for c in (cut.core[0], cut.core[-1]))
        assert not any(c.isalnum() or c == "_" for c in cut.after)

    @pytest.mark.timeout(20)
    def test_time_grows_with_length_alone(self):
        """Text without blanks, as long as a book and full of points, is cut at once."""
        text = "a" + "." * 300_000 + "b"
        assert split_punctuation(f"({text})") == WordParts("(", text, ")")


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a1b2_c", 3), ("Grüße", 5), ("12,50", 0), ("日本", 2), ("l'eau!", 4), ("№ ½ ²", 0)]
)
def test_letters_are_counted(text, count):
    """Digits, underscores and signs are none."""
    assert count_letters(text) == count


class TestLike:
    @pytest.mark.parametrize(
        ("pattern", "word", "result"),
        [
            ("tbe", "the", "the"),
            ("Tbe", "the", "The"),
            ("TBE", "the", "THE"),
            ("tBe", "the", "the"),
            ("I", "the", "The"),
            ("lbe", "Paris", "Paris"),
            ("Tbe", "", ""),
            ("", "the", "the"),
            ("ÜBEB", "über", "ÜBER"),
        ],
    )
    def test_the_case_of_the_pattern(self, pattern, word, result):
        """Capitals throughout, a capital first, or as the word has it."""
        assert match_case(pattern, word) == result

    @given(LATIN, LATIN)
    def test_only_case_changes(self, pattern, word):
        """The letters are those of the word, and small patterns leave it alone."""
        assert match_case(pattern, word).casefold() == word.casefold()
        assert match_case(pattern.lower(), word) == word


class TestStartsSentence:
    LINE = Line(tuple(Word(w) for w in ["end.", "New", "words:", "and", "so"]))

    @pytest.mark.parametrize(("index", "starts"), [(1, True), (2, False), (3, True), (4, False)])
    def test_within_a_line(self, index, starts):
        """The word before decides."""
        assert starts_sentence(self.LINE, index, None) is starts

    @pytest.mark.parametrize(
        ("before", "starts"),
        [
            ("done.", True),
            ("done?", True),
            ("done!”", True),
            ("(done.)", True),
            ("of", False),
            ("of”", False),
            ("I,", False),
        ],
    )
    def test_at_the_beginning_of_a_line(self, before, starts):
        """The last word above decides."""
        assert starts_sentence(self.LINE, 0, Word(before)) is starts

    def test_at_the_beginning_of_a_paragraph(self):
        """With no word above, a sentence begins."""
        assert starts_sentence(self.LINE, 0, None)


class TestNeighbours:
    PAGE = page_from_text("one trans-\nported two- three\nfour-\n5 six")

    @pytest.mark.parametrize(
        ("line", "word", "count", "expected"),
        [
            (0, 0, 1, ("", "trans-")),
            (0, 1, 1, ("one", "ported")),
            (1, 0, 1, ("trans-", "two-")),
            (1, 0, 3, ("trans-", "four-")),
            (1, 1, 2, ("ported", "four-")),
            (3, 1, 1, ("5", "")),
        ],
    )
    def test_the_words_beside(self, line, word, count, expected):
        """On the line above and below, too."""
        assert neighbours(self.PAGE, line, word, count) == expected
