"""One page through correction: which proposers run, what the model is asked, and in which order edits are judged."""

from dataclasses import replace

import pytest

from scanmend.config.schema import DEFAULT_PROMPT
from scanmend.correct.hard_rules import BLANK_SHOWN, MARK_SHOWN
from scanmend.correct.settings import skip_reason
from scanmend.document import Line, Page, Word, page_from_text
from scanmend.errors import ModelError
from scripted_models import (
    REWRITE,
    RIGHT,
    TASK,
    TEXT,
    Broken,
    Fixed,
    Honest,
    Likes,
    Unwanted,
    accepted,
    correct,
    corrector,
    mended,
    sound,
)


@pytest.mark.parametrize("task", [replace(TASK, strategy="off"), replace(TASK, strategy="both")])
def test_a_skipped_page_is_its_raw_text(task):
    """The model is not asked, not even for look-alikes, and the reason is kept."""
    page = page_from_text(TEXT if task.strategy == "off" else "tbe $1O0.00")
    done = correct(page, Unwanted(), task)
    assert (done.page, done.corrected, done.edits) == (page, page.raw, ())
    assert done.skipped == skip_reason(page, task) != ""


class TestProposers:
    @pytest.mark.parametrize("strategy", ["rescore", "rewrite", "both"])
    def test_right_corrections_and_nothing_else(self, strategy):
        """Two words are mended; names, acronyms, amounts, codes, addresses, lines and paragraphs stay."""
        done = sound(correct(TEXT, Honest(), replace(TASK, strategy=strategy)))
        assert done.corrected == mended(TEXT)
        assert done.skipped == ""

    @pytest.mark.parametrize("strategy", ["rescore", "rewrite", "both"])
    def test_lookalikes_in_numbers(self, strategy):
        """They are repaired under any strategy, once, and without asking the model."""
        text = "The amount of $1O0.00 is due at the end of 2O24 as agreed."
        done = sound(correct(text, Unwanted() if strategy == "rescore" else Honest(), replace(TASK, strategy=strategy)))
        assert done.corrected == "The amount of $100.00 is due at the end of 2024 as agreed."
        assert [(e.proposer, e.gain) for e in done.edits if e.accepted] == [("typography", None)] * 2

    def test_proposers_that_agree(self):
        """One edit, one question, one verdict."""
        model = Honest()
        done = sound(correct(TEXT, model, replace(TASK, strategy="both")))
        assert [(e.raw, e.new, e.accepted) for e in done.edits if e.raw in RIGHT] == [
            ("tbe", "the", True),
            ("whieh", "which", True),
        ]
        asked = [continuations[0].split()[0] for _, continuations in model.asked]
        assert [asked.count(raw) for raw in ("tbe", "whieh")] == [1, 1]

    def test_two_different_edits_of_one_word(self):
        """The one that the model likes best is judged first; the other is turned down before it is weighed."""
        done = sound(correct(TEXT, Honest(lambda t: t.replace("whieh", "whish")), replace(TASK, strategy="both")))
        (late,) = [e for e in done.edits if e.new == "whish"]
        assert (late.accepted, late.proposer, late.reason) == (
            False,
            "rewrite",
            "another edit of this word was accepted",
        )
        assert done.corrected == mended(TEXT)

    def test_edits_that_overlap(self):
        """Joining a word that was mended already with its neighbour is turned down too."""
        text = "The goods were sent by the company tbe other day, and nobody knows why."
        done = sound(correct(text, Honest(lambda t: t.replace("tbe other", "tbother")), replace(TASK, strategy="both")))
        assert [(e.raw, e.count, e.accepted) for e in done.edits if "tbe" in e.raw] == [
            ("tbe", 1, True),
            ("tbe other", 2, False),
        ]
        assert done.corrected == text.replace("tbe", "the")

    def test_a_rejected_edit_stands_in_nobody_s_way(self):
        """Where the first proposal of a word fails, the second may still be right."""

        class Doubtful(Honest):
            """Likes another word a little better."""

            def score(self, context, continuations):
                if len(continuations) > 2:
                    return [-8.0 if c.split()[0] == "while" else -15.0 for c in continuations]
                return super().score(context, continuations)

        done = sound(correct(TEXT, Doubtful(), replace(TASK, strategy="both")))
        assert ("whieh", "which") in accepted(done)

    def test_the_model_is_asked_once_for_each_rewritten_word(self):
        """Raw and new stand in the same place: prompt, the text before as it was mended, the words after."""
        model = Honest()
        done = correct(TEXT, model, REWRITE)
        assert len(model.asked) == len(done.edits) == 2
        context, (raw, new) = model.asked[1]
        assert context.startswith(f"{DEFAULT_PROMPT}\n\nPlease note the following")
        assert context.endswith("by the company")
        assert (raw, new) == (" whieh made them,", " which made them,")
        assert [e.gain for e in done.edits] == [20.0, 20.0]

    def test_what_a_rule_forbids_is_not_weighed(self):
        """The model is not asked about case, spacing or figures."""
        model = Honest(lambda t: t.replace("Please", "please").replace("U.S.", "U. S.").replace("2024", "2025"))
        done = sound(correct(TEXT.replace("tbe", "the").replace("whieh", "which"), model, REWRITE))
        assert model.asked == []
        assert [e.accepted for e in done.edits] == [False] * len(done.edits)
        assert done.corrected == mended(TEXT)

    def test_boldness_lowers_the_bar(self):
        """With enough of it, what was rejected is accepted; what is forbidden is not."""
        text = mended(TEXT).replace("month", "rnonth")
        bold = replace(REWRITE, boldness=40.0)
        weak = Fixed(0.0, 0.5)
        weak.reply = lambda t: t.replace("rnonth", "month").replace("2024", "2025")
        assert accepted(correct(text, weak, REWRITE)) == []
        assert accepted(sound(correct(text, weak, bold))) == [("rnonth.", "month.")]

    def test_a_capital_may_be_a_name_but_not_where_a_sentence_begins(self):
        """More is asked of an edit of a capitalised word in mid-sentence, on the line above or in the same."""

        def needed(text):
            """The least gain that gets the word mended."""
            gains = (
                gain
                for gain in range(40)
                if accepted(correct(text, Fixed(0.0, float(gain)), replace(TASK, strategy="rescore")))
            )
            return next(gains)

        above = "all of the people came to see them and to hear {}\n{}Hospitai is the place where they were going to."
        middle, start, paragraph = (needed(above.format(*t)) for t in (("the", ""), ("them.", ""), ("the", "\n")))
        assert middle > start
        assert paragraph == start

    def test_progress_is_reported(self):
        """At least once before each question to the model, and once before each chunk."""
        model, beats = Honest(), []

        def beat():
            beats.append((len(model.asked), len(model.sent)))

        corrector(model).correct(page_from_text(TEXT), replace(TASK, strategy="both"), beat)
        asked, sent = len(model.asked), len(model.sent)
        assert asked > 1
        assert sent > 1
        assert {n for n, _ in beats} >= set(range(asked))
        assert {n for _, n in beats} >= set(range(sent))

    def test_a_dead_model_is_the_caller_s_problem(self):
        """A page is never passed off as corrected when the model failed."""
        with pytest.raises(ModelError, match="died"):
            correct(TEXT, Broken())

    def test_words_of_an_image(self):
        """Boxes travel with the edits."""
        texts = ["sent", "to", "the", "hospitai", "today"]
        line = Line(tuple(Word(text, box=(i, 0, i + 1, 1), confidence=95.0) for i, text in enumerate(texts)))
        done = sound(correct(Page(1, (line,)), Honest()))
        (edit,) = [e for e in done.edits if e.new == "hospital"]
        assert edit.box == (3, 0, 4, 1)
        assert edit.accepted


