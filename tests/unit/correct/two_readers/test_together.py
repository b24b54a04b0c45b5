"""scanmend.correct.two_readers.together: one page of both readings, with an edit for each change."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.two_readers.comparison import Comparison
from scanmend.correct.two_readers.proposals import Proposals
from scanmend.correct.two_readers.together import NUMBER_SCORE, PROPOSER, TogetherSettings, read_together
from scanmend.correct.two_readers.weigh import ACCEPTANCE_SCORE
from scanmend.document import Line, Page, SecondReading, Word
from two_readings import english, line, page, second, two_readings

PLAIN = TogetherSettings()
TEXT = "the goods were sent to the house"


def together(one, wishes=PLAIN, *, asks=False):
    return read_together(one, english(one), wishes, asks=asks)


def texts(done):
    return [row.text for row in done.revision.page.lines]


def of_two(raw, other, **options):
    """A page of a plain line, and a line that both read differently."""
    return two_readings((TEXT, TEXT), (raw, other), **options)


class TestReadings:
    def test_what_fits_the_image_better(self):
        """It is published, as an edit of the second reader with the image's word for it."""
        done = together(of_two("the gcods", "the goods"))
        assert texts(done) == [TEXT, "the goods"]
        (edit,) = done.revision.edits
        assert (edit.line, edit.word, edit.raw, edit.new, edit.proposer) == (1, 1, "gcods", "goods", PROPOSER)
        assert edit.accepted
        assert edit.optical > 3
        assert "the image fits it better" in edit.reason

    @pytest.mark.parametrize(
        ("raw", "other", "point", "accepted"),
        [
            ("(804)924-8818", "(804)924-88.18", 0.99, False),
            ("(804)924-8818", "(804)924-88.18", 0.9999, True),
            ("1160", "11.60", 0.99, True),
        ],
    )
    def test_a_point_within_a_code(self, raw, other, point, accepted):
        """A speck looks like a point: in the digits of a telephone number one comes only where the image is clear."""
        at = other.index(".")
        seen = second(other, 0, 40, others={at: {"": 1 - point}}, width=10 * len(raw))
        one = page(line(TEXT), line(raw, 0, 40, confidence=60), seconds=[second(TEXT), seen])
        (edit,) = together(one).revision.edits
        assert (edit.new, edit.accepted) == (other, accepted)

    def test_a_blank_beside_a_figure(self):
        """The second reader invents none: where it sees one, an amount and its currency are two words."""
        seen = second("€ 79,99", 0, 40, others={1: {"": 0.2}})
        one = page(line(TEXT), line("€79,99", 0, 40), seconds=[second(TEXT), seen])
        assert texts(together(one)) == [TEXT, "€ 79,99"]

    def test_a_split_word(self):
        """Its words share the place in the image by their lengths."""
        (edit,) = together(of_two("sent ofxtheq", "sent of the")).revision.edits
        assert (edit.new, len(edit.boxes)) == ("of the", 2)
        assert edit.boxes[0][2] < edit.boxes[1][0]

    @pytest.mark.parametrize(("more", "accepted"), [(0.01, True), (-0.01, False)])
    @pytest.mark.parametrize(
        ("raw", "other", "least"), [("gcods", "goods", ACCEPTANCE_SCORE), ("125", "126", NUMBER_SCORE)]
    )
    def test_boldness(self, more, accepted, raw, other, least):
        """It moves the score that a second reading must reach, and nothing else."""
        one = of_two(raw, other)
        (reading,) = Proposals(one, Comparison(one), english(one)).readings()
        (edit,) = together(one, TogetherSettings(boldness=least - reading.score + more)).revision.edits
        assert edit.accepted is accepted

    def test_what_the_language_model_may_choose(self):
        """With a model, what is neither clear nor hopeless is left open; without one, it is decided."""
        one = page(line("the house", confidence=80.0), seconds=[second("the horse", others={6: {"u": 0.4}})])
        asked = together(one, asks=True)
        assert asked.revision.edits == ()
        assert [(at, r.dispute.new) for at, r in asked.open_readings.items()] == [((0, 1), "horse")]
        assert asked.settled == frozenset()
        (edit,) = together(one).revision.edits
        assert not edit.accepted


