"""The judge: one verdict and one reason for each proposed edit. Pure; the model proposes, this disposes.

Hard rules come first: numbers, signs and currency; words inserted or dropped; spacing, case, quotes, dashes and
hyphenation alone. What passes them is weighed by one score, in nats (natural logarithms of odds)::

    score = gain - cost + agreed + commonness - resistance - doubt

``gain`` is the language model's log-probability of new less that of raw in context, ``cost`` the channel's price
for reading new as raw: together the noisy channel. ``agreed`` counts where the model wrote the same of its own
accord. ``commonness`` says how common the new word is, ``resistance`` what the raw word has for itself (being a word,
a name, an acronym, read with confidence), ``doubt`` how rarely this page was misread at all. The weights come from
logistic regressions on newspapers and books, half of each set, in which gain and cost had nearly the same weight. An
edit is accepted at THRESHOLD less the folder's boldness.
"""

import math
import re
import unicodedata
from dataclasses import dataclass

from rapidfuzz.distance import OSA, Levenshtein

from scanmend.correct.lexicon import numbers

THRESHOLD = 2.0
GAIN_MOST = 25.0
COST_MOST = 18.0
"""Above, there is no visual support, whatever the model thinks."""
AGREED = 5.0
"""Nats at most for a reading that the model wrote freely, too; no more than it gains."""
COMMON_ZIPF, PER_ZIPF = 4.5, 0.85
"""A new word this common is neither bonus nor malus; nats for each Zipf step."""
KNOWN_WORD, PER_RAW_ZIPF = 2.2, 0.6
"""Nats for a raw word that is one, and for each Zipf step above the first."""
CONFIDENT, CONFIDENCE_WEIGHT = 85.0, 7.5
"""From this word confidence on, up to so many nats at 100."""
NAME = 2.5
ACRONYM = 4.0
UNKNOWN_NEW = 6.0
REPEATED = 3.0
"""Nats for each factor e by which a name is repeated on the page."""
NO_WORD = 3.0
"""Nats in favour of changing what is no word and is not written like a name."""
MERGED = 5.0
"""Nats in favour of one known word where two pieces were read: hardly anything else looks like that."""
NEGATIONS = frozenset(
    {
        "not", "no", "never", "nor", "none", "without", "nicht", "kein", "keine", "keinen", "nie", "ohne",
        "ne", "pas", "jamais", "sans", "ni", "nunca", "sin",
    }
)  # fmt: skip
REVERSING = ("un", "in", "im", "il", "ir", "dis", "non", "des")
"""What is put before a word to say the opposite."""
PLAIN_ZIPF = 5.0
"""Zipf frequency of the thousand commonest words and above."""
SPECKS = set(".,:;'‘’`*~^_|•°\\<>¦ ")
"""What a speck can be read as."""
LOW_MARKS = set(".,;: ")
MISREAD_SHARE, DOUBT_WEIGHT, DOUBT_LEAST, DOUBT_MOST = 0.06, 3.5, -2.0, 8.0
"""At this share of unknown words there is no doubt; nats for each factor e below it, at least and at most."""
NUMBER_KEPT = "numbers, signs and currency symbols are kept as read"
OPPOSITE = "no word is turned into its opposite"
TOO_DIFFERENT = "looks too different from what was scanned"
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
    """Share of the page's words in small letters that are in no lexicon: how well it was read."""
    among_capitals: bool = False
    """Whether the words beside it are in capitals too, so that it is a heading and no acronym."""
    repetition: float = 0.0
    """Natural logarithm of how often the raw word stands on the page just so, where it may be a name."""
    rewritten: bool = False
    """Whether the model wrote the new word of its own accord, with the whole passage before it."""


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
        return Verdict(accepted=True, reason=numbers.REPAIRED)
    if opposite(e) or e.cost > COST_MOST:
        return Verdict(accepted=False, reason=OPPOSITE if opposite(e) else TOO_DIFFERENT)
    if e.gain is None:
        return Verdict(accepted=False, reason="the model was not asked")
    common = commonness(e)
    against = resistance(e) + (doubt(e.unknown_share) if e.has_lexicon and not alone(e.raw, e.new) else 0.0)
    agreed = min(AGREED, max(0.0, e.gain)) * e.rewritten
    score = round(min(e.gain, GAIN_MOST) - e.cost + agreed + common - against, 2)
    weighed = f"(model {e.gain:+.1f}, look {-e.cost:.1f}, word {common:+.1f}, against it {-against:.1f})"
    if score >= THRESHOLD - boldness:
        return Verdict(accepted=True, reason=f"fits better and looks alike {weighed}", score=score)
    return Verdict(accepted=False, reason=f"not enough evidence {weighed}", score=score)


def forbidden(raw: str, new: str) -> str:  # noqa: C901, PLR0911 -- one rule, one return
    """Return which hard rule the edit breaks; empty when none."""
    if not new.strip() or not raw.strip():
        return "words are neither inserted nor dropped"
    if not numbers.preserved(raw, new):
        return NUMBER_KEPT
    if new == numbers.repair(raw):
        return ""
    if _bare(raw) == _bare(new) and not _run_together(raw, new):
        return "spacing, hyphens and dashes alone are not the model's to change"
    if raw.translate(_QUOTES) == new.translate(_QUOTES):
        return "quotes are kept as read"
    if raw.casefold() == new.casefold():
        return "case is kept as read"
    if _ADDRESS.search(raw):
        return "addresses are kept as read"
    if _INNER.sub("", raw.strip(_AROUND)) != _INNER.sub("", new.strip(_AROUND)):
        return "apostrophes and hyphens inside a word are kept as read"
    if marks_only(raw, new):
        return "" if _specks_only(raw, new) else "punctuation is kept as read"
    if not _scripts(new) <= (_scripts(raw) or {"LATIN"}):
        return "letters of another script are not the model's to bring in"
    if len(raw.split()) != len(new.split()) and not _same_letters_nearly(raw, new):
        return "words are neither inserted nor dropped"
    return ""


