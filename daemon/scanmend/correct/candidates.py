"""Candidates: what a raw word may have been on paper, with the channel cost of misreading it so.

A candidate has other letters, other marks, or is one word where two were read or two where one was. Other letters
come from Tesseract's glyph alternatives, from reversing known OCR confusions, from the lexicon, from the folder's
glossary and from the names on the page.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from scanmend.correct.confusions import Confusions
from scanmend.correct.hard_rules import (
    LOW_PUNCTUATION,
    MAX_COST_NATS,
    changes_only_marks,
    drops_lone_mark,
    violated_rule,
)
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.tokens import WordParts, count_letters, split_punctuation
from scanmend.correct.lexicon.wordlists import KNOWN_ZIPF
from scanmend.document import Word

MAX_LETTERS = 40
"""Most letters of a word; what has more is a dot leader or a code."""
UNREADABLE_CONFIDENCE = 5.0
"""Tesseract word confidence (0–100) below which there was hardly anything to read, and nothing is suspicious."""
UNSURE_CONFIDENCE = 75.0
"""Tesseract word confidence (0–100) below which even a known word is suspicious."""
SURE_CONFIDENCE = 93.0
"""Tesseract word confidence (0–100) from which a known word is never suspicious."""
COMMON_ZIPF = 4.5
"""Zipf frequency from which a word is common, and hence not suspicious unless Tesseract was unsure of it."""
LIKELY_CONFUSION_NATS = 6.5
"""Highest cost, in nats, of a confusion of a much commoner word that makes a known word suspicious.

For words rarer than ``COMMON_ZIPF`` it is higher by one nat for each Zipf step.
"""
MUCH_COMMONER_ZIPF = 2.0
"""Difference in Zipf frequency that counts as much commoner: a hundred times."""
MAYBE_TWO_WORDS_ZIPF = 3.6
"""Zipf frequency below which a known word may be two words run together; the word lists hold some of those."""
SPLIT_PART_ZIPF = COMMON_ZIPF - 0.5
"""Least Zipf frequency of each part when a word is split in two."""
FUNCTION_WORD_ZIPF = 6.0
"""Zipf frequency of the very common words, such as ``of`` and ``the``, that others are most often run together with."""
PART_BESIDE_FUNCTION_WORD_ZIPF = 3.0
"""Least Zipf frequency of each part when a word is split in two and one of them is a function word."""
MIN_MISREAD_LETTERS = 4
"""Fewest letters of a misread word that is looked for beside a function word it was run together with."""
RUNNING_TEXT_ZIPF = 4.8
"""Zipf frequency that the commonest neighbour must have to show that a mark stands in running text, not in scribble."""
SEPARATE_WORD_ZIPF = 2.6
"""Zipf frequency from which two words side by side stay two words; also the least for a word joined from two."""
MISSED_BLANK_NATS = 4.0
"""Channel cost, in nats, of a blank that was not read."""
SPURIOUS_BLANK_NATS = 4.0
"""Channel cost, in nats, of a blank that was read where there was none."""
MARK_NATS = 4.0
"""Channel cost, in nats, of a speck read as a mark at a word, or of one mark read as another."""
LONE_SPECK_NATS = 0.5
"""Channel cost, in nats, of a speck read as a mark that stands alone."""
MAX_CONFUSION_NATS = 9.5
"""Highest cost, in nats, of a candidate found by reversing known confusions; above it there are thousands."""
MAX_ALIGNMENT_NATS = 40.0
"""Channel cost, in nats, above which the search for the cheapest alignment ends; the cost is then infinite."""
MAX_CANDIDATES = 6
"""Most candidates that the model scores for one word.

Of the edits that mended something, 99.5 % were among the first five.
"""
MAX_NATS_BEHIND_BEST = 7.0
"""Most nats by which a candidate may be less likely, before the model is asked, than the likeliest one."""
_NATS_PER_ZIPF = math.log(10)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_UNUSUAL_PUNCTUATION = re.compile(r"[^\w\s.,;:!?()\"'\u2018-\u201f-]")
"""Marks that are rarely punctuation and often misread letters."""
_SPECK_ALONE = re.compile(r"[|_^°\\<>¦'`¬]+")
"""Marks that are probably a speck and no text when they stand alone."""
_LIST_BULLET = re.compile(r"[°<>]")
"""Marks that begin an item of a list when they stand at the beginning of a line."""
_SPECK_AFTER = re.compile(r"[.:;'‘’*~^_|•°\\]$")
_SPECK_BEFORE = re.compile(r"^[.,:;'‘’*~^_|•°\\]")
_INNER_MARK = re.compile(r"(?<=[^\W\d_]{2})[.,:;_~*|](?=[^\W\d_]{2})")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that one or more raw words may have been misread from."""

    text: str
    """The text with the punctuation around it; may hold blanks, and is empty where a speck is dropped."""
    cost: float
    """Channel cost, in nats, of misreading the text as the raw words."""
    zipf: float
    """Zipf frequency of the rarest word in the text."""
    count: int = 1
    """Number of raw words that the text stands for."""
    proposer: str = "rescore"
    """Which proposer found it: ``rescore``, ``rewrite`` or ``both``."""


