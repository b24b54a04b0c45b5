"""scanmend.correct.two_readers.proposals: other readings, and words and lines that were found."""

import pytest

from scanmend.correct.lexicon.glossary import Glossary, glossary
from scanmend.correct.lexicon.number_marks import Custom
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.two_readers.comparison import Comparison, FoundWords
from scanmend.correct.two_readers.proposals import Proposals
from two_readings import english, line, page, second, two_readings

TEXT = "the goods were sent to the house"


def proposals(one, words: Glossary = Glossary(()), custom=Custom()):  # noqa: B008 -- immutable
    return Proposals(one, Comparison(one), PageWords(lexicon(("eng",)), one, words), custom)


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
        ("raw", "confidence", "other", "read"),
        [
            ("qroj ecls of", 20, "projects of", [("qroj ecls", "projects")]),
            ("qroj ecls of", 80, "projects of", [("qroj", "proj"), ("ecls", "ects")]),
            ("qroj ecls of", 20, "prozects of", [("qroj", "proz"), ("ecls", "ects")]),
        ],
    )
    def test_torn_words(self, raw, confidence, other, read):
        """Words that Tesseract was unsure of, misread and parted, are one where the second reader has a known word."""
        found = proposals(two_readings((raw, other), confidence=confidence)).readings()
        assert [(r.dispute.raw, r.dispute.new) for r in found] == read

    def test_customary_marks(self):
        """A second reading has the page's commas and points, unless the image shows the others clearly."""
        blurred = page(line("1.50 now"), seconds=[second("1.50 now", others={1: {",": 0.01}})])
        clear = two_readings(("1.50 now", "1.50 now"))
        euro = Custom(",", ".")
        assert [r.dispute.new for r in proposals(blurred, custom=euro).readings()] == ["1,50"]
        assert list(proposals(clear, custom=euro).readings()) == []

    @pytest.mark.parametrize(
        ("raw", "confidence", "sure", "proposed"),
        [("Xb, Ver", 40, 0.7, 0), ("Xb, Ver", 40, 0.9, 2), ("Xb, Ver", {"Ver": 75}, 0.7, 2)],
    )
    def test_of_a_guessed_line(self, raw, confidence, sure, proposed):
        """Where both readers are unsure of a whole line, as of a signature, one guess is no better than another."""
        one = page(line(raw, confidence=confidence), seconds=[second("Ga, men", sure=sure)])
        assert len(list(proposals(one).readings())) == proposed

    @pytest.mark.parametrize(("raw", "proposed"), [("hqqse", ["house"]), ("horse", [])])
    def test_a_known_word_in_a_guessed_line(self, raw, proposed):
        """The second reader's is more than a guess, where Tesseract has none."""
        one = page(line(raw, confidence=40), seconds=[second("house", sure=0.7)])
        assert [r.dispute.new for r in proposals(one).readings()] == proposed


class TestLostLines:
    @pytest.mark.parametrize(
        ("raw", "other", "sure", "lost"),
        [
            ("RL ER", "A journey in winter", 0.99, True),
            ("RL ER", "A journey in winter", 0.9, False),
            ("A joumey ln winter", "A journey in winter", 0.99, False),
            ("RL house ER", "A journey in winter", 0.99, False),
            ("RL", "A pin", 0.99, False),
        ],
    )
    def test_which_are_lost(self, raw, other, sure, lost):
        """Those read as something else altogether, where the second reader is sure, and Tesseract of no known word."""
        wide = 10 * max(len(raw), len(other))
        one = page(line(raw), seconds=[second(other, sure=sure, width=wide)])
        found = proposals(one).lost_lines
        assert [(r.dispute.raw, r.dispute.new, r.count) for r in found] == [(raw, other, len(raw.split()))] * lost

    def test_are_read_as_a_whole(self):
        """None of their words has a reading of its own, or is inserted by itself."""
        one = page(line("RL ER", 0), seconds=[second("A journey in winter", width=400)])
        both = Comparison(one)
        found = Proposals(one, both, english(one))
        assert [r.dispute.new for r in found.readings()] == ["A journey in winter"]
        assert both.found_words
        assert not any(found.believes_words(words) for words in both.found_words)

    def test_a_word_of_the_glossary(self):
        """It shows that the line was read."""
        one = page(line("RL ER"), seconds=[second("A journey in winter", width=190)])
        assert proposals(one, glossary(("RL",))).lost_lines == ()


