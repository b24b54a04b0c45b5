"""The rewriting proposer: chunks of lines go to the model, differences come back tied to words of one line."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.correct import rewrite
from scanmend.document import Line, Page, Word, page_from_text


class Scripted:
    """A language model that answers with what it was given, changed by a function."""

    can_score = True

    def __init__(self, change, room=10_000):
        self.change, self.room, self.asked = change, room, []

    def score(self, context, continuations):
        return [0.0 for _ in continuations]

    def rewrite(self, prompt, text):
        self.asked.append((prompt, text))
        return self.change(text)

    def fits(self, prompt, text):
        return len(text) <= self.room


def propose(page, model, wanted=None):
    page = page_from_text(page) if isinstance(page, str) else page
    wanted = range(len(page.lines)) if wanted is None else wanted
    return list(rewrite.propose(page, list(wanted), "Mend it", model, lambda: None))


def changes(page, model, wanted=None):
    return [(e.line, e.word, e.raw, e.new) for e in propose(page, model, wanted)]


def the(text):
    return text.replace("tbe", "the")


def test_differences_are_tied_to_line_and_word():
    """Every edit names the line and the word that it would change, and its proposer."""
    edits = propose("one tbe two\nthree four tbe", Scripted(the))
    assert [(e.line, e.word, e.raw, e.new, e.proposer) for e in edits] == [
        (0, 1, "tbe", "the", "rewrite"),
        (1, 2, "tbe", "the", "rewrite"),
    ]


def test_the_prompt_is_the_system_message():
    """The folder's prompt goes first; the text is the user's message alone."""
    model = Scripted(lambda text: text)
    propose("some text", model)
    assert model.asked[0][0].startswith("Mend it")
    assert model.asked[0][1] == "some text"


def test_the_whole_message_has_to_fit():
    """What is measured is what is sent, instruction included."""

    class Measuring(Scripted):
        """Remembers what it was asked to measure."""

        def fits(self, prompt, text):
            measured.add((prompt, text))
            return True

    measured = set()
    model = Measuring(the)
    propose("one tbe two\nthree", model)
    assert set(model.asked) <= measured


def test_an_empty_reply_proposes_nothing():
    """A reply that hit a limit comes as nothing, and nothing changes."""
    assert propose("some text", Scripted(lambda _: "")) == []


class TestLineEnds:
    def test_a_word_broken_over_two_lines_is_not_joined(self):
        """Joining hyphenated line ends is no correction."""
        assert propose("it was trans-\nported here", Scripted(lambda _: "it was transported here")) == []

    @pytest.mark.parametrize(
        ("raw", "reply", "edits"),
        [
            ("on Satur-\ndav morning", "on Saturday morning", [(1, 0, "dav", "day")]),
            ("on Salur-\nday morning", "on Saturday morning", [(0, 1, "Salur-", "Satur-")]),
            ("on Salur-\ndav morning", "on Saturday morning", [(0, 1, "Salur-", "Satur-"), (1, 0, "dav", "day")]),
            ("end of\ntbe day", "end ofthe day", [(1, 0, "tbe", "the")]),
            ("it was in-\ncom-\nplele then", "it was incomplete then", [(2, 0, "plele", "plete")]),
            ("he was trans-\nport ed here", "he was transported here", [(1, 0, "port ed", "ported")]),
        ],
    )
    def test_what_was_misread_in_such_a_word_is_mended_on_its_line(self, raw, reply, edits):
        """The break and the hyphen stay; no edit crosses lines."""
        assert changes(raw, Scripted(lambda _: reply)) == edits

    WORDS = st.lists(st.text("tbeahr-", min_size=1, max_size=5), min_size=1, max_size=6).map(" ".join)

    @given(st.lists(WORDS, min_size=1, max_size=5), WORDS | st.text("tbeahr- \n", max_size=60))
    def test_any_reply(self, lines, reply):
        """Whatever comes back: each edit replaces the words of one line that it names, and none twice."""
        page = page_from_text("\n".join(lines))
        taken = set()
        for edit in propose(page, Scripted(lambda _: reply)):
            words = page.lines[edit.line].words[edit.word : edit.word + edit.count]
            assert edit.raw == " ".join(w.text for w in words) != edit.new
            places = {(edit.line, edit.word + k) for k in range(edit.count)}
            assert len(words) == edit.count
            assert not places & taken
            taken |= places


class TestContext:
    TEXT = "a tbe\nb tbe\nc tbe\nd tbe\ne tbe"

    def test_the_lines_around_go_along_but_are_not_edited(self):
        """The model sees one line before and one after; edits are those of the wanted lines."""
        model = Scripted(the)
        assert changes(self.TEXT, model, wanted=[2]) == [(2, 1, "tbe", "the")]
        assert [text for _, text in model.asked] == ["b tbe\nc tbe\nd tbe"]

    def test_lines_far_away_never_reach_the_model(self):
        """Islands of wanted lines make a chunk each."""
        model = Scripted(the)
        assert [n for n, *_ in changes(self.TEXT, model, wanted=[0, 4])] == [0, 4]
        assert [text for _, text in model.asked] == ["a tbe\nb tbe", "d tbe\ne tbe"]

    def test_what_the_model_completes_at_the_end_is_not_taken(self):
        """Neither the rest of a sentence nor the rest of a word, though the text breaks off there."""
        reply = "then came tbe comrnittee of the whole house and said so."
        assert changes("then came tbe com-\nmittee and", Scripted(lambda _: reply), wanted=[0]) == []
        assert changes("then came tbe com-", Scripted(lambda _: reply)) == []

    def test_long_runs_overlap(self):
        """Every line but the first and the last of the page is sent with both neighbours, and edited once."""
        page = page_from_text("\n".join(f"{'word ' * 24}{n} tbe" for n in range(30)))
        model = Scripted(the)
        edits = propose(page, model)
        assert [(e.line, e.word) for e in edits] == [(n, 25) for n in range(30)]
        sent = [text.split("\n") for _, text in model.asked]
        assert len(sent) > 3
        lines = [line.text for line in page.lines]
        for before, after in pairwise(sent):
            assert before[-2:] == after[:2]
        assert sent[0][0] == lines[0]
        assert sent[-1][-1] == lines[-1]
        most = rewrite.CHUNK_WORDS + 2 * rewrite.CONTEXT_WORDS
        assert all(sum(len(line.split()) for line in text) <= most for text in sent)

    def test_context_that_does_not_fit_is_left_out(self):
        """The line itself comes first."""
        model = Scripted(the, room=8)
        assert [n for n, *_ in changes(self.TEXT, model)] == [0, 1, 2, 3, 4]
        assert [text for _, text in model.asked] == self.TEXT.split("\n")

    def test_long_neighbours_are_cut(self):
        """A line of hundreds of words is no context as a whole."""
        long = Line(tuple(Word(f"w{n}") for n in range(100)))
        model = Scripted(the)
        propose(Page(1, (long, Line((Word("tbe"),)), long)), model, wanted=[1])
        before, own, after = (line.split() for line in model.asked[0][1].split("\n"))
        assert (before[-1], own, after[0]) == ("w99", ["tbe"], "w0")
        assert len(before) == len(after) == rewrite.CONTEXT_WORDS


class TestLongLines:
    def test_a_line_too_long_for_the_context_is_sent_in_parts(self):
        """Every word is sent, and edits name its place in the whole line."""
        line = Line(tuple(Word("tbe" if n % 10 == 3 else f"w{n}") for n in range(100)))
        model = Scripted(the, room=60)
        edits = propose(Page(1, (line,)), model)
        assert [(e.line, e.word) for e in edits] == [(0, n) for n in range(3, 100, 10)]
        assert all(len(text) <= 60 for _, text in model.asked)

    def test_a_line_of_more_words_than_a_chunk(self):
        """The bound on what one bad reply can spoil holds within a line too."""
        line = Line(tuple(Word(text) for n in range(rewrite.CHUNK_WORDS) for text in ("tbe", f"w{n}", "of")))
        model = Scripted(the)
        assert len(propose(Page(1, (line,)), model)) == rewrite.CHUNK_WORDS
        assert len(model.asked) >= 3

    def test_a_word_too_long_for_the_context_is_left_out(self):
        """Its neighbours are not."""
        model = Scripted(the, room=20)
        assert changes(f"tbe {'x' * 50} tbe", model) == [(0, 0, "tbe", "the"), (0, 2, "tbe", "the")]
        assert "x" not in "".join(text for _, text in model.asked)

    def test_no_room_at_all(self):
        """A context that holds nothing proposes nothing."""
        assert propose("some tbe", Scripted(the, room=0)) == []