class TestAttention:
    LINES = ("the people of the city", "all of them and more", "we see whieh one it is", "and all of us go there",
             "it was a very good day")  # fmt: skip

    def test_suspect_lines(self):
        """The rest of the page costs no time and can come to no harm; lines beside them are context at most."""
        model = Honest(lambda t: t.replace("whieh", "which").replace("people", "peoples").replace("good", "food"))
        done = correct("\n".join(self.LINES), model, replace(REWRITE, attention="suspect"))
        (sent,) = model.sent
        assert self.LINES[2] in sent.splitlines()
        assert set(sent.splitlines()) < set(self.LINES)
        assert accepted(done) == [("whieh", "which")]
        assert {e.line for e in done.edits} == {2}

    def test_all(self):
        """Every line is sent."""
        model = Honest()
        correct("\n".join(self.LINES), model, REWRITE)
        assert model.sent == ["\n".join(self.LINES)]

    def test_nothing_suspect_nothing_sent(self):
        """A clean page asks for nothing."""
        done = correct("\n".join(self.LINES[:2] * 3), Unwanted(), replace(TASK, strategy="both"))
        assert (done.edits, done.skipped) == ((), "")


class TestWhatTheImageShows:
    """Edits that leave out a blank or a mark, against the boxes of the words."""

    def page(self, text, gap, mark_height=30):
        """A page of 200 DPI; ``gap`` stands after ``prep`` and after a lone bar, 12 pixels elsewhere."""
        lines = []
        for top, row in enumerate([text, "the members of the committee were asked about their letters"]):
            words, x = [], 0
            for part in row.split():
                width, height = (3, mark_height) if part == "|" else (18 * len(part), 30)
                words.append(Word(part, (x, 100 * top, x + width, 100 * top + height), 60.0))
                x += width + (gap if part == "prep" else 12)
            lines.append(Line(tuple(words)))
        return Page(1, tuple(lines))

    @pytest.mark.parametrize(("gap", "merged"), [(2, True), (5, True), (11, False), (40, False)])
    @pytest.mark.parametrize("strategy", ["rescore", "rewrite", "both"])
    def test_blanks(self, gap, merged, strategy):
        """Pieces of a word are put together where there is hardly a gap; a blank that was set stays."""
        model = Likes("preparation", reply=lambda text: text.replace("prep aration", "preparation"))
        task = replace(TASK, strategy=strategy, attention="all")
        done = sound(correct(self.page("for the prep aration of the house", gap), model, task))
        assert ("preparation" in done.corrected) == merged
        assert {e.reason == BLANK_SHOWN for e in done.edits if e.new == "preparation"} == {not merged}

    @pytest.mark.parametrize(("height", "dropped"), [(5, True), (28, False)])
    def test_marks(self, height, dropped):
        """A speck is left out; a bar as high as the letters stays."""
        done = sound(correct(self.page("for the | house of the members", 12, height), Likes("house")))
        assert ("|" not in done.corrected) == dropped
        assert [e.reason == MARK_SHOWN for e in done.edits if e.raw == "| house"] == [not dropped]


