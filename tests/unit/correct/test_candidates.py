"""What a word may have been: what is looked into, other letters, other marks, words run together and torn apart."""

import math
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.candidates import MAX_CANDIDATES, CandidateFinder
from scanmend.correct.confusions import Confusions
from scanmend.correct.hard_rules import violated_rule
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.glossary import Glossary
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.wordlists import KNOWN_ZIPF, Lexicon, lexicon
from scanmend.document import Page, Word, page_from_text

LINE = (
    *("the", "house.", "how", "ofthe", "prep", "aration", "Nartker", "U.S.", "x.", "a"),
    *("5", "$5", "1,250.00", "-5", "50%", ".5", "|", "*", "-", "+", ",'"),
)
NOTHING = Page(1, ())
CONFUSIONS = Confusions.load()
NO_GLOSSARY = Glossary(())


@cache
def english() -> CandidateFinder:
    """Built by the first test that asks, not by every process that collects tests."""
    return CandidateFinder(PageWords(lexicon(("eng",)), NOTHING), CONFUSIONS)


def small(words, rows=(), page=NOTHING, glossary=NO_GLOSSARY):
    """Candidates of a lexicon and a table that hold nothing but these."""
    return CandidateFinder(PageWords(Lexicon.of(words.items()), page, glossary), Confusions(dict(rows)))


def texts(candidates, word):
    word = Word(word) if isinstance(word, str) else word
    return [c.text for c in candidates.respelled(word)]


def at(line, i, candidates=None):
    """Candidates of a word in its line: what it may have been, and how many words that was."""
    return [(c.text, c.count) for c in (candidates or english()).at_word([Word(text) for text in line.split()], i)]


class TestSuspicious:
    @pytest.mark.parametrize("text", ["whieh", "“Whieh,”", "rernaining", "Nartker", "ofthat"])
    def test_unknown_words(self, text):
        """What no lexicon holds, names included, is worth a question."""
        assert english().is_suspicious(Word(text))
        assert english().is_suspicious(Word(text, confidence=99.0))

    @pytest.mark.parametrize("text", ["the", "The", "“people,”", "work."])
    def test_common_words(self, text):
        """Common words are not suspicious, unless Tesseract itself was unsure of them."""
        assert not english().is_suspicious(Word(text))
        assert not english().is_suspicious(Word(text, confidence=96.0))
        assert english().is_suspicious(Word(text, confidence=20.0))

    @pytest.mark.parametrize("text", ["2024", "$1O0.00", "1OO", "50%", "A4", "-5", "§3", "№7", "hospita1"])
    def test_numbers(self, text):
        """No model is asked about a word with a digit or a sign in it."""
        assert not english().is_suspicious(Word(text, confidence=1.0))

    @pytest.mark.parametrize("text", ["l", "x,", "(Q)", "—", "...", "|", ""])
    def test_single_letters_and_marks(self, text):
        """They are not suspicious: too many words look like them, or none."""
        assert not english().is_suspicious(Word(text, confidence=1.0))

    def test_a_word_that_a_much_commoner_one_is_often_taken_for(self):
        """A rare word is suspicious when a likely confusion makes a common one of it, and only then."""
        rows = {("b", "h"): 2.0}
        assert small({"tbe": 3.0, "the": 7.5}, rows).is_suspicious(Word("tbe"))
        assert not small({"tbe": 3.0, "the": 7.5}).is_suspicious(Word("tbe"))
        assert not small({"tbe": 3.0, "the": 3.2}, rows).is_suspicious(Word("tbe"))
        assert not small({"tbe": 6.0, "the": 7.5}, rows).is_suspicious(Word("tbe"))

    def test_a_rare_word_that_two_common_ones_make(self):
        """It is suspicious, as the word lists hold some words that were run together."""
        assert small({"ofthe": 3.0, "of": 7.0, "the": 7.5}).is_suspicious(Word("ofthe"))
        assert not small({"ofthe": 3.0, "of": 7.0}).is_suspicious(Word("ofthe"))


