"""scanmend.document: pages as text, text as pages, and edits put in place."""

import os
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.document import (
    MAX_LINE_WORDS,
    NO_NUMBERS,
    CorrectedPage,
    Edit,
    Fingerprint,
    Line,
    NumberCounts,
    Page,
    SecondReading,
    Word,
    apply_edits,
    apply_to_text,
    layout,
    page_from_text,
    printable,
    row_numbers,
    without_glyphs,
)
from two_readers_page import EDITS, NUMBERS, SECOND, TEXT, two_readers_page


def line(text: str, paragraph: int = 0) -> Line:
    return Line(tuple(Word(t) for t in text.split()), paragraph)


def edit(word: int, raw: str, new: str, *, at: int = 0, count: int = 1, accepted: bool = True) -> Edit:
    return Edit(at, word, raw, new, "rescore", count=count, accepted=accepted)


texts = st.text(st.sampled_from("ab 1.\n\t\r\x0b\x1c\x85\xa0\u2028é"), max_size=60)


class TestPage:
    def test_raw(self):
        """Lines one below the other, a blank line where the paragraph changes."""
        page = Page(1, (line("one two"), line("three"), line("four", 1), line("five", 4)))
        assert page.raw == "one two\nthree\n\nfour\n\nfive"
        assert Page(1, ()).raw == ""

    def test_mean_confidence(self):
        """It is the mean over words with a confidence; a page without such words has none."""
        words = (Word("a", confidence=90.0), Word("b", confidence=80.05), Word("c"))
        assert Page(1, (Line(words),)).mean_confidence == 85.0
        assert Page(1, (line("a b"),)).mean_confidence is None
        assert Page(1, ()).mean_confidence is None

    def test_values_are_frozen(self):
        """What passes between stages cannot change on the way."""
        for value, field in (
            (Word("a"), "text"),
            (Page(1, ()), "number"),
            (CorrectedPage(Page(1, ()), ""), "corrected"),
        ):
            with pytest.raises(FrozenInstanceError):
                setattr(value, field, "x")

    def test_layout_needs_a_text_for_each_line(self):
        """A lost or invented line is an error, never silently dropped."""
        with pytest.raises(ValueError, match="shorter"):
            layout([line("a"), line("b")], ["a"])
        with pytest.raises(ValueError, match="longer"):
            layout([line("a")], ["a", "b"])


class TestText:
    def test_lines_and_paragraphs(self):
        """A row is a line, blank rows separate paragraphs, and white space within a row does not matter."""
        page = page_from_text("one  two\n three \n\n\nfour", 3)
        assert page.number == 3
        assert [(ln.text, ln.paragraph) for ln in page.lines] == [("one two", 0), ("three", 0), ("four", 2)]

    def test_long_rows_are_wrapped(self):
        """A text without line breaks becomes lines that a model can take, in the same paragraph."""
        page = page_from_text(" ".join(map(str, range(2 * MAX_LINE_WORDS + 5))))
        assert [len(ln.words) for ln in page.lines] == [MAX_LINE_WORDS, MAX_LINE_WORDS, 5]
        assert {ln.paragraph for ln in page.lines} == {0}

    @given(texts)
    def test_every_word_is_on_the_page_in_order(self, text):
        """Whatever white space parts them, no word is lost, split or joined."""
        page = page_from_text(text)
        assert [w.text for ln in page.lines for w in ln.words] == text.split()
        assert all(ln.words for ln in page.lines)

    @given(texts)
    def test_no_edits_no_change(self, text):
        """Without edits the text comes back unchanged, white space included."""
        assert apply_to_text(text, page_from_text(text), []) == text

    @given(st.lists(st.sampled_from(["aa", "b", "ccc"]), min_size=1, max_size=90), st.data())
    def test_edits_change_their_words_only(self, words, data):
        """Each accepted edit replaces its words wherever the wrapping put them; white space around them stays."""
        text = "".join(word + data.draw(st.sampled_from([" ", "  ", "\n", "\n\n", "\t"])) for word in words)
        page = page_from_text(text)
        places = [(i, j) for i, ln in enumerate(page.lines) for j in range(len(ln.words))]
        changed = data.draw(st.sets(st.sampled_from(range(len(words))), max_size=5))
        edits = [edit(places[n][1], words[n], f"<{n}>", at=places[n][0]) for n in changed]
        result = apply_to_text(text, page, edits)
        assert result.split() == [f"<{n}>" if n in changed else word for n, word in enumerate(words)]
        assert [c for c in result if c.isspace()] == [c for c in text if c.isspace()]

    def test_rejected_edits_change_nothing(self):
        """An edit that was not accepted is not applied."""
        assert apply_to_text("a b", page_from_text("a b"), [edit(0, "a", "x", accepted=False)]) == "a b"

    def test_an_edit_of_several_words(self):
        """The words are replaced together with the white space between them."""
        page = page_from_text("tele  phone now\nyes")
        assert apply_to_text("tele  phone now\nyes", page, [edit(0, "tele phone", "telephone", count=2)]) == (
            "telephone now\nyes"
        )

    def test_two_edits_of_one_word(self):
        """They contradict each other; that is an error of the proposers and is not papered over."""
        twice = [edit(0, "a b", "ab", count=2), edit(1, "b", "c")]
        with pytest.raises(ValueError, match="two accepted edits of the same word: 'b'"):
            apply_to_text("a b", page_from_text("a b"), twice)
        with pytest.raises(ValueError, match="two accepted edits of the same word: 'b'"):
            apply_edits(line("a b"), twice)


