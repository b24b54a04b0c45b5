"""The rescoring proposer: which words it looks into, what they may have been, and what the model is asked."""

import math
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct.confusions import Confusions
from scanmend.correct.judge import forbidden
from scanmend.correct.lexicon import KNOWN, Lexicon, lexicon
from scanmend.correct.rescore import LOOKBACK, MOST, Candidates, context_of, propose
from scanmend.document import Page, Word, page_from_text

PROMPT = "Mend the text"
ENGLISH = Candidates(lexicon(("eng",)), Confusions.load())
CLEAN = "It was a bright cold day in the city and the people were going to work by train"


class Scripted:
    """A language model with an opinion on single words, which remembers what it was asked."""

    def __init__(self, likes=(), most=20.0):
        self.likes, self.most, self.asked = set(likes), most, []

    def score(self, context, continuations):
        self.asked.append((context, list(continuations)))
        return [self.opinion(continuation.split()) for continuation in continuations]

    def opinion(self, words):
        return 0.0 if self.likes & {words[0].strip(".,"), " ".join(words[:2])} else -self.most

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
    return Candidates(Lexicon(words.items()), Confusions(dict(rows)))


def texts(candidates, word):
    word = Word(word) if isinstance(word, str) else word
    return [c.text for c in candidates.of(word)]


def edits(text, model, candidates=ENGLISH):
    page = text if isinstance(text, Page) else page_from_text(text)
    return list(propose(page, PROMPT, candidates, model, lambda: None))


class TestSuspicious:
    @pytest.mark.parametrize("text", ["whieh", "“Whieh,”", "rernaining", "Nartker", "ofthat"])
    def test_unknown_words(self, text):
        """What no lexicon holds, names included, is worth a question."""
        assert ENGLISH.suspicious(Word(text))
        assert ENGLISH.suspicious(Word(text, confidence=99.0))

    @pytest.mark.parametrize("text", ["the", "The", "“people,”", "work."])
    def test_common_words(self, text):
        """They are not, unless Tesseract itself was unsure of them."""
        assert not ENGLISH.suspicious(Word(text))
        assert not ENGLISH.suspicious(Word(text, confidence=96.0))
        assert ENGLISH.suspicious(Word(text, confidence=20.0))

    @pytest.mark.parametrize("text", ["2024", "$1O0.00", "1OO", "50%", "A4", "-5", "§3", "№7", "hospita1"])
    def test_numbers(self, text):
        """No model is asked about a word with a digit or a sign in it."""
        assert not ENGLISH.suspicious(Word(text, confidence=1.0))

    @pytest.mark.parametrize("text", ["l", "x,", "(Q)", "—", "...", "|", ""])
    def test_single_letters_and_marks(self, text):
        """They have too many neighbours, or none."""
        assert not ENGLISH.suspicious(Word(text, confidence=1.0))

    def test_a_word_that_a_much_commoner_one_is_often_taken_for(self):
        """A rare word is suspicious when a likely confusion makes a common one of it, and only then."""
        rows = {("b", "h"): 2.0}
        assert small({"tbe": 3.0, "the": 7.5}, rows).suspicious(Word("tbe"))
        assert not small({"tbe": 3.0, "the": 7.5}).suspicious(Word("tbe"))
        assert not small({"tbe": 3.0, "the": 3.2}, rows).suspicious(Word("tbe"))
        assert not small({"tbe": 6.0, "the": 7.5}, rows).suspicious(Word("tbe"))

    def test_a_rare_word_that_two_common_ones_make(self):
        """The lists hold some words that were run together."""
        assert small({"ofthe": 3.0, "of": 7.0, "the": 7.5}).suspicious(Word("ofthe"))
        assert not small({"ofthe": 3.0, "of": 7.0}).suspicious(Word("ofthe"))


