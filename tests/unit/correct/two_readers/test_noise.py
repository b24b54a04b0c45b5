"""scanmend.correct.two_readers.noise: what Tesseract read where the second reader finds no text."""

import pytest

from scanmend.correct.lexicon.glossary import Glossary, glossary
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.two_readers.comparison import Comparison
from scanmend.correct.two_readers.noise import Noise
from scanmend.document import Line, SecondLine
from two_readings import corners, line, page, second

TEXT = "the goods were sent to the house"


def noise_of(one, words: Glossary = Glossary(())):  # noqa: B008 -- immutable
    return Noise(one, Comparison(one), PageWords(lexicon(("eng",)), one, words))


def noise(*rows, seconds=()):
    """The words that are noise on a page of these lines; a plain line below them is read alike by both."""
    below = line(TEXT, 0, 500)
    one = page(*rows, below, seconds=[second(TEXT, 0, 500), *seconds])
    return [one.lines[n].words[i].text for n, i in noise_of(one).places()]


class TestNoise:
    @pytest.mark.parametrize(
        ("word", "confidence", "height", "dropped"),
        [
            ("ao", 40, 20, True),
            ("ao", 70, 20, False),
            ("ao", 70, 60, True),
            ("ao", 90, 60, False),
            ("+", 30, 20, True),
            ("+", 50, 20, False),
            ("12", 40, 20, False),
            ("1250", 40, 20, True),
            ("12", 40, 60, True),
            ("4;", 40, 32, False),
            ("|6", 40, 32, False),
            ("|", 96, 20, True),
            ("~_", 96, 20, True),
            ("[]", 96, 20, True),
            ("......", 96, 20, True),
            ("...", 96, 20, False),
            ("C[", 70, 20, True),
            ("C[", 90, 20, False),
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
        assert list(noise_of(page(line("ao", confidence=10))).places()) == []

    @pytest.mark.parametrize(("left", "height", "dropped"), [(300, 8, True), (30, 8, False), (300, 20, False)])
    def test_specks(self, left, height, dropped):
        """A small mark that stands by itself in its row is noise, however sure of it Tesseract was."""
        row = Line((*line("goods", 0, 100).words, *line(".", left, 105, confidence=95, height=height).words), 0)
        one = page(row, line(TEXT, 0, 500), seconds=[second("goods", 0, 100), second(TEXT, 0, 500)])
        assert list(noise_of(one).places()) == [(0, 1)] * dropped

    def test_but_for_some_places(self):
        """Those that are asked to be left out are."""
        one = page(line("ao", 0, 100, confidence=10), line(TEXT, 0, 500), seconds=[second(TEXT, 0, 500)])
        assert list(noise_of(one).places(but={(0, 0)})) == []

    def test_a_word_of_the_glossary(self):
        """It is no noise."""
        one = page(line("Xao", 0, 100, confidence=10), line(TEXT, 0, 500), seconds=[second(TEXT, 0, 500)])
        assert list(noise_of(one).places()) == [(0, 0)]
        assert list(noise_of(one, glossary(("Xao",))).places()) == []


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
