"""The rescoring proposer: what the model is asked, in which context, and what becomes an edit of which words."""

import math
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.candidates import MAX_CANDIDATES, Candidate, CandidateFinder
from scanmend.correct.confusions import Confusions
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.wordlists import Lexicon, lexicon
from scanmend.correct.rescore import FOLLOWING_WORDS, MIN_CONTEXT_CHARACTERS, LeftContext, propose, word_positions
from scanmend.document import Edit, Line, Page, Word, page_from_text

PROMPT = "Mend the text"
NOTHING = Page(1, ())
WORDS = ("the", "house", "of", "prep", "preparation", "transported", "which")
SPOILT = (
    "the",
    "house",
    "|",
    ".",
    "*",
    "ofthe",
    "prep",
    "aration",
    "trans-",
    "portcd",
    "whieh",
    "5",
    "$5",
    "—",
    "-",
    "\n",
)
CLEAN = "It was a bright cold day in the city and the people were going to work by train"


@cache
def english() -> CandidateFinder:
    """Built by the first test that asks, not by every process that collects tests."""
    return CandidateFinder(PageWords(lexicon(("eng",)), NOTHING), Confusions.load())


class Scripted:
    """A language model with an opinion on single words, which remembers what it was asked."""

    can_score = True

    def __init__(self, likes=(), most=20.0):
        self.likes, self.most, self.asked = set(likes), most, []

    def score(self, context, continuations):
        self.asked.append((context, list(continuations)))
        return [self.opinion(continuation.split()) for continuation in continuations]

    def opinion(self, words):
        said = {words[0].strip(".,"), " ".join(words[:2])} if words else set()
        return 0.0 if self.likes & said else -self.most

    def rewrite(self, prompt, text):
        raise AssertionError("rescoring never asks for a rewrite")

    fits = rewrite


class Stubborn(Scripted):
    """A broken model: its scores come from an endless list, whatever it is asked."""

    def __init__(self, *scores):
        super().__init__()
        self.scores = scores

    def score(self, context, continuations):
        return [self.scores[i % len(self.scores)] for i in range(len(continuations))]


def small(words, rows=()):
    """Candidates of a lexicon and a table that hold nothing but these."""
    return CandidateFinder(PageWords(Lexicon.of(words.items()), NOTHING), Confusions(dict(rows)))


def accept(edit):
    """A judge that accepts everything."""
    return replace(edit, accepted=True)


def edits(text, model, candidates=english, decide=lambda edit: edit, extra=None):
    page = text if isinstance(text, Page) else page_from_text(text)
    finder = candidates() if candidates is english else candidates
    return list(propose(page, PROMPT, finder, model, decide, lambda: None, extra or {}))


