"""Correction with a second reader: what its evidence settles, what a model may choose, and what no model may do."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.document import Line, page_from_text
from scripted_models import TASK, Honest, Hostile, Likes, Unwanted, applied, correct, corrector, mended
from two_readings import line, page, second, two_readings

PLAIN = "It was a bright cold day in the city and the people were going to work by train"


def of_two(raw, other, **options):
    """A page of a plain line that both read alike, and one that they read differently."""
    return two_readings((PLAIN, PLAIN), (raw, other), **options)


def last_row(done):
    assert done.corrected == applied(done)
    assert done.corrected.startswith(PLAIN)
    return done.corrected.removeprefix(PLAIN).strip()


class TestWithoutModel:
    def test_evidence_and_typography(self):
        """What the evidence settles is done, and typography is repaired."""
        done = corrector(None).correct(of_two("the gcods cost $1O0.00", "the goods cost $100.00"), TASK)
        assert last_row(done) == "the goods cost $100.00"
        assert {(e.proposer, e.new) for e in done.edits if e.accepted} >= {("reader", "goods")}
        assert (done.skipped, done.strategy) == ("", TASK.strategy)
        assert [(n.text, n.state) for n in done.numbers][-1][0] == "$100.00"

    def test_a_page_without_evidence(self):
        """Only its typography is repaired, and of numbers nothing is said."""
        done = corrector(None).correct(page_from_text(f"{PLAIN}\ntbe total is $1O0.00"), TASK)
        assert last_row(done) == "tbe total is $100.00"
        assert done.numbers == ()

    def test_a_folder_without_correction(self):
        """The evidence counts all the same; the page says that no model was asked, and has no strategy."""
        done = corrector(Unwanted()).correct(of_two("the gcods", "the goods"), replace(TASK, strategy="off"))
        assert last_row(done) == "the goods"
        assert (done.skipped, done.strategy) == ("strategy: off", "")

    def test_a_page_that_tesseract_read_nothing_of(self):
        """What the second reader found is the text."""
        one = page(seconds=[second("the goods", 0, 0), second("were sent", 0, 40)])
        done = corrector(None).correct(one, TASK)
        assert done.corrected == applied(done) == "the goods\nwere sent"
        assert done.skipped == "almost no text"
        assert done.page.lines == (Line(()), Line(()))


class TestOpenReadings:
    def open_page(self):
        """The second reader has ``horse`` for ``house``, not surely."""
        text = f"{PLAIN} house"
        other = second(f"{PLAIN} horse", others={len(PLAIN) + 4: {"u": 0.45}})
        return page(line(text, confidence=80.0), seconds=[other])

    @pytest.mark.parametrize(("liked", "word"), [("horse", "horse"), ("house", "house")])
    @pytest.mark.parametrize("strategy", ["rescore", "both"])
    def test_the_model_chooses(self, liked, word, strategy):
        """Its gain decides what the evidence leaves open; the edit is the second reader's."""
        model = Likes(liked, reply=lambda t: t)
        task = replace(TASK, strategy=strategy, boldness=1.0)
        done = correct(self.open_page(), model, task)
        assert done.corrected == applied(done) == f"{PLAIN} {word}"
        (edit,) = [e for e in done.edits if e.new == "horse"]
        assert (edit.proposer, edit.accepted) == ("reader", word == "horse")
        assert edit.gain is not None
        assert edit.optical is not None

    def test_where_both_surely_agree_no_model_is_asked(self):
        """Nor where the evidence settled a word; elsewhere it is."""
        text = f"{PLAIN} tbe whieh"
        sure = page(line(text), seconds=[second(text)])
        assert correct(sure, Unwanted(), TASK).corrected == text
        unsure = page(line(text), seconds=[second(text, sure=0.7)])
        model = Honest()
        correct(unsure, model, TASK)
        assert model.asked
        settled = of_two("the gcods", "the goods")
        assert last_row(correct(settled, Unwanted(), TASK)) == "the goods"


def test_a_gap_that_was_read_as_two_blanks():
    """It is one blank in the text and in the edit."""
    seconds = [second(PLAIN), second("125  hos", 0, 40, sure=0.5, width=110)]
    done = corrector(None).correct(
        page(line(PLAIN), line("the the the", 0, 40, confidence=20.0), seconds=seconds), TASK
    )
    assert "  " not in done.corrected
    assert done.corrected == applied(done)


class TestRepairsOfWhatWasFound:
    def test_a_number_in_a_found_line(self):
        """Its look-alike is repaired, and the rest of the line stays."""
        one = page(line(PLAIN), seconds=[second(PLAIN), second("the total is $1O0.00 today", 0, 40)])
        done = corrector(None).correct(one, TASK)
        assert last_row(done) == "the total is $100.00 today"
        assert [(e.proposer, e.raw, e.new) for e in done.edits] == [("reader", "", "the total is $100.00 today")]
        assert [(n.text, n.state) for n in done.numbers] == [("$100.00", "single")]


def test_glossary_words_stay():
    """Whatever the second reader has, and however bold the folder."""
    one = of_two("by Mr. Nartker", "by Mr. Nartger")
    assert last_row(corrector(None).correct(one, replace(TASK, boldness=9.0))) == "by Mr. Nartger"
    task = replace(TASK, glossary=("Nartker",), boldness=9.0)
    assert last_row(corrector(None).correct(one, task)) == "by Mr. Nartker"


WORDS = ("the", "gcods", "tbe", "hos", "pital", "125", "$1,250.00", "~", "house", "12", "“were”", "A4", "end", ",")
OTHERS = (*WORDS, "126", "of the", "goods", "1O0", "", "hospital")
ROWS = st.lists(
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from((None, *OTHERS))), min_size=1, max_size=5),
    min_size=1,
    max_size=3,
)


def digits(text):
    return "".join(c for c in text if c.isdigit())


@settings(deadline=None, max_examples=40)
@given(
    ROWS,
    st.lists(st.sampled_from(OTHERS), max_size=3).map(" ".join),
    st.floats(20, 100),
    st.floats(0.5, 0.999),
    st.sampled_from(["rescore", "both"]),
    st.sampled_from(["verify", "keep"]),
)
def test_whatever_both_read_and_a_model_wants(rows, lost, confidence, sure, strategy, wish):
    """No digit differs from Tesseract's but by the second reader's edits, which give the text; each number is told."""
    seconds, lines = [second(PLAIN)], [line(PLAIN)]
    for n, row in enumerate(rows, 1):
        raw = " ".join(word for word, _ in row)
        other = " ".join(word if new is None else new for word, new in row)
        lines.append(line(raw, 0, 40 * n, confidence=confidence))
        seconds.append(second(other, 0, 40 * n, sure=sure, width=10 * len(raw)))
    seconds.append(second(lost, 500, 50, sure=sure))
    model = Hostile(lambda t: mended(t).replace("hos pital", "hospital").replace("the", "she").replace("12", "99"))
    task = replace(TASK, strategy=strategy, attention="all", numbers=wish, boldness=3.0)
    done = correct(page(*lines, seconds=seconds), model, task)
    assert done.corrected == applied(done)
    for edit in done.edits:
        if edit.accepted and edit.proposer != "reader":
            assert digits(edit.new) == digits(edit.raw)
        if edit.accepted and wish == "keep" and edit.count:
            assert digits(edit.new) == digits(edit.raw)
    told = [n.text for n in done.numbers]
    assert told == [token for token in done.corrected.split() if digits(token)]
