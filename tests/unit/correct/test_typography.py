"""What is mended without a model: look-alikes, quotation marks, marks torn off; and the way back to the scan."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.numbers import REPAIR_REASON
from scanmend.correct.typography import DETACHED_MARK_REASON, DOUBLE_QUOTE_REASON, UNPAIRED_QUOTE_REASON, repair_page
from scanmend.document import Edit, Line, Page, Word, apply_edits, layout, page_from_text

QUOTING = "\n\nThey said “good day” to us."
"""A paragraph that says how the page quotes."""
WORDS = (
    *("the", "The", "house", "boys’", "don't", "etc.", "a", "of", "U.S.", "Rice", "mot", "Müller", "i", "A5"),
    *("“", "”", "„", "‘", "’", "‘‘", "’’", "``", "''", '"', "“Oh", "‘Oh", "“‘Oh", "*Oh", "no.”", "no,’", "no’”"),
    *("no”’", "‘so”", "“so’", "''so''", "““so””", "(“so”)", "(", ")", "[", ",", ";", ":", "!", "?", ",”", ";’", "."),
    *("!)", "...", "-", "–", "—", "|", "*", "$1O0.00", "2O24", "1OO", "1,250.00", "$5", "5,-", "+3", "-5", "50%"),
    *("€", "§", "№7", "10", "12:30", "5’", "10”", "‘90s", "''2''"),
)
LINES = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
PAGES = st.lists(LINES, max_size=5).map("\n".join)
LANGUAGES = st.sampled_from([("eng",), ("fra",), ("deu", "eng"), ("eng", "frm"), ()])


def mended(text, *languages):
    """The text as the proposers see it."""
    return repair_page(page_from_text(text), languages or ("eng",)).page.raw


def published(page, edits):
    """The raw page with edits in place."""
    texts = (apply_edits(line, (e for e in edits if e.line == n)) for n, line in enumerate(page.lines))
    return layout(page.lines, texts)


def same(text, *languages):
    """Whether a text stays just what it is."""
    return mended(text, *languages) == page_from_text(text).raw


class TestLookalikes:
    def test_letters_in_numbers(self):
        """They become their digits, and the edit names line, word and reason."""
        done = repair_page(page_from_text("nothing here\npay $1O0.00 now"), ("eng",))
        assert done.page.raw == "nothing here\npay $100.00 now"
        (edit,) = done.edits
        assert (edit.line, edit.word, edit.raw, edit.new) == (1, 1, "$1O0.00", "$100.00")
        assert (edit.proposer, edit.reason, edit.accepted, edit.gain) == ("typography", REPAIR_REASON, True, None)

    @pytest.mark.parametrize("text", ["1O", "5l", "hospita1", "A4", "lO0l", "x1O0"])
    def test_what_may_be_a_unit_or_a_code(self, text):
        """Such words stay as read."""
        assert same(f"the {text} of it")


class TestTornMarks:
    @pytest.mark.parametrize(
        ("text", "right"),
        [
            ("the house , and", "the house, and"),
            ("the house ; and", "the house; and"),
            ("the house !", "the house!"),
            ("the house . And", "the house. And"),
            ("the house ? he asked", "the house? he asked"),
            ("the house ,” he said", "the house,” he said"),
            ("the house ) , and", "the house ) , and"),
            ("(the house) , and", "(the house), and"),
            ("they said : we", "they said: we"),
            ("they said : “we", "they said: “we"),
            ("“ Yes we", "“Yes we"),
            ("( see above", "(see above"),
            ("„ Das ist", "„Das ist"),
        ],
    )
    def test_go_back_to_their_word(self, text, right):
        """A detached mark goes back to its word."""
        assert mended(text) == right

    @pytest.mark.parametrize(
        "text",
        [
            "Rice : Five bags",
            "Rice : 5 bags",
            "Rice :",
            "Total ; 5",
            "Total , $5",
            "10 , and",
            "$5.00 , and",
            "x , and",
            "a ; b",
            "and , 5,000",
            "the end . . . and",
            "the end ... and",
            "the house — and",
            "the house - and",
            "the house | and",
            ", and",
            "the house , , and",
            "the house ,, and",
            "“ 5 of them",
            "( 5 )",
            "€ , $",
        ],
    )
    def test_what_is_left_alone(self, text):
        """Labels before values, whatever stands beside a number, single letters, points, dashes, columns."""
        assert same(text)

    @pytest.mark.parametrize("language", ["fra", "frm"])
    def test_french_sets_blanks_before_high_marks(self, language):
        """A comma has none there either."""
        text = "Le mot ; la chose : elle vient ! Est-ce vrai ? Non , et « oui »."
        assert mended(text, language) == text.replace(" ,", ",")
        assert mended(text, "deu", language) == text.replace(" ,", ",")
        assert mended("la chose ; et", "eng") == "la chose; et"

    def test_a_line_end_tears_nothing(self):
        """Words and marks of two lines are not put together."""
        assert same("the house\n, and")

    @pytest.mark.parametrize("text", ["“ Word , and", "( word , and", "“ Word ,” he"])
    def test_marks_on_both_sides(self, text):
        """Both marks go back to the word at once."""
        assert mended(text) == text.replace("“ ", "“").replace("( ", "(").replace(" ,", ",")

    def test_what_is_known_of_the_word(self):
        """Box around all, the least confidence, the glyphs of all where there are any for each."""
        glyph = (("x", 90.0),)
        words = (
            Word("bnt", (10, 20, 30, 40), 80.0, (glyph,) * 3),
            Word(",", (31, 35, 33, 44), 50.0, (glyph,)),
            Word("and", (40, 20, 60, 40), 90.0),
            Word(",", None, None, (glyph,)),
            Word("so"),
        )
        usual = tuple(Word("word", (x, 60, x + 40, 80)) for x in range(0, 500, 50))
        first, second, third = repair_page(Page(1, (Line(words), Line(usual))), ("eng",)).page.lines[0].words
        assert first == Word("bnt,", (10, 20, 33, 44), 50.0, (glyph,) * 4)
        assert second == Word("and,", (40, 20, 60, 40), 90.0, ())
        assert third == Word("so")

    def test_no_language(self):
        """Without an image and a language nothing says whether a blank belongs there."""
        text = "the house , and ( word ) here"
        assert repair_page(page_from_text(text), ()).page.raw == text


GAP = 12
"""Pixels of the usual gap between words in ``scanned``."""
CELL = 20
"""Pixels of a character in ``scanned``."""


def scanned(text, **gaps):
    """Two lines with boxes: the text, with ``GAP`` between words but before or behind the marks named, and an even one.

    ``before``: the gap before words that begin with a mark; ``behind``: that after words that are an opening mark.
    """
    lines = []
    for top, row in ((0, text), (100, "the old house where they lived for many years")):
        words, x = [], 0
        for part in row.split():
            opened = bool(words) and words[-1].text in {"(", "“", "„"}
            if words and not opened and not part[0].isalnum() and part[0] not in "(“„":
                x += gaps.get("before", GAP)
            elif words:
                x += gaps.get("behind", GAP) if opened else GAP
            words.append(Word(part, (x, top, x + CELL * len(part), top + 30), 90.0))
            x += CELL * len(part)
        lines.append(Line(tuple(words)))
    return Page(1, tuple(lines))


class TestMarksOnAScan:
    TEXT = "the house , where ( if any ) they lived ; and they “ saw the place . And"

    @pytest.mark.parametrize("language", ["eng", "deu", "spa", "fra"])
    @pytest.mark.parametrize("gap", [GAP, GAP - 2, GAP * 2, GAP * 40])
    def test_a_blank_that_was_set_stays(self, language, gap):
        """A gap like that between words, or wider, was typed or printed, whatever the language's custom."""
        page = scanned(self.TEXT, before=gap, behind=gap)
        assert repair_page(page, (language,)).page == page

    @pytest.mark.parametrize("gap", [0, 2, 5])
    def test_a_mark_at_its_word_goes_back(self, gap):
        """There is no more space than beside any letter: it was torn off."""
        page = scanned(self.TEXT, before=gap, behind=gap)
        right = "the house, where (if any) they lived; and they “saw the place. And"
        assert repair_page(page, ("eng",)).page.lines[0].text == right

    def test_french_high_marks_stay_at_any_gap(self):
        """French sets thin blanks there; a comma has none."""
        page = scanned("la maison ; non , et", before=3)
        assert repair_page(page, ("fra",)).page.lines[0].text == "la maison ; non, et"

    def test_each_mark_by_its_own_gap(self):
        """One that was torn off goes back, and one that was set apart in the same line stays."""
        page = scanned("the house , and the road , and so on", before=2)
        words = list(page.lines[0].words)
        words[6:] = [replace(w, box=(w.box[0] + GAP, *w.box[1:2], w.box[2] + GAP, w.box[3])) for w in words[6:]]
        shifted = replace(page, lines=(Line(tuple(words)), page.lines[1]))
        assert repair_page(shifted, ("eng",)).page.lines[0].text == "the house, and the road , and so on"

    def test_quotation_marks_set_apart_are_paired_all_the_same(self):
        """An opening mark with a blank behind it opens a quotation, too."""
        page = scanned("“ the house was old,’ they said and “ it was ”")
        assert repair_page(page, ("eng",)).page.lines[0].text == "“ the house was old,” they said and “ it was ”"

    def test_a_page_that_says_nothing(self):
        """Where there is no usual gap to compare with, the text stays as it was read."""
        page = scanned("house ,", before=2)
        alone = replace(page, lines=page.lines[:1])
        assert repair_page(alone, ("eng",)).page == alone

    def test_a_typescript(self):
        """On a machine a blank is one cell, and a mark at its word stands in the middle of its own."""
        cell, bearing = 30, 3

        def typed(text):
            x, words = 0, []
            for part in text.split(" "):
                inset = 10 if part == "," else bearing
                words.append(Word(part, (x + inset, 0, x + cell * len(part) - inset, 40), 90.0))
                x += cell * (len(part) + 1)
            return words

        apart = typed("the house , where they lived for many years")
        assert repair_page(Page(1, (Line(tuple(apart)),)), ("eng",)).edits == ()
        close = [replace(w, box=(w.box[0] - cell, *w.box[1:2], w.box[2] - cell, w.box[3])) for w in apart[2:]]
        (edit,) = repair_page(Page(1, (Line((*apart[:2], *close)),)), ("eng",)).edits
        assert (edit.raw, edit.new) == ("house ,", "house,")


