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
from scanmend.correct.judge import LOW_MARKS, alone, forbidden, marks_only
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.tokens import Parts, letters, parts
from scanmend.correct.lexicon.wordlists import KNOWN
from scanmend.document import Word

LONGEST = 40
"""Letters of a word beyond which it is no word, but a dot leader or a code."""
NOISE = 5.0
"""Tesseract word confidence below which there was hardly anything to read."""
UNSURE = 75.0
"""Tesseract word confidence below which a known word is suspicious too."""
SURE = 93.0
"""Tesseract word confidence from which a known word is beyond suspicion."""
COMMON = 4.5
"""Zipf frequency from which a word is beyond suspicion."""
CHEAP = 6.5
"""Nats: a confusion this likely of a much more common word makes a word suspicious; more nats for rarer words."""
COMMONER = 2.0
"""Zipf steps that count as much more common: a hundred times."""
HALVED = 3.6
"""Zipf frequency below which a known word may be two that were run together; the lists hold some of those."""
HALF = 3.0
"""Zipf frequency from which a word can have been run together with a very common one."""
PLAIN = 4.8
"""Zipf frequency of a word, one of two, that shows that this is text and no scribble."""
VERY_COMMON, LEAST = 6.0, 4
"""Zipf frequency of what is run together with a misread word, and the least letters of that word."""
RARE = 2.6
"""Zipf frequency from which two words side by side are two words."""
SPLIT = 4.0
"""Nats for a blank that was not read."""
TORN = 4.0
"""Nats for a blank that was read where there was none."""
MARK, SPECK = 4.0, 0.5
"""Nats for a speck read as a mark or one mark as another, and for a speck that stands alone."""
REACH = 18.0
"""Most nats of channel cost for a candidate."""
UNDONE = 9.5
"""Most nats for a candidate found by undoing confusions; beyond, there are thousands."""
MOST, WITHIN = 6, 7.0
"""Candidates that the model scores for one word, and how many nats a priori they may be behind the likeliest.

Of the edits that mended something, 99.5 % were among the first five.
"""
_PER_ZIPF = math.log(10)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_ODD = re.compile(r"[^\w\s.,;:!?()\"'\u2018-\u201f-]")
"""Marks that are rarely punctuation and often misread letters."""
_LONE = re.compile(r"[|_^°\\<>¦'`¬]+")
"""What can be a speck and no text, standing alone."""
_BULLET = re.compile(r"[°<>]")
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