class TestPropose:
    def test_the_better_reading(self):
        """A word that the model likes much better is proposed, with place, gain and box."""
        page = page_from_text(f"{CLEAN}\nand tbe whieh, was")
        words = (*page.lines[1].words[:2], replace(page.lines[1].words[2], box=(1, 2, 3, 4)), page.lines[1].words[3])
        page = replace(page, lines=(page.lines[0], replace(page.lines[1], words=words)))
        (edit,) = edits(page, Scripted({"which"}))
        assert (edit.line, edit.word, edit.raw, edit.new, edit.count) == (1, 2, "whieh,", "which,", 1)
        assert (edit.proposer, edit.gain, edit.box, edit.accepted) == ("rescore", 20.0, (1, 2, 3, 4), False)

    def test_a_gain_far_below_the_channel_cost_is_not_worth_it(self):
        """How unlikely the misreading is counts against it; the judge sees what is near."""
        known = small({"which": 6.0}, {("e", "c"): 8.0})
        assert edits("whieh", Scripted({"which"}, most=2.0), known) == []
        assert [e.new for e in edits("whieh", Scripted({"which"}, most=12.0), known)] == ["which"]
        assert edits("whieh", Scripted({"whieh"}), known) == []

    def test_clean_text_asks_nothing(self):
        """Common words never reach the model."""
        model = Scripted()
        assert edits(f"{CLEAN}.\n\n{CLEAN}, 2024.", model) == []
        assert model.asked == []

    def test_the_raw_word_is_scored_beside_its_candidates(self):
        """Each stands before the same following words, with the blank that the text has there."""
        model = Scripted()
        edits("It was the whieh day in\nthe city", model)
        ((context, continuations),) = model.asked
        assert context == f"{PROMPT}\n\nIt was the"
        assert continuations[0] == " whieh day in"
        assert " which day in" in continuations
        assert len(continuations) <= MAX_CANDIDATES + 1

    def test_the_words_that_follow_may_stand_on_the_next_line(self):
        """The model is not asked where lines end."""
        model = Scripted()
        edits("whieh\nday in the city", model)
        ((context, continuations),) = model.asked
        assert (context, continuations[0]) == (f"{PROMPT}\n\n", "whieh day in")

    def test_the_context_is_the_text_so_far(self):
        """Prompt, then all before the word as it was read: lines, paragraphs and all."""
        text = "\n\n".join(f"{CLEAN}\nthe whieh publie\nNartker {n} rernaining" for n in "abc")
        page, model = page_from_text(text), Scripted()
        edits(page, model)
        whole = f"{PROMPT}\n\n{page.raw}"
        assert len(model.asked) == 12
        for context, continuations in model.asked:
            assert whole.startswith(context + re.match(r"\s?\S+", continuations[0])[0])
        contexts = [context for context, _ in model.asked]
        assert contexts == sorted(contexts, key=len)

    def test_what_was_accepted_stands_in_the_context(self):
        """What follows is judged by the mended text, and by the raw one where the judge refused."""
        known = small({"the": 7.0, "day": 6.0, "and": 7.0, "work": 6.0, "which": 6.0, "public": 5.0}, {("e", "c"): 6.0})
        for decide, context in ((accept, "the which day and"), (lambda edit: edit, "the whieh day and")):
            model = Scripted({"which"}, most=30.0)
            assert [e.new for e in edits("the whieh day and publie work", model, known, decide)] == ["which"]
            assert model.asked[-1][0].endswith(context)

    def test_the_model_is_not_asked_about_numbers(self):
        """Words with figures or signs have no candidates; they stand in the context as they are."""
        model = Scripted()
        assert edits("pay $1O0.00 or 1,250 - A4 for whieh", model) == []
        assert [context for context, _ in model.asked] == [f"{PROMPT}\n\npay $1O0.00 or 1,250 - A4 for"]

    def test_the_context_is_seldom_cut(self):
        """It stays bounded, always begins with the prompt, and mostly extends the one before, which is cached."""
        page = page_from_text("\n".join(f"{CLEAN} whieh and publie" for _ in range(150)))
        model = Scripted()
        edits(page, model, small(dict.fromkeys([*CLEAN.lower().split(), "which", "public"], 5.0)))
        contexts = [context for context, _ in model.asked]
        assert len(contexts) == 300
        assert all(c.startswith(f"{PROMPT}\n\n") for c in contexts)
        assert max(map(len, contexts)) <= len(PROMPT) + 3 * MIN_CONTEXT_CHARACTERS
        assert min(map(len, contexts[30:])) >= MIN_CONTEXT_CHARACTERS
        cuts = sum(not b.startswith(a) for a, b in pairwise(contexts))
        assert 1 <= cuts <= len(page.raw) / MIN_CONTEXT_CHARACTERS

    @pytest.mark.parametrize("score", [0.0, -12.5, -1e300])
    def test_a_model_without_an_opinion_proposes_nothing(self, score):
        """Where all candidates score alike, the raw word stays."""
        assert edits("the whieh and publie and rernaining", Stubborn(score)) == []

    @pytest.mark.parametrize(
        "scores", [(math.nan,), (math.inf,), (-math.inf,), (math.nan, 0.0), (0.0, math.nan), (-math.inf, math.inf)]
    )
    def test_a_model_that_answers_no_numbers(self, scores):
        """Nonsense never crashes, and the candidates stay what they were."""
        found = edits("the whieh and publie and rernaining", Stubborn(*scores))
        assert all(e.new in [c.text for c in english().respelled(Word(e.raw))] for e in found)


