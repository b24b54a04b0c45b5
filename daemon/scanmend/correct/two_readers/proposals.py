"""Proposes edits from what both readers have: other readings, and words and lines that only the second one found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from scanmend.correct.lexicon.number_marks import Custom, marks_in, with_other_mark
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.spelling import is_number
from scanmend.correct.lexicon.tokens import split_punctuation
from scanmend.correct.two_readers import weigh
from scanmend.correct.two_readers.comparison import Comparison, FoundLine, FoundWords, SecondWord
from scanmend.correct.two_readers.frame import LineFrame
from scanmend.correct.two_readers.lattice import LineReading
from scanmend.correct.two_readers.revision import Place
from scanmend.document import Page, Word, least_confidence

MIN_FOUND_WORDS = 0.85
"""Least mean probability (0–1) of words that only the second reader found in a line of Tesseract's."""
MIN_FOUND_LINE = 0.8
"""Least mean probability (0–1) of a line that only the second reader found."""
MIN_FOUND_CHARACTERS = 2
"""Fewest letters and digits of such a line: a single letter may be a speck."""
MIN_FOUND_DIGIT = 0.99
"""Least probability (0–1) of a single digit that stands alone, as on the axis of a chart."""
DISPLAY_HEIGHTS = 1.7
"""Multiple of the page's usual line height from which a found line is display type, such as a logo or a stamp."""
MIN_DISPLAY_LINE = 0.95
"""Least mean probability (0–1) of a line of display type."""
MIN_DISPLAY_WORDS = 2
"""Fewest known words of a line of display type: what a logo says is seldom text."""
MIN_DISPLAY_ZIPF = 2.5
"""Zipf frequency from which a word of display type is known."""
MAX_SLANT_DEGREES = 4.0
"""Angle with the page's other lines above which a found line belongs to a logo, a stamp or a drawing.

Print keeps to one direction: on 32 scanned letters and invoices, only logos and signatures lean by more than 3°.
"""
SLANT_SPREADS = 2.0
"""Multiple of the median distance of the lines' slopes from the usual one that is added to that angle."""
MIN_SLANT_WIDTH = 1.5
"""Width of a line, in its heights, from which its direction can be told."""
PROSE_LINE_CHARACTERS = 25
"""Characters from which a line of Tesseract's is running text, and no cell or label."""
PROSE_SHARE = 0.75
"""Share of a page's characters in such lines from which it is a page of prose, such as a letter."""
PROSE_CONFIDENCE = 85.0
"""Mean confidence (0–100) from which Tesseract read a page so well that it lost hardly a line of its text."""
PROSE_HEIGHTS = (0.8, 1.2)
"""Least and greatest height, in usual line heights, of a lone line of such a page that is text and no logo."""
MIN_PROSE_DISPLAY_WORDS = 3
"""Fewest known words of a line of another height there."""
UNSURE_PROBABILITY = 0.75
"""Mean probability (0–1) of the second reading of a line below which it is a guess."""
UNSURE_CONFIDENCE = 70.0
"""Tesseract word confidence (0–100) that no word of a line reaches where its reading is a guess, too."""
MAX_PIECE_GAP_HEIGHTS = 0.25
"""Widest gap between two pieces of a number, as a multiple of their height; figures of two columns stand apart."""
MIN_CUSTOMARY_NATS = -8.0
"""Nats of the image for a number's customary mark, over the one that was read, from which it may be that one."""
TORN_CONFIDENCE = 60.0
"""Tesseract word confidence (0–100) below which its blank between two misread words is no better than the words."""
LOST_LINE_SIMILARITY = 0.5
"""Similarity (0–1) of both readings of a line below which Tesseract read something else altogether."""
LOST_LINE_PROBABILITY = 0.95
"""Least mean probability (0–1) of the second reading of such a line."""
LOST_LINE_CHARACTERS = 6
"""Fewest characters of such a line."""
LOST_LINE_NATS = 6.0
"""Score, in nats, of the second reading of such a line."""
TELLING_LETTERS = 4
"""Letters from which a known word shows that Tesseract did read its line, if the second reader lacks it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Another reading of one of Tesseract's words, of a torn word's pieces, or of a line, and how likely it is."""

    line: int
    word: int
    second: SecondWord
    """Where in the second reading it stands."""
    dispute: weigh.Dispute
    score: float
    """``weigh.score`` of the dispute, in nats."""
    count: int = 1
    """Number of Tesseract's words that it stands for."""

    @property
    def places(self) -> Iterator[Place]:
        """Tesseract's words that it stands for."""
        return ((self.line, self.word + k) for k in range(self.count))