class TestOtherLanguages:
    DUTCH = """\
Factuur 2024-118
Omschrijving Aantal Prijs Bedrag
Levering van goederen 2 12,50 25,00
Verzendkosten 1 4,95 4,95
Subtotaal 29,95
Totaal te betalen 36,24"""

    @pytest.mark.parametrize("strategy", ["rescore", "rewrite", "both"])
    def test_their_words_stay(self, strategy):
        """A model that finds English likelier turns no Dutch word into an English one, known or not."""
        english = {"Subtotaal": "Subtotal", "Totaal": "Total", "Factuur": "Factor", "Prijs": "Prize"}

        def reply(text):
            for dutch, word in english.items():
                text = text.replace(dutch, word)
            return text

        model = Likes(*english.values(), reply=reply)
        done = sound(correct(self.DUTCH, model, replace(TASK, strategy=strategy, attention="all")))
        assert done.corrected == self.DUTCH

    def test_an_english_paragraph_beside_them(self):
        """Its misread words are mended all the same."""
        page = self.DUTCH + "\n\n" + TEXT
        assert correct(page, Honest()).corrected == self.DUTCH + "\n\n" + mended(TEXT)


class TestLinesWithoutWords:
    """The places of lines that only the second reader found, before anything is inserted there."""

    TEXT = """\
The goods were sent to the hos-
pitai by the company whieh made them.
“Please note tbe changes” , they said. The invoice of 12 May 2024 has to be paid
before the end of the month.

Hospitai and company are at your service, and look for-
ward to your answer about $1O0.00 in all."""

    @staticmethod
    def with_places(page):
        """The page with two such lines before each line and two at the end, and where each line went."""
        lines, at = [], []
        for line in page.lines:
            lines += [Line((), line.paragraph), Line((), line.paragraph + 1)]
            at.append(len(lines))
            lines.append(line)
        return replace(page, lines=(*lines, Line((), 9), Line((), 9))), at

    @pytest.mark.parametrize("strategy", ["rescore", "rewrite", "both"])
    @pytest.mark.parametrize("attention", ["suspect", "all"])
    def test_they_change_nothing(self, strategy, attention):
        """The same edits, questions, context and text as without them: across line ends, broken words, paragraphs."""
        task = replace(TASK, strategy=strategy, attention=attention)
        page = page_from_text(self.TEXT)
        places, at = self.with_places(page)
        model, other = Honest(), Honest()
        plain, done = correct(page, model, task), correct(places, other, task)
        assert done.edits == tuple(replace(edit, line=at[edit.line]) for edit in plain.edits)
        assert (done.corrected, other.asked, other.sent) == (plain.corrected, model.asked, model.sent)
        assert {e.proposer for e in done.edits if e.accepted} >= {"typography"}
        assert "which made them.\n“Please note the changes”, they said." in done.corrected
        assert "$100.00" in done.corrected

    def test_a_page_of_nothing_else_is_left_alone(self):
        """There is no text that a model could judge by."""
        done = correct(Page(1, (Line(()), Line((), 1))), Unwanted())
        assert (done.corrected, done.edits, done.skipped) == ("", (), "almost no text")