class TestOtherLetters:
    @pytest.mark.parametrize(
        ("raw", "true"),
        [
            ("whieh", "which"),
            ("Whieh", "Which"),
            ("WHIEH", "WHICH"),
            ("rernaining", "remaining"),
            ("“whieh,”", "“which,”"),
            ("(publie);", "(public);"),
            ("hospitai.”", "hospital.”"),
        ],
    )
    def test_the_right_one_is_among_them(self, raw, true):
        """In the case of the raw word and between its punctuation."""
        assert true in texts(english(), raw)

    def test_from_known_confusions(self):
        """A confusion of the table is reversed, even where the raw word is a known word itself."""
        assert texts(small({"modem": 3.4, "modern": 5.0}, {("m", "rn"): 2.0}), "modem") == ["modern"]

    def test_from_the_lexicon(self):
        """Words near an unknown raw word are candidates without any confusion in the table; a known word gets none."""
        assert texts(small({"hospital": 5.0}), "hospikal") == ["hospital"]
        assert texts(small({"hospital": 5.0, "hospikal": 3.0}), "hospikal") == []
        assert texts(small({"hospital": 5.0}), "(Hospikal)") == ["(Hospital)"]
        assert texts(small({"hospital": 5.0}), "HOSPIKAL") == ["HOSPITAL"]

    def test_from_glyphs_that_tesseract_wavered_between(self):
        """An alternative of one glyph makes another word."""
        known = small({"cat": 5.0, "eat": 5.5, "car": 5.4})
        wavering = Word("cat", glyphs=((("c", 50.0), ("e", 45.0), ("(", 1.0)), (("a", 99.0),), (("t", 90.0),)))
        assert texts(known, wavering) == ["eat"]
        assert texts(known, "cat") == []

    def test_glyphs_between_punctuation(self):
        """The alternative is a letter of the core."""
        known = small({"cat": 5.0, "eat": 5.5})
        glyphs = ((("“", 90.0),), (("c", 50.0), ("e", 45.0)), (("a", 99.0),), (("t", 90.0),), ((",", 90.0),))
        assert texts(known, Word("“cat,", glyphs=glyphs)) == ["“eat,"]

    def test_glyphs_that_do_not_belong_to_the_letters_are_left_alone(self):
        """Ligatures and split words have more or fewer of them."""
        known = small({"cat": 5.0, "eat": 5.5})
        assert texts(known, Word("cat", glyphs=((("c", 50.0), ("e", 45.0)),))) == []

    def test_halves_of_words_that_were_run_together(self):
        """Two common words with the blank that was not read."""
        assert "of the" in texts(english(), "ofthe")
        assert "“Of the" in texts(english(), "“Ofthe")
        assert [t for t in texts(small({"of": 7.0, "the": 7.5, "oft": 3.0, "he": 6.5}), "ofthe") if " " in t] == [
            "of the"
        ]

    def test_the_likeliest_first(self):
        """Cheaper and commoner words come before costlier and rarer ones."""
        known = small({"rain": 5.0, "ruin": 4.0, "rein": 3.0}, {("o", "a"): 2.0, ("o", "u"): 2.0, ("o", "e"): 2.0})
        assert texts(known, "roin") == ["rain", "ruin", "rein"]
        known = small({"rain": 5.0, "ruin": 5.0}, {("o", "a"): 6.0, ("o", "u"): 1.0})
        assert texts(known, "roin") == ["ruin", "rain"]
        assert [c.cost for c in known.respelled(Word("roin"))] == [1.0, 6.0]

    def test_not_too_many(self):
        """The model's time is bounded."""
        many = {f"b{c}t": 5.0 for c in "aeiouylr"} | {f"{c}xt": 5.0 for c in "aeiouylr"}
        assert len(texts(small(many), "bxt")) == MAX_CANDIDATES
        assert len(texts(english(), "bas")) <= MAX_CANDIDATES

    def test_elisions_are_kept(self):
        """A French article stays before the word that is respelled."""
        french = CandidateFinder(PageWords(lexicon(("fra",)), NOTHING), CONFUSIONS)
        assert "l'homme" in texts(french, "l'homrne")
        assert "L\u2019homme," in texts(french, "L\u2019homrne,")

    def test_marks_that_are_misread_letters(self):
        """Confusions of signs that are hardly punctuation are reversed, too."""
        known = small({"ill": 5.0})
        assert "ill" not in texts(known, "|ll")
        assert texts(small({"ill": 5.0}, {("|", "i"): 3.0}), "|ll")[0] == "ill"

    def test_unknown_words_are_none(self):
        """Only words of the lexicon are ever offered, so a folder without one is left alone."""
        assert texts(small({"which": KNOWN_ZIPF - 0.1}), "whieh") == []
        assert texts(small({}), "whieh") == []

    @settings(deadline=None)
    @given(
        st.sampled_from(
            ["the", "which", "people", "committee", "don't", "of", "it's", "well-known", "Remaining", "U.S.", "l'eau"]
        ),
        st.data(),
    )
    def test_what_holds_for_every_one(self, word, data):
        """Known words, nothing forbidden, the raw word not among them, what stands before as it was."""
        at = data.draw(st.integers(0, len(word) - 1))
        raw = word[:at] + data.draw(st.text("abcehilnortuvwBEIO'.-", max_size=2)) + word[at + 1 :]
        raw = data.draw(st.sampled_from(["", "(", "“"])) + raw + data.draw(st.sampled_from(["", ",", ".”", ");"]))
        found = english().respelled(Word(raw))
        assert len(found) <= MAX_CANDIDATES
        assert len({c.text for c in found}) == len(found)
        for one in found:
            assert one.text != raw
            assert violated_rule(raw, one.text) == ""
            assert 0 < one.cost < math.inf
            assert one.zipf >= KNOWN_ZIPF
            assert "\n" not in one.text
            assert re.match(r"[(“]?", one.text)[0] == re.match(r"[(“]?", raw)[0]