class TestBrokenWords:
    """What a line end broke is one word to the model, and two on the page."""

    WORDS = small(
        dict.fromkeys(["transported", "transporter", "saturday", "house", "people", "it", "was", "them"], 5.0)
    )

    @pytest.mark.parametrize("text", ["trans-\nported by them", "trans- ported by them", "trans\u00ac\nported"])
    def test_a_word_that_is_one(self, text):
        """Neither half is suspicious."""
        assert list(word_positions(page_from_text(text), self.WORDS)) == []

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("was trans-\nportcd,” them", (1, 0, 1, "portcd,”", "ported,”")),
            ("was trans- portcd, them", (0, 2, 1, "portcd,", "ported,")),
            ("was “tranz-\nported them", (0, 1, 1, "“tranz-", "“trans-")),
            ("was tranz- ported them", (0, 1, 1, "tranz-", "trans-")),
            ("was tranz\u00ac\nported them", (0, 1, 1, "tranz\u00ac", "trans\u00ac")),
            ("was tranz- portcd them", (0, 1, 2, "tranz- portcd", "trans- ported")),
        ],
    )
    def test_an_edit_stands_where_the_mistake_does(self, text, expected):
        """On the half that was misread, in its line; on both where they stand in one line."""
        (edit,) = edits(text, Scripted({"transported", "“transported", "transported,”"}), self.WORDS)
        assert (edit.line, edit.word, edit.count, edit.raw, edit.new) == expected
        assert edit.gain == 20.0

    def test_both_halves_on_two_lines(self):
        """No edit of words of one line expresses it, so no edit is proposed."""
        model = Scripted({"transported"})
        assert edits("was tranz-\nportcd them", model, self.WORDS) == []
        assert model.asked

    def test_what_the_model_sees(self):
        """The whole word, after the text before its first half, before the words after its second."""
        model = Scripted({"saturday"})
        edits("it was Satur-\ndav them people house", model, self.WORDS)
        ((context, continuations),) = model.asked
        assert context == f"{PROMPT}\n\nit was"
        assert continuations == [" Saturdav them people", " Saturday them people"]

    def test_the_box_of_the_half(self):
        """The edit shows where on the scan it is."""
        lines = (Line((Word("trans-", (1, 1, 2, 2)),)), Line((Word("portcd", (3, 3, 4, 4)), Word("them"))))
        (edit,) = edits(Page(1, lines), Scripted({"transported"}), self.WORDS)
        assert edit.box == (3, 3, 4, 4)

    def test_an_unsure_half_makes_the_word_suspicious(self):
        """The lesser confidence counts."""
        known = small({"transported": 5.0, "transporter": 5.0}, {("d", "r"): 3.0})
        for one, two, asked in ((96.0, 96.0, 0), (20.0, 96.0, 1), (96.0, 20.0, 1)):
            lines = (Line((Word("trans-", confidence=one),)), Line((Word("ported", confidence=two),)))
            assert len(list(word_positions(Page(1, lines), known))) == asked

    @pytest.mark.parametrize("text", ["well- Known", "A4- ported", "trans-\n5 ported", "- ported", "trans-- ported"])
    def test_other_hyphens(self, text):
        """A capital, a figure or another mark: no line end broke that word."""
        assert all(len(place.pieces) == 1 for place in word_positions(page_from_text(text), self.WORDS))


