"""The judge: one verdict and one reason for each proposed edit. Pure; the model proposes, the evidence decides.

Hard rules come first (``hard_rules``). What passes them is weighed by one score, in nats (natural logarithms of odds)::

    score = gain + image - cost + agreement + new word's prior - raw word's prior - clean page's prior
            - foreign text's prior

- ``gain``: the language model's log-probability of the new word less that of the raw one, in context;
- ``image``: the second reader's log-probability of the image under the new word less that under the raw one;
- ``cost``: the OCR channel's cost of reading new as raw (gain and cost together are the noisy channel);
- ``agreement``: counts where the model also wrote the same word freely;
- ``new_word_prior``: how common the new word is;
- ``raw_word_prior``: what speaks for the raw word: being a known word, a name, an acronym, read with confidence;
- ``clean_page_prior``: how rarely this page was misread at all;
- foreign text's prior: how much of the text around the word is in another language than the folder's.

An edit is accepted when its score reaches ``ACCEPTANCE_SCORE`` less the folder's boldness. The weights come from
logistic regressions on newspapers and books, half of each set, in which gain and cost had nearly the same weight.
"""

import math
import re
from dataclasses import dataclass

from scanmend.correct.hard_rules import (
    EDGE_PUNCTUATION,
    MAX_COST_NATS,
    OPPOSITE,
    TOO_DIFFERENT,
    changes_only_marks,
    drops_lone_mark,
    merges_words,
    reverses_meaning,
    violated_rule,
)
from scanmend.correct.lexicon import numbers
from scanmend.correct.two_readers.proposals import Reading
from scanmend.correct.two_readers.weigh import ACCEPTANCE_SCORE as ACCEPTANCE_READING_SCORE
from scanmend.correct.two_readers.weigh import MAX_OPTICAL_NATS

