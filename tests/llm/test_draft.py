"""What is offered next, given what was written; pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.llm.draft import FIRST, LEAST, MOST, Draft

SOURCE = (
    "The committee met on Tuesday, and the report was read aloud\n"
    "by the secretary. A vote was taken; nine were for it and two\n"
    "against. The next meeting will be held in the new library."
)


def after(part):
    """What stands behind ``part`` in the source."""
    return SOURCE[SOURCE.index(part) + len(part) :]


def continues(offered, part):
    """Whether the source goes on with what is offered behind ``part``, and enough of it is offered."""
    return len(offered) >= 20 and after(part).startswith(offered)


def follow(draft, *written):
    """Offer after offer, as the reply grows; the last one is returned."""
    offered = ""
    for text in written:
        offered = draft.ahead(text)
    return offered


class TestResynchronisation:
    def test_it_begins_at_the_beginning(self):
        """Before anything is written the source itself is offered."""
        assert continues(Draft(SOURCE).ahead(""), "")

    @pytest.mark.parametrize("end", [10, 30, 61, 75, 120])
    def test_a_copy_is_followed(self, end):
        """While the reply is the source, what follows is offered; the place is never lost."""
        draft = Draft(SOURCE)
        for n in range(1, end):
            offered = draft.ahead(SOURCE[:n])
            if n > 3:
                assert offered
                assert SOURCE[n:].startswith(offered)

    def test_insertion(self):
        """Words that the source lacks do not lose the place."""
        draft = Draft(SOURCE)
        follow(draft, "The committee ", "The committee, as always, ")
        assert continues(draft.ahead("The committee, as always, met"), "committee met")

    def test_a_preamble(self):
        """A reply that begins with words of its own finds the source once it quotes it."""
        draft = Draft(SOURCE)
        follow(draft, "Here is the text:\n")
        assert continues(draft.ahead("Here is the text:\nThe committee"), "The committee")

    def test_deletion(self):
        """Words left out are jumped over."""
        draft = Draft(SOURCE)
        follow(draft, "The committee met on", "The committee met on Tuesday, and the report was by the sec")
        assert continues(
            draft.ahead("The committee met on Tuesday, and the report was by the secretary."), "secretary."
        )

    def test_substitution(self):
        """A corrected word is passed within a few letters of the next one."""
        draft = Draft("The comrnittee rnet on Tuesday and tbe report was read")
        follow(draft, "The ", "The committee")
        assert draft.ahead("The committee met on").startswith(" Tuesday and")

    def test_the_nearest_of_several_places(self):
        """Where the same words occur twice, the place near the last one counts."""
        text = "one of the many, two of the many, three of the many and no more"
        draft = Draft(text)
        follow(draft, "one of the many, two")
        assert draft.ahead("one of the many, two of the many").startswith(", three")

    def test_nothing_in_common(self):
        """A reply that has nothing to do with the source gets no draft."""
        assert follow(Draft(SOURCE), "", "Zzz", "Zzzqqqxxx") == ""

    def test_no_source(self):
        """Without a source there is nothing to offer."""
        assert follow(Draft(""), "", "a", "abc def ghi") == ""

    def test_the_end_of_the_source(self):
        """Behind its last letter nothing is offered."""
        draft = Draft(SOURCE)
        follow(draft, *(SOURCE[:n] for n in range(20, len(SOURCE), 20)))
        assert draft.ahead(SOURCE) == ""

    def test_it_does_not_jump_far(self):
        """Two letters found somewhere far off are chance, not a place."""
        far = "qx" + "." * 100
        draft = Draft("." * 100 + far)
        draft.ahead(".")
        assert draft.ahead(". zqx") == ""


class TestLineBreaks:
    def test_kept(self):
        """A reply with the source's line breaks gets them offered."""
        draft = Draft(SOURCE)
        offered = follow(
            draft, "The committee", SOURCE[:50], "The committee met on Tuesday, and the report was read aloud"
        )
        assert offered.startswith("\nby the")

    def test_turned_into_blanks(self):
        """After one line break became a blank, the next ones are offered as blanks."""
        draft = Draft(SOURCE)
        draft.length = MOST
        written = SOURCE[:59] + " "
        follow(draft, SOURCE[:40], written)
        offered = draft.ahead(written + "by the secretary. A vote")
        assert "nine were for it and two against." in offered

    def test_turned_back(self):
        """A reply that keeps the next line break after all gets line breaks again."""
        draft = Draft(SOURCE)
        draft.length = MOST
        joined = SOURCE[:59] + " " + SOURCE[60:100]
        follow(draft, SOURCE[:40], SOURCE[:59] + " ", joined)
        kept = SOURCE[:59] + " " + SOURCE[60:121]
        assert kept.endswith("\n")
        follow(draft, kept[:-1], kept)
        assert not draft._spaces

    def test_a_paragraph_that_became_a_line(self):
        """Two line breaks written as one are passed."""
        draft = Draft("First line here.\n\nSecond line there.")
        follow(draft, "First line here.", "First line here.\n")
        assert draft.ahead("First line here.\nSecond line").startswith(" there.")


class TestLength:
    def test_it_grows_on_success(self):
        """Drafts that hold are doubled, up to a bound."""
        draft = Draft(SOURCE)
        lengths = [draft.length]
        for _ in range(6):
            draft.learn(draft.length, draft.length)
            lengths.append(draft.length)
        assert lengths == [min(MOST, FIRST * 2**n) for n in range(len(lengths))]

    def test_it_shrinks_on_failure(self):
        """A draft that breaks is halved at least, down to a bound."""
        draft = Draft(SOURCE)
        draft.length = MOST
        draft.learn(MOST, MOST // 2)
        assert draft.length == MOST // 2
        draft.learn(MOST // 2, 3)
        assert draft.length == min(6, MOST // 4)
        draft.learn(6, 0)
        assert draft.length == LEAST
        draft.learn(4, 1)
        assert draft.length == LEAST

    def test_no_draft_teaches_nothing(self):
        """Where nothing was offered, nothing was learned."""
        draft = Draft(SOURCE)
        draft.learn(0, 0)
        assert draft.length == FIRST

    def test_longer_drafts_offer_more(self):
        """The text offered grows with the tokens wanted."""
        draft = Draft(SOURCE * 5)
        short = draft.ahead("")
        draft.learn(FIRST, FIRST)
        assert len(draft.ahead("")) == 2 * len(short)

    @given(st.lists(st.tuples(st.integers(0, 100), st.floats(0, 1)), max_size=40))
    def test_it_stays_within_bounds(self, calls):
        """Whatever happens, the length is one that pays."""
        draft = Draft(SOURCE)
        for offered, part in calls:
            draft.learn(offered, int(offered * part))
            assert LEAST <= draft.length <= MOST


@given(st.text(alphabet="ab \n", max_size=60), st.lists(st.text(alphabet="ab \n", max_size=8), max_size=12))
def test_what_is_offered_stands_in_the_source(source, pieces):
    """Nothing is ever made up, but for line breaks that become blanks."""
    draft, written = Draft(source), ""
    for piece in pieces:
        written += piece
        assert draft.ahead(written).replace("\n", " ") in source.replace("\n", " ")