class TestSeveralWords:
    def test_two_pieces_become_one(self):
        """Raw and new texts are scored up to the same following word."""
        model = Scripted({"preparation"})
        (edit,) = edits("after the prep aration of it all", model, decide=accept)
        assert (edit.word, edit.count, edit.raw, edit.new) == (2, 2, "prep aration", "preparation")
        context, continuations = model.asked[0]
        assert context.endswith("after the")
        assert continuations[0] == " prep aration of it"
        assert " preparation of it" in continuations

    def test_one_becomes_two(self):
        """The blank was not read."""
        (edit,) = edits("it was ofthe house", Scripted({"of the"}))
        assert (edit.word, edit.count, edit.raw, edit.new) == (2, 1, "ofthe", "of the")

    @pytest.mark.parametrize(
        ("text", "word", "raw", "new"),
        [
            ("the house | and all", 2, "| and", "and"),
            ("| and all", 0, "| and", "and"),
            ("the house |\nand", 1, "house |", "house"),
        ],
    )
    def test_a_speck_is_dropped_beside_a_word_that_stays(self, text, word, raw, new):
        """An edit has words on both sides; at the end of a line the word before it stays."""
        model = Scripted({"and", "and all"})
        (edit,) = edits(text, model)
        assert (edit.word, edit.count, edit.raw, edit.new) == (word, 2, raw, new)
        _, (read, clean) = model.asked[0]
        assert read.split() == ["|", *clean.split()]

    def test_nothing_is_no_answer_at_the_end_of_the_page(self):
        """With no word to follow, no text at all would cost nothing, so the speck stays unasked."""
        model = Stubborn(-9.0, 0.0)
        assert edits("the house |", model) == []
        assert edits("the house\n|", model) == []

    def test_a_word_is_asked_about_once(self):
        """The second piece of a word that surely is one is not looked into by itself."""
        model = Scripted({"preparation"}, most=40.0)
        assert len(edits("after the prep aration of it all", model, decide=accept)) == 1
        assert len(model.asked) == 1

    def test_a_line_of_one_speck(self):
        """It has no word beside it, so it stays."""
        assert edits("the house\n|\nand all", Scripted({"and", "and all"})) == []

    def test_words_that_nobody_asks_about(self):
        """No candidates are sought for them; those that come from elsewhere are weighed all the same."""
        page = page_from_text("tbe whieh and all")
        offered = {(0, 0): [Candidate("tie", 1.0, 5.0)]}
        known = small({"the": 7.0, "which": 6.0, "and": 7.0, "all": 6.0, "tie": 4.0})
        assert {(p.line, p.word) for p in word_positions(page, known)} == {(0, 0), (0, 1)}
        (only,) = word_positions(page, known, offered, lambda n, i: False)
        assert (only.word, [c.text for c in only.candidates]) == (0, ["tie"])

    def test_specks_at_words(self):
        """Each is an edit of its own, judged in the text that the one before left."""
        model = Scripted({"how far.", "far their"})
        found = edits("we see how. far. their work goes", model, decide=accept)
        assert [(e.word, e.count, e.raw, e.new) for e in found] == [(2, 1, "how.", "how"), (3, 1, "far.", "far")]
        assert [context.rpartition("\n")[2] for context, _ in model.asked] == ["we see", "we see how"]

    @given(st.lists(st.sampled_from(SPOILT)))
    def test_every_edit_names_its_words(self, words):
        """Each edit names words that stand on the page, and changes them."""
        page, known = page_from_text(" ".join(words)), small(dict.fromkeys(WORDS, 5.0))
        last = (-1, -1)
        for place in word_positions(page, known):
            assert (place.line, place.word) > last
            last = place.line, place.word
            asked = place.continuations(" ")
            assert len(asked) == len(place.candidates) + 1
            assert len(place.following) <= FOLLOWING_WORDS + max(c.count for c in place.candidates) - 1
        for edit in edits(page, Stubborn(0.0, 90.0), known):
            here = page.lines[edit.line].words[edit.word : edit.word + edit.count]
            assert edit.raw == " ".join(w.text for w in here)
            assert len(here) == edit.count
            assert edit.new not in {"", edit.raw}


