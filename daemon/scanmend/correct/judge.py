"""The judge: one verdict and one reason for each proposed edit. Pure; the model proposes, this disposes.

Hard rules come first: numbers, signs and currency; words inserted or dropped; spacing, case, quotes, dashes and
hyphenation alone. What passes them is weighed by one score, in nats (natural logarithms of odds)::

    score = gain - cost + agreed + commonness - resistance - doubt

``gain`` is the language model's log-probability of new less that of raw in context, ``cost`` the channel's price
for reading new as raw: together the noisy channel. ``agreed`` counts where the model wrote the same of its own
accord. ``new_word_prior`` says how common the new word is, ``raw_word_prior`` what the raw word has for itself (being a word,
a name, an acronym, read with confidence), ``clean_page_prior`` how rarely this page was misread at all. The weights come from
logistic regressions on newspapers and books, half of each set, in which gain and cost had nearly the same weight. An
edit is accepted at THRESHOLD less the folder's boldness.
"""

import math
import re
import unicodedata
from dataclasses import dataclass

from rapidfuzz.distance import OSA, Levenshtein

from scanmend.correct.lexicon import numbers

ACCEPTANCE_SCORE = 2.0
MAX_GAIN_NATS = 25.0
MAX_COST_NATS = 18.0
"""Above, there is no visual support, whatever the model thinks."""
MAX_AGREEMENT_NATS = 5.0
"""Nats at most for a reading that the model wrote freely, too; no more than it gains."""
NEUTRAL_ZIPF, NATS_PER_ZIPF = 4.5, 0.85
"""A new word this common is neither bonus nor malus; nats for each Zipf step."""
KNOWN_RAW_NATS, NATS_PER_RAW_ZIPF = 2.2, 0.6
"""Nats for a raw word that is one, and for each Zipf step above the first."""
MIN_COUNTED_CONFIDENCE, MAX_CONFIDENCE_NATS = 85.0, 7.5
"""From this word confidence on, up to so many nats at 100."""
NAME_NATS = 2.5
ACRONYM_NATS = 4.0
UNKNOWN_NEW_NATS = 6.0
NATS_PER_LOG_REPETITION = 3.0
"""Nats for each factor e by which a name is repeated on the page."""
UNKNOWN_RAW_NATS = 3.0
"""Nats in favour of changing what is no word and is not written like a name."""
MERGED_NATS = 5.0
"""Nats in favour of one known word where two pieces were read: hardly anything else looks like that."""
NEGATIONS = frozenset(
    {
        "not", "no", "never", "nor", "none", "without", "nicht", "kein", "keine", "keinen", "nie", "ohne",
        "ne", "pas", "jamais", "sans", "ni", "nunca", "sin",
    }
)  # fmt: skip
REVERSING_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "des")
"""What is put before a word to say the opposite."""
COMMON_RAW_ZIPF = 5.0
"""Zipf frequency of the thousand commonest words and above."""
SPECK_CHARACTERS = set(".,:;'‘’`*~^_|•°\\<>¦ ")
"""What a speck can be read as."""
LOW_PUNCTUATION = set(".,;: ")
NEUTRAL_UNKNOWN_SHARE, NATS_PER_LOG_SHARE, MIN_CLEAN_PAGE_NATS, MAX_CLEAN_PAGE_NATS = 0.06, 3.5, -2.0, 8.0
"""At this share of unknown words there is no doubt; nats for each factor e below it, at least and at most."""
NUMBER_KEPT = "numbers, signs and currency symbols are kept as read"
OPPOSITE = "no word is turned into its opposite"
TOO_DIFFERENT = "looks too different from what was scanned"
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "´": "'"})
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "¬": "-"})
_EDGE_PUNCTUATION = "\"'“”‘’«»„.,;:!?()[]{}—–-*_|~^<>\\"
_NO_INNER_MARK = re.compile(r"[^'’-]")
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
    unknown_share: float = NEUTRAL_UNKNOWN_SHARE
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
    if reason := violated_rule(e.raw, e.new):
        return Verdict(accepted=False, reason=reason)
    if e.new == numbers.repair_lookalikes(e.raw):
        return Verdict(accepted=True, reason=numbers.REPAIR_REASON)
    if reverses_meaning(e) or e.cost > MAX_COST_NATS:
        return Verdict(accepted=False, reason=OPPOSITE if reverses_meaning(e) else TOO_DIFFERENT)
    if e.gain is None:
        return Verdict(accepted=False, reason="the model was not asked")
    common = new_word_prior(e)
    against = raw_word_prior(e) + (
        clean_page_prior(e.unknown_share) if e.has_lexicon and not drops_lone_mark(e.raw, e.new) else 0.0
    )
    agreed = min(MAX_AGREEMENT_NATS, max(0.0, e.gain)) * e.rewritten
    score = round(min(e.gain, MAX_GAIN_NATS) - e.cost + agreed + common - against, 2)
    weighed = f"(model {e.gain:+.1f}, look {-e.cost:.1f}, word {common:+.1f}, against it {-against:.1f})"
    if score >= ACCEPTANCE_SCORE - boldness:
        return Verdict(accepted=True, reason=f"fits better and looks alike {weighed}", score=score)
    return Verdict(accepted=False, reason=f"not enough evidence {weighed}", score=score)