class TestRunTogetherAndTornApart:
    @pytest.mark.parametrize("raw", ["ofthe", "inthe", "tothe", "“Ofthe,”"])
    def test_two_common_words_with_no_blank(self, raw):
        """They are split, between the same punctuation."""
        (one, *_) = [c.text for c in english().respelled(Word(raw)) if " " in c.text]
        assert one.replace(" ", "") == raw
        assert all(len(part) > 1 for part in one.split())

    @pytest.mark.parametrize(
        ("line", "joined"),
        [
            ("prep aration of", "preparation"),
            ("(prep aration, of", "(preparation,"),
            ("Prep aration of", "Preparation"),
            ("PREP ARATION OF", "PREPARATION"),
            ("gov ernment of", "government"),
        ],
    )
    def test_a_blank_inside_a_word(self, line, joined):
        """The two pieces are one word, which stands for both."""
        assert (joined, 2) in at(line, 0)

    @pytest.mark.parametrize(
        "line",
        [
            "of the house",
            "may be here",
            "some one came",
            "to day",
            "any body else",
            "prep, aration of",
            "prep (aration of",
            "prep 5 aration",
            "prep aration5 of",
            "prep Aration of",
            "$prep aration of",
            "prep",
        ],
    )
    def test_two_words_stay_two(self, line):
        """Words, punctuation between, figures, a capital, the end of the line: none of these is a torn word."""
        assert [c for c in at(line, 0) if c[1] > 1] == []

    def test_a_torn_word_may_be_misread_too(self):
        """Where neither piece is a word."""
        known = small({"preparation": 4.5}, {("c", "e"): 3.0})
        assert at("prcp aration of", 0, known) == [("preparation", 2)]

    def test_not_too_many(self):
        """All kinds together, likeliest first."""
        for line in ("ofthe prep", "bas aration", "l ife of", "i s.of"):
            words = [Word(text) for text in line.split()]
            for i in range(len(words)):
                found = english().at_word(words, i)
                assert len(found) <= MAX_CANDIDATES
                ranks = [c.cost - c.zipf * math.log(10) for c in found]
                assert ranks == sorted(ranks)


