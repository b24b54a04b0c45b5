"""What is offered next, given what was written; pure, with words for tokens."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.llm.inference.draft import MAX_TOKENS, Draft

SOURCE = (
    "The committee met on Tuesday, and the report was read aloud\n"
    "by the secretary. A vote was taken; nine were for it and two\n"
    "against. The next meeting will be held in the new library."
)
_known: list[str] = []


def pieces(text):
    """A tokenizer: words with the blank before them, marks, line breaks."""
    cut = re.findall(r" ?\w+|\s|[^\w\s]", text)
    _known.extend(dict.fromkeys(word for word in cut if word not in _known))
    return [(_known.index(word), word.encode()) for word in cut]


def offer(draft, *written):
    """What is offered as the reply grows, the last time, as text."""
    tokens = ()
    for text in written:
        tokens = draft.next_tokens(text.encode())
    return "".join(_known[token] for token in tokens)


def after(part):
    """What stands behind ``part`` in the source."""
    return SOURCE[SOURCE.index(part) + len(part) :]


class TestPlace:
    def test_it_begins_at_the_beginning(self):
        """Before anything is written the source itself is offered."""
        assert offer(Draft(SOURCE, pieces), "") == SOURCE

    def test_a_copy_is_followed(self):
        """While the reply is the source, what follows is offered; the place is never lost, not even within words."""
        draft = Draft(SOURCE, pieces)
        for n in range(len(SOURCE)):
            assert offer(draft, SOURCE[:n]) == SOURCE[n:]

    def test_insertion(self):
        """Words that the source lacks do not lose the place."""
        draft = Draft(SOURCE, pieces)
        offered = offer(draft, "The committee", "The committee, as always,", "The committee, as always, met")
        assert offered == after("committee met")

    def test_a_preamble(self):
        """A reply that begins with words of its own finds the source once it quotes it."""
        draft = Draft(SOURCE, pieces)
        assert offer(draft, "Here is the text:\n", "Here is the text:\nThe committee") == after("The committee")

    def test_deletion(self):
        """Words left out are jumped over."""
        written = "The committee met on Tuesday, and the report was by the secretary."
        offered = offer(Draft(SOURCE, pieces), *(written[:n] for n in range(len(written))))
        assert offered.replace("\n", " ") == after("secretary").replace("\n", " ")

    def test_a_line_left_out(self):
        """So is a whole line."""
        first, _, third = SOURCE.split("\n")
        written = first + "\n" + third[:20]
        assert offer(Draft(SOURCE, pieces), first, written) == third[20:]

    def test_substitution(self):
        """A corrected word is passed as soon as the next one is written."""
        draft = Draft("The comrnittee rnet on Tuesday and tbe report was read", pieces)
        assert offer(draft, "The", "The committee", "The committee met", "The committee met on") == (
            " Tuesday and tbe report was read"
        )

    def test_the_place_ahead_counts(self):
        """Where the same words occur before and behind, the reply has gone on."""
        draft = Draft("of the many, one of the many, two of the many", pieces)
        offer(draft, "of the many, one")
        assert offer(draft, "of the many, one of the many") == ", two of the many"

    def test_the_nearest_place_ahead_counts(self):
        """After an edit, of several places ahead the first one is taken."""
        draft = Draft("rnore of the many, two of the many, three of the many", pieces)
        offer(draft, "", "more")
        assert offer(draft, "more of the many") == ", two of the many, three of the many"

    def test_nothing_in_common(self):
        """A reply that has nothing to do with the source gets no draft."""
        assert offer(Draft(SOURCE, pieces), "", "Zzz", "Zzzqqqxxx") == ""

    def test_no_source(self):
        """Without a source there is nothing to offer."""
        assert offer(Draft("", pieces), "", "a", "abc def ghi") == ""

    def test_the_end_of_the_source(self):
        """Behind its last letter nothing is offered."""
        assert offer(Draft(SOURCE, pieces), *(SOURCE[:n] for n in range(20, len(SOURCE), 20)), SOURCE) == ""

    def test_it_does_not_jump_far(self):
        """Three letters found somewhere far off are chance, not a place."""
        draft = Draft("." * 100 + "qxy" + "." * 100, pieces)
        assert offer(draft, ".", ". zqxy") == ""


class TestTokens:
    def test_a_word_begun_is_ended_first(self):
        """Within a token the rest of it is cut anew, and what follows is the source's own tokens."""
        draft = Draft("a committee met", pieces)
        assert [_known[t] for t in draft.next_tokens(b"a comm")] == ["ittee", " met"]

    def test_no_more_than_a_batch_takes(self):
        """However long the source, a draft has its bound."""
        draft = Draft("word " * 500, pieces)
        assert len(draft.next_tokens(b"")) == len(draft.next_tokens(b"word wo")) == MAX_TOKENS

    def test_a_tokenizer_that_puts_a_blank_first(self):
        """Vocabularies that spell a text with a blank before it are counted from the text."""
        draft = Draft("one two three", lambda text: pieces(" " + text))
        assert offer(draft, "one") == " two three"
        assert offer(draft, "one t") == ""

    def test_a_tokenizer_that_cannot_spell_the_source(self):
        """Then nothing is offered rather than something wrong."""
        assert Draft(SOURCE, lambda text: pieces(text.lower())).next_tokens(b"The") == ()

    def test_letters_cut_in_the_middle(self):
        """A reply that ends within a letter gets no draft of half a letter."""
        source = "née en été à Orléans"
        written = source.encode()
        draft = Draft(source, pieces)
        for n in range(len(written)):
            tokens = draft.next_tokens(written[:n])
            assert written[n:].startswith(b"".join(_known[t].encode() for t in tokens))