def violated_rule(raw: str, new: str) -> str:  # noqa: C901, PLR0911 -- one rule, one return
    """Return which hard rule the edit breaks; empty when none."""
    if not new.strip() or not raw.strip():
        return "words are neither inserted nor dropped"
    if not numbers.preserves_numbers(raw, new):
        return NUMBER_KEPT
    if new == numbers.repair_lookalikes(raw):
        return ""
    if _without_blanks_and_hyphens(raw) == _without_blanks_and_hyphens(new) and not _only_moves_word_boundaries(
        raw, new
    ):
        return "spacing, hyphens and dashes alone are not the model's to change"
    if raw.translate(_QUOTES) == new.translate(_QUOTES):
        return "quotes are kept as read"
    if raw.casefold() == new.casefold():
        return "case is kept as read"
    if _ADDRESS.search(raw):
        return "addresses are kept as read"
    if _NO_INNER_MARK.sub("", raw.strip(_EDGE_PUNCTUATION)) != _NO_INNER_MARK.sub("", new.strip(_EDGE_PUNCTUATION)):
        return "apostrophes and hyphens inside a word are kept as read"
    if changes_only_marks(raw, new):
        return "" if _drops_only_specks(raw, new) else "punctuation is kept as read"
    if not _scripts_of(new) <= (_scripts_of(raw) or {"LATIN"}):
        return "letters of another script are not the model's to bring in"
    if len(raw.split()) != len(new.split()) and not _nearly_same_letters(raw, new):
        return "words are neither inserted nor dropped"
    return ""


def reverses_meaning(e: Evidence) -> bool:
    """Whether a sentence would say yes for no: a model that a page has talked round may well be sure of that.

    Only where a common word was read; what is hardly a word was misread.
    """
    raw, new = (text.strip(_EDGE_PUNCTUATION).casefold() for text in (e.raw, e.new))
    if e.raw_zipf >= COMMON_RAW_ZIPF and raw != new and (raw in NEGATIONS) != (new in NEGATIONS):
        return True
    long, short = sorted((raw, new), key=len, reverse=True)
    known = min(e.raw_zipf, e.new_zipf) > 0
    return known and long != short and any(long == prefix + short for prefix in REVERSING_PREFIXES)


def new_word_prior(e: Evidence) -> float:
    """What the new word has for itself, in nats; marks say nothing of words."""
    if not e.has_lexicon or e.new_zipf <= 0 or changes_only_marks(e.raw, e.new):
        return 0.0
    return NATS_PER_ZIPF * (e.new_zipf - NEUTRAL_ZIPF)


