"""The settings of a correction: which pages are left uncorrected, and which strategy a model gets."""

from dataclasses import replace

import pytest

from scanmend.correct.settings import (
    LARGE_MODEL_PARAMETERS,
    CorrectionSettings,
    choose_strategy,
    has_second_reading,
    skip_reason,
)
from scanmend.document import Line, Page, SecondReading, page_from_text
from two_readings import page, second

TASK = CorrectionSettings("rescore", "Correct OCR errors", ("eng",))


class TestSkipReason:
    LONG = page_from_text("There is enough text on this page to be worth the while.")

    @pytest.mark.parametrize("strategy", ["rescore", "rewrite", "both"])
    def test_a_plain_page_is_not(self, strategy):
        """Whatever the strategy, the model is asked."""
        assert skip_reason(self.LONG, replace(TASK, strategy=strategy)) == ""

    def test_off(self):
        """With strategy ``off`` no page is corrected."""
        assert skip_reason(self.LONG, replace(TASK, strategy="off")) == "strategy: off"

    @pytest.mark.parametrize(
        "text", ["", "tbe end", "12 34 56 78 90 12 34 56 78 90 — 1.250,00 €", ". . . . . . . . . ."]
    )
    def test_almost_no_text(self, text):
        """Empty pages, page numbers and columns of figures give nothing to judge by."""
        assert skip_reason(page_from_text(text), TASK) == "almost no text"

    @pytest.mark.parametrize(("confidence", "hopeless"), [(5.0, True), (90.0, False), (None, False)])
    def test_noise(self, confidence, hopeless):
        """Where Tesseract hardly believes a word, there is no text; where it says nothing, there may be."""
        words = tuple(replace(w, confidence=confidence) for w in self.LONG.lines[0].words)
        assert ("hopeless" in skip_reason(Page(1, (Line(words),)), TASK)) is hopeless

    @pytest.mark.parametrize(("origin", "why"), [("text", "the PDF's own text"), ("blank", "blank page")])
    def test_what_no_ocr_has_read(self, origin, why):
        """A PDF's own text and blank pages are not corrected."""
        assert skip_reason(replace(self.LONG, origin=origin), TASK) == why


class TestChooseStrategy:
    @pytest.mark.parametrize(
        ("parameters", "strategy"),
        [(0, "rescore"), (LARGE_MODEL_PARAMETERS - 1, "rescore"), (LARGE_MODEL_PARAMETERS, "both")],
    )
    def test_auto_goes_by_the_size_of_the_model(self, parameters, strategy):
        """Small models only rescore, as they copy text badly; large ones rewrite, too."""
        assert choose_strategy(replace(TASK, strategy="auto"), parameters) == replace(TASK, strategy=strategy)

    @pytest.mark.parametrize("strategy", ["rescore", "rewrite", "both", "off"])
    def test_a_folder_s_own_choice_stays(self, strategy):
        """Whatever the size of the model."""
        task = replace(TASK, strategy=strategy)
        assert {choose_strategy(task, parameters).strategy for parameters in (0, LARGE_MODEL_PARAMETERS)} == {strategy}


def test_a_second_reading_counts_where_lines_were_read():
    """Not where the second reader was not asked, could not answer, found nothing, or read none of what it found."""
    assert has_second_reading(page(seconds=[second("the end")]))
    assert not has_second_reading(page(seconds=[second("")]))
    assert not has_second_reading(replace(page(), second=SecondReading(problem="it failed")))
    assert not has_second_reading(page())
    assert not has_second_reading(Page(1, ()))
