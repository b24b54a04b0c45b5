"""The lexicon on wordfreq's own lists: what counts as a word, in which language, and which words are near."""

import pytest
import wordfreq
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.lexicon.wordlists import COMPOUNDING_LANGUAGES, KNOWN_ZIPF, Lexicon, lexicon
from scanmend.language.codes import CODES

SMALL = Lexicon.of(
    [("the", 7.7), ("he", 6.5), ("they", 6.4), ("tie", 4.0), ("thy", 3.9), ("tha", 1.9), ("committee", 5.0), ("a", 7.0)]
)


def english() -> Lexicon:
    """Built by the first test that asks, not by every process that collects tests."""
    return lexicon(("eng",))


def german() -> Lexicon:
    return lexicon(("deu",))


class TestKnown:
    @pytest.mark.parametrize(
        ("languages", "words"),
        [
            (("eng",), "hospital Hospital HOSPITAL which don't don\u2019t well-known"),
            (("deu",), "Straße unser Überweisung Rechnung"),
            (("fra",), "été où homme aujourd'hui"),
            (("spa",), "mañana factura según cuenta"),
        ],
    )
    def test_words_of_the_language(self, languages, words):
        """Common words are known, in whatever case."""
        assert not [word for word in words.split() if not lexicon(languages).knows(word)]

    @pytest.mark.parametrize(
        ("languages", "words"),
        [
            (("eng",), "whieh rernaining Nartker OCRWM U.S. xqzt-foo 12"),
            (("deu",), "nnser Rechmung Strafse"),
            (("fra",), "factura homrne"),
            (("spa",), "qne factnra maison-qne"),
        ],
    )
    def test_misread_and_foreign_words(self, languages, words):
        """Errors, names, acronyms and words of other languages are not."""
        assert not [word for word in words.split() if lexicon(languages).knows(word)]

    @pytest.mark.parametrize("word", ["Straße", "STRASSE", "große", "daß", "Waſſer"])
    def test_letters_that_case_folding_writes_otherwise(self, word):
        """wordfreq's lists have ``ss`` for ``ß``; the scan may have either."""
        assert german().zipf(word) > 4

    def test_the_threshold(self):
        """A word is known from KNOWN_ZIPF on; below, it keeps its frequency but is not known."""
        scarce = Lexicon.of([("just", KNOWN_ZIPF), ("below", KNOWN_ZIPF - 0.01)])
        assert scarce.knows("just")
        assert not scarce.knows("below")
        assert scarce.zipf("below") == KNOWN_ZIPF - 0.01
        assert list(scarce.near("jusd")) == ["just"]
        assert list(scarce.near("belov")) == []

    def test_zipf_is_the_logarithm_of_occurrences_in_a_billion_words(self):
        """The same scale as wordfreq's own."""
        assert english().zipf("the") == pytest.approx(wordfreq.zipf_frequency("the", "en"), abs=0.01)
        the, hospital, doghouse, whieh = map(english().zipf, ("the", "hospital", "doghouse", "whieh"))
        assert the > hospital > doghouse > whieh == 0

    @pytest.mark.parametrize("word", ["", "-", "--", "'", "'s", "-'s", "a--", "\x00", "’"])
    def test_what_is_no_word_at_all(self, word):
        """Marks alone are looked up like anything else."""
        assert SMALL.zipf(word) in {0.0, 7.0}

    @given(st.text(max_size=30))
    def test_any_text_can_be_looked_up(self, text):
        """A frequency is never negative, and case never matters."""
        for one in (SMALL, german()):
            assert one.zipf(text) >= 0
            assert one.zipf(text.lower()) == one.zipf(text)


class TestInflected:
    def test_hyphenated_words(self):
        """They are as common as their rarest part, and unknown with one part that is none."""
        assert SMALL.zipf("the-tie-he") == 4.0
        assert SMALL.zipf("The-Tie") == 4.0
        assert SMALL.zipf("the-tje") == 0.0

    def test_a_word_that_a_line_end_broke(self):
        """``com-mittee`` is as common as the word without the hyphen."""
        assert SMALL.zipf("com-mittee") == SMALL.zipf("committee") == 5.0
        assert english().knows("hos-pital")
        assert not english().knows("hos-pitel")

    @pytest.mark.parametrize("word", ["committee's", "Committee\u2019s", "COMMITTEE'S"])
    def test_possessives(self, word):
        """An unlisted genitive is as common as its noun, with either apostrophe."""
        assert SMALL.zipf(word) == 5.0

    def test_possessives_of_what_is_no_word(self):
        """The ending makes no word."""
        assert not english().knows("comrnittee's")