ACCEPTANCE_SCORE = 2.0
"""Score, in nats, from which an edit is accepted by a folder whose boldness is 0."""
MAX_GAIN_NATS = 25.0
"""Most nats of gain that count, so that no certainty of the model outweighs everything else."""
MAX_AGREEMENT_NATS = 5.0
"""Most nats for a word that the model also wrote freely; never more than its gain."""
NEUTRAL_ZIPF = 4.5
"""Zipf frequency of a new word whose prior is 0: commoner words are favoured, rarer ones disfavoured."""
NATS_PER_ZIPF = 0.85
"""Nats for each Zipf step of the new word above ``NEUTRAL_ZIPF``."""
KNOWN_RAW_NATS = 2.2
"""Nats against changing a raw word that is a known word."""
NATS_PER_RAW_ZIPF = 0.6
"""Nats against changing a known raw word for each Zipf step of its frequency above 1."""
MIN_COUNTED_CONFIDENCE = 85.0
"""Tesseract word confidence (0–100) above which it counts against a change."""
MAX_CONFIDENCE_NATS = 7.5
"""Nats against a change at word confidence 100; in between they grow linearly from ``MIN_COUNTED_CONFIDENCE``."""
NAME_NATS = 2.5
"""Nats against changing a capitalised word inside a sentence, which may be a name."""
ACRONYM_NATS = 4.0
"""Nats against changing a word in capitals among words that are not."""
UNKNOWN_NEW_NATS = 6.0
"""Nats against a new word that is in no word list."""
NATS_PER_LOG_REPETITION = 3.0
"""Nats against changing a repeated name, for each factor e in how often it stands on the page."""
UNKNOWN_RAW_NATS = 3.0
"""Nats in favour of changing a raw word in small letters that is no known word."""
FOREIGN_NATS = 12.0
"""Nats against a change where all text around it is in another language than the folder's.

What the lists do not know is a word of that language there, and the model knows only that the folder's is commoner.
"""
INNER_CAPITAL_NATS = 4.0
"""Nats against changing a word with a capital after a small letter, as names and table heads have (``eMail``).

A capital of the same shape as its small letter does not count, as that is easily misread (``whIch``, ``aCross``).
"""
MERGED_NATS = 5.0
"""Nats in favour of one word where two pieces were read: hardly anything but a torn word looks like that."""
NEUTRAL_UNKNOWN_SHARE = 0.06
"""Share of unknown words on a page at which the clean page's prior is 0."""
NATS_PER_LOG_SHARE = 3.5
"""Nats of the clean page's prior for each factor e by which the share is below ``NEUTRAL_UNKNOWN_SHARE``."""
MIN_CLEAN_PAGE_NATS = -2.0
"""Lower bound of the clean page's prior: a badly read page favours edits by at most 2 nats."""
MAX_CLEAN_PAGE_NATS = 8.0
"""Upper bound of the clean page's prior: however clean a page is, an edit can still be accepted."""
OPTICAL_WEIGHT = 0.8
"""Weight of each nat that the second reader's network gives for or against an edit that somebody else proposed."""
READING_GAIN_WEIGHT = 0.3
"""Weight of the language model's gain in what becomes of a reading of the second reader."""
_INNER_CAPITAL = re.compile(r"(?<=[^\W\d_A-Z])[ABDEFGHJLMNQRTY]")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against replacing ``raw`` by ``new``."""

    raw: str
    new: str
    cost: float
    """Channel cost in nats of reading new as raw; infinity without visual support."""
    gain: float | None
    """The language model's log-probability of new less that of raw, in nats; None when it was not asked."""
    raw_zipf: float
    """Zipf frequency of the raw word without its punctuation; 0 when it is in no lexicon."""
    new_zipf: float
    """Zipf frequency of the new word without its punctuation; 0 when it is in no lexicon."""
    confidence: float | None
    """Tesseract's word confidence, 0–100; None where there was no image."""
    starts_sentence: bool
    """Whether the raw word begins a sentence, where a capital letter is no sign of a name."""
    has_lexicon: bool = True
    """Whether there is a word list for the folder's languages at all."""
    unknown_share: float = NEUTRAL_UNKNOWN_SHARE
    """Share of the page's words in small letters that are in no lexicon: how badly the page was read."""
    foreign_share: float = 0.0
    """How much of the text around it is in a language that is not the folder's, from 0 to 1."""
    among_capitals: bool = False
    """Whether a word beside it is in capitals too, so that it is part of a heading and no acronym."""
    repetition: float = 0.0
    """Natural logarithm of how often exactly this raw word stands on the page, if it may be a name; else 0."""
    rewritten: bool = False
    """Whether the model also wrote the new word freely, with the whole passage before it."""
    optical: float | None = None
    """Log-probability of the image under new less that under raw, in nats, by the second reader; None if unread."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an edit is made, and why."""

    accepted: bool
    reason: str
    """One line for the record."""
    score: float | None = None
    """Sum of the evidence in nats; None where a rule decided without weighing."""
    margin: float | None = None
    """The score less the score from which an edit is accepted here, in nats; None like the score."""


def judge(e: Evidence, boldness: float = 0.0) -> Verdict:
    """Decide on one edit; ``boldness`` is subtracted, in nats, from the score that the edit must reach."""
    if reason := violated_rule(e.raw, e.new):
        return Verdict(accepted=False, reason=reason)
    if e.new == numbers.repair_lookalikes(e.raw):
        return Verdict(accepted=True, reason=numbers.REPAIR_REASON)
    if (opposite := reverses_meaning(e.raw, e.new, e.raw_zipf, e.new_zipf)) or e.cost > MAX_COST_NATS:
        return Verdict(accepted=False, reason=OPPOSITE if opposite else TOO_DIFFERENT)
    if e.gain is None:
        return Verdict(accepted=False, reason="the model was not asked")
    for_new = new_word_prior(e)
    against = raw_word_prior(e)
    if e.has_lexicon and not drops_lone_mark(e.raw, e.new):
        against += clean_page_prior(e.unknown_share) + FOREIGN_NATS * e.foreign_share
    agreement = min(MAX_AGREEMENT_NATS, max(0.0, e.gain)) * e.rewritten
    look = -e.cost + optical_nats(e.optical)
    score = round(min(e.gain, MAX_GAIN_NATS) + look + agreement + for_new - against, 2)
    weighed = f"(model {e.gain:+.1f}, look {look:+.1f}, word {for_new:+.1f}, against it {-against:.1f})"
    return _weighed(
        score, ACCEPTANCE_SCORE - boldness, f"fits better and looks alike {weighed}", f"not enough evidence {weighed}"
    )