class TestQuotationMarks:
    @pytest.mark.parametrize(
        ("text", "right"),
        [
            ("he said ‘‘yes’’ to us", "he said “yes” to us"),
            ("he said ``yes'' to us", 'he said “yes" to us'),
            ("he said ''yes,'' and", 'he said "yes," and'),
            ("he said ““yes,”” and", "he said “yes,” and"),
        ],
    )
    def test_two_single_ones(self, text, right):
        """Two single marks become one double mark."""
        done = repair_page(page_from_text(text), ("eng",))
        assert done.page.raw == right
        assert {e.reason for e in done.edits} == {DOUBLE_QUOTE_REASON}

    @pytest.mark.parametrize(
        ("text", "right"),
        [
            ("“He came,’ she said.", "“He came,” she said."),
            ("‘He came,” she said.", "“He came,” she said."),
            ("*He came,” she said.", "“He came,” she said."),
            ("“He came.’", "“He came.”"),
            ("“He came,\nand went.’", "“He came,\nand went.”"),
            ("“He came,’’ she said.", "“He came,” she said."),
            ("“He came,’ she said, ‘and went.”", "“He came,” she said, “and went.”"),
        ],
    )
    def test_one_kind_opens_and_closes(self, text, right):
        """On a page that quotes with double ones, the odd one is mended on either side."""
        assert mended(text + QUOTING) == right + QUOTING

    def test_the_reason(self):
        """The edit names the word that changed, wherever the counterpart stands."""
        done = repair_page(page_from_text("and ‘He came,\nyes,” she said" + QUOTING), ("eng",))
        assert [(e.line, e.word, e.raw, e.new, e.reason) for e in done.edits] == [
            (0, 1, "‘He", "“He", UNPAIRED_QUOTE_REASON)
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "the boys’ house and the ladies’ room",
            "“The boys’ house is here,” they said.",
            "“Don’t do it, it isn’t yours,” they said.",
            "“Rock ’n’ roll,” they said.",
            "“I saw James’ and the others’ books,” they said.",
            "“The house is the boys’” and no more",
            "“It is cold, ’tis late,” they said.",
            "‘Yes,’ they said, ‘we do.’",
            "“He came and ‘went’ again,” they said.",
            "He is 6’ tall and that is 5’ 10” long.",
            "‘90s music and the *word",
            "\"He came,' she said.",
            "He came,” she said.",
            "“He came, she said.",
            "He came,’ she said.",
        ],
    )
    def test_apostrophes_and_other_marks_stay(self, text):
        """Possessives, contractions, quotations within quotations, feet and inches, marks without a counterpart."""
        assert same(text + QUOTING)

    @pytest.mark.parametrize(
        "text",
        [
            "“He said ‘oh yes.’” And they went.",
            "“He said ‘oh yes,’ and ‘oh no.’” And they went.",
            "“‘Oh yes,’ he said,” they told us.",
            "“It is cold, and ‘tis late,” they said.",
            "‘He said “oh yes.”’ And they went.",
            "‘He said “oh yes” and left.’ And they went.",
        ],
    )
    def test_quotations_within_quotations(self, text):
        """Either kind may stand in the other, and close at the same place."""
        assert same(text + QUOTING)

    @pytest.mark.parametrize(
        "text",
        [
            "‘He came,’ she said. ‘He came,” she said. ‘And went.’",
            "‘He said “yes’ to us,’ she told. ‘And no.’ ‘So be it.’",
            "‘He came’ and ‘he went,” and “so,’ and ‘so’ on",
        ],
    )
    def test_pages_that_quote_with_single_ones(self, text):
        """Where that is the custom, nothing is paired."""
        assert same(text)

    def test_a_paragraph_ends_a_quotation(self):
        """What was opened in another one is not closed here."""
        assert same("“He came to us.\n\nThe boys went,’ she said." + QUOTING)
        assert same("“He came to us. " + "And so on and on. " * 40 + "The boys went,’ she said." + QUOTING)

    def test_numbers_keep_theirs(self):
        """No mark beside a figure is doubled."""
        assert same("at 40° 26’’ 46'' and ‘‘2024’’ and ''5''")