def raw_word_prior(e: Evidence) -> float:
    """What the raw word has for itself, in nats."""
    total = 0.0
    if changes_only_marks(e.raw, e.new):
        return 2 * _confidence_nats(e.confidence)
    core = e.raw.strip(_EDGE_PUNCTUATION)
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
    if merges_words(e.raw, e.new):
        total -= MERGED_NATS
    return total + NATS_PER_LOG_REPETITION * e.repetition


def clean_page_prior(unknown_share: float) -> float:
    """Nats against any edit on a page where hardly a word is unknown: what looks odd there is a name, not an error."""
    return min(
        MAX_CLEAN_PAGE_NATS,
        max(MIN_CLEAN_PAGE_NATS, -NATS_PER_LOG_SHARE * math.log(max(unknown_share, 1e-6) / NEUTRAL_UNKNOWN_SHARE)),
    )


def changes_only_marks(raw: str, new: str) -> bool:
    """Whether the letters stay what they are, and where they are one word or two."""
    return _alphanumerics(raw) == _alphanumerics(new) and not _only_moves_word_boundaries(raw, new)


def drops_lone_mark(raw: str, new: str) -> bool:
    """Whether a mark that stands alone is left out."""
    return changes_only_marks(raw, new) and len(new.split()) < len(raw.split())


def merges_words(raw: str, new: str) -> bool:
    """Whether two words become one."""
    return len(new.split()) < len(raw.split()) and not changes_only_marks(raw, new)


def _drops_only_specks(raw: str, new: str) -> bool:
    """Whether no more is done than leaving out what can be a speck, or reading one low mark as another."""
    changed = [op for op in Levenshtein.opcodes(raw, new) if op.tag != "equal"]
    if any(_is_abbreviation_mark(raw, op.src_start, op.src_end) for op in changed):
        return False
    return all(
        set(raw[op.src_start : op.src_end]) <= SPECK_CHARACTERS
        and (
            op.tag == "delete"
            or set(new[op.dest_start : op.dest_end]) <= LOW_PUNCTUATION
            or (raw[op.src_start : op.src_end], new[op.dest_start : op.dest_end]) == ("~", "-")
        )
        and op.src_end - op.src_start >= op.dest_end - op.dest_start
        for op in changed
    )


def _is_abbreviation_mark(raw: str, start: int, end: int) -> bool:
    """Whether marks stand inside a word beside a single letter, as in ``U.S.`` and ``p.m``."""
    left, right = raw[max(0, start - 2) : start], raw[end : end + 2]
    inside = left[-1:].isalnum() and right[:1].isalnum()
    return inside and not (len(left) == len(right) == 2 and (left + right).isalpha())  # noqa: PLR2004 -- two letters


def _confidence_nats(confidence: float | None) -> float:
    """What a sure reading has for itself, in nats."""
    if confidence is None or confidence <= MIN_COUNTED_CONFIDENCE:
        return 0.0
    return MAX_CONFIDENCE_NATS * (confidence - MIN_COUNTED_CONFIDENCE) / (100 - MIN_COUNTED_CONFIDENCE)


def _without_blanks_and_hyphens(text: str) -> str:
    return re.sub(r"[\s\-]", "", text.translate(_DASHES))


def _only_moves_word_boundaries(raw: str, new: str) -> bool:
    """Whether words that consist of letters only were run together or torn apart: ``ofthe``, but not ``U.S.``."""
    one, other = raw.strip(_EDGE_PUNCTUATION + " "), new.strip(_EDGE_PUNCTUATION + " ")
    return one.replace(" ", "") == other.replace(" ", "") and one != other and one.replace(" ", "").isalpha()


def _scripts_of(text: str) -> set[str]:
    """The scripts that the letters are of, by the first word of their Unicode names."""
    return {unicodedata.name(c, "?").split()[0] for c in text if c.isalpha()}


def _alphanumerics(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _nearly_same_letters(raw: str, new: str) -> bool:
    """A word split or joined may differ in few letters besides."""
    a, b = _without_blanks_and_hyphens(raw).casefold(), _without_blanks_and_hyphens(new).casefold()
    return OSA.distance(a, b) <= max(1, len(a) // 4)
