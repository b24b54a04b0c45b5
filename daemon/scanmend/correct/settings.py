"""What a folder asks of correction: strategy, prompt, languages, attention, boldness and glossary.

Light enough to be imported by the daemon's own process, which never loads a model or a word list.
"""

from dataclasses import dataclass, replace
from typing import Literal

from scanmend.correct.lexicon.tokens import count_letters
from scanmend.document import Page

MIN_LETTERS = 12
"""Letters below which a page is left uncorrected: it gives no context to judge by."""
LARGE_MODEL_PARAMETERS = 1_000_000_000
"""Parameters from which a model's rewriting adds to rescoring; smaller models copy text badly."""
MIN_MEAN_CONFIDENCE = 30.0
"""Mean word confidence (0–100) below which a page is noise and not text."""


@dataclass(frozen=True, slots=True)
class CorrectionSettings:
    """How a folder wants its pages corrected."""

    strategy: Literal["auto", "rescore", "rewrite", "both", "off"]
    """Which proposers run; ``auto`` chooses by the size of the model."""
    prompt: str
    """The folder's instruction to the model."""
    languages: tuple[str, ...]
    """Tesseract's names of the languages whose word lists count."""
    attention: Literal["suspect", "all"] = "suspect"
    """Whether only lines with a suspicious word are rewritten, or all lines."""
    boldness: float = 0.0
    """Nats by which the score that an edit must reach is lowered; below 0 it is raised."""
    glossary: tuple[str, ...] = ()
    """Entries of the folder's glossary, as its file has them."""
    numbers: Literal["verify", "keep"] = "verify"
    """Whether a number may become what the second reader read, where the image is clearly for that, or never."""
    noise: Literal["drop", "keep"] = "drop"
    """Whether words that Tesseract read where the second reader finds no text are left out, or stay."""


def choose_strategy(task: CorrectionSettings, parameters: int) -> CorrectionSettings:
    """Return the task with ``auto`` replaced by the strategy for a model with this number of parameters."""
    if task.strategy != "auto":
        return task
    return replace(task, strategy="both" if parameters >= LARGE_MODEL_PARAMETERS else "rescore")


def skip_reason(page: Page, task: CorrectionSettings) -> str:
    """Return why this page is left uncorrected, for the record; empty when it is to be corrected."""
    if page.origin == "text":
        return "the PDF's own text"
    if page.origin == "blank":
        return "blank page"
    if task.strategy == "off":
        return "strategy: off"
    if sum(count_letters(w.text) for line in page.lines for w in line.words) < MIN_LETTERS:
        return "almost no text"
    if page.mean_confidence is not None and page.mean_confidence < MIN_MEAN_CONFIDENCE:
        return f"mean confidence {page.mean_confidence:g} is hopeless"
    return ""