class TestFoundWords:
    @pytest.mark.parametrize(
        ("text", "confidence", "believed"),
        [("now", 0.9, True), ("now", 0.8, False), ("x", 0.9, True), (".", 0.99, False), ("--", 0.99, True)],
    )
    def test_which_are_believed(self, text, confidence, believed):
        """Sure ones, unless they are a single mark."""
        one = page(line(TEXT), seconds=[second(TEXT)])
        found = FoundWords((0, 0), text, (0, 0, 9, 9), confidence, Comparison(one).readings[0])
        assert proposals(one).believes_words(found) is believed


class TestFoundLines:
    @pytest.mark.parametrize(
        ("text", "sure", "height", "believed"),
        [
            ("some more", 0.9, 20, True),
            ("some more", 0.7, 20, False),
            ("x", 0.99, 20, False),
            ("7", 0.995, 20, True),
            ("7", 0.95, 20, False),
            ("7", 0.995, 60, False),
            ("12", 0.99, 20, True),
            ("GRAND HOTEL", 0.99, 60, True),
            ("GRAND HOTEL", 0.9, 60, False),
            ("XQW HOTEL", 0.99, 60, False),
        ],
    )
    def test_which_are_believed(self, text, sure, height, believed):
        """Sure ones with letters or digits; of display type only surer ones with several known words."""
        one = page(
            line(TEXT, 0, 0, confidence=80),
            line(TEXT, 0, 40, confidence=80),
            seconds=[second(TEXT, 0, 0), second(TEXT, 0, 40), second(text, 0, 300, sure=sure, height=height)],
        )
        found = proposals(one)
        (only,) = Comparison(one).found_lines
        assert found.believes_line(only) is believed

    @pytest.mark.parametrize(("slope", "believed"), [(0, True), (4, True), (16, False), (-16, False)])
    def test_a_slanted_line(self, slope, believed):
        """It belongs to a logo or a stamp, and is not text."""
        one = page(line(TEXT), seconds=[second(TEXT), second("some more text", 0, 300, slope=slope)])
        (only,) = Comparison(one).found_lines
        assert proposals(one).believes_line(only) is believed

    def test_slopes_of_a_photograph(self):
        """Where the page's own lines run together, a line as slanted as they are is text."""
        rows = [
            (line(TEXT, 0, top, slope_per_pixel=slope / 320), second(TEXT, 0, top, slope=slope))
            for top, slope in ((0, -14), (100, 0), (200, 14))
        ]
        found = second("some more text here and there", 0, 400, slope=26)
        one = page(*(first for first, _ in rows), seconds=[*(other for _, other in rows), found])
        (only,) = Comparison(one).found_lines
        assert proposals(one).believes_line(only)

    @pytest.mark.parametrize(
        ("text", "height", "confidence", "believed"),
        [
            ("EXPERIENCE", 15, 95, False),
            ("sporting goods", 26, 95, False),
            ("sporting goods and more", 26, 95, True),
            ("some more", 20, 95, True),
            ("Total 12", 15, 95, True),
            ("EXPERIENCE", 15, 80, True),
        ],
    )
    def test_beside_prose(self, text, height, confidence, believed):
        """On a letter that Tesseract read well, a short line of another height is a logo, unless it has digits."""
        rows = [(line(TEXT, 0, top, confidence=confidence), second(TEXT, 0, top)) for top in (0, 40, 80)]
        found = second(text, 0, 300, height=height)
        one = page(*(first for first, _ in rows), seconds=[*(other for _, other in rows), found])
        (only,) = Comparison(one).found_lines
        assert proposals(one).believes_line(only) is believed
