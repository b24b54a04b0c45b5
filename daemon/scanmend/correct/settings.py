"""What a folder wants done to its pages; light enough for the daemon's own process."""

from dataclasses import dataclass, replace
from typing import Literal

from scanmend.correct.lexicon.tokens import count_letters
from scanmend.document import Page

MIN_LETTERS = 12
"""Pages with less text are left alone: there is no context to judge by."""
LARGE_MODEL_PARAMETERS = 1_000_000_000
"""Parameters from which a model's rewriting adds to rescoring; smaller ones copy badly."""
MIN_MEAN_CONFIDENCE = 30.0
"""Mean confidence below which a page is noise, not text."""


@dataclass(frozen=True, slots=True)
class CorrectionTask:
    """How a folder wants its pages corrected."""

    strategy: Literal["auto", "rescore", "rewrite", "both", "off"]
    prompt: str
    languages: tuple[str, ...]
    attention: Literal["suspect", "all"] = "suspect"
    boldness: float = 0.0
    """Nats by which less evidence is enough for an edit."""
    glossary: tuple[str, ...] = ()
    """Entries of the folder's glossary, as its file has them."""


def choose_strategy(task: CorrectionTask, parameters: int) -> CorrectionTask:
    """Choose the strategy by the size of the model, where the folder leaves it to us."""
    if task.strategy != "auto":
        return task
    return replace(task, strategy="both" if parameters >= LARGE_MODEL_PARAMETERS else "rescore")


def skip_reason(page: Page, task: CorrectionTask) -> str:
    """Return why the model need not be asked for this page; empty when it should."""
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
