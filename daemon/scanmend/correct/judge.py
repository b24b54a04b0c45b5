"""The judge: one verdict and one reason for each proposed edit. Pure; the model proposes, this disposes.

Hard rules come first: numbers, signs and currency; words inserted or dropped; spacing, case, quotes, dashes and
hyphenation alone. What passes them is weighed by one score, in nats (natural logarithms of odds)::

    score = gain - cost + commonness - resistance - doubt

``gain`` is the language model's log-probability of new less that of raw in context, ``cost`` the channel's price
for reading new as raw: together the noisy channel. ``commonness`` says how common the new word is, ``resistance``
what the raw word has for itself (being a word, a name, an acronym, read with confidence), ``doubt`` how rarely
this page was misread at all. The weights come from a logistic regression on newspapers and books, half of each
set, in which gain and cost had nearly the same weight. An edit is accepted at THRESHOLD less the folder's boldness.
"""

import math
import re
from dataclasses import dataclass

from scanmend.correct import numbers

THRESHOLD = 3.0
GAIN_MOST = 25.0
COST_MOST = 18.0
"""Above, there is no visual support, whatever the model thinks."""
COMMON_ZIPF, PER_ZIPF = 4.0, 0.85
"""A new word this common is neither bonus nor malus; nats for each Zipf step."""
KNOWN_WORD, PER_RAW_ZIPF = 2.6, 0.7
"""Nats for a raw word that is one, and for each Zipf step above the first."""
CONFIDENT, CONFIDENCE_WEIGHT = 85.0, 3.0
"""From this word confidence on, up to so many nats at 100."""
NAME = 2.0
ACRONYM = 4.0
UNKNOWN_NEW = 6.0
NO_WORD = 2.5
"""Nats in favour of changing what is no word and is not written like a name."""
MISREAD_SHARE, DOUBT_WEIGHT, DOUBT_LEAST, DOUBT_MOST = 0.08, 3.5, -2.0, 8.0
"""At this share of unknown words there is no doubt; nats for each factor e below it, at least and at most."""
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "´": "'"})
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "¬": "-"})
_AROUND = "\"'“”‘’«»„.,;:!?()[]{}—–-*_|~^<>\\"
_INNER = re.compile(r"[^'’-]")
_ADDRESS = re.compile(r"@|://|www\.|\.(com|org|net|de|fr|es|eu|gov|edu)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against replacing raw by new."""

    raw: str
    new: str
    cost: float
    """Channel cost in nats of reading new as raw; infinity without visual support."""
    gain: float | None
    """The language model's log-probability of new less that of raw, in nats; None when it was not asked."""
    raw_zipf: float
    """Zipf frequency of the raw word without its punctuation; 0 when it is in no lexicon."""
    new_zipf: float
    confidence: float | None
    """Tesseract's word confidence, 0–100; None where there was no image."""
    starts_sentence: bool
    has_lexicon: bool = True
    """Whether there is a word list for the folder's languages at all."""
    unknown_share: float = MISREAD_SHARE
    """Share of the page's words that are in no lexicon: how well it was read."""
    among_capitals: bool = False
    """Whether the words beside it are in capitals too, so that it is a heading and no acronym."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an edit is made, why, and its score where it was weighed."""

    accepted: bool
    reason: str
    score: float | None = None


def judge(e: Evidence, boldness: float = 0.0) -> Verdict:
    """Decide on one edit; ``boldness`` in nats lowers what is asked of it."""
    if reason := forbidden(e.raw, e.new):
        return Verdict(accepted=False, reason=reason)
    if e.new == numbers.repair(e.raw):
        return Verdict(accepted=True, reason="a look-alike letter inside a number")
    if e.cost > COST_MOST:
        return Verdict(accepted=False, reason="looks too different from what was scanned")
    if e.gain is None:
        return Verdict(accepted=False, reason="the model was not asked")
    common = PER_ZIPF * (e.new_zipf - COMMON_ZIPF) if e.has_lexicon and e.new_zipf > 0 else 0.0
    against = resistance(e) + doubt(e.unknown_share)
    score = round(min(e.gain, GAIN_MOST) - e.cost + common - against, 2)
    weighed = f"(model {e.gain:+.1f}, look {-e.cost:.1f}, word {common:+.1f}, against it {-against:.1f})"
    if score >= THRESHOLD - boldness:
        return Verdict(accepted=True, reason=f"fits better and looks alike {weighed}", score=score)
    return Verdict(accepted=False, reason=f"not enough evidence {weighed}", score=score)


def forbidden(raw: str, new: str) -> str:  # noqa: C901, PLR0911 -- one rule, one return
    """Return which hard rule the edit breaks; empty when none."""
    if not new.strip() or not raw.strip():
        return "words are neither inserted nor dropped"
    if not numbers.preserved(raw, new):
        return "numbers, signs and currency symbols are kept as read"
    if new == numbers.repair(raw):
        return ""
    if _bare(raw) == _bare(new) and not _run_together(raw, new):
        return "spacing, hyphens and dashes alone are not the model's to change"
    if raw.translate(_QUOTES) == new.translate(_QUOTES):
        return "quotes are kept as read"
    if raw.casefold() == new.casefold():
        return "case is kept as read"
    if _letters(raw) == _letters(new) and not _run_together(raw, new):
        return "punctuation is kept as read"
    if _INNER.sub("", raw.strip(_AROUND)) != _INNER.sub("", new.strip(_AROUND)):
        return "apostrophes and hyphens inside a word are kept as read"
    if _ADDRESS.search(raw):
        return "addresses are kept as read"
    if len(raw.split()) != len(new.split()) and not _same_letters_nearly(raw, new):
        return "words are neither inserted nor dropped"
    return ""


def resistance(e: Evidence) -> float:
    """What the raw word has for itself, in nats."""
    total = 0.0
    core = e.raw.strip(_AROUND)
    if e.raw_zipf > 0:
        total += KNOWN_WORD + PER_RAW_ZIPF * max(0.0, e.raw_zipf - 1.0)
    elif e.has_lexicon and core.islower():
        total -= NO_WORD
    if e.confidence is not None and e.confidence > CONFIDENT:
        total += CONFIDENCE_WEIGHT * (e.confidence - CONFIDENT) / (100 - CONFIDENT)
    if e.has_lexicon and e.new_zipf <= 0:
        total += UNKNOWN_NEW
    if len(core) > 1 and core.isupper():
        total += 0.0 if e.among_capitals else ACRONYM
    elif core[:1].isupper() and not e.starts_sentence:
        total += NAME
    return total


def doubt(unknown_share: float) -> float:
    """Nats against any edit on a page where hardly a word is unknown: what looks odd there is a name, not an error."""
    return min(DOUBT_MOST, max(DOUBT_LEAST, -DOUBT_WEIGHT * math.log(max(unknown_share, 1e-6) / MISREAD_SHARE)))


def _bare(text: str) -> str:
    return re.sub(r"[\s\-]", "", text.translate(_DASHES))


def _run_together(raw: str, new: str) -> bool:
    """Whether words that consist of letters only were run together or torn apart: ``ofthe``, but not ``U.S.``."""
    one, other = raw.strip(_AROUND), new.strip(_AROUND)
    return one.replace(" ", "") == other.replace(" ", "") and one != other and one.replace(" ", "").isalpha()


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _same_letters_nearly(raw: str, new: str) -> bool:
    """A word split or joined may differ in few letters besides."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415 -- keeps this module importable without it

    a, b = _bare(raw).casefold(), _bare(new).casefold()
    return OSA.distance(a, b) <= max(1, len(a) // 4)