class TestCandidates:
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
        assert true in texts(ENGLISH, raw)

    def test_from_known_confusions(self):
        """A confusion of the table is undone, even where the raw word is one itself."""
        assert texts(small({"modem": 3.4, "modern": 5.0}, {("m", "rn"): 2.0}), "modem") == ["modern"]

    def test_from_the_lexicon(self):
        """Where the table knows nothing, words near an unknown one are taken, and none for a known one."""
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
        assert "of the" in texts(ENGLISH, "ofthe")
        assert "“Of the" in texts(ENGLISH, "“Ofthe")
        assert [t for t in texts(small({"of": 7.0, "the": 7.5, "oft": 3.0, "he": 6.5}), "ofthe") if " " in t] == [
            "of the"
        ]

    def test_the_likeliest_first(self):
        """Cheaper and commoner words come before dearer and rarer ones."""
        known = small({"rain": 5.0, "ruin": 4.0, "rein": 3.0}, {("o", "a"): 2.0, ("o", "u"): 2.0, ("o", "e"): 2.0})
        assert texts(known, "roin") == ["rain", "ruin", "rein"]
        known = small({"rain": 5.0, "ruin": 5.0}, {("o", "a"): 6.0, ("o", "u"): 1.0})
        assert texts(known, "roin") == ["ruin", "rain"]
        assert [c.cost for c in known.of(Word("roin"))] == [1.0, 6.0]

    def test_not_too_many(self):
        """The model's time is bounded."""
        many = {f"b{c}t": 5.0 for c in "aeiouylr"} | {f"{c}xt": 5.0 for c in "aeiouylr"}
        assert len(texts(small(many), "bxt")) == MOST
        assert len(texts(ENGLISH, "bas")) <= MOST

    def test_elisions_are_kept(self):
        """French articles stand before the word that is looked into."""
        french = Candidates(lexicon(("fra",)), Confusions.load())
        assert "l'homme" in texts(french, "l'homrne")
        assert "L\u2019homme," in texts(french, "L\u2019homrne,")

    def test_marks_that_are_misread_letters(self):
        """Signs that are hardly punctuation may be undone too."""
        known = small({"ill": 5.0})
        assert "ill" not in texts(known, "|ll")
        assert texts(small({"ill": 5.0}, {("|", "i"): 3.0}), "|ll")[0] == "ill"

    def test_unknown_words_are_none(self):
        """Only words of the lexicon are ever offered, so a folder without one is left alone."""
        assert texts(small({"which": KNOWN - 0.1}), "whieh") == []
        assert texts(small({}), "whieh") == []

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
        found = ENGLISH.of(Word(raw))
        assert len(found) <= MOST
        assert len({c.text for c in found}) == len(found)
        for one in found:
            assert one.text != raw
            assert forbidden(raw, one.text) == ""
            assert 0 < one.cost < math.inf
            assert one.zipf >= KNOWN
            assert "\n" not in one.text
            assert re.match(r"[(“]?", one.text)[0] == re.match(r"[(“]?", raw)[0]