def opposite(e: Evidence) -> bool:
    """Whether a sentence would say yes for no: a model that a page has talked round may well be sure of that.

    Only where a common word was read; what is hardly a word was misread.
    """
    raw, new = (text.strip(_AROUND).casefold() for text in (e.raw, e.new))
    if e.raw_zipf >= PLAIN_ZIPF and raw != new and (raw in NEGATIONS) != (new in NEGATIONS):
        return True
    long, short = sorted((raw, new), key=len, reverse=True)
    known = min(e.raw_zipf, e.new_zipf) > 0
    return known and long != short and any(long == prefix + short for prefix in REVERSING)


def commonness(e: Evidence) -> float:
    """What the new word has for itself, in nats; marks say nothing of words."""
    if not e.has_lexicon or e.new_zipf <= 0 or marks_only(e.raw, e.new):
        return 0.0
    return PER_ZIPF * (e.new_zipf - COMMON_ZIPF)


def resistance(e: Evidence) -> float:
    """What the raw word has for itself, in nats."""
    total = 0.0
    if marks_only(e.raw, e.new):
        return 2 * _confidence(e.confidence)
    core = e.raw.strip(_AROUND)
    if e.raw_zipf > 0:
        total += KNOWN_WORD + PER_RAW_ZIPF * max(0.0, e.raw_zipf - 1.0)
    elif e.has_lexicon and core.islower():
        total -= NO_WORD
    total += _confidence(e.confidence)
    if e.has_lexicon and e.new_zipf <= 0:
        total += UNKNOWN_NEW
    if len(core) > 1 and core.isupper():
        total += 0.0 if e.among_capitals else ACRONYM
    elif core[:1].isupper() and not e.starts_sentence:
        total += NAME
    if merged(e.raw, e.new):
        total -= MERGED
    return total + REPEATED * e.repetition


def doubt(unknown_share: float) -> float:
    """Nats against any edit on a page where hardly a word is unknown: what looks odd there is a name, not an error."""
    return min(DOUBT_MOST, max(DOUBT_LEAST, -DOUBT_WEIGHT * math.log(max(unknown_share, 1e-6) / MISREAD_SHARE)))


def marks_only(raw: str, new: str) -> bool:
    """Whether the letters stay what they are, and where they are one word or two."""
    return _letters(raw) == _letters(new) and not _run_together(raw, new)


def alone(raw: str, new: str) -> bool:
    """Whether a mark that stands alone is left out."""
    return marks_only(raw, new) and len(new.split()) < len(raw.split())


def merged(raw: str, new: str) -> bool:
    """Whether two words become one."""
    return len(new.split()) < len(raw.split()) and not marks_only(raw, new)


def _specks_only(raw: str, new: str) -> bool:
    """Whether no more is done than leaving out what can be a speck, or reading one low mark as another."""
    changed = [op for op in Levenshtein.opcodes(raw, new) if op.tag != "equal"]
    if any(_abbreviated(raw, op.src_start, op.src_end) for op in changed):
        return False
    return all(
        set(raw[op.src_start : op.src_end]) <= SPECKS
        and (
            op.tag == "delete"
            or set(new[op.dest_start : op.dest_end]) <= LOW_MARKS
            or (raw[op.src_start : op.src_end], new[op.dest_start : op.dest_end]) == ("~", "-")
        )
        and op.src_end - op.src_start >= op.dest_end - op.dest_start
        for op in changed
    )


def _abbreviated(raw: str, start: int, end: int) -> bool:
    """Whether marks stand inside a word beside a single letter, as in ``U.S.`` and ``p.m``."""
    left, right = raw[max(0, start - 2) : start], raw[end : end + 2]
    inside = left[-1:].isalnum() and right[:1].isalnum()
    return inside and not (len(left) == len(right) == 2 and (left + right).isalpha())  # noqa: PLR2004 -- two letters


def _confidence(confidence: float | None) -> float:
    """What a sure reading has for itself, in nats."""
    if confidence is None or confidence <= CONFIDENT:
        return 0.0
    return CONFIDENCE_WEIGHT * (confidence - CONFIDENT) / (100 - CONFIDENT)


def _bare(text: str) -> str:
    return re.sub(r"[\s\-]", "", text.translate(_DASHES))


def _run_together(raw: str, new: str) -> bool:
    """Whether words that consist of letters only were run together or torn apart: ``ofthe``, but not ``U.S.``."""
    one, other = raw.strip(_AROUND + " "), new.strip(_AROUND + " ")
    return one.replace(" ", "") == other.replace(" ", "") and one != other and one.replace(" ", "").isalpha()


def _scripts(text: str) -> set[str]:
    """The scripts that the letters are of, by the first word of their Unicode names."""
    return {unicodedata.name(c, "?").split()[0] for c in text if c.isalpha()}


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _same_letters_nearly(raw: str, new: str) -> bool:
    """A word split or joined may differ in few letters besides."""
    a, b = _bare(raw).casefold(), _bare(new).casefold()
    return OSA.distance(a, b) <= max(1, len(a) // 4)