class TestOnRaw:
    RAW = page_from_text("for the $1O0.00 of\nthe bnt , he sald ; and so")

    def judged(self, *edits):
        return repair_page(self.RAW, ("eng",)).edits_on_raw_page(edits)

    def test_nothing_judged(self):
        """What was mended is what remains, in reading order, in terms of the raw page."""
        done = repair_page(self.RAW, ("eng",))
        assert done.edits_on_raw_page([]) == done.edits
        assert [(e.line, e.word, e.count, e.raw, e.new, e.reason) for e in done.edits] == [
            (0, 2, 1, "$1O0.00", "$100.00", REPAIR_REASON),
            (1, 1, 2, "bnt ,", "bnt,", DETACHED_MARK_REASON),
            (1, 4, 2, "sald ;", "sald;", DETACHED_MARK_REASON),
        ]

    def test_an_accepted_edit_takes_in_what_was_mended(self):
        """One edit from what was scanned to what is right."""
        edit = Edit(1, 1, "bnt,", "but,", "rescore", gain=9.0, accepted=True, reason="fits")
        (found,) = [e for e in self.judged(edit) if e.line and e.word == 1]
        assert found == replace(edit, raw="bnt ,", count=2)
        assert published(self.RAW, self.judged(edit)) == "for the $100.00 of\nthe but, he sald; and so"

    def test_places_behind_a_torn_mark(self):
        """Words after it have other places on the raw page, and edits of several words span it."""
        one = Edit(1, 2, "he", "be", "rescore", accepted=True)
        (found,) = [e for e in self.judged(one) if e.new == "be"]
        assert (found.word, found.count, found.raw) == (3, 1, "he")
        several = Edit(1, 2, "he sald;", "herald;", "rewrite", count=2, accepted=True)
        (found,) = [e for e in self.judged(several) if e.new == "herald;"]
        assert (found.word, found.count, found.raw) == (3, 3, "he sald ;")
        assert published(self.RAW, self.judged(several)).endswith("the bnt, herald; and so")

    def test_a_rejected_edit_stands_beside_the_repair(self):
        """In terms of the raw page; the mark goes back all the same."""
        edit = Edit(1, 1, "bnt,", "but,", "rescore", gain=1.0, reason="not enough")
        found = [e for e in self.judged(edit) if e.line and e.word == 1]
        assert {(e.raw, e.new, e.count, e.accepted) for e in found} == {
            ("bnt ,", "but,", 2, False),
            ("bnt ,", "bnt,", 2, True),
        }
        assert published(self.RAW, self.judged(edit)) == repair_page(self.RAW, ("eng",)).page.raw

    @given(PAGES, LANGUAGES, st.data())
    def test_any_edits(self, text, languages, data):
        """Applied to the raw page they make what they would make of the mended one, accepted or not."""
        page = page_from_text(text)
        done = repair_page(page, languages)
        edits = []
        for n, line in enumerate(done.page.lines):
            at = 0
            while at < len(line.words):
                count = data.draw(st.integers(1, min(3, len(line.words) - at)))
                raw = " ".join(w.text for w in line.words[at : at + count])
                if data.draw(st.booleans()):
                    edits.append(Edit(n, at, raw, "new", "rescore", count=count, accepted=data.draw(st.booleans())))
                at += count
        found = done.edits_on_raw_page(edits)
        assert published(page, found) == published(done.page, edits)
        assert [(e.line, e.word) for e in found] == sorted((e.line, e.word) for e in found)
        for edit in found:
            words = page.lines[edit.line].words[edit.word : edit.word + edit.count]
            assert edit.raw == " ".join(w.text for w in words)

    @pytest.mark.parametrize(
        ("line", "word", "at"), [(0, 0, 0), (0, 4, 4), (1, 0, 0), (1, 1, 1), (1, 2, 3), (1, 4, 6), (1, 6, 8), (2, 0, 0)]
    )
    def test_words_are_inserted_before_the_raw_word_that_the_mended_one_begins_with(self, line, word, at):
        """At the end of a line behind its last one; in a line without words at its only place."""
        done = repair_page(replace(self.RAW, lines=(*self.RAW.lines, Line((), 1))), ("eng",))
        edit = Edit(line, word, "", "new", "reader", 0, accepted=True, reason="seen", boxes=((1, 2, 3, 4),))
        found = done.edits_on_raw_page([edit])
        assert replace(edit, word=at) in found
        assert [(e.line, e.word) for e in found] == sorted((e.line, e.word) for e in found)
        assert len(found) == len(done.edits) + 1

    def test_what_is_inserted_before_a_mended_word_comes_before_it(self):
        """And the repair stays."""
        edit = Edit(0, 2, "", "sum", "reader", 0, accepted=True, reason="seen")
        assert published(self.RAW, self.judged(edit)).startswith("for the sum $100.00 of\n")


