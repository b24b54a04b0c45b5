"""scanmend.correct.two_readers.revision: edits applied to a page, and the way back to the page that was read."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.two_readers.revision import revise
from scanmend.document import Edit, Line, Page, Word, apply_edits


def page(*rows):
    return Page(1, tuple(Line(tuple(Word(text, confidence=50.0) for text in row.split())) for row in rows))


def edit(word, raw, new, *, line=0, count=None, accepted=True, proposer="reader", **more):
    count = len(raw.split()) if count is None else count
    return Edit(line, word, raw, new, proposer, count=count, accepted=accepted, reason=f"{proposer} says so", **more)


def texts(one):
    return [line.text for line in one.lines]


def composed(raw, own, judged):
    """The edits of the raw page, for edits of the page that the own ones make of it."""
    return revise(raw, own)[0].edits_on_raw_page(judged)


def text(raw, edits):
    return [apply_edits(line, [e for e in edits if e.line == n]) for n, line in enumerate(raw.lines)]


class TestRevise:
    def test_what_edits_can_do(self):
        """Replace, split, drop and insert; a rejected edit is kept, and does nothing."""
        edits = [
            edit(1, "ofthe", "of the"),
            edit(0, "", "from now", count=0),
            edit(2, "~", ""),
            edit(3, "", "on", count=0),
            edit(0, "here", "there", accepted=False),
        ]
        revision, settled = revise(page("here ofthe ~", ""), edits)
        assert texts(revision.page) == ["from now here of the on", ""]
        assert revision.raw_spans == (((0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (3, 0)), ())
        assert settled == {(0, 0), (0, 1), (0, 3), (0, 4), (0, 5)}
        assert revision.edits == tuple(edits)
        assert texts(revision.raw) == ["here ofthe ~", ""]

    def test_boxes_and_confidence(self):
        """A replaced word keeps its own, unless the edit says where each word stands."""
        box, left, right = (0, 0, 9, 9), (0, 0, 4, 9), (5, 0, 9, 9)
        one = Page(1, (Line((Word("ab", box, 40.0), Word("cd", box, 40.0))),))
        words = revise(one, [edit(0, "ab", "a b", box=box, boxes=(left, right)), edit(1, "cd", "ce", box=box)])[0]
        assert words.page.lines[0].words == (Word("a", left, 40.0), Word("b", right, 40.0), Word("ce", box, 40.0))


class TestWayBack:
    def test_edits_of_untouched_words(self):
        """They find their raw words, beside the own edits."""
        raw = page("a ~ tbe goods")
        done = composed(raw, [edit(1, "~", "")], [edit(1, "tbe", "the", proposer="rescore", gain=5.0)])
        assert [(e.word, e.count, e.raw, e.new, e.proposer) for e in done] == [
            (1, 1, "~", "", "reader"),
            (2, 1, "tbe", "the", "rescore"),
        ]

    def test_across_a_dropped_word(self):
        """The edit includes it, and the drop is no edit of its own."""
        raw = page("hos ~ pital")
        (done,) = composed(raw, [edit(1, "~", "")], [edit(0, "hos pital", "hospital", proposer="rescore", gain=5.0)])
        assert (done.word, done.count, done.raw, done.new) == (0, 3, "hos ~ pital", "hospital")

    def test_a_repair_within_inserted_words(self):
        """None of the inserted words is lost; the edit is still that of who found them."""
        raw = page("goods")
        own = [edit(1, "", "total $1O0.00 due", count=0)]
        (done,) = composed(raw, own, [edit(2, "$1O0.00", "$100.00", proposer="typography")])
        assert (done.word, done.count, done.raw, done.new) == (1, 0, "", "total $100.00 due")
        assert (done.proposer, done.reason) == ("reader", "reader says so; typography says so")

    def test_two_repairs_within_inserted_words(self):
        """Both become part of the same edit."""
        own = [edit(1, "", "1O0 and 2O0", count=0)]
        repairs = [edit(1, "1O0", "100", proposer="typography"), edit(3, "2O0", "200", proposer="typography")]
        assert [(e.raw, e.new) for e in composed(page("goods"), own, repairs)] == [("", "100 and 200")]

    def test_a_repair_of_half_a_split_word(self):
        """The other half stays."""
        done = composed(page("of1O0"), [edit(0, "of1O0", "of 1O0")], [edit(1, "1O0", "100", proposer="typography")])
        assert [(e.raw, e.new, e.proposer) for e in done] == [("of1O0", "of 100", "reader")]

    def test_an_edit_that_a_model_weighed(self):
        """It takes the place of the own edit of the same word."""
        own = [edit(0, "’’tbe", "”tbe", proposer="typography")]
        (done,) = composed(page("’’tbe"), own, [edit(0, "”tbe", "”the", proposer="rescore", gain=4.0)])
        assert (done.raw, done.new, done.proposer, done.gain) == ("’’tbe", "”the", "rescore", 4.0)

    def test_a_rejected_edit(self):
        """It is kept beside the own edit of the same word, whose page it is an edit of."""
        own = [edit(0, "tbe", "the")]
        done = composed(page("tbe"), own, [edit(0, "the", "she", proposer="rescore", accepted=False)])
        assert sorted((e.raw, e.new, e.accepted) for e in done) == [("tbe", "she", False), ("tbe", "the", True)]


@st.composite
def edits_of(draw, one):
    """Edits that do not overlap: some replace, some insert, some drop; some of them are rejected."""
    out = []
    words = st.lists(st.sampled_from(["x", "y", "zz"]), max_size=3).map(" ".join)
    for n, line in enumerate(one.lines):
        at = 0
        while at <= len(line.words):
            for _ in range(draw(st.integers(0, 1))):
                gain = draw(st.sampled_from([None, 3.0]))
                new = draw(words.filter(bool))
                out.append(edit(at, "", new, line=n, count=0, accepted=draw(st.booleans()), gain=gain))
            count = draw(st.integers(0, 2))
            if count and at + count <= len(line.words):
                raw = " ".join(w.text for w in line.words[at : at + count])
                gain = draw(st.sampled_from([None, 3.0]))
                out.append(edit(at, raw, draw(words), line=n, accepted=draw(st.booleans()), gain=gain))
            at += max(1, count)
    return out


def single(edits):
    """Only edits of at most one word, such as the second reader's."""
    return [e for e in edits if e.count <= 1]


