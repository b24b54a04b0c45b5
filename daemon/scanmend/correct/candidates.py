"""What a word may have been before it was read: other letters, other marks, one word instead of two or two of one.

Other letters come from Tesseract's glyph alternatives, from undoing known OCR confusions, from the lexicon and from
the names on the page.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from scanmend.correct.confusions import Confusions
from scanmend.correct.judge import LOW_PUNCTUATION, changes_only_marks, drops_lone_mark, violated_rule
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.tokens import WordParts, count_letters, split_punctuation
from scanmend.correct.lexicon.wordlists import KNOWN_ZIPF
from scanmend.document import Word

MAX_LETTERS = 40
"""Letters of a word beyond which it is no word, but a dot leader or a code."""
UNREADABLE_CONFIDENCE = 5.0
"""Tesseract word confidence below which there was hardly anything to read."""
UNSURE_CONFIDENCE = 75.0
"""Tesseract word confidence below which a known word is suspicious too."""
SURE_CONFIDENCE = 93.0
"""Tesseract word confidence from which a known word is beyond suspicion."""
COMMON_ZIPF = 4.5
"""Zipf frequency from which a word is beyond suspicion."""
LIKELY_CONFUSION_NATS = 6.5
"""Nats: a confusion this likely of a much more common word makes a word suspicious; more nats for rarer words."""
MUCH_COMMONER_ZIPF = 2.0
"""Zipf steps that count as much more common: a hundred times."""
MAYBE_TWO_WORDS_ZIPF = 3.6
"""Zipf frequency below which a known word may be two that were run together; the lists hold some of those."""
PART_BESIDE_FUNCTION_WORD_ZIPF = 3.0
"""Zipf frequency from which a word can have been run together with a very common one."""
RUNNING_TEXT_ZIPF = 4.8
"""Zipf frequency of a word, one of two, that shows that this is text and no scribble."""
FUNCTION_WORD_ZIPF, MIN_MISREAD_LETTERS = 6.0, 4
"""Zipf frequency of what is run together with a misread word, and the least letters of that word."""
SEPARATE_WORD_ZIPF = 2.6
"""Zipf frequency from which two words side by side are two words."""
MISSED_BLANK_NATS = 4.0
"""Nats for a blank that was not read."""
SPURIOUS_BLANK_NATS = 4.0
"""Nats for a blank that was read where there was none."""
MARK_NATS, LONE_SPECK_NATS = 4.0, 0.5
"""Nats for a speck read as a mark or one mark as another, and for a speck that stands alone."""
MAX_COST_NATS = 18.0
"""Most nats of channel cost for a candidate."""
MAX_CONFUSION_NATS = 9.5
"""Most nats for a candidate found by undoing confusions; beyond, there are thousands."""
MAX_CANDIDATES, MAX_NATS_BEHIND_BEST = 6, 7.0
"""Candidates that the model scores for one word, and how many nats a priori they may be behind the likeliest.

Of the edits that mended something, 99.5 % were among the first five.
"""
_NATS_PER_ZIPF = math.log(10)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_UNUSUAL_PUNCTUATION = re.compile(r"[^\w\s.,;:!?()\"'\u2018-\u201f-]")
"""Marks that are rarely punctuation and often misread letters."""
_SPECK_ALONE = re.compile(r"[|_^°\\<>¦'`¬]+")
"""What can be a speck and no text, standing alone."""
_LIST_BULLET = re.compile(r"[°<>]")
"""What begins an item of a list, where it stands at the beginning of a line."""
_SPECK_AFTER = re.compile(r"[.:;'‘’*~^_|•°\\]$")
_SPECK_BEFORE = re.compile(r"^[.,:;'‘’*~^_|•°\\]")
_INNER_MARK = re.compile(r"(?<=[^\W\d_]{2})[.,:;_~*|](?=[^\W\d_]{2})")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may have been read as other words."""

    text: str
    """With the punctuation around it; may hold blanks, may be empty for a speck."""
    cost: float
    """Channel cost in nats."""
    zipf: float
    """Zipf frequency of its rarest word."""
    count: int = 1
    """How many raw words it stands for."""
    proposer: str = "rescore"
    """Whose idea it is: ``rescore``, ``rewrite`` or ``both``."""