class Candidates:
    """Finds what the words of one page may have been."""

    def __init__(self, vocabulary: PageWords, confusions: Confusions) -> None:
        self._vocabulary = vocabulary
        self._confusions = confusions
        self._cheap = lru_cache(1 << 14)(self._find_cheap)

    def suspicious(self, word: Word) -> bool:
        """Whether the letters of the word are worth the model's time."""
        core = parts(word.text).core
        if not 2 <= letters(core) <= LONGEST or numbers.is_sacred(word.text):  # noqa: PLR2004 -- too many neighbours
            return False
        if self._vocabulary.protects(core) or (word.confidence is not None and word.confidence < NOISE):
            return False
        zipf = self._vocabulary.zipf(core)
        if zipf < KNOWN or (word.confidence is not None and word.confidence < UNSURE):
            return True
        sure = word.confidence is not None and word.confidence >= SURE
        return zipf < COMMON and not sure and (self._cheap(core) or bool(self._vocabulary.wanted(core)))

    def cost(self, raw: str, new: str) -> float:
        """Channel cost in nats of reading new as raw; blanks and marks have prices of their own."""
        one, other = raw.replace(" ", ""), new.replace(" ", "")
        if marks_only(raw, new):
            return (SPECK if alone(raw, new) else MARK) * Levenshtein.distance(one, other)
        blanks = new.count(" ") - raw.count(" ")
        return abs(blanks) * (SPLIT if blanks > 0 else TORN) + self._confusions.cost(one, other, 40.0)

    def at(self, words: Sequence[Word], i: int) -> list[Candidate]:
        """What the word at ``i`` of a line may have been, alone or with the next; the likeliest first."""
        word = words[i]
        if numbers.is_sacred(word.text):
            return []
        found = self.of(word) if self.suspicious(word) else []
        preceding, behind = words[max(0, i - 1) : i], words[i + 1 : i + 2]
        found += self._marks(word, preceding, behind)
        if behind and not numbers.is_sacred(behind[0].text) and self._is_text(preceding):
            found += self._merged(word, behind[0])
        return _likeliest(found)

    def of(self, word: Word) -> list[Candidate]:
        """Other letters for the word, the best first by word frequency and channel cost."""
        cut = parts(word.text)
        found: dict[str, Candidate] = {}
        for text, cost in self._readings(word, cut.core):
            if _WORD.fullmatch(text):
                self._add(found, cut.around(text), cost)
        if _ODD.search(cut.before + cut.after):
            usual = _ODD.sub("", cut.before), _ODD.sub("", cut.after)
            for text, cost in self._confusions.undo(word.text, UNDONE, most=300):
                new = parts(text)
                if (new.before, new.after) == usual and _WORD.fullmatch(new.core):
                    self._add(found, text, cost)
        for text in _halves(cut.core):
            self._add(found, cut.around(text), SPLIT)
        if self._vocabulary.zipf(cut.core) < KNOWN and cut.core.isalpha():
            for text, cost in self._run_together(cut.core):
                self._add(found, cut.around(text), cost)
        return _likeliest(c for c in found.values() if not forbidden(word.text, c.text))

    def _marks(self, word: Word, preceding: Sequence[Word], behind: Sequence[Word]) -> Iterator[Candidate]:
        """The same letters with another mark, or without a speck; beside at most one word on either side."""
        before = "".join(w.text for w in preceding)
        ahead = self._ahead(behind)
        cut = parts(word.text)
        if not letters(cut.core):
            if _is_speck(word.text, before, ahead) and self._is_text([*preceding, *behind]):
                yield Candidate("", SPECK, COMMON)
            return
        zipf = self._vocabulary.zipf(cut.core)
        if zipf >= KNOWN:
            yield from (Candidate(text, MARK, zipf) for text in _other_marks(cut, ahead))
        elif marked := _INNER_MARK.search(cut.core):
            left, right = cut.core[: marked.start()], cut.core[marked.end() :]
            apart = [f"{left} {right}", left + right, f"{left}{marked.group()} {right}"]
            for text in [f"{left}-{right}"] if marked.group() == "~" else apart:
                least = min(self._vocabulary.zipf(parts(p).core) for p in text.split())
                if least >= KNOWN:
                    yield Candidate(cut.around(text), MARK, least)

    def _is_text(self, words: Sequence[Word]) -> bool:
        """Whether the words are words: among letters that are none, nothing tells a speck or a torn word."""
        cores = [parts(w.text).core for w in words]
        zipfs = [self._vocabulary.zipf(core) for core in cores if letters(core)]
        return all(cores) and min(zipfs, default=KNOWN) >= KNOWN and max(zipfs, default=PLAIN) >= PLAIN

    def _ahead(self, behind: Sequence[Word]) -> str:
        """The first letter of the next word where it says something: small, or the capital of a common word."""
        text = "".join(w.text for w in behind)
        if text[:1].isupper() and self._vocabulary.zipf(parts(text).core) < COMMON:
            return ""  # a name may follow anything
        return text[:1]

    def _merged(self, word: Word, following: Word) -> Iterator[Candidate]:
        """One word for the two, where a blank was read inside it."""
        one, two = parts(word.text), parts(following.text)
        if one.after or two.before or not (one.core.isalpha() and two.core.isalpha()):
            return
        zipfs = [self._vocabulary.zipf(p.core) for p in (one, two)]
        if min(zipfs) >= (RARE if len(one.core) > 1 and len(two.core) > 1 else COMMON):
            return
        joined = one.core + two.core
        if letters(joined) > LONGEST or not (two.core.islower() or joined.isupper()):
            return
        found: dict[str, Candidate] = {}
        self._add(found, one.before + joined + two.after, TORN, 2)
        if max(zipfs) < COMMON and not found and len(joined) > 4:  # noqa: PLR2004 -- short ones become anything
            for text, cost in self._readings(Word(joined), joined):
                if _WORD.fullmatch(text):
                    self._add(found, one.before + text + two.after, cost + TORN, 2)
        raw = f"{word.text} {following.text}"
        yield from _likeliest(c for c in found.values() if not forbidden(raw, c.text))

    def _add(self, found: dict[str, Candidate], text: str, cost: float, count: int = 1) -> None:
        """Keep a candidate whose every part is a known word in usual capitals."""
        cores = [parts(part).core for part in text.split()]
        zipfs = [self._vocabulary.zipf(core) for core in cores] or [0.0]
        zipf = min(zipfs)
        least = RARE if count > 1 else KNOWN
        if len(cores) > 1:
            least = HALF if max(zipfs) >= VERY_COMMON else COMMON - 0.5
        usual = all(
            core.islower() or core.isupper() or core.istitle() or core[1:].islower() or self._vocabulary.protects(core)
            for core in cores
        )
        if cost > REACH or zipf < least or not usual:
            return
        if text not in found or cost < found[text].cost:
            found[text] = Candidate(text, cost, zipf, count)

    def _readings(self, word: Word, core: str) -> Iterator[tuple[str, float]]:
        """Other readings of the core and their channel costs."""
        yield from self._confusions.undo(core, UNDONE, most=300)
        yield from ((text, self._confusions.cost(core, text, REACH)) for text in self._vocabulary.wanted(core))
        if self._vocabulary.zipf(core) < KNOWN:
            for near in self._vocabulary.near(core):
                yield near, self._confusions.cost(core, near, REACH)
        if "-" in core:
            yield from self._hyphenated(core)
        for text in _glyph_alternatives(word):
            yield text, min(REACH, self._confusions.cost(core, text))

    def _hyphenated(self, core: str) -> Iterator[tuple[str, float]]:
        """The core with one of its hyphenated parts read otherwise."""
        pieces = core.split("-")
        for k, piece in enumerate(pieces):
            if piece.isalpha() and self._vocabulary.zipf(piece) < KNOWN:
                for near in self._vocabulary.near(piece):
                    yield "-".join((*pieces[:k], near, *pieces[k + 1 :])), self._confusions.cost(piece, near, REACH)

    def _run_together(self, core: str) -> Iterator[tuple[str, float]]:
        """Two words run together, of which one is short and common and the other was misread."""
        for i in range(2, len(core) - 1):
            left, right = core[:i], core[i:]
            for small, rest in ((left, right), (right, left)):
                if len(small) <= len(rest) and len(rest) >= LEAST and self._vocabulary.zipf(small) >= VERY_COMMON:
                    for text, cost in self._confusions.undo(rest, UNDONE, most=100):
                        if _WORD.fullmatch(text) and self._vocabulary.zipf(text) >= COMMON - 0.5:
                            yield (f"{small} {text}" if small is left else f"{text} {small}"), cost + SPLIT

    def _find_cheap(self, core: str) -> bool:
        """Whether a likely confusion of a much more common word would look like this one."""
        zipf = self._vocabulary.zipf(core)
        limit = CHEAP + max(0.0, COMMON - zipf)
        undone = self._confusions.undo(core, limit, most=300)
        return any(self._vocabulary.zipf(text) - zipf >= COMMONER for text, _ in undone) or any(
            min(map(self._vocabulary.zipf, text.split())) >= COMMON for text in (_halves(core) if zipf < HALVED else ())
        )


