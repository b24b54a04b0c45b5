"""scanmend.correct.two_readers.proposals: other readings, words and lines that were found, and noise."""

import pytest

from scanmend.correct.lexicon.glossary import Glossary, glossary
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.two_readers.comparison import Comparison, FoundWords
from scanmend.correct.two_readers.proposals import Proposals
from scanmend.document import SecondLine
from two_readings import corners, line, page, second, two_readings

TEXT = "the goods were sent to the house"


def proposals(one, words: Glossary = Glossary(())):  # noqa: B008 -- immutable
    return Proposals(one, Comparison(one), PageWords(lexicon(("eng",)), one, words))


def noise(*rows, seconds=()):
    """The words that are noise on a page of these lines; a plain line below them is read alike by both."""
    below = line(TEXT, 0, 500)
    one = page(*rows, below, seconds=[second(TEXT, 0, 500), *seconds])
    return [one.lines[n].words[i].text for n, i in proposals(one).noise()]


class TestReadings:
    def test_what_both_read_differently(self):
        """In reading order, with what is known of the two words."""
        one = two_readings(("the gcods were", "the goods were"), ("sent 1O5", "sent 106"))
        first, other = proposals(one).readings()
        assert (first.line, first.word, first.dispute.raw, first.dispute.new) == (0, 1, "gcods", "goods")
        assert first.dispute.raw_zipf == 0
        assert first.dispute.new_zipf > 3
        assert first.dispute.optical > 3
        assert (other.dispute.raw, other.dispute.new) == ("1O5", "106")

    def test_what_differs_in_style_is_no_other_reading(self):
        """Nor is what both read alike."""
        assert list(proposals(two_readings(("“the” goods", '"the" goods'))).readings()) == []

    def test_words_of_the_glossary_stay_as_read(self):
        """No other reading of them is proposed."""
        one = two_readings(("Mr. Nartker came", "Mr. Nartger came"))
        assert [r.dispute.raw for r in proposals(one).readings()] == ["Nartker"]
        assert list(proposals(one, glossary(("Nartker",))).readings()) == []

    @pytest.mark.parametrize(
        ("text", "known"), [("the", True), ("the,", True), ("the goods", True), ("the gcods", False), ("—", False)]
    )
    def test_zipf(self, text, known):
        """That of the rarest word; 0 where one is unknown."""
        assert (proposals(page()).zipf(text) > 0) is known


class TestNoise:
    @pytest.mark.parametrize(
        ("word", "confidence", "height", "dropped"),
        [
            ("ao", 40, 20, True),
            ("ao", 70, 20, False),
            ("ao", 70, 60, True),
            ("ao", 90, 60, False),
            ("~", 30, 20, True),
            ("~", 50, 20, False),
            ("12", 40, 20, False),
            ("1250", 40, 20, True),
            ("12", 40, 60, True),
        ],
    )
    def test_what_tesseract_was_unsure_of(self, word, confidence, height, dropped):
        """Where the second reader finds nothing; short numbers of usual height are easily overlooked, and stay."""
        assert noise(line(word, 0, 100, confidence=confidence, height=height)) == [word] * dropped

    def test_words_in_a_line_that_was_not_read(self):
        """They are no noise, as nobody looked."""
        assert noise(line("ao", 0, 100, confidence=10), seconds=[SecondLine(corners((0, 100, 20, 120)))]) == []

    def test_without_evidence(self):
        """A page that the second reader found nothing on has no noise."""
        assert list(proposals(page(line("ao", confidence=10))).noise()) == []

    def test_a_word_of_the_glossary(self):
        """It is no noise."""
        one = page(line("Xao", 0, 100, confidence=10), line(TEXT, 0, 500), seconds=[second(TEXT, 0, 500)])
        assert list(proposals(one).noise()) == [(0, 0)]
        assert list(proposals(one, glossary(("Xao",))).noise()) == []


class TestScribble:
    @pytest.mark.parametrize(
        ("raw", "confidence", "other", "sure", "dropped"),
        [
            ("Qxvzk frnqx", 30, "Oywkq tmnxh", 0.6, True),
            ("Qxvzk frnqx", 60, "Oywkq tmnxh", 0.6, False),
            ("Qxvzk frnqx", 30, "Oywkq tmnxh", 0.95, False),
            ("Qxvzk frnqx", 30, "Oywkq frnqx", 0.6, False),
            ("the frnqx", 30, "Oywkq tmnxh", 0.6, False),
            ("Qxvzk frnqx", 30, "the tmnxh", 0.6, False),
            ("Qxvzk 17", 30, "Oywkq tm", 0.6, False),
        ],
    )
    def test_where_both_are_unsure(self, raw, confidence, other, sure, dropped):
        """All words of a line that both read differently are noise, unless one is known, alike or a number."""
        found = noise(line(raw, 0, 100, confidence=confidence), seconds=[second(other, 0, 100, sure=sure)])
        assert found == raw.split() * dropped


class TestFoundWords:
    @pytest.mark.parametrize(
        ("text", "confidence", "believed"),
        [("now", 0.9, True), ("now", 0.8, False), ("x", 0.9, True), (".", 0.99, False), ("--", 0.99, True)],
    )
    def test_which_are_believed(self, text, confidence, believed):
        """Sure ones, unless they are a single mark."""
        assert proposals(page()).believes_words(FoundWords((0, 0), text, (0, 0, 9, 9), confidence)) is believed


class TestFoundLines:
    @pytest.mark.parametrize(
        ("text", "sure", "height", "believed"),
        [
            ("some more", 0.9, 20, True),
            ("some more", 0.7, 20, False),
            ("x", 0.99, 20, False),
            ("12", 0.99, 20, True),
            ("GRAND HOTEL", 0.99, 60, True),
            ("GRAND HOTEL", 0.9, 60, False),
            ("XQW HOTEL", 0.99, 60, False),
        ],
    )
    def test_which_are_believed(self, text, sure, height, believed):
        """Sure ones with letters or digits; of display type only surer ones with several known words."""
        one = page(
            line(TEXT, 0, 0),
            line(TEXT, 0, 40),
            seconds=[second(TEXT, 0, 0), second(TEXT, 0, 40), second(text, 0, 300, sure=sure, height=height)],
        )
        found = proposals(one)
        (only,) = Comparison(one).found_lines
        assert found.believes_line(only) is believed