QUOTES = re.compile("[\\s*\"'`‘’“”„]")
"""All that may come, go or change."""


class TestWhateverThePage:
    @given(PAGES, LANGUAGES)
    def test_only_quotation_marks_blanks_and_lookalikes_change(self, text, languages):
        """Letters, digits, signs, currencies and separators are those of the scan, line by line."""
        page = page_from_text(text)
        after = repair_page(page, languages).page
        assert len(after.lines) == len(page.lines)
        for old, new in zip(page.lines, after.lines, strict=True):
            words = [numbers.repair_lookalikes(w.text) or w.text for w in old.words]
            assert QUOTES.sub("", new.text) == QUOTES.sub("", "".join(words))
            assert numbers.number_characters(new.text) == numbers.number_characters(" ".join(words))
            assert new.paragraph == old.paragraph

    @given(PAGES, LANGUAGES)
    def test_the_edits_are_the_difference(self, text, languages):
        """With nothing judged, they make the mended page of the raw one; each is accepted and has a reason."""
        page = page_from_text(text)
        done = repair_page(page, languages)
        assert published(page, done.edits_on_raw_page([])) == done.page.raw
        assert all(e.accepted and e.reason and e.raw != e.new for e in done.edits)

    @example("*Oh no,’ no.”", ("eng",))
    @given(PAGES, LANGUAGES)
    def test_once_is_enough(self, text, languages):
        """A mended page has nothing left to mend, but where an opening mark stood between a word and the next."""
        tidy = " ".join(w for w in text.replace("\n", " \n ").split(" ") if w not in {"“", "„", "("})
        after = repair_page(page_from_text(tidy), languages).page
        assert repair_page(after, languages).page == after
        assert repair_page(after, languages).edits == ()

    @given(st.text(" ab‘’“”*,;:!?.(10\n", max_size=60))
    def test_any_text(self, text):
        """No arrangement of marks makes the repair crash."""
        page = page_from_text(text)
        done = repair_page(page, ("eng",))
        assert published(page, done.edits_on_raw_page([])) == done.page.raw

    def test_a_clean_page(self):
        """It is the same object in and out, word by word, glyphs included."""
        glyphs = ((("x", 90.0), ("y", 5.0)),)
        page = Page(1, (Line((Word("“x,”", (1, 2, 3, 4), 90.0, glyphs), Word("5", None, 80.0, glyphs)), 3),))
        done = repair_page(page, ("eng",))
        assert done.page == page
        assert done.edits == ()
