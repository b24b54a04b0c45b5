"""Hard rules: which edits are rejected whatever the evidence, and the reason that the record shows.

Numbers, signs and currency symbols stay as read. Words are neither inserted nor dropped. Spacing, case, quotes,
dashes, hyphens and punctuation are not changed on their own, but for specks and for words run together or torn
apart. No common word becomes its opposite. All functions are pure.
"""

import re
import unicodedata

from rapidfuzz.distance import OSA, Levenshtein

from scanmend.correct.lexicon import numbers

MAX_COST_NATS = 18.0
"""Highest channel cost, in nats, of an edit that can still be accepted: above it, nothing visual supports the edit."""
COMMON_RAW_ZIPF = 5.0
"""Zipf frequency (the thousand commonest words) from which a raw word is not exchanged for or against a negation."""
NEGATIONS = frozenset(
    {
        "not", "no", "never", "nor", "none", "without", "nicht", "kein", "keine", "keinen", "nie", "ohne",
        "ne", "pas", "jamais", "sans", "ni", "nunca", "sin",
    }
)  # fmt: skip
"""Words that negate a sentence, in English, German, French and Spanish."""
REVERSING_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "des")
"""Prefixes that turn a word into its opposite."""
SPECK_CHARACTERS = set(".,:;'‘’`*~^_|•°\\<>¦ ")
"""Characters that a speck of dirt can be read as."""
LOW_PUNCTUATION = set(".,;: ")
"""Marks on the base line, which are misread as one another."""
EDGE_PUNCTUATION = "\"'“”‘’«»„.,;:!?()[]{}—–-*_|~^<>\\"
"""Characters that are stripped from both ends before a word is compared."""

NUMBER_KEPT = "numbers, signs and currency symbols are kept as read"
"""Reason for rejecting an edit that changes a number."""
OPPOSITE = "no word is turned into its opposite"
"""Reason for rejecting an edit that ``reverses_meaning``."""
TOO_DIFFERENT = "looks too different from what was scanned"
"""Reason for rejecting an edit that costs more than ``MAX_COST_NATS``."""
BLANK_SHOWN = "the image shows a blank there"
"""Reason for rejecting an edit that makes one word of several, although a blank was set between them."""
MARK_SHOWN = "the image shows a mark there"
"""Reason for rejecting an edit that leaves out a mark that is too large for a speck."""
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "´": "'"})
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "¬": "-"})
_NO_INNER_MARK = re.compile(r"[^'’-]")
_SLASH_SHAPED = set("lIitfJ")
"""Letters that are read as a slash, most of all in italics."""
_ADDRESS = re.compile(r"@|://|www\.|\.(com|org|net|de|fr|es|eu|gov|edu)\b", re.IGNORECASE)


def violated_rule(raw: str, new: str) -> str:  # noqa: C901, PLR0911 -- one rule, one return
    """Return the reason of the first hard rule that replacing ``raw`` by ``new`` breaks; empty when it breaks none."""
    if not new.strip() or not raw.strip():
        return "words are neither inserted nor dropped"
    if not numbers.preserves_numbers(raw, new):
        return NUMBER_KEPT
    if new == numbers.repair_lookalikes(raw):
        return ""
    if _without_blanks_and_hyphens(raw) == _without_blanks_and_hyphens(new) and not _only_moves_blanks(raw, new):
        return "spacing, hyphens and dashes alone are not the model's to change"
    if raw.translate(_QUOTES) == new.translate(_QUOTES):
        return "quotes are kept as read"
    if raw.casefold() == new.casefold():
        return "case is kept as read"
    if _ADDRESS.search(raw):
        return "addresses are kept as read"
    if _NO_INNER_MARK.sub("", raw.strip(EDGE_PUNCTUATION)) != _NO_INNER_MARK.sub("", new.strip(EDGE_PUNCTUATION)):
        return "apostrophes and hyphens inside a word are kept as read"
    if not _keeps_slashes(raw.strip(EDGE_PUNCTUATION), new.strip(EDGE_PUNCTUATION)):
        return "words joined by a slash are kept as read"
    if changes_only_marks(raw, new):
        return "" if _drops_only_specks(raw, new) else "punctuation is kept as read"
    if not _scripts_of(new) <= (_scripts_of(raw) or {"LATIN"}):
        return "letters of another script are not the model's to bring in"
    if len(raw.split()) != len(new.split()) and not _nearly_same_letters(raw, new):
        return "words are neither inserted nor dropped"
    return ""