def judge_reading(reading: Reading, gain: float | None, boldness: float = 0.0) -> Verdict:
    """Decide on a reading of the second reader that its own evidence leaves open; ``gain`` as in ``Evidence``."""
    counted = gain if gain is not None and math.isfinite(gain) else 0.0
    model = READING_GAIN_WEIGHT * max(-MAX_GAIN_NATS, min(counted, MAX_GAIN_NATS))
    score = round(reading.score + model, 2)
    weighed = f"(model {model:+.1f}, image {reading.dispute.optical:+.1f}, all evidence {score:+.1f})"
    return _weighed(
        score,
        ACCEPTANCE_READING_SCORE - boldness,
        f"the second reader has it, and it fits better {weighed}",
        f"not enough evidence for the second reading {weighed}",
    )


def _weighed(score: float, needed: float, accepted: str, rejected: str) -> Verdict:
    """Return the verdict on an edit whose score must reach ``needed``, with the reason for either outcome."""
    good = score >= needed
    return Verdict(good, accepted if good else rejected, score, round(score - needed, 2))


def optical_nats(optical: float | None) -> float:
    """Nats for the new word by the second reader's network, within bounds; 0 where it did not read the line."""
    if optical is None:
        return 0.0
    return OPTICAL_WEIGHT * max(-MAX_OPTICAL_NATS, min(optical, MAX_OPTICAL_NATS))


def new_word_prior(e: Evidence) -> float:
    """Nats for the new word by how common it is; 0 where it is unknown or only marks change."""
    if not e.has_lexicon or e.new_zipf <= 0 or changes_only_marks(e.raw, e.new):
        return 0.0
    return NATS_PER_ZIPF * (e.new_zipf - NEUTRAL_ZIPF)


def raw_word_prior(e: Evidence) -> float:
    """Nats for leaving the raw word as it is; negative where it is most likely misread."""
    if changes_only_marks(e.raw, e.new):
        return 2 * _confidence_nats(e.confidence)
    total = 0.0
    core = e.raw.strip(EDGE_PUNCTUATION)
    if e.raw_zipf > 0:
        total += KNOWN_RAW_NATS + NATS_PER_RAW_ZIPF * max(0.0, e.raw_zipf - 1.0)
    elif e.has_lexicon and core.islower():
        total -= UNKNOWN_RAW_NATS
    total += _confidence_nats(e.confidence)
    if e.has_lexicon and e.new_zipf <= 0:
        total += UNKNOWN_NEW_NATS
    if len(core) > 1 and core.isupper():
        total += 0.0 if e.among_capitals else ACRONYM_NATS
    elif core[:1].isupper() and not e.starts_sentence:
        total += NAME_NATS
    if _INNER_CAPITAL.search(core):
        total += INNER_CAPITAL_NATS
    if merges_words(e.raw, e.new):
        total -= MERGED_NATS
    return total + NATS_PER_LOG_REPETITION * e.repetition


def clean_page_prior(unknown_share: float) -> float:
    """Nats against any edit of a page with this share of unknown words, bounded on both sides.

    On a page with hardly an unknown word, what looks odd is a name and not an error.
    """
    nats = -NATS_PER_LOG_SHARE * math.log(max(unknown_share, 1e-6) / NEUTRAL_UNKNOWN_SHARE)
    return min(MAX_CLEAN_PAGE_NATS, max(MIN_CLEAN_PAGE_NATS, nats))


def _confidence_nats(confidence: float | None) -> float:
    """Nats against a change of a word that Tesseract read with this confidence."""
    if confidence is None or confidence <= MIN_COUNTED_CONFIDENCE:
        return 0.0
    return MAX_CONFIDENCE_NATS * (confidence - MIN_COUNTED_CONFIDENCE) / (100 - MIN_COUNTED_CONFIDENCE)