class TestLineBreaks:
    LINES = (
        "It was done out of kind-\nness, and all of us\nwere glad.\n"
        "No one else was so\nmoved by this good-\nness of hers\nas they were."
    )
    JOINED = LINES.replace("kind-\nness,", "kindness,\n").replace("good-\nness", "goodness\n").replace("\n ", "\n")
    DROPPED = LINES.replace("kind-\nness", "kindness").replace("good-\nness", "goodness")
    FLOWING = (
        "It was done out of kindness, and all of us were glad.\n"
        "No one else was so moved by this goodness of hers as they were."
    )

    @pytest.mark.parametrize(
        "reply",
        [LINES, LINES.replace("\n", " "), JOINED, DROPPED, FLOWING],
        ids=["kept", "blanks", "moved", "dropped", "sentences"],
    )
    def test_habits(self, reply):
        """Kept, made blanks, moved behind joined words, or left between sentences: most of the reply is foreseen."""
        draft = Draft(self.LINES, pieces)
        written, wrong = b"", 0
        for token, piece in pieces(reply):
            wrong += draft.next_tokens(written)[:1] != (token,)
            written += piece
        assert wrong <= 6
        assert draft.next_tokens(reply[: reply.index("moved")].encode())

    def test_turned_back(self):
        """A reply that keeps line breaks after all gets line breaks again."""
        draft = Draft(SOURCE, pieces)
        joined = SOURCE[:59] + " " + SOURCE[60:121]
        offer(draft, *(joined[:n] for n in range(50, 110)))
        assert "\n" not in offer(draft, joined[:110])
        assert offer(draft, SOURCE[:115]) == SOURCE[115:]

    def test_a_paragraph_that_became_a_line(self):
        """Two line breaks written as one are passed."""
        draft = Draft("First line here.\n\nSecond line there.", pieces)
        assert offer(draft, "First line here.", "First line here.\n", "First line here.\nSecond line") == " there."


@given(st.text(alphabet="ab-é. \n", max_size=60), st.lists(st.text(alphabet="ab-é. \n", max_size=8), max_size=12))
def test_what_is_offered_stands_in_the_source(source, written):
    """Nothing is ever made up, but for line breaks and the hyphens before them, whatever the reply."""

    def bare(text):
        return re.sub(r"[\n -]", "", text)

    draft, reply = Draft(source, pieces), ""
    for piece in written:
        reply += piece
        assert bare(offer(draft, reply)) in bare(source)
