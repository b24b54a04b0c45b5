"""Weighs the two readings of one place against each other, in nats (natural logarithms of odds). Pure.

The weights come from logistic regressions over 1,154 places of eight sets of scanned pages at which both readers have
text and read it differently; each half of the pages gave nearly the weights of the other. What counts most is what the
image says: the probability that the second reader's network gives to either text.
"""

import math
import re
import unicodedata
from dataclasses import dataclass

ACCEPTANCE_SCORE = 1.0
"""Score, in nats, from which the second reading is published by a folder whose boldness is 0."""
OPTICAL_WEIGHT = 0.4
"""Weight of each nat by which the image fits the second reading better: both texts are weighed by one of the two."""
MAX_OPTICAL_NATS = 8.0
"""Most nats of the image that count: a network is never as certain as it says."""
PRIOR_NATS = -0.2
"""Score of a second reading of which nothing is known."""
SURE_CONFIDENCE = 85.0
"""Tesseract word confidence (0–100) above which it speaks for Tesseract's reading."""
MAX_CONFIDENCE_NATS = 1.1
"""Nats for Tesseract's reading at confidence 100; in between they grow linearly from ``SURE_CONFIDENCE``."""
LEAST_PROBABILITY_WEIGHT = 1.2
"""Weight of the logarithm of the second reading's least likely character."""
NUMBER_NATS = 0.4
"""Nats for the second reading of a token with a digit: Tesseract's language model knows no numbers."""
SEEN_BLANK_NATS = 1.5
"""Nats for a second reading with a digit that has a blank more, and no other difference: it misses blanks, and hardly
invents one: of 44 in words with a digit, 41 were in the truth, 1 was not, and of 2 words neither form was."""
SPLIT_NATS = -1.6
"""Nats for a second reading of several words."""
KNOWN_RAW_NATS = -2.0
"""Nats where Tesseract's reading is a known word."""
LEAST_LENGTH_SHARE = 0.5
"""Length of Tesseract's word, as a share of the second reading's, below which it is a scrap, known or not."""
KNOWN_NEW_NATS = 1.5
"""Nats where the second reading is of known words."""
NATS_PER_ZIPF = 0.6
"""Nats, where both are known, for each Zipf step by which the second reading is the commoner word."""
LOST_ACCENT_NATS = -0.8
"""Nats where the second reading differs by lost accents alone: it was trained on few words that have them."""
FEWER_NATS = 0.2
"""Nats for each character that the second reading has less."""
MAX_FEWER = 3
"""Characters less, at most, that count."""
_LEAST_PROBABILITY = 0.02
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Dispute:
    """One place that both readers read differently."""

    raw: str
    """Tesseract's reading."""
    new: str
    """The second reader's reading, or any other text that is proposed."""
    optical: float
    """Log-probability, in nats, of the image under ``new`` less that under ``raw``, by the second reader's network."""
    confidence: float
    """Tesseract's word confidence, 0–100."""
    least_probability: float
    """The least probability, 0–1, that the second reader gives to a character of its own reading."""
    raw_zipf: float
    """Zipf frequency of Tesseract's word; 0 where it is in no word list."""
    new_zipf: float
    """Zipf frequency of the rarest of the new words; 0 where one is in no word list."""


def score(d: Dispute) -> float:
    """Return the logarithm of the odds, in nats, that ``new`` stands on the page and not ``raw``."""
    total = PRIOR_NATS + OPTICAL_WEIGHT * max(-MAX_OPTICAL_NATS, min(d.optical, MAX_OPTICAL_NATS))
    total -= MAX_CONFIDENCE_NATS * max(0.0, d.confidence - SURE_CONFIDENCE) / (100 - SURE_CONFIDENCE)
    total += LEAST_PROBABILITY_WEIGHT * math.log(max(d.least_probability, _LEAST_PROBABILITY))
    total += FEWER_NATS * min(MAX_FEWER, max(0, len(d.raw) - len(d.new)))
    if holds_digit(d.raw + d.new):
        return total + NUMBER_NATS + SEEN_BLANK_NATS * (d.new.replace(" ", "") == d.raw)
    if _same_letters(d.raw, d.new):
        return total
    scrap = len(d.raw) < LEAST_LENGTH_SHARE * len(d.new)
    if " " in d.new and not scrap:
        total += SPLIT_NATS
    if d.raw_zipf > 0 and not scrap:
        total += KNOWN_RAW_NATS
    if d.new_zipf > 0:
        total += KNOWN_NEW_NATS
    if d.raw_zipf > 0 and d.new_zipf > 0 and not scrap:
        total += NATS_PER_ZIPF * (d.new_zipf - d.raw_zipf)
    if without_accents(d.raw) == d.new:
        total += LOST_ACCENT_NATS
    return total


def holds_digit(text: str) -> bool:
    """Whether the text has a digit of any script."""
    return _DIGIT.search(text) is not None


def digit_pairs(one: str, other: str) -> frozenset[tuple[str, str]]:
    """Return the digits that stand for each other in two texts that differ in nothing else; empty where they do."""
    pairs = {(a, b) for a, b in zip(one, other, strict=False) if a != b}
    alone = len(one) == len(other) and all(a.isdigit() and b.isdigit() for a, b in pairs)
    return frozenset(pairs) if alone else frozenset()


def without_accents(text: str) -> str:
    """Return the text with its letters' accents taken off."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _same_letters(one: str, other: str) -> bool:
    """Whether the two differ in case or in marks alone."""
    a, b = (re.sub(r"\W", "", text).casefold() for text in (one, other))
    return a == b