class TestContext:
    TEXT = "one two three\nfour five\n\nsix seven"

    def test_the_text_before_a_word(self):
        """Prompt, lines and paragraphs, without the blank before the word."""
        page = page_from_text(self.TEXT)
        for n, line in enumerate(page.lines):
            for i, word in enumerate(line.words):
                before, gap = LeftContext(page, PROMPT).text_before(n, i)
                assert f"{PROMPT}\n\n{self.TEXT}".startswith(before + gap + word.text)
                assert gap == (" " if i else "")

    def test_word_after_word(self):
        """The context may be asked for word after word, with some left out, or twice for the same word."""
        page = page_from_text(self.TEXT)
        context = LeftContext(page, PROMPT)
        for n, i in [(0, 0), (0, 1), (0, 1), (1, 1), (2, 0), (2, 1)]:
            assert context.text_before(n, i) == LeftContext(page, PROMPT).text_before(n, i)

    def test_edits_stand_for_their_words(self):
        """An applied edit stands in the context from then on, whether it is of one word or of two."""
        context = LeftContext(page_from_text(self.TEXT), PROMPT)
        context.text_before(0, 1)
        context.apply(Edit(0, 1, "two three", "twenty-three", "rescore", count=2))
        context.apply(Edit(1, 1, "five", "5 or 6", "rescore"))
        assert context.text_before(2, 0) == (f"{PROMPT}\n\none twenty-three\nfour 5 or 6\n\n", "")

    def test_an_edit_of_the_word_before(self):
        """A speck at the end of a line is gone though the word before it was passed already."""
        context = LeftContext(page_from_text("one two |\nthree"), PROMPT)
        context.text_before(0, 2)
        context.apply(Edit(0, 1, "two |", "two", "rescore", count=2))
        assert context.text_before(1, 0) == (f"{PROMPT}\n\none two\n", "")

    def test_the_second_half_of_a_broken_word(self):
        """An edit of the second half is applied while the context still ends before it."""
        context = LeftContext(page_from_text("was trans-\nportcd by"), PROMPT)
        context.text_before(0, 1)
        context.apply(Edit(1, 0, "portcd", "ported", "rescore"))
        assert context.text_before(1, 1) == (f"{PROMPT}\n\nwas trans-\nported", " ")

    def test_it_stays_bounded(self):
        """On a page as long as a book, with the prompt always before it, and what is nearest never cut."""
        lines = [f"line {n} of a long page" for n in range(2000)]
        page = page_from_text("\n".join(lines))
        context = LeftContext(page, PROMPT)
        whole = "\n".join(lines)
        for n in range(0, 2000, 7):
            before, _ = context.text_before(n, 3)
            text = before.removeprefix(f"{PROMPT}\n\n")
            assert text != before
            assert len(text) <= 2 * MIN_CONTEXT_CHARACTERS + len(lines[-1]) + 1
            at = whole.index(f"line {n} of a") + len(f"line {n} of")
            assert whole[:at].endswith(text)
            assert len(text) >= min(MIN_CONTEXT_CHARACTERS, at)

    @given(st.lists(st.lists(st.sampled_from(["a", "bb", "ccc"]), min_size=1).map(" ".join)).map("\n".join), st.data())
    def test_whatever_the_page(self, text, data):
        """Without edits the context is the text of the page up to the word."""
        page = page_from_text(text)
        spots = [(n, i) for n, line in enumerate(page.lines) for i in range(len(line.words))]
        context = LeftContext(page, PROMPT)
        for n, i in sorted(data.draw(st.sets(st.sampled_from(spots))) if spots else ()):
            before, gap = context.text_before(n, i)
            assert f"{PROMPT}\n\n{page.raw}".startswith(before + gap + page.lines[n].words[i].text)


