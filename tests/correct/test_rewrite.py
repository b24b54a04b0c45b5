"""The rewriting proposer: chunks of lines go to the model, differences come back tied to words of one line."""

from scanmend.correct import rewrite
from scanmend.document import page_from_text


class Scripted:
    """A language model that answers with what it was given, changed by a function."""

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
    wanted = range(len(page.lines)) if wanted is None else wanted
    return list(rewrite.propose(page, list(wanted), "Mend it", model, lambda: None))


def test_differences_are_tied_to_line_and_word():
    """Every edit names the line and the word that it would change."""
    page = page_from_text("one tbe two\nthree four tbe")
    edits = propose(page, Scripted(lambda text: text.replace("tbe", "the")))
    assert [(e.line, e.word, e.raw, e.new, e.proposer) for e in edits] == [
        (0, 1, "tbe", "the", "rewrite"),
        (1, 2, "tbe", "the", "rewrite"),
    ]


def test_the_prompt_is_the_system_message():
    """The folder's prompt goes first; the text is the user's message alone."""
    model = Scripted(lambda text: text)
    propose(page_from_text("some text"), model)
    assert model.asked[0][0].startswith("Mend it")
    assert model.asked[0][1] == "some text"


def test_a_word_broken_over_two_lines_is_not_joined():
    """Joining hyphenated line ends is no correction."""
    page = page_from_text("it was trans-\nported here")
    assert propose(page, Scripted(lambda _: "it was transported here")) == []


def test_an_empty_reply_proposes_nothing():
    """A reply that hit a limit comes as nothing, and nothing changes."""
    assert propose(page_from_text("some text"), Scripted(lambda _: "")) == []


def test_chunks_hold_neighbouring_lines_that_fit():
    """Lines far apart, too many or too long for the context make chunks of their own; impossible ones are left out."""
    page = page_from_text("\n".join(["aa bb", "cc dd", "x" * 50, "ee ff"]))
    assert list(rewrite.chunks(page, [0, 1, 2, 3], lambda text: len(text) <= 12)) == [[0, 1], [3]]
    assert list(rewrite.chunks(page, [0, 3], lambda _: True)) == [[0], [3]]
    long = page_from_text("\n".join("word " * 25 for _ in range(20)))
    assert all(
        sum(len(long.lines[n].words) for n in c) <= rewrite.CHUNK_WORDS
        for c in rewrite.chunks(long, range(20), lambda _: True)
    )


def test_only_wanted_lines_are_sent():
    """Lines that are not attended to never reach the model."""
    model = Scripted(lambda text: text)
    propose(page_from_text("one\ntwo\nthree"), model, wanted=[1])
    assert [text for _, text in model.asked] == ["two"]