class Proposals:
    """What the second reader's evidence proposes for one page."""

    def __init__(self, page: Page, comparison: Comparison, words: PageWords, custom: Custom = Custom()) -> None:  # noqa: B008 -- immutable
        """``words``: the words of the page's languages; ``custom``: how the page writes its numbers."""
        self._page = page
        self._custom = custom
        self._comparison = comparison
        self._words = words

    @cached_property
    def lost_lines(self) -> tuple[Reading, ...]:
        """Lines that Tesseract read as something else altogether: word for word, nothing can be compared."""
        return tuple(
            reading
            for k, places in self._comparison.members.items()
            if (reading := self._lost_line(self._comparison.readings[k], sorted(places)))
        )

    def _lost_line(self, reading: LineReading, places: Sequence[Place]) -> Reading | None:
        n, first = places[0]
        words = self._page.lines[n].words[first : first + len(places)]
        text = " ".join(reading.text.split())
        if (
            reading.confidence < LOST_LINE_PROBABILITY
            or len(text) < LOST_LINE_CHARACTERS
            or places[-1] != (n, first + len(places) - 1)
            or _similarity("".join(w.text for w in words), text) >= LOST_LINE_SIMILARITY
            or any(self._words.protects(w.text) or self._is_telling(w) for w in words)
        ):
            return None
        second = SecondWord(reading, 0, len(reading.characters) - 1, text)
        return replace(self._reading(n, first, words, second), score=LOST_LINE_NATS)

    def _is_telling(self, word: Word) -> bool:
        """Whether a word is one that Tesseract surely read."""
        core = split_punctuation(word.text).core
        sure = (word.confidence or 0.0) >= weigh.SURE_CONFIDENCE
        return sure and len(core) >= TELLING_LETTERS and self._words.rarest_zipf(core) > 0

    def readings(self) -> Iterator[Reading]:
        """Yield each place that both readers read differently, in reading order; words of the glossary stay as read."""
        lost = {(r.line, r.word): r for r in self.lost_lines}
        taken = {place for r in self.lost_lines for place in r.places}
        for n, i in sorted({*self._comparison.second, *lost}):
            if (n, i) in lost:
                yield lost[n, i]
            if (n, i) in taken:
                continue
            if (n, i) in self._guessed:
                yield from self._surest_guess(n, i)
                continue
            if (whole := self._whole(n, i)) is not None and whole.score > 0:
                taken |= set(whole.places)
                yield whole
                continue
            word, second = self._page.lines[n].words[i], self._with_customary_marks(self._comparison.second[n, i])
            if second.text and second.text != word.text and not self._words.protects(word.text):
                yield self._reading(n, i, (word,), second)

    @cached_property
    def _guessed(self) -> frozenset[Place]:
        """Words in lines of which both readers are unsure, such as handwriting: one guess is no better than another."""
        return frozenset(
            place
            for k, places in self._comparison.members.items()
            if self._comparison.readings[k].confidence < UNSURE_PROBABILITY
            and all((self._page.lines[n].words[i].confidence or 0.0) < UNSURE_CONFIDENCE for n, i in places)
            for place in places
        )

    def _surest_guess(self, n: int, i: int) -> Iterator[Reading]:
        """Yield the second reading of a guessed word where it alone is a known word that is no accident."""
        word, second = self._page.lines[n].words[i], self._comparison.second[n, i]
        core = split_punctuation(second.text).core
        known = len(core) >= TELLING_LETTERS and core.isalpha() and self._words.rarest_zipf(core) > 0
        if known and not (self._words.rarest_zipf(word.text) or self._words.protects(word.text)):
            yield self._reading(n, i, (word,), second)

    def _reading(self, n: int, i: int, words: Sequence[Word], second: SecondWord) -> Reading:
        raw, new = " ".join(word.text for word in words), second.text
        zipf, optical = self._words.rarest_zipf, second.gain(raw, new)
        confidence = least_confidence(words) or 0.0
        dispute = weigh.Dispute(raw, new, optical, confidence, second.least_probability, zipf(raw), zipf(new))
        return Reading(n, i, second, dispute, weigh.score(dispute), len(words))

    def _with_customary_marks(self, second: SecondWord) -> SecondWord:
        """Return the second reading with the page's commas and points, where the image does not rule them out."""
        text = second.text
        for mark in marks_in(text):
            customary = self._custom.of(mark)
            if customary not in ("", text[mark.at]):
                nats = second.comma_nats(text, mark.at)
                if (nats if customary == "," else -nats) > MIN_CUSTOMARY_NATS:
                    text = with_other_mark(text, mark.at)
        return replace(second, text=text)

    def _whole(self, n: int, i: int) -> Reading | None:
        """Return the reading of words from ``i`` on that the second reader has as one; None where they are not torn."""
        words, pieces, close = self._page.lines[n].words, [self._comparison.second[n, i]], True
        for k in range(i + 1, len(words)):
            after = self._comparison.second.get((n, k))
            if after is None or after.reading is not pieces[-1].reading or after.first != pieces[-1].last + 1:
                break
            close = close and _are_close(words[k - 1], words[k])
            if not close and not (_is_misread(words[k - 1], pieces[-1]) and _is_misread(words[k], after)):
                break
            pieces.append(after)
        first, last = pieces[0].first, pieces[-1].last
        text = pieces[0].reading.substring(first, last)
        if len(pieces) == 1 or not (is_number(text) or (not close and self._words.rarest_zipf(text) > 0)):
            return None
        return self._reading(n, i, words[i : i + len(pieces)], SecondWord(pieces[0].reading, first, last, text))

    def believes_words(self, found: FoundWords) -> bool:
        """Whether words that only the second reader found in a line are published; in a lost line, they are with it."""
        if any(found.reading is lost.second.reading for lost in self.lost_lines):
            return False
        solid = any(c.isalnum() for c in found.text)
        return found.confidence > MIN_FOUND_WORDS and (solid or len(found.text) > 1)

    def believes_line(self, found: FoundLine) -> bool:
        """Whether a line that only the second reader found is published."""
        confidence, text = found.reading.confidence, found.text
        if len(text) == 1 and text.isdigit():
            return confidence >= MIN_FOUND_DIGIT and self._is_of_usual_height(found)
        if confidence < MIN_FOUND_LINE or sum(c.isalnum() for c in text) < MIN_FOUND_CHARACTERS:
            return False
        if self._is_slanted(found.frame):
            return False
        needed = MIN_DISPLAY_WORDS
        if self._is_odd_beside_prose(found):
            needed = MIN_PROSE_DISPLAY_WORDS
        elif self._is_of_usual_height(found):
            return True
        known = sum(len(w) > 2 and self._words.zipf(split_punctuation(w).core) > MIN_DISPLAY_ZIPF for w in text.split())  # noqa: PLR2004 -- a short one is often a misread ornament
        return confidence > MIN_DISPLAY_LINE and known >= needed

    def _is_slanted(self, frame: LineFrame) -> bool:
        """Whether a line runs in another direction than the page's text."""
        usual, spread = self._comparison.slopes
        can_be_told = frame.width >= MIN_SLANT_WIDTH * frame.height
        return can_be_told and abs(frame.slope - usual) > MAX_SLANT_DEGREES + SLANT_SPREADS * spread

    def _is_odd_beside_prose(self, found: FoundLine) -> bool:
        """Whether a line without digits, on a page of prose that Tesseract read well, is not as high as its text."""
        heights = found.frame.height / max(1.0, self._comparison.line_height)
        return (
            self._is_prose and not PROSE_HEIGHTS[0] <= heights <= PROSE_HEIGHTS[1] and not weigh.holds_digit(found.text)
        )

    @cached_property
    def _is_prose(self) -> bool:
        if (self._page.mean_confidence or 0.0) < PROSE_CONFIDENCE:
            return False
        lengths = [len(line.text) for line in self._page.lines]
        return sum(n for n in lengths if n >= PROSE_LINE_CHARACTERS) >= PROSE_SHARE * sum(lengths)

    def _is_of_usual_height(self, found: FoundLine) -> bool:
        return found.frame.height <= DISPLAY_HEIGHTS * self._comparison.line_height


def _similarity(one: str, other: str) -> float:
    """Return how alike two texts are, blanks aside, from 0 to 1."""
    return Levenshtein.normalized_similarity("".join(one.split()), "".join(other.split()))


def _is_misread(word: Word, second: SecondWord) -> bool:
    """Whether Tesseract was unsure of a word, and the second reader has another."""
    return (word.confidence or 0.0) < TORN_CONFIDENCE and word.text != second.text


def _are_close(one: Word, two: Word) -> bool:
    """Whether the gap between two words is one between the characters of a number."""
    if one.box is None or two.box is None:
        return False
    height = max(one.box[3] - one.box[1], two.box[3] - two.box[1])
    return two.box[0] - one.box[2] <= MAX_PIECE_GAP_HEIGHTS * height