@pytest.mark.parametrize("seed", ["a b c d", "a"])
@settings(deadline=None, max_examples=40)
@given(st.data())
def test_one_revision(seed, data):
    """The edits applied to the raw page give the text of the revised page; raw spans go up."""
    raw = page(seed, "")
    edits = single(data.draw(edits_of(raw)))
    revision, settled = revise(raw, edits)
    assert text(raw, revision.edits) == texts(revision.page)
    for n, spans in enumerate(revision.raw_spans):
        assert len(spans) == len(revision.page.lines[n].words)
        assert all(a[0] + a[1] <= b[0] or a == b for a, b in itertools.pairwise(spans))
    assert all(
        w.text == raw.lines[n].words[revision.raw_spans[n][i][0]].text
        for n, line in enumerate(revision.page.lines)
        for i, w in enumerate(line.words)
        if (n, i) not in settled
    )


@settings(deadline=None, max_examples=32)
@given(st.data())
def test_a_revision_of_a_revision(data):
    """Edits of the revised page, on the raw page, give the text that they give on the revised page."""
    raw = page("a b c d", "e")
    first = revise(raw, single(data.draw(edits_of(raw))))[0]
    judged = data.draw(edits_of(first.page))
    edits = first.edits_on_raw_page(judged)
    assert text(raw, edits) == text(first.page, judged)
    assert [(e.line, e.word, e.count) for e in edits] == sorted((e.line, e.word, e.count) for e in edits)
    for e in edits:
        assert e.raw == " ".join(w.text for w in raw.lines[e.line].words[e.word : e.word + e.count])