class CandidateFinder:
    """Finds candidates for the words of one page, and prices edits by the OCR channel."""

    def __init__(self, vocabulary: PageWords, confusions: Confusions) -> None:
        self._vocabulary = vocabulary
        self._confusions = confusions
        self._has_likely_confusion = lru_cache(1 << 14)(self._find_likely_confusion)

    def is_suspicious(self, word: Word) -> bool:
        """Whether the letters of the word may be misread, so that the model is asked about it."""
        core = split_punctuation(word.text).core
        if not 2 <= count_letters(core) <= MAX_LETTERS or numbers.holds_number(word.text):  # noqa: PLR2004 -- too many neighbours
            return False
        if self._vocabulary.protects(core) or (word.confidence is not None and word.confidence < UNREADABLE_CONFIDENCE):
            return False
        zipf = self._vocabulary.zipf(core)
        if zipf < KNOWN_ZIPF or (word.confidence is not None and word.confidence < UNSURE_CONFIDENCE):
            return True
        sure = word.confidence is not None and word.confidence >= SURE_CONFIDENCE
        return (
            zipf < COMMON_ZIPF
            and not sure
            and (self._has_likely_confusion(core) or bool(self._vocabulary.near_in_glossary(core)))
        )

    def channel_cost(self, raw: str, new: str) -> float:
        """Return the channel cost, in nats, of reading ``new`` as ``raw``; infinity above ``MAX_ALIGNMENT_NATS``.

        Letters are priced by the table of confusions, blanks and marks by the constants of this module.
        """
        one, other = raw.replace(" ", ""), new.replace(" ", "")
        if changes_only_marks(raw, new):
            return (LONE_SPECK_NATS if drops_lone_mark(raw, new) else MARK_NATS) * Levenshtein.distance(one, other)
        blanks = new.count(" ") - raw.count(" ")
        blank_nats = MISSED_BLANK_NATS if blanks > 0 else SPURIOUS_BLANK_NATS
        return abs(blanks) * blank_nats + self._confusions.cost(one, other, MAX_ALIGNMENT_NATS)

    def at_word(self, words: Sequence[Word], i: int) -> list[Candidate]:
        """Return candidates for word ``i`` of a line, alone or together with the next word; the likeliest first."""
        word = words[i]
        if numbers.holds_number(word.text):
            return []
        found = self.respelled(word) if self.is_suspicious(word) else []
        preceding, behind = words[max(0, i - 1) : i], words[i + 1 : i + 2]
        found += self._other_marks_of(word, preceding, behind)
        if behind and not numbers.holds_number(behind[0].text) and self._are_words(preceding):
            found += self._joined_with_next(word, behind[0])
        return _likeliest(found)

    def respelled(self, word: Word) -> list[Candidate]:
        """Return candidates with other letters for the word, the best first by word frequency and channel cost."""
        cut = split_punctuation(word.text)
        found: dict[str, Candidate] = {}
        for text, cost in self._spellings(word, cut.core):
            if _WORD.fullmatch(text):
                self._add_if_known(found, cut.with_core(text), cost)
        if _UNUSUAL_PUNCTUATION.search(cut.before + cut.after):
            usual = _UNUSUAL_PUNCTUATION.sub("", cut.before), _UNUSUAL_PUNCTUATION.sub("", cut.after)
            for text, cost in self._confusions.possible_originals(word.text, MAX_CONFUSION_NATS, most=300):
                new = split_punctuation(text)
                if (new.before, new.after) == usual and _WORD.fullmatch(new.core):
                    self._add_if_known(found, text, cost)
        for text in _cut_in_two(cut.core):
            self._add_if_known(found, cut.with_core(text), MISSED_BLANK_NATS)
        if self._vocabulary.zipf(cut.core) < KNOWN_ZIPF and cut.core.isalpha():
            for text, cost in self._function_word_and_misread_word(cut.core):
                self._add_if_known(found, cut.with_core(text), cost)
        return _likeliest(c for c in found.values() if not violated_rule(word.text, c.text))

    def _other_marks_of(self, word: Word, preceding: Sequence[Word], behind: Sequence[Word]) -> Iterator[Candidate]:
        """Yield candidates with the same letters and another mark, or without a speck.

        ``preceding`` and ``behind`` hold at most one word each: the neighbours in the line.
        """
        before = "".join(w.text for w in preceding)
        ahead = self._telling_initial(behind)
        cut = split_punctuation(word.text)
        if not count_letters(cut.core):
            if _is_speck(word.text, before, ahead) and self._are_words([*preceding, *behind]):
                yield Candidate("", LONE_SPECK_NATS, COMMON_ZIPF)
            return
        zipf = self._vocabulary.zipf(cut.core)
        if zipf >= KNOWN_ZIPF:
            yield from (Candidate(text, MARK_NATS, zipf) for text in _with_other_marks(cut, ahead))
        elif marked := _INNER_MARK.search(cut.core):
            left, right = cut.core[: marked.start()], cut.core[marked.end() :]
            apart = [f"{left} {right}", left + right, f"{left}{marked.group()} {right}"]
            for text in [f"{left}-{right}"] if marked.group() == "~" else apart:
                least = min(self._vocabulary.zipf(split_punctuation(p).core) for p in text.split())
                if least >= KNOWN_ZIPF:
                    yield Candidate(cut.with_core(text), MARK_NATS, least)

    def _are_words(self, words: Sequence[Word]) -> bool:
        """Whether the words are known and one of them is common: in scribble, specks and torn words cannot be told."""
        cores = [split_punctuation(w.text).core for w in words]
        zipfs = [self._vocabulary.zipf(core) for core in cores if count_letters(core)]
        return (
            all(cores)
            and min(zipfs, default=KNOWN_ZIPF) >= KNOWN_ZIPF
            and max(zipfs, default=RUNNING_TEXT_ZIPF) >= RUNNING_TEXT_ZIPF
        )

    def _telling_initial(self, behind: Sequence[Word]) -> str:
        """Return the next word's first letter; empty for the capital of a word that is not common.

        A small letter or the capital of a common word tells whether a sentence ends before it.
        """
        text = "".join(w.text for w in behind)
        if text[:1].isupper() and self._vocabulary.zipf(split_punctuation(text).core) < COMMON_ZIPF:
            return ""  # a name may follow anything
        return text[:1]

    def _joined_with_next(self, word: Word, following: Word) -> Iterator[Candidate]:
        """Yield candidates of one word for both words, where a blank was read inside it."""
        one, two = split_punctuation(word.text), split_punctuation(following.text)
        if one.after or two.before or not (one.core.isalpha() and two.core.isalpha()):
            return
        zipfs = [self._vocabulary.zipf(p.core) for p in (one, two)]
        if min(zipfs) >= (SEPARATE_WORD_ZIPF if len(one.core) > 1 and len(two.core) > 1 else COMMON_ZIPF):
            return
        joined = one.core + two.core
        if count_letters(joined) > MAX_LETTERS or not (two.core.islower() or joined.isupper()):
            return
        found: dict[str, Candidate] = {}
        self._add_if_known(found, one.before + joined + two.after, SPURIOUS_BLANK_NATS, 2)
        if max(zipfs) < COMMON_ZIPF and not found and len(joined) > 4:  # noqa: PLR2004 -- short ones become anything
            for text, cost in self._spellings(Word(joined), joined):
                if _WORD.fullmatch(text):
                    self._add_if_known(found, one.before + text + two.after, cost + SPURIOUS_BLANK_NATS, 2)
        raw = f"{word.text} {following.text}"
        yield from _likeliest(c for c in found.values() if not violated_rule(raw, c.text))

    def _add_if_known(self, found: dict[str, Candidate], text: str, cost: float, count: int = 1) -> None:
        """Add a candidate to ``found`` if each of its words is known, usually capitalised and common enough."""
        cores = [split_punctuation(part).core for part in text.split()]
        zipfs = [self._vocabulary.zipf(core) for core in cores] or [0.0]
        zipf = min(zipfs)
        least = SEPARATE_WORD_ZIPF if count > 1 else KNOWN_ZIPF
        if len(cores) > 1:
            least = PART_BESIDE_FUNCTION_WORD_ZIPF if max(zipfs) >= FUNCTION_WORD_ZIPF else SPLIT_PART_ZIPF
        usual = all(
            core.islower() or core.isupper() or core.istitle() or core[1:].islower() or self._vocabulary.protects(core)
            for core in cores
        )
        if cost > MAX_COST_NATS or zipf < least or not usual:
            return
        if text not in found or cost < found[text].cost:
            found[text] = Candidate(text, cost, zipf, count)

    def _spellings(self, word: Word, core: str) -> Iterator[tuple[str, float]]:
        """Yield other spellings of the core with their channel costs, known words or not."""
        yield from self._confusions.possible_originals(core, MAX_CONFUSION_NATS, most=300)
        yield from (
            (text, self._confusions.cost(core, text, MAX_COST_NATS)) for text in self._vocabulary.near_in_glossary(core)
        )
        if self._vocabulary.zipf(core) < KNOWN_ZIPF:
            for near in self._vocabulary.near(core):
                yield near, self._confusions.cost(core, near, MAX_COST_NATS)
        if "-" in core:
            yield from self._hyphenated(core)
        for text in _with_glyph_alternatives(word):
            yield text, min(MAX_COST_NATS, self._confusions.cost(core, text))

    def _hyphenated(self, core: str) -> Iterator[tuple[str, float]]:
        """Yield the core with one of its hyphenated parts spelled otherwise."""
        pieces = core.split("-")
        for k, piece in enumerate(pieces):
            if piece.isalpha() and self._vocabulary.zipf(piece) < KNOWN_ZIPF:
                for near in self._vocabulary.near(piece):
                    yield (
                        "-".join((*pieces[:k], near, *pieces[k + 1 :])),
                        self._confusions.cost(piece, near, MAX_COST_NATS),
                    )

    def _function_word_and_misread_word(self, core: str) -> Iterator[tuple[str, float]]:
        """Yield two words for one core: a function word, and a misread word that it was run together with."""
        for i in range(2, len(core) - 1):
            left, right = core[:i], core[i:]
            for small, rest in ((left, right), (right, left)):
                if (
                    len(small) <= len(rest)
                    and len(rest) >= MIN_MISREAD_LETTERS
                    and self._vocabulary.zipf(small) >= FUNCTION_WORD_ZIPF
                ):
                    for text, cost in self._confusions.possible_originals(rest, MAX_CONFUSION_NATS, most=100):
                        if _WORD.fullmatch(text) and self._vocabulary.zipf(text) >= SPLIT_PART_ZIPF:
                            yield (f"{small} {text}" if small is left else f"{text} {small}"), cost + MISSED_BLANK_NATS

    def _find_likely_confusion(self, core: str) -> bool:
        """Whether a likely confusion turns a much commoner word, or two common words, into this core."""
        zipf = self._vocabulary.zipf(core)
        limit = LIKELY_CONFUSION_NATS + max(0.0, COMMON_ZIPF - zipf)
        originals = self._confusions.possible_originals(core, limit, most=300)
        return any(self._vocabulary.zipf(text) - zipf >= MUCH_COMMONER_ZIPF for text, _ in originals) or any(
            min(map(self._vocabulary.zipf, text.split())) >= COMMON_ZIPF
            for text in (_cut_in_two(core) if zipf < MAYBE_TWO_WORDS_ZIPF else ())
        )