class TestPropose:
    def test_the_better_reading(self):
        """A word that the model likes much better is proposed, with place, gain and box."""
        page = page_from_text(f"{CLEAN}\nand tbe whieh, was")
        words = (*page.lines[1].words[:2], replace(page.lines[1].words[2], box=(1, 2, 3, 4)), page.lines[1].words[3])
        page = replace(page, lines=(page.lines[0], replace(page.lines[1], words=words)))
        (edit,) = edits(page, Scripted({"which"}))
        assert (edit.line, edit.word, edit.raw, edit.new, edit.count) == (1, 2, "whieh,", "which,", 1)
        assert (edit.proposer, edit.gain, edit.box, edit.accepted) == ("rescore", 20.0, (1, 2, 3, 4), False)

    def test_a_gain_below_the_channel_cost_is_not_worth_it(self):
        """How unlikely the misreading is counts against it."""
        assert edits("whieh", Scripted({"which"}, most=0.5)) == []
        assert edits("whieh", Scripted({"whieh"})) == []

    def test_clean_text_asks_nothing(self):
        """Common words never reach the model."""
        model = Scripted()
        assert edits(f"{CLEAN}.\n\n{CLEAN}, 2024.", model) == []
        assert model.asked == []

    def test_an_empty_page(self):
        """Nothing to propose, nothing to ask."""
        assert edits(Page(1, ()), Scripted()) == []

    def test_the_raw_word_is_scored_beside_its_candidates(self):
        """Each stands before the same following words, with the blank that the text has there."""
        model = Scripted()
        edits("It was the whieh day in\nthe city", model)
        ((context, continuations),) = model.asked
        assert context == f"{PROMPT}\n\nIt was the"
        assert continuations[0] == " whieh day in"
        assert " which day in" in continuations
        assert len(continuations) <= MOST + 1

    def test_the_words_that_follow_may_stand_on_the_next_line(self):
        """The line break is part of what the model sees."""
        model = Scripted()
        edits("whieh\nday in the city", model)
        ((context, continuations),) = model.asked
        assert (context, continuations[0]) == (f"{PROMPT}\n\n", "whieh\nday in")

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

    def test_a_reading_that_is_beyond_doubt_stands_in_the_context(self):
        """What follows is judged by the mended text, or by the raw one where the gain was small."""
        known = small({"the": 7.0, "day": 6.0, "and": 7.0, "work": 6.0, "which": 6.0, "public": 5.0}, {("e", "c"): 6.0})
        sure, unsure = Scripted({"which"}, most=30.0), Scripted({"which"}, most=7.0)
        for model in (sure, unsure):
            assert [e.new for e in edits("the whieh day and publie work", model, known)] == ["which"]
        assert sure.asked[-1][0].endswith("the which day and")
        assert unsure.asked[-1][0].endswith("the whieh day and")

    def test_the_model_is_not_asked_about_numbers(self):
        """A look-alike letter in a number is proposed without it, and stands mended in the context."""
        model = Scripted()
        found = edits("pay $1O0.00 for whieh", model)
        assert [(e.raw, e.new, e.proposer, e.gain) for e in found] == [("$1O0.00", "$100.00", "lookalike", None)]
        assert [context for context, _ in model.asked] == [f"{PROMPT}\n\npay $100.00 for"]

    def test_the_context_is_seldom_cut(self):
        """It stays bounded, always begins with the prompt, and mostly extends the one before, which is cached."""
        page = page_from_text("\n".join(f"{CLEAN} whieh and publie" for _ in range(150)))
        model = Scripted()
        edits(page, model, small(dict.fromkeys([*CLEAN.lower().split(), "which", "public"], 5.0)))
        contexts = [context for context, _ in model.asked]
        assert len(contexts) == 300
        assert all(c.startswith(f"{PROMPT}\n\n") for c in contexts)
        assert max(map(len, contexts)) <= len(PROMPT) + 3 * LOOKBACK
        assert min(map(len, contexts[30:])) >= LOOKBACK
        cuts = sum(not b.startswith(a) for a, b in pairwise(contexts))
        assert 1 <= cuts <= len(page.raw) / LOOKBACK

    def test_progress_is_told_for_every_word(self):
        """The watchdog of a long page sees that it goes on."""
        beats = []
        page = page_from_text(f"{CLEAN}\nwhieh 2O24")
        list(propose(page, PROMPT, ENGLISH, Scripted(), lambda: beats.append(1)))
        assert len(beats) == sum(len(line.words) for line in page.lines)

    @pytest.mark.parametrize("score", [0.0, -12.5, -1e300])
    def test_a_model_without_an_opinion_proposes_nothing(self, score):
        """Where all readings are equal, the raw one stays."""
        assert edits("the whieh and publie and rernaining", Stubborn(score)) == []

    @pytest.mark.parametrize(
        "scores", [(math.nan,), (math.inf,), (-math.inf,), (math.nan, 0.0), (0.0, math.nan), (-math.inf, math.inf)]
    )
    def test_a_model_that_answers_no_numbers(self, scores):
        """Nonsense never crashes, and the candidates stay what they were."""
        found = edits("the whieh and publie and rernaining", Stubborn(*scores))
        assert all(e.new in texts(ENGLISH, e.raw) for e in found)


def test_context_of_an_edit_from_elsewhere():
    """The raw text of the lines above, its end when it is long."""
    page = page_from_text("one two\nthree\n\nfour")
    assert context_of(page, page.lines[0]) == ""
    assert context_of(page, page.lines[2]) == "one two\nthree"
    long = page_from_text("\n".join(f"{CLEAN} {n}" for n in range(60)))
    found = context_of(long, long.lines[-1])
    assert len(found) == LOOKBACK
    assert found.endswith(f"{CLEAN} 58")
