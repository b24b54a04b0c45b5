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
        """Words with letters and halves of hyphenated words count once; halves of codes and single letters do not."""
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
        """Punctuation around a word does not matter; a word in small letters may also begin a sentence."""
        assert OFFICE.protects(word)

    @pytest.mark.parametrize(
        "word", ["müller", "Muller", "Müllers", "NACl", "x200-b", "X200", "200", "wiDget", "Söhn", "&", "", "Müller-x"]
    )
    def test_nothing_else(self, word):
        """Words in another case, with other letters, and parts of codes are not protected."""
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
        """A glossary word within one edit from 4 letters, or two from 6, comes in the form that the raw word has."""
        assert OFFICE.near(core) == expected

    @pytest.mark.parametrize(
        "core", ["Sohn", "GmPl", "GmxbHx", "Nal", "Mxxxer", "muller-x", "Packet", "Müller", "WIDGET", ""]
    )
    def test_what_does_not(self, core):
        """Words too far away or too short, and glossary words themselves, have no glossary word near."""
        assert OFFICE.near(core) == []

    @pytest.mark.parametrize(
        ("core", "expected"), [("X200-8", []), ("X2O0-B", []), ("X20O-B", []), ("X200-H", ["X200-B"]), ("Mu1ler", [])]
    )
    def test_digits_stay(self, core, expected):
        """No digit is added, dropped or changed."""
        assert OFFICE.near(core) == expected

    def test_the_nearest_first(self):
        """Among equally near words those of the same length come first; words that differ in case alone come once."""
        names = Glossary(["Mallory", "Mallard", "Malory", "MALLORY"])
        assert names.near("Mallorv") == ["Mallory", "Mallard", "Malory"]

    def test_not_too_many(self):
        """A glossary of look-alikes does not drown the other candidates."""
        assert len(Glossary([f"Name{c}" for c in "abcdefghijklmnopqrstuvwxyz"]).near("Name_")) == MAX_NEAR_WORDS

    @given(st.lists(CORES, max_size=6), CORES)
    def test_whatever_the_words(self, entries, core):
        """A near word is protected, differs from the raw one and has its digits; a protected word has no near words."""
        words = Glossary(entries)
        for word in words.near(core):
            assert words.protects(word)
            assert word != core
            assert numbers.number_characters(word) == numbers.number_characters(core)
        assert not (words.protects(core) and words.near(core))