class CandidateFinder:
    """Finds what the words of one page may have been."""

    def __init__(self, vocabulary: PageWords, confusions: Confusions) -> None:
        self._vocabulary = vocabulary
        self._confusions = confusions
        self._has_likely_confusion = lru_cache(1 << 14)(self._find_likely_confusion)

    def is_suspicious(self, word: Word) -> bool:
        """Whether the letters of the word are worth the model's time."""
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
        """Channel cost in nats of reading new as raw; blanks and marks have prices of their own."""
        one, other = raw.replace(" ", ""), new.replace(" ", "")
        if changes_only_marks(raw, new):
            return (LONE_SPECK_NATS if drops_lone_mark(raw, new) else MARK_NATS) * Levenshtein.distance(one, other)
        blanks = new.count(" ") - raw.count(" ")
        return abs(blanks) * (MISSED_BLANK_NATS if blanks > 0 else SPURIOUS_BLANK_NATS) + self._confusions.cost(
            one, other, 40.0
        )

    def at_word(self, words: Sequence[Word], i: int) -> list[Candidate]:
        """What the word at ``i`` of a line may have been, alone or with the next; the likeliest first."""
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
        """Other letters for the word, the best first by word frequency and channel cost."""
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
        """The same letters with another mark, or without a speck; beside at most one word on either side."""
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
        """Whether the words are words: among letters that are none, nothing tells a speck or a torn word."""
        cores = [split_punctuation(w.text).core for w in words]
        zipfs = [self._vocabulary.zipf(core) for core in cores if count_letters(core)]
        return (
            all(cores)
            and min(zipfs, default=KNOWN_ZIPF) >= KNOWN_ZIPF
            and max(zipfs, default=RUNNING_TEXT_ZIPF) >= RUNNING_TEXT_ZIPF
        )

    def _telling_initial(self, behind: Sequence[Word]) -> str:
        """The first letter of the next word where it says something: small, or the capital of a common word."""
        text = "".join(w.text for w in behind)
        if text[:1].isupper() and self._vocabulary.zipf(split_punctuation(text).core) < COMMON_ZIPF:
            return ""  # a name may follow anything
        return text[:1]

    def _joined_with_next(self, word: Word, following: Word) -> Iterator[Candidate]:
        """One word for the two, where a blank was read inside it."""
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
        """Keep a candidate whose every part is a known word in usual capitals."""
        cores = [split_punctuation(part).core for part in text.split()]
        zipfs = [self._vocabulary.zipf(core) for core in cores] or [0.0]
        zipf = min(zipfs)
        least = SEPARATE_WORD_ZIPF if count > 1 else KNOWN_ZIPF
        if len(cores) > 1:
            least = PART_BESIDE_FUNCTION_WORD_ZIPF if max(zipfs) >= FUNCTION_WORD_ZIPF else COMMON_ZIPF - 0.5
        usual = all(
            core.islower() or core.isupper() or core.istitle() or core[1:].islower() or self._vocabulary.protects(core)
            for core in cores
        )
        if cost > MAX_COST_NATS or zipf < least or not usual:
            return
        if text not in found or cost < found[text].cost:
            found[text] = Candidate(text, cost, zipf, count)

    def _spellings(self, word: Word, core: str) -> Iterator[tuple[str, float]]:
        """Other readings of the core and their channel costs."""
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
        """The core with one of its hyphenated parts read otherwise."""
        pieces = core.split("-")
        for k, piece in enumerate(pieces):
            if piece.isalpha() and self._vocabulary.zipf(piece) < KNOWN_ZIPF:
                for near in self._vocabulary.near(piece):
                    yield (
                        "-".join((*pieces[:k], near, *pieces[k + 1 :])),
                        self._confusions.cost(piece, near, MAX_COST_NATS),
                    )

    def _function_word_and_misread_word(self, core: str) -> Iterator[tuple[str, float]]:
        """Two words run together, of which one is short and common and the other was misread."""
        for i in range(2, len(core) - 1):
            left, right = core[:i], core[i:]
            for small, rest in ((left, right), (right, left)):
                if (
                    len(small) <= len(rest)
                    and len(rest) >= MIN_MISREAD_LETTERS
                    and self._vocabulary.zipf(small) >= FUNCTION_WORD_ZIPF
                ):
                    for text, cost in self._confusions.possible_originals(rest, MAX_CONFUSION_NATS, most=100):
                        if _WORD.fullmatch(text) and self._vocabulary.zipf(text) >= COMMON_ZIPF - 0.5:
                            yield (f"{small} {text}" if small is left else f"{text} {small}"), cost + MISSED_BLANK_NATS

    def _find_likely_confusion(self, core: str) -> bool:
        """Whether a likely confusion of a much more common word would look like this one."""
        zipf = self._vocabulary.zipf(core)
        limit = LIKELY_CONFUSION_NATS + max(0.0, COMMON_ZIPF - zipf)
        undone = self._confusions.possible_originals(core, limit, most=300)
        return any(self._vocabulary.zipf(text) - zipf >= MUCH_COMMONER_ZIPF for text, _ in undone) or any(
            min(map(self._vocabulary.zipf, text.split())) >= COMMON_ZIPF
            for text in (_cut_in_two(core) if zipf < MAYBE_TWO_WORDS_ZIPF else ())
        )