def reverses_meaning(raw: str, new: str, raw_zipf: float, new_zipf: float) -> bool:
    """Whether the edit makes a sentence say the opposite, as ``now`` for ``not`` and ``illegal`` for ``legal`` do.

    Text in a scan can talk a model into such an edit. Only known words count, and for negations only a common raw
    word: what is hardly a word was misread. The frequencies are Zipf frequencies, 0 for an unknown word.
    """
    one, other = (text.strip(EDGE_PUNCTUATION).casefold() for text in (raw, new))
    if raw_zipf >= COMMON_RAW_ZIPF and one != other and (one in NEGATIONS) != (other in NEGATIONS):
        return True
    long, short = sorted((one, other), key=len, reverse=True)
    known = min(raw_zipf, new_zipf) > 0
    return known and long != short and any(long == prefix + short for prefix in REVERSING_PREFIXES)


def changes_only_marks(raw: str, new: str) -> bool:
    """Whether letters and digits stay the same, and so does where words of letters begin and end."""
    return _alphanumerics(raw) == _alphanumerics(new) and not _only_moves_blanks(raw, new)


def drops_lone_mark(raw: str, new: str) -> bool:
    """Whether the edit leaves out a mark that stands alone between blanks."""
    return changes_only_marks(raw, new) and len(new.split()) < len(raw.split())


def merges_words(raw: str, new: str) -> bool:
    """Whether the edit makes fewer words of letters out of several."""
    return len(new.split()) < len(raw.split()) and not changes_only_marks(raw, new)


def _drops_only_specks(raw: str, new: str) -> bool:
    """Whether the edit only drops what can be a speck, or replaces one low mark by another."""
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


def _keeps_slashes(raw: str, new: str) -> bool:
    """Whether ``new`` has the slashes of ``raw``, as ``S/Price`` has one, or letters of a slash's shape for them.

    One letter, and nothing else in the word: ``wi/l`` is ``will``, but ``S/Price`` is not ``Since``.
    """
    if "/" not in raw or raw.count("/") == new.count("/"):
        return True
    return len(raw) == len(new) and all(
        one == other or (one == "/" and other in _SLASH_SHAPED) for one, other in zip(raw, new, strict=True)
    )


def _is_abbreviation_mark(raw: str, start: int, end: int) -> bool:
    """Whether ``raw[start:end]`` stands inside a word beside a single letter, as in ``U.S.`` and ``p.m``."""
    left, right = raw[max(0, start - 2) : start], raw[end : end + 2]
    inside = left[-1:].isalnum() and right[:1].isalnum()
    return inside and not (len(left) == len(right) == 2 and (left + right).isalpha())  # noqa: PLR2004 -- two letters


def _without_blanks_and_hyphens(text: str) -> str:
    return re.sub(r"[\s\-]", "", text.translate(_DASHES))


def _only_moves_blanks(raw: str, new: str) -> bool:
    """Whether words of letters were run together or torn apart and nothing else: ``ofthe``, but not ``U.S.``."""
    one, other = raw.strip(EDGE_PUNCTUATION + " "), new.strip(EDGE_PUNCTUATION + " ")
    return one.replace(" ", "") == other.replace(" ", "") and one != other and one.replace(" ", "").isalpha()


def _scripts_of(text: str) -> set[str]:
    """The scripts of the letters, each by the first word of its letters' Unicode names."""
    return {unicodedata.name(c, "?").split()[0] for c in text if c.isalpha()}


def _alphanumerics(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _nearly_same_letters(raw: str, new: str) -> bool:
    """Whether at most one letter in four (at least one) differs, as is allowed where words are split or joined."""
    a, b = _without_blanks_and_hyphens(raw).casefold(), _without_blanks_and_hyphens(new).casefold()
    return OSA.distance(a, b) <= max(1, len(a) // 4)