def _likeliest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the few candidates that are likeliest before the model is asked, by channel cost and word frequency."""
    ranked = sorted((c.cost - c.zipf * _NATS_PER_ZIPF, k, c) for k, c in enumerate(candidates))
    return [c for nats, _, c in ranked[:MAX_CANDIDATES] if nats <= ranked[0][0] + MAX_NATS_BEHIND_BEST]


def _is_speck(text: str, before: str, ahead: str) -> bool:
    """Whether marks that stand alone between two words are probably dirt and no text.

    ``before`` is the word before them, ``ahead`` what ``_telling_initial`` says of the word behind.
    """
    if _SPECK_ALONE.fullmatch(text):
        elided = text == "'" and before[-1:].isalpha()
        return not elided and (bool(before) or not _LIST_BULLET.match(text))
    return (
        bool(before)
        and set(text) <= LOW_PUNCTUATION
        and (before[-1] in LOW_PUNCTUATION or (text == "." and ahead.islower()))
    )


def _with_other_marks(cut: WordParts, ahead: str) -> Iterator[str]:
    """Yield a known word without a speck or with another low mark, where the next word's first letter supports it."""
    if len(cut.core) > 1 and ahead.islower() and cut.core[-1].islower() and _SPECK_AFTER.search(cut.after):
        yield cut.before + cut.core + cut.after[:-1]
        if cut.after in {".", ";", ":"}:
            yield cut.before + cut.core + ","
    if cut.after == "," and ahead.isupper():
        yield cut.before + cut.core + "."
    if _SPECK_BEFORE.search(cut.before):
        yield cut.before[1:] + cut.core + cut.after


def _with_glyph_alternatives(word: Word) -> Iterator[str]:
    """Yield cores that differ in one glyph, by the alternatives that Tesseract gave for it."""
    if len(word.glyphs) != len(word.text):
        return
    cut = split_punctuation(word.text)
    start = len(cut.before)
    for i in range(len(cut.core)):
        for text, _ in word.glyphs[start + i]:
            if text.isalpha() and text != cut.core[i]:
                yield cut.core[:i] + text + cut.core[i + 1 :]


def _cut_in_two(core: str) -> Iterator[str]:
    """Yield the word cut in two at every position where both parts can be words."""
    for i in range(1, len(core)):
        left, right = core[:i], core[i:]
        if left.isalpha() and right.isalpha() and (len(left) > 1 or left in "aAI") and (len(right) > 1 or right == "a"):
            yield f"{left} {right}"