class TestWhatWasRewritten:
    """Candidates of the rewriting proposer are scored together with the others, and each gets a verdict."""

    KNOWN = small({"which": 6.0, "witch": 5.0, "the": 7.0, "day": 6.0}, {("e", "c"): 3.0})
    REWRITTEN = Candidate("whilst", 9.0, 0.0, 1, "rewrite")

    def test_one_question_for_both(self):
        """They stand beside the candidates of the same word; the model's favourite is the first to be judged."""
        model = Scripted({"which"})
        found = edits("the whieh day", model, self.KNOWN, accept, {(0, 1): [self.REWRITTEN]})
        ((_, continuations),) = model.asked
        assert {" which day", " whilst day"} < set(continuations)
        assert [(e.new, e.proposer, e.gain) for e in found] == [("which", "rescore", 20.0), ("whilst", "rewrite", 0.0)]

    def test_the_same_word_is_no_second_candidate(self):
        """It is asked about and proposed once."""
        model = Scripted({"which"})
        found = edits(
            "the whieh day", model, self.KNOWN, accept, {(0, 1): [Candidate("which", 3.0, 0.0, 1, "rewrite")]}
        )
        assert [e.new for e in found] == ["which"]
        assert [c.split()[0] for c in model.asked[0][1]].count("which") == 1

    def test_however_bad_it_is(self):
        """Even a bad rewritten candidate goes to the judge."""
        (edit,) = edits("the day", Scripted({"day"}), self.KNOWN, extra={(0, 1): [self.REWRITTEN]})
        assert (edit.raw, edit.new, edit.gain, edit.proposer) == ("day", "whilst", -20.0, "rewrite")

    def test_where_rescoring_is_off(self):
        """Only what was rewritten is asked about."""
        model = Scripted({"whilst"})
        found = edits("the whieh day whieh", model, None, accept, {(0, 3): [self.REWRITTEN]})
        assert [(e.word, e.new) for e in found] == [(3, "whilst")]
        assert [(c, k) for c, k in model.asked] == [(f"{PROMPT}\n\nthe whieh day", [" whieh", " whilst"])]
        assert edits("the whieh day", model, None) == []

    def test_several_words_for_one_and_one_for_several(self):
        """All continuations end at the same word."""
        extra = {(0, 1): [Candidate("a b", 9.0, 0.0, 1, "rewrite"), Candidate("x", 9.0, 0.0, 3, "rewrite")]}
        model = Scripted()
        found = edits("the one two three four five", model, None, extra=extra)
        assert model.asked[0][1] == [" one two three four five", " a b two three four five", " x four five"]
        assert {(e.raw, e.new, e.count) for e in found} == {("one", "a b", 1), ("one two three", "x", 3)}

    def test_a_word_that_was_taken_in_already(self):
        """It gets a verdict without a question to the model."""
        extra = {(0, 1): [Candidate("x", 9.0, 0.0, 2, "rewrite")], (0, 2): [Candidate("y", 9.0, 0.0, 1, "rewrite")]}
        model = Scripted({"x"})
        found = edits("the one two three", model, None, accept, extra)
        assert [(e.raw, e.new) for e in found] == [("one two", "x"), ("two", "y")]
        assert len(model.asked) == 1

    def test_half_of_a_broken_word(self):
        """It is asked about as it stands on the page, besides the whole word."""
        known = small({"transported": 5.0, "by": 6.0})
        extra = {(1, 0): [Candidate("ported", 5.0, 0.0, 1, "rewrite")]}
        model = Scripted({"transported"})
        found = edits("trans-\nportcd by", model, known, extra=extra)
        assert [(e.line, e.word, e.new, e.proposer) for e in found] == [
            (1, 0, "ported", "rescore"),
            (1, 0, "ported", "rewrite"),
        ]
        assert [k[0].strip() for _, k in model.asked] == ["transportcd by", "portcd by"]