class TestNumbers:
    @pytest.mark.parametrize(("elsewhere", "published"), [("100", "28.90"), ("188", "28.99")])
    def test_digits_misread_elsewhere(self, elsewhere, published):
        """Weaker evidence decides where Tesseract clearly misread the same digits so on this page."""
        unsure = second("28.90", 0, 40, others={4: {"9": 0.06}})
        one = page(line("199"), line("28.99", 0, 40), seconds=[second(elsewhere), unsure])
        assert texts(together(one))[1] == published

    def test_verify(self):
        """Clear evidence decides a disputed number, and no model is asked."""
        done = together(of_two("total 125", "total 126"), asks=True)
        assert texts(done)[1] == "total 126"
        assert done.open_readings == {}

    def test_keep(self):
        """Tesseract's digits stay, in numbers and where one reader sees a letter; the other reading is noted."""
        done = together(of_two("total 125 Ab", "total 126 A7"), TogetherSettings(numbers="keep", boldness=50))
        assert texts(done)[1] == "total 125 Ab"
        assert [(e.new, e.accepted) for e in done.revision.edits] == [("126", False), ("A7", False)]

    def test_a_number_that_is_noise(self):
        """It goes under ``verify`` and stays under ``keep``."""
        one = page(line(TEXT), line("1250 ao", 0, 100, confidence=30.0), seconds=[second(TEXT)])
        assert texts(together(one))[1] == ""
        assert texts(together(one, TogetherSettings(numbers="keep")))[1] == "1250"


def test_noise():
    """It is dropped with an edit that says so, or stays where the folder wants it to."""
    one = page(line(TEXT), line("~ ao", 0, 100, confidence=30.0), seconds=[second(TEXT)])
    done = together(one)
    assert texts(done) == [TEXT, ""]
    assert [(e.raw, e.new, e.count) for e in done.revision.edits] == [("~", "", 1), ("ao", "", 1)]
    assert all("noise" in e.reason and e.accepted for e in done.revision.edits)
    assert texts(together(one, TogetherSettings(noise="keep"))) == [TEXT, "~ ao"]


def test_found_words_and_lines():
    """They are inserted where they stand, with boxes, and settled."""
    one = page(
        line("the       were sent", 0, 0),
        line("to the house", 0, 80),
        seconds=[second("the goods were sent"), second("with some care", 0, 40), second("to the house", 0, 80)],
    )
    done = together(one)
    assert texts(done) == ["the goods were sent", "with some care", "to the house"]
    assert [(e.line, e.word, e.raw, e.new, e.count) for e in done.revision.edits] == [
        (0, 1, "", "goods", 0),
        (1, 0, "", "with some care", 0),
    ]
    assert done.settled == {(0, 1), (1, 0), (1, 1), (1, 2)}
    assert [w.box[0] for w in done.revision.page.lines[1].words] == [0, 50, 100]
    assert done.seconds[2, 2].text == "house"


def test_two_cells_found_in_one_row():
    """They come from left to right, although the right one stands a little higher."""
    one = page(line("Coffee", 0, 2), seconds=[second("Coffee", 0, 2), second("4.50", 300, 0), second("12", 200, 2)])
    assert texts(together(one)) == ["Coffee 12 4.50"]


def test_settled_words():
    """Those that an accepted edit made; what is left as read may still be corrected by a model."""
    done = together(of_two("tbc the gcods", "tbe the goods"))
    assert (1, 2) in done.settled
    assert (1, 1) not in done.settled
    assert set(done.seconds) == {
        (n, i)
        for n, row in enumerate(done.revision.page.lines)
        for i in range(len(row.words))
        if (n, i) not in done.settled
    }


@pytest.mark.parametrize("nothing", [None, SecondReading(), SecondReading(problem="it failed")])
def test_no_evidence(nothing):
    """The page stays as it is."""
    one = replace(page(line("tbe gcods", confidence=5.0), Line(())), second=nothing)
    done = together(one, TogetherSettings(boldness=50))
    assert done.revision.page.lines == one.lines
    assert (done.revision.edits, done.settled, done.seconds, done.open_readings) == ((), frozenset(), {}, {})


def test_an_empty_page():
    """What only the second reader found is the text."""
    done = together(page(seconds=[second("the goods", 0, 0), second("were sent", 0, 40)]))
    assert texts(done) == ["the goods", "were sent"]
    assert together(Page(1, (Line((Word("x"),)),))).revision.page.lines[0].text == "x"


WORDS = st.lists(st.sampled_from(["the", "gcods", "12", "$1,250.00", "~", "house", "Nartker"]), max_size=5).map(
    " ".join
)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(WORDS, WORDS), max_size=4), st.booleans(), st.floats(0, 100))
def test_whatever_both_read(rows, asks, confidence):
    """Where numbers are kept, so are all digits; both readings alike change nothing; spans lead back to the text."""
    one = two_readings(*rows, confidence=confidence)
    done = together(one, TogetherSettings(numbers="keep"), asks=asks)
    for edit in done.revision.edits:
        kept = not any(c.isdigit() for c in edit.raw)
        assert kept or not edit.accepted
    alike = two_readings(*((other, other) for _, other in rows), confidence=confidence)
    assert texts(together(alike, TogetherSettings(noise="keep"), asks=asks)) == [other for _, other in rows]