class TestCompounds:
    WORDS = (("rechnung", 4.3), ("nummer", 4.8), ("konto", 4.4), ("garten", 4.6), ("nur", 6.0), ("selten", 2.5))

    @pytest.mark.parametrize("word", ["Rechnungsnummer", "Kontonummer", "GARTENRECHNUNG", "Nummernummer"])
    def test_two_words_written_as_one(self, word):
        """With or without a joining s, they just count as a word where the language writes compounds so."""
        assert Lexicon.of(self.WORDS, compounds=True).zipf(word) == KNOWN_ZIPF
        assert Lexicon.of(self.WORDS).zipf(word) == 0.0

    @pytest.mark.parametrize(
        "word", ["Rechnungsnumner", "Rechmungsnummer", "Nurnummer", "Seltennummer", "Kontoxnummer"]
    )
    def test_what_is_no_compound(self, word):
        """Each part is a common word of some length, and nothing but an s is between."""
        assert not Lexicon.of(self.WORDS, compounds=True).knows(word)

    @pytest.mark.parametrize("word", ["Rechnungsnummer", "Gartenbestellung", "Lieferungsbestätigung"])
    def test_german(self, word):
        """No list has all of them."""
        assert german().knows(word)

    @pytest.mark.parametrize("word", ["Rechnungsnnmmer", "Rechnvngsnummer", "lhnenrechnung"])
    def test_misread_german_compounds(self, word):
        """An error inside one is still seen."""
        assert not german().knows(word)

    def test_english_has_none(self):
        """Words run together are an error there, not a word."""
        assert not english().knows("hospitalcommittee")
        assert not english().knows("invoicenumber")


class TestLanguages:
    @pytest.mark.parametrize("language", ["lat", "osd", "script/Latin", "", "xyz"])
    def test_a_language_without_a_list(self, language):
        """It has an empty lexicon, which is false and knows nothing."""
        empty = lexicon((language,))
        assert not empty
        assert not empty.knows("est")
        assert list(empty.near("est")) == []

    def test_several_together(self):
        """A word of any of them counts, as common as where it is commonest."""
        both = lexicon(("eng", "deu"))
        assert both
        assert both.knows("hospital")
        assert both.knows("Rechnungsnummer")
        assert both.zipf("die") == max(english().zipf("die"), german().zipf("die")) > english().zipf("die")

    def test_one_without_a_list_takes_nothing_away(self):
        """The others still count."""
        assert lexicon(("lat", "eng")).knows("hospital")

    def test_the_order_of_frequencies_does_not_matter(self):
        """The higher of two frequencies of one word counts."""
        assert Lexicon.of([("die", 4.0), ("die", 7.0)]).zipf("die") == Lexicon.of([("die", 7.0), ("die", 4.0)]).zipf(
            "die"
        )

    def test_case_of_the_name_does_not_matter(self):
        """Tesseract's own names are small, people's are not always."""
        assert lexicon(("ENG",)).knows("hospital")

    def test_compounding_languages_are_those_of_the_lists(self):
        """Every code is one that some Tesseract name stands for."""
        assert set(CODES.values()) >= COMPOUNDING_LANGUAGES


class TestNear:
    def test_the_nearest_first_and_then_the_commonest(self):
        """One edit comes before two; among equals the more common word."""
        assert list(SMALL.near("tha")) == ["the", "thy"]
        found = list(english().near("comrnittee"))
        assert found[0] == "committee"
        assert next(english().near("hospilal")) == "hospital"

    @pytest.mark.parametrize(
        ("word", "reach"), [("cat", 1), ("abcd", 2), ("abcdef", 2), ("abcdefg", 3), ("abcdefghi", 3), ("abcdefghij", 4)]
    )
    def test_longer_words_reach_further(self, word, reach):
        """One edit for short words, four for long ones, and never more."""
        targets = ["".join(chr(ord(c) + 10) if i < n else c for i, c in enumerate(word)) for n in range(1, 6)]
        one = Lexicon.of([(target, 5.0) for target in targets[: len(word)]])
        assert list(one.near(word)) == targets[:reach]

    def test_insertions_deletions_and_swaps(self):
        """Each of them is one edit."""
        one = Lexicon.of([("form", 5.0), ("farms", 4.9), ("far", 4.8), ("fram", 4.7)])
        assert list(one.near("farm")) == ["form", "farms", "far", "fram"]

    def test_neither_the_word_itself_nor_single_letters_nor_marks(self):
        """What is near is another word of letters."""
        one = Lexicon.of([("the", 7.0), ("t", 6.0), ("th", 5.0), ("t'e", 5.0)])
        assert list(one.near("the")) == ["th"]
        assert "a" not in list(SMALL.near("b"))

    def test_in_lower_case(self):
        """Case is for the caller to restore."""
        assert list(SMALL.near("THA")) == list(SMALL.near("tha"))

    def test_no_more_than_asked_for(self):
        """``most`` bounds how many words are returned."""
        assert len(list(english().near("bas", most=5))) <= 5
        assert len(list(english().near("bas"))) > 5

    def test_every_one_is_known(self):
        """A rare typing error that the list holds is not offered."""
        assert all(english().knows(word) for word in english().near("whieh"))
