"""The judge: one verdict and one reason for each proposed edit. Pure; the model proposes, this disposes.

Hard rules come first: numbers, signs and currency; words inserted or dropped; spacing, case, quotes, dashes and
hyphenation alone. What passes them is weighed by one score, in nats (natural logarithms of odds)::

    score = min(gain, GAIN_MOST) - cost - resistance

``gain`` is the language model's log-probability of new less that of raw in context, ``cost`` the channel's
price for reading new as raw, ``resistance`` what the raw word has for itself: being a word, being read with
confidence, being written like a name. This is the noisy channel's posterior odds, with the resistance as prior.
An edit is accepted at a score of ``THRESHOLD``.
"""

import re
from dataclasses import dataclass

from scanmend.correct import numbers

THRESHOLD = 2.0
GAIN_MOST = 14.0
COST_MOST = 14.0
"""Above, there is no visual support, whatever the model thinks."""
KNOWN_WORD = 6.0
CONFIDENT = 92.0
CONFIDENCE_WEIGHT = 3.0
NAME = 5.0
ACRONYM = 6.0
UNKNOWN_NEW = 6.0
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "´": "'"})
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "¬": "-"})
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an edit is made, why, and its score where it was weighed."""

    accepted: bool
    reason: str
    score: float | None = None


def judge(e: Evidence) -> Verdict:
    """Decide on one edit."""
    if reason := forbidden(e.raw, e.new):
        return Verdict(accepted=False, reason=reason)
    if e.new == numbers.repair(e.raw):
        return Verdict(accepted=True, reason="a look-alike letter inside a number")
    if e.cost > COST_MOST:
        return Verdict(accepted=False, reason="looks too different from what was scanned")
    if e.gain is None:
        return Verdict(accepted=False, reason="the model was not asked")
    score = round(min(e.gain, GAIN_MOST) - e.cost - resistance(e), 2)
    weighed = f"(model {e.gain:+.1f}, look {-e.cost:.1f}, resistance {-resistance(e):.1f})"
    if score >= THRESHOLD:
        return Verdict(accepted=True, reason=f"fits better and looks alike {weighed}", score=score)
    return Verdict(accepted=False, reason=f"not enough evidence {weighed}", score=score)


def forbidden(raw: str, new: str) -> str:  # noqa: PLR0911 -- one rule, one return
    """Return which hard rule the edit breaks; empty when none."""
    if not new.strip() or not raw.strip():
        return "words are neither inserted nor dropped"
    if not numbers.preserved(raw, new):
        return "numbers, signs and currency symbols are kept as read"
    if new == numbers.repair(raw):
        return ""
    if _bare(raw) == _bare(new):
        return "spacing, hyphens and dashes alone are not the model's to change"
    if raw.translate(_QUOTES) == new.translate(_QUOTES):
        return "quotes are kept as read"
    if raw.casefold() == new.casefold():
        return "case is kept as read"
    if _letters(raw) == _letters(new):
        return "punctuation is kept as read"
    if _ADDRESS.search(raw):
        return "addresses are kept as read"
    if len(raw.split()) != len(new.split()) and not _same_letters_nearly(raw, new):
        return "words are neither inserted nor dropped"
    return ""


def resistance(e: Evidence) -> float:
    """What the raw word has for itself, in nats."""
    total = 0.0
    core = e.raw.strip("\"'“”‘’«»„.,;:!?()[]{}—–-*_|~^<>\\")
    if e.raw_zipf > 0:
        total += max(0.0, min(KNOWN_WORD, (e.raw_zipf - 1.0) * 2.0))
    if e.confidence is not None and e.confidence >= CONFIDENT:
        total += CONFIDENCE_WEIGHT * (e.confidence - CONFIDENT) / (100 - CONFIDENT)
    if e.has_lexicon and e.new_zipf <= 0:
        total += UNKNOWN_NEW
    if len(core) > 1 and core.isupper() and e.raw_zipf <= 0 and not e.new.isupper():
        total += ACRONYM
    elif core[:1].isupper() and not e.starts_sentence and not core.isupper():
        total += NAME
    return total


def _bare(text: str) -> str:
    return re.sub(r"[\s\-]", "", text.translate(_DASHES))


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _same_letters_nearly(raw: str, new: str) -> bool:
    """A word split or joined may differ in few letters besides."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415 -- keeps this module importable without it

    a, b = _bare(raw).casefold(), _bare(new).casefold()
    return OSA.distance(a, b) <= max(1, len(a) // 4)
