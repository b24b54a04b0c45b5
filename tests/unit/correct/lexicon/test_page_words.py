"""The words of a page: of its languages, of the folder's glossary, and the names it repeats."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.lexicon.glossary import Glossary
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.wordlists import KNOWN_ZIPF, Lexicon
from scanmend.document import Page, page_from_text

NOTHING = Page(1, ())
LEXICON = Lexicon.of({"house": 5.0, "marker": 4.5, "partner": 5.0, "strasse": 4.0, "nartkel": 1.5, "the": 7.5}.items())
GLOSSARY = Glossary(["Nartker", "house", "X200-B"])


def of(text, glossary=GLOSSARY, lexicon=LEXICON):
    return PageWords(lexicon, page_from_text(text), glossary)


@pytest.mark.parametrize(
    ("text", "zipf"),
    [("the", 7.5), ("The house,", 5.0), ("the hause", 0.0), ("the nartkel", 0.0), ("—", 0.0), ("", 0.0)],
)
def test_rarest_zipf(text, zipf):
    """That of the rarest word; 0 where one is unknown."""
    assert of(text, Glossary(())).rarest_zipf(text) == zipf


class TestGlossary:
    def test_its_words_are_known_and_common(self):
        """At least as common as the glossary says; what is commoner stays so."""
        words = PageWords(LEXICON, NOTHING, GLOSSARY)
        assert words.zipf("Nartker") == words.zipf("NARTKER") == Glossary.zipf
        assert words.zipf("house") == 5.0
        assert words.zipf("narktor") == 0.0
        assert words.knows("Nartker")
        assert words.protects("Nartker")
        assert words.near_in_glossary("Nartkcr") == ["Nartker"]

    def test_none(self):
        """Without a glossary nothing is protected or near in it, and the lexicon alone counts."""
        words = PageWords(LEXICON, NOTHING)
        assert words.zipf("Nartker") == 0.0
        assert words.zipf("HOUSE") == 5.0
        assert not words.knows("Nartker")
        assert not words.protects("Nartker")
        assert words.near_in_glossary("Nartkcr") == []


class TestRepeatedNames:
    @pytest.mark.parametrize("text", ["Nartkor and Nartkor", "“Nartkor,” they said.\n\n(Nartkor)", "Nartkor. " * 5])
    def test_a_name_that_stands_there_twice(self, text):
        """It gets a low frequency and a repetition, whatever punctuation is around it."""
        words = of(text)
        assert KNOWN_ZIPF <= words.zipf("Nartkor") < 3.0
        assert words.repetition("Nartkor") == pytest.approx(math.log(text.count("Nartkor")))
        assert not words.knows("Nartkor")

    @pytest.mark.parametrize(
        ("text", "word"),
        [("Nartkor alone", "Nartkor"), ("nartkor and nartkor", "nartkor"), ("Nart and Nart", "Nart"),
         ("Nartkor and NARTKOR", "Nartkor")],
    )  # fmt: skip
    def test_what_is_none(self, text, word):
        """Words that stand there once, words in small letters and short words do not count as names."""
        words = of(text)
        assert words.zipf(word) == 0.0
        assert words.repetition(word) == 0.0

    def test_the_more_often_the_more(self):
        """A name's repetition grows with how often it stands on the page."""
        found = [of("Nartkor " * n).repetition("Nartkor") for n in range(1, 6)]
        assert found == sorted(set(found))
        assert found[0] == 0.0

    def test_a_known_word_is_no_more_common_for_it(self):
        """The frequency in a lexicon or the glossary is not raised by repetition."""
        words = of("House House Nartker Nartker Nartkel Nartkel")
        assert words.zipf("House") == 5.0
        assert words.zipf("Nartker") == Glossary.zipf
        assert words.zipf("Nartkel") >= KNOWN_ZIPF


class TestNear:
    def test_the_words_of_the_lexicon_in_the_case_of_the_core(self):
        """Without the core itself."""
        words = of("")
        assert list(words.near("honse")) == ["house"]
        assert list(words.near("HONSE")) == ["HOUSE"]
        assert "House" not in list(words.near("House"))

    def test_the_names_of_the_page_as_they_stand_there(self):
        """One edit away, or two where they are longer; not those that stand there once."""
        words = of("Smyth Smyth Nartkor Nartkor Mallory", lexicon=Lexicon.of(()))
        assert list(words.near("Smyih")) == ["Smyth"]
        assert list(words.near("Snyih")) == []
        assert list(words.near("Nartkcr")) == ["Nartkor"]
        assert list(words.near("Nartken")) == ["Nartkor"]
        assert list(words.near("Martkcn")) == []
        assert list(words.near("Nartkor")) == []
        assert list(words.near("Mallcry")) == []


class TestUnknownShare:
    def test_how_well_a_page_was_read(self):
        """The share grows with the number of unknown words."""
        shares = [of("the house " * (20 - n) + "tbe honse " * n).unknown_share for n in range(0, 21, 5)]
        assert shares == sorted(set(shares))
        assert shares[0] < 0.05
        assert shares[-1] > 0.6

    def test_a_few_words_prove_nothing(self):
        """On a short page the share is neither near 0 nor near 1."""
        assert of("the house").unknown_share > of("the house " * 100).unknown_share > 0
        assert of("tbe honse").unknown_share < of("tbe honse " * 100).unknown_share < 1
        assert 0 < of("").unknown_share < 0.1

    def test_glossary_words_are_known(self):
        """And single letters and figures are not counted."""
        assert of("gadget X200-B " * 9, Glossary(["gadget"])).unknown_share < of("gadget X200-B " * 9).unknown_share
        assert of("the house a b 5 12,50 — q " * 9).unknown_share == of("the house " * 9).unknown_share

    @given(st.lists(st.sampled_from(["the", "house", "tbe", "Nartker", "Nartkor", "Nartkor,", "a", "5", "—"])))
    def test_whatever_the_words(self, words):
        """The share lies between 0 and 1, and no frequency or repetition is below 0."""
        page = of(" ".join(words))
        assert 0 < page.unknown_share < 1
        for word in words:
            assert page.zipf(word) >= 0
            assert page.repetition(word) >= 0
            assert page.knows(word) <= (page.zipf(word) >= KNOWN_ZIPF)