class TestOtherMarks:
    @pytest.mark.parametrize(
        ("line", "clean"),
        [
            ("how. far they", "how"),
            ("house: of the", "house"),
            ("house* of the", "house"),
            ("house| of the", "house"),
            ("the• of", "the"),
            (".house of", "house"),
            ("'house of", "house"),
            ("*house of", "house"),
        ],
    )
    def test_specks_at_a_word(self, line, clean):
        """A known word without them is a candidate."""
        assert (clean, 1) in at(line, 0)

    @pytest.mark.parametrize("line", ["house. of the", "house; of the", "house: of the"])
    def test_low_marks_before_a_small_letter(self, line):
        """They may have been a comma."""
        assert ("house,", 1) in at(line, 0)

    def test_a_comma_before_a_capital(self):
        """It may have been a point, but not before what may be a name."""
        assert ("house.", 1) in at("house, The people", 0)
        assert ("house.", 1) not in at("house, Nartker and", 0)
        assert ("house.", 1) not in at("house, the people", 0)

    @pytest.mark.parametrize(
        "line",
        ["house. The people", "house, the people", "house! of", "house? of", "(house) of", "house- of", "house—of"],
    )
    def test_marks_in_their_place(self, line):
        """They are not doubted."""
        assert at(line, 0) == []

    @pytest.mark.parametrize(("raw", "new"), [("have.been", "have been"), ("peo.ple", "people"), ("yes,we", "yes, we")])
    def test_marks_inside_a_word(self, raw, new):
        """A blank, nothing, or the mark and a blank."""
        assert (new, 1) in at(f"{raw} and", 0)

    @pytest.mark.parametrize("raw", ["U.S.", "e.g.", "B.B.C.", "a.m."])
    def test_abbreviations(self, raw):
        """Single letters between points are no words."""
        assert [c for c, _ in at(f"{raw} and", 0) if " " in c or c.count(".") < 1] == []

    @pytest.mark.parametrize("mark", ["|", "^", "¦", "\\", "||"])
    def test_a_speck_that_stands_alone(self, mark):
        """It may be nothing at all."""
        assert at(f"the {mark} house", 1) == [("", 1)]

    @pytest.mark.parametrize(
        "mark",
        ["-", "–", "—", "+", "±", "=", "%", "$", "€", "£", "§", "№", "#", "&", "/", "...", "!", "?", "(", "5", "½"],
    )
    def test_a_mark_that_stands_alone(self, mark):
        """Dashes, signs, currencies, brackets and figures are text."""
        assert at(f"the {mark} house", 1) == []

    @pytest.mark.parametrize("mark", ["*", "•", "©", "®", "~", "-"])
    def test_bullets_footnotes_and_dashes(self, mark):
        """They are text wherever they stand."""
        assert at(f"{mark} house and", 0) == []
        assert at(f"the {mark} house", 1) == []

    @pytest.mark.parametrize("mark", [">", "<"])
    def test_marks_that_begin_items(self, mark):
        """At the beginning of a line they are text, elsewhere a speck."""
        assert at(f"{mark} house and", 0) == []
        assert ("", 1) in at(f"the {mark} house", 1)

    @given(
        st.lists(
            st.sampled_from(LINE),
            min_size=1,
            max_size=6,
        ),
        st.data(),
    )
    def test_whatever_the_line(self, line, data):
        """Figures and signs have no candidates; others keep their letters' place and lose no sacred character."""
        i = data.draw(st.integers(0, len(line) - 1))
        found = english().at_word([Word(text) for text in line], i)
        assert not (found and numbers.holds_number(line[i]))
        assert len(found) <= MAX_CANDIDATES
        for one in found:
            assert not numbers.holds_number(one.text)
            assert 1 <= one.count <= len(line) - i
            assert not numbers.holds_number(" ".join(line[i : i + one.count]))
            assert 0 < one.cost < math.inf
            assert one.text or not any(c.isalpha() for c in line[i])


class TestWordsOfTheFolderAndThePage:
    GLOSSARY = Glossary(["Nartker", "X200-B", "NaCl"])

    def test_glossary_words_are_candidates(self):
        """In their own case, before other words that are as near."""
        known = small({"marker": 4.9, "narrower": 4.0}, glossary=self.GLOSSARY)
        assert texts(known, "Nartkcr")[0] == "Nartker"
        assert texts(known, "(Nartkcr,”") == ["(Nartker,”"]
        assert texts(known, "NARTKCR") == ["NARTKER"]
        assert texts(small({}, glossary=Glossary(["McDonald"])), "McDonaid") == ["McDonald"]
        assert texts(small({}), "Nartkcr") == []

    def test_glossary_words_are_beyond_suspicion(self):
        """However unsure Tesseract was, and whatever else they look like."""
        known = small({"marker": 6.0, "partner": 6.0}, glossary=self.GLOSSARY)
        for text in ("Nartker", "NARTKER", "(Nartker),", "Nartker's", "NaCl"):
            assert not known.is_suspicious(Word(text, confidence=10.0))
            assert at(f"the {text} and", 1, known) == []
        assert small({"marker": 6.0}).is_suspicious(Word("Nartker"))

    def test_a_real_word_near_a_glossary_word_is_suspicious(self):
        """Unless it is common or Tesseract was sure of it."""
        known = small({"forster": 3.5, "foster": 5.5}, glossary=Glossary(["Forsters"]))
        assert known.is_suspicious(Word("Forster"))
        assert not small({"forster": 3.5}).is_suspicious(Word("Forster"))
        assert not known.is_suspicious(Word("Forster", confidence=99.0))
        assert not known.is_suspicious(Word("Foster"))

    def test_names_that_the_page_repeats_are_candidates(self):
        """A name in no lexicon that stands there twice may have been read wrongly the third time."""
        page = page_from_text("Mr. Nartker came, and Nartker went, but Nartkcr and Martha stayed")
        assert texts(small({}, page=page), "Nartkcr") == ["Nartker"]
        once = page_from_text("Mr. Nartker came, but Nartkcr stayed")
        assert texts(small({}, page=once), "Nartkcr") == []

    def test_a_common_word_is_likelier_than_a_name(self):
        """A name of the page ranks after a common word that is as near."""
        page = page_from_text("Nartker and Nartker and Nartkor")
        known = small({"nartkir": 5.0}, page=page)
        assert texts(known, "Nartkor") == ["Nartkir", "Nartker"]