def _likeliest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The few that are likeliest before the model is asked: by channel cost and word frequency, in nats."""
    ranked = sorted((c.cost - c.zipf * _NATS_PER_ZIPF, k, c) for k, c in enumerate(candidates))
    return [c for nats, _, c in ranked[:MAX_CANDIDATES] if nats <= ranked[0][0] + MAX_NATS_BEHIND_BEST]


def _is_speck(text: str, before: str, ahead: str) -> bool:
    """Whether marks that stand alone between two words are probably no text."""
    if _SPECK_ALONE.fullmatch(text):
        elided = text == "'" and before[-1:].isalpha()
        return not elided and (bool(before) or not _LIST_BULLET.match(text))
    return (
        bool(before)
        and set(text) <= LOW_PUNCTUATION
        and (before[-1] in LOW_PUNCTUATION or (text == "." and ahead.islower()))
    )


def _with_other_marks(cut: WordParts, ahead: str) -> Iterator[str]:
    """A known word without a speck, or with another low mark, where the beginning of the next word speaks for it."""
    if len(cut.core) > 1 and ahead.islower() and cut.core[-1].islower() and _SPECK_AFTER.search(cut.after):
        yield cut.before + cut.core + cut.after[:-1]
        if cut.after in {".", ";", ":"}:
            yield cut.before + cut.core + ","
    if cut.after == "," and ahead.isupper():
        yield cut.before + cut.core + "."
    if _SPECK_BEFORE.search(cut.before):
        yield cut.before[1:] + cut.core + cut.after


def _with_glyph_alternatives(word: Word) -> Iterator[str]:
    """Cores that differ in one glyph, where Tesseract itself wavered."""
    if len(word.glyphs) != len(word.text):
        return
    cut = split_punctuation(word.text)
    start = len(cut.before)
    for i in range(len(cut.core)):
        for text, _ in word.glyphs[start + i]:
            if text.isalpha() and text != cut.core[i]:
                yield cut.core[:i] + text + cut.core[i + 1 :]


def _cut_in_two(core: str) -> Iterator[str]:
    """The word cut in two at every place."""
    for i in range(1, len(core)):
        left, right = core[:i], core[i:]
        if left.isalpha() and right.isalpha() and (len(left) > 1 or left in "aAI") and (len(right) > 1 or right == "a"):
            yield f"{left} {right}"