class TestEdits:
    def test_apply_edits(self):
        """In the order of the words, whatever the order of the edits; rejected ones are left out."""
        edits = [edit(3, "d", "D"), edit(0, "a b", "AB", count=2), edit(2, "c", "no", accepted=False)]
        assert apply_edits(line("a b c d e"), edits) == "AB c D e"
        assert apply_edits(line("a b"), []) == "a b"


class TestTwoReaders:
    def test_what_an_edit_does(self):
        """It replaces words, inserts some where none was read, or drops them as noise."""
        assert [edit.kind for edit in EDITS] == ["replace", "insert", "drop", "insert", "replace", "drop", "insert"]

    def test_the_text(self):
        """Inserted lines have a row, dropped ones none, and neither has a place where nothing was inserted."""
        page = two_readers_page()
        assert page.corrected == TEXT
        assert page.page.raw == "The surn is\n\n~. |\n\nAmount 49.10 of ‘ 7"

    def test_rows_are_those_of_the_text(self):
        """Lines without words have none of their own, but that of the row above."""
        page = two_readers_page().page
        assert row_numbers(line.words for line in page.lines) == [1, 1, 2, 3, 3]
        assert row_numbers([[], ["a"], [], ["b"]]) == [0, 1, 1, 2]
        assert {type(row) for row in row_numbers([["a"], []])} == {int}  # JSON would have true for 1

    def test_numbers_are_counted_by_state(self):
        """Counts can be added; a person is told of disputes alone."""
        counts = NumberCounts.of(NUMBERS)
        assert (counts, counts.total) == (NumberCounts(1, 1, 1), 3)
        assert NO_NUMBERS + counts + counts == NumberCounts(2, 2, 2)
        assert [bool(some) for some in (NO_NUMBERS, NumberCounts(single=1))] == [False, True]
        said = [NumberCounts(5, n, 5).to_review for n in (0, 1, 2)]
        assert said == ["", "1 number disputed", "2 numbers disputed"]

    def test_a_reading_without_its_lines_knows_how_many_there_were(self):
        """However often they are left out; a page that the second reader did not see has nothing to leave out."""
        for reading, counts in (
            (SECOND, (3, 2)),
            (SECOND.without_lines().without_lines(), (3, 2)),
            (SecondReading(), (0, 0)),
        ):
            assert (reading.found, reading.read) == counts
        assert SECOND.without_lines().lines == ()
        assert without_glyphs(CorrectedPage(Page(1, ()), "")).page.second is None


class TestFingerprint:
    def test_a_change_shows(self, tmp_path):
        """Growth, a new time and another file under the same name each give another fingerprint."""
        path = tmp_path / "a"
        path.write_bytes(b"1")
        seen = [Fingerprint.of(path.stat())]
        path.write_bytes(b"12")
        seen.append(Fingerprint.of(path.stat()))
        os.utime(path, ns=(5, 5))
        seen.append(Fingerprint.of(path.stat()))
        other = tmp_path / "b"
        other.write_bytes(b"12")
        os.utime(other, ns=(5, 5))
        other.rename(path)
        seen.append(Fingerprint.of(path.stat()))
        assert len(set(seen)) == 4
        assert Fingerprint.of(path.stat()) == seen[-1]


class TestPrintable:
    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            (b"plain name.pdf", "plain name.pdf"),
            ("Grüße.pdf".encode(), "Grüße.pdf"),
            (b"caf\xe9.pdf", r"caf\xe9.pdf"),
            (b"a\nb\x1b[31m.pdf", r"a\nb\x1b[31m.pdf"),
            ("a\u202eb".encode(), r"a\u202eb"),
        ],
    )
    def test_names(self, name, shown):
        """A name can neither break a line of the log nor colour a terminal nor reverse the reading direction."""
        assert printable(Path(os.fsdecode(name))) == shown

    @given(st.binary().filter(lambda b: b"\0" not in b))
    def test_any_bytes(self, name):
        """Whatever the bytes, the result is one line of valid Unicode."""
        shown = printable(os.fsdecode(name))
        assert shown.isprintable()
        assert shown.encode().decode() == shown