def _likeliest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The few that are likeliest before the model is asked: by channel cost and word frequency, in nats."""
    ranked = sorted((c.cost - c.zipf * _PER_ZIPF, k, c) for k, c in enumerate(candidates))
    return [c for nats, _, c in ranked[:MOST] if nats <= ranked[0][0] + WITHIN]


def _is_speck(text: str, before: str, ahead: str) -> bool:
    """Whether marks that stand alone between two words are probably no text."""
    if _LONE.fullmatch(text):
        elided = text == "'" and before[-1:].isalpha()
        return not elided and (bool(before) or not _BULLET.match(text))
    return bool(before) and set(text) <= LOW_MARKS and (before[-1] in LOW_MARKS or (text == "." and ahead.islower()))


def _other_marks(cut: Parts, ahead: str) -> Iterator[str]:
    """A known word without a speck, or with another low mark, where the beginning of the next word speaks for it."""
    if len(cut.core) > 1 and ahead.islower() and cut.core[-1].islower() and _SPECK_AFTER.search(cut.after):
        yield cut.before + cut.core + cut.after[:-1]
        if cut.after in {".", ";", ":"}:
            yield cut.before + cut.core + ","
    if cut.after == "," and ahead.isupper():
        yield cut.before + cut.core + "."
    if _SPECK_BEFORE.search(cut.before):
        yield cut.before[1:] + cut.core + cut.after


def _glyph_alternatives(word: Word) -> Iterator[str]:
    """Cores that differ in one glyph, where Tesseract itself wavered."""
    if len(word.glyphs) != len(word.text):
        return
    cut = parts(word.text)
    start = len(cut.before)
    for i in range(len(cut.core)):
        for text, _ in word.glyphs[start + i]:
            if text.isalpha() and text != cut.core[i]:
                yield cut.core[:i] + text + cut.core[i + 1 :]


def _halves(core: str) -> Iterator[str]:
    """The word cut in two at every place."""
    for i in range(1, len(core)):
        left, right = core[:i], core[i:]
        if left.isalpha() and right.isalpha() and (len(left) > 1 or left in "aAI") and (len(right) > 1 or right == "a"):
            yield f"{left} {right}"
