"""How near readings of pages come to the truth: edits, words and numbers, for one page and summed up. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from scored_pages import edits_between, normal, numbers, words

STAGES = ("ocr", "second", "correct")
"""Stages whose time is told apart."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One page as one way reads it."""

    text: str
    marked: tuple[str, ...] = ()
    """The numbers whose reading the record calls disputed, or seen by one reader only."""
    disputed: int = 0
    """How many of them are disputed."""
    seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Seconds of each of ``STAGES``, where it is known."""


@dataclass(frozen=True, slots=True)
class Score:
    """Sums over pages of one way; adding two scores sums them up."""

    pages: int = 0
    chars: int = 0
    """Characters of the truth."""
    edits: int = 0
    """Characters that have to change."""
    better: int = 0
    """Pages with fewer edits than in the reading they are compared with."""
    worse: int = 0
    """Pages with more."""
    words: int = 0
    """Words of the truth."""
    words_found: int = 0
    numbers: int = 0
    """Numbers of the truth."""
    right: int = 0
    """Numbers of the truth that were found."""
    wrong: int = 0
    """Numbers in the text that the truth does not have."""
    broken: int = 0
    """Numbers that are right in the reading it is compared with, and not here."""
    disputed: int = 0
    """Numbers that the record calls disputed."""
    marked_wrong: int = 0
    """Wrong numbers that the record marks."""
    ocr: float = 0.0
    """Seconds of Tesseract."""
    second: float = 0.0
    """Seconds of the second reader."""
    correct: float = 0.0
    """Seconds of correction."""

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def same(self) -> int:
        """Pages with as many edits as in the reading they are compared with."""
        return self.pages - self.better - self.worse

    @property
    def rate(self) -> float:
        """Character error rate, 0 to 1 and beyond."""
        return self.edits / max(1, self.chars)


def score(truth: str, reading: Reading, first: Reading, *, fold: bool = False) -> Score:
    """Return the score of one page, compared with its reading ``first``; with ``fold``, case does not count."""
    edits, before = (edits_between(r.text, truth, fold=fold) for r in (reading, first))
    true, here = numbers(truth), numbers(reading.text)
    right, wrong = true & here, here - true
    marked = sum((numbers(text) for text in reading.marked), Counter[str]())
    found = words(truth, fold=fold) & words(reading.text, fold=fold)
    return Score(
        pages=1,
        chars=len(normal(truth, fold=fold)),
        edits=edits,
        better=int(edits < before),
        worse=int(edits > before),
        words=words(truth).total(),
        words_found=found.total(),
        numbers=true.total(),
        right=right.total(),
        wrong=wrong.total(),
        broken=((true & numbers(first.text)) - right).total(),
        disputed=reading.disputed,
        marked_wrong=(wrong & marked).total(),
        **{stage: reading.seconds.get(stage, 0.0) for stage in STAGES},
    )
