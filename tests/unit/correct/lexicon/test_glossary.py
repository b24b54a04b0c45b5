"""The glossary: what it protects, and which of its words a scan may have meant."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.glossary import MAX_NEAR_WORDS, Glossary, glossary

OFFICE = Glossary(["Müller & Söhne GmbH", "Hewlett-Packard", "X200-B", "widget", "D'Angelo", "NaCl"])
CORES = st.text("abcdeMüllerOI01-", min_size=1, max_size=9)


class TestWords:
    def test_every_word_of_an_entry(self):
        """Each that has letters, once; halves of a hyphenated word, but not of a code, and no single letters."""
        entries = ["Müller & Söhne GmbH", "Hewlett-Packard", "X200-B", "T-Mobile", "12-34", "“Söhne”,", "---"]
        assert Glossary(entries).words == (
            *("Müller", "Söhne", "GmbH"),
            *("Hewlett-Packard", "Hewlett", "Packard"),
            *("X200-B", "T-Mobile", "Mobile"),
        )

    def test_none(self):
        """An empty glossary is false, protects nothing and proposes nothing."""
        empty = Glossary(["", "#", "123"])
        assert not empty
        assert not empty.protects("word")
        assert empty.near("word") == []
        assert OFFICE

    def test_built_once(self):
        """The same entries come with every page of a folder."""
        assert glossary(("a", "b")) is glossary(tuple("ab"))
        assert glossary(("a", "c")).words == ("a", "c")


class TestProtects:
    @pytest.mark.parametrize(
        "word",
        [
            *("Müller", "MÜLLER", "(Müller,", "„Müller“", "Müller's", "MÜLLER’S", "Mu\u0308ller", "GmbH.", "GMBH"),
            *("Hewlett-Packard", "HEWLETT-PACKARD", "Hewlett-", "Packard;", "Müller-Packard"),
            *("X200-B", "X200-B.", "widget", "Widget", "WIDGET", "D'Angelo", "D’Angelo's", "NaCl,"),
        ],
    )
    def test_as_it_is_written_or_in_capitals(self, word):
        """Whatever stands around it; what is written small may begin a sentence."""
        assert OFFICE.protects(word)

    @pytest.mark.parametrize(
        "word", ["müller", "Muller", "Müllers", "NACl", "x200-b", "X200", "200", "wiDget", "Söhn", "&", "", "Müller-x"]
    )
    def test_nothing_else(self, word):
        """Other case, other letters, parts of codes."""
        assert not OFFICE.protects(word)

    def test_in_any_unicode_form(self):
        """A file from a Mac spells ü as two characters."""
        assert Glossary([unicodedata.normalize("NFD", "Müller")]).protects("Müller")


class TestNear:
    @pytest.mark.parametrize(
        ("core", "expected"),
        [
            ("Mu\u0308llcr", ["Müller"]),
            ("Mullcr", ["Müller"]),
            ("MULLER", ["MÜLLER"]),
            ("MULLEr", ["MÜLLER"]),
            ("Hewlctt-Packard", ["Hewlett-Packard"]),
            ("Packanl", ["Packard"]),
            ("GmhH", ["GmbH"]),
            ("GMRH", ["GMBH"]),
            ("widgct", ["widget"]),
            ("Widgct", ["Widget"]),
            ("WIDGCT", ["WIDGET"]),
            ("Wigdet", ["Widget"]),
        ],
    )
    def test_what_looks_like_it(self, core, expected):
        """One edit from 4 letters, two from 6, in the form that the raw word is in."""
        assert OFFICE.near(core) == expected

    @pytest.mark.parametrize(
        "core", ["Sohn", "GmPl", "GmxbHx", "Nal", "Mxxxer", "muller-x", "Packet", "Müller", "WIDGET", ""]
    )
    def test_what_does_not(self, core):
        """Too far, too short, or a glossary word itself."""
        assert OFFICE.near(core) == []

    @pytest.mark.parametrize(
        ("core", "expected"), [("X200-8", []), ("X2O0-B", []), ("X20O-B", []), ("X200-H", ["X200-B"]), ("Mu1ler", [])]
    )
    def test_digits_stay(self, core, expected):
        """No digit is added, dropped or changed."""
        assert OFFICE.near(core) == expected

    def test_the_nearest_first(self):
        """Then those of the same length; words that differ in case only come once."""
        names = Glossary(["Mallory", "Mallard", "Malory", "MALLORY"])
        assert names.near("Mallorv") == ["Mallory", "Mallard", "Malory"]

    def test_not_too_many(self):
        """A glossary of look-alikes does not drown the other candidates."""
        assert len(Glossary([f"Name{c}" for c in "abcdefghijklmnopqrstuvwxyz"]).near("Name_")) == MAX_NEAR_WORDS

    @given(st.lists(CORES, max_size=6), CORES)
    def test_whatever_the_words(self, entries, core):
        """What is near is protected, is not the word itself, and has its digits; what is protected has none near."""
        words = Glossary(entries)
        for word in words.near(core):
            assert words.protects(word)
            assert word != core
            assert numbers.number_characters(word) == numbers.number_characters(core)
        assert not (words.protects(core) and words.near(core))
