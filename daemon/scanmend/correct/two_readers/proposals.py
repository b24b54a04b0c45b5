"""Proposes edits from what both readers have: other readings, words and lines that were found, and noise."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.spelling import is_number
from scanmend.correct.lexicon.tokens import split_punctuation
from scanmend.correct.lexicon.wordlists import KNOWN_ZIPF
from scanmend.correct.two_readers import weigh
from scanmend.correct.two_readers.comparison import Comparison, FoundLine, FoundWords, SecondWord
from scanmend.document import Page, Word, least_confidence

MIN_FOUND_WORDS = 0.85
"""Least mean probability (0–1) of words that only the second reader found in a line of Tesseract's."""
MIN_FOUND_LINE = 0.8
"""Least mean probability (0–1) of a line that only the second reader found."""
MIN_FOUND_CHARACTERS = 2
"""Fewest letters and digits of such a line: a single one may be a speck."""
DISPLAY_HEIGHTS = 1.7
"""Multiple of the page's usual line height from which a found line is display type, such as a logo or a stamp."""
MIN_DISPLAY_LINE = 0.95
"""Least mean probability (0–1) of a line of display type."""
MIN_DISPLAY_WORDS = 2
"""Fewest known words of a line of display type: what a logo says is seldom text."""
MIN_DISPLAY_ZIPF = 2.5
"""Zipf frequency from which a word of display type is known."""
NOISE_CONFIDENCE = 60.0
"""Tesseract word confidence (0–100) below which a word where the second reader finds nothing is noise."""
ODD_NOISE_CONFIDENCE = 80.0
"""The same for a word whose height is not that of the page's words."""
NOISE_MARK_CONFIDENCE = 40.0
"""The same for a mark without letters and digits: the second reader often overlooks those."""
USUAL_HEIGHTS = (0.6, 1.5)
"""Least and greatest height of a usual word, in median heights."""
SCRIBBLE_PROBABILITY = 0.85
"""Mean probability (0–1) of the second reading of a line below which the line may be a signature or a drawing."""
SCRIBBLE_CONFIDENCE = 50.0
"""Tesseract word confidence (0–100) below which all words of such a line must be."""
MAX_PIECE_GAP_HEIGHTS = 0.25
"""Widest gap between two pieces of a number, as a multiple of their height; figures of two columns stand apart."""
MAX_OVERLOOKED = 2
"""Letters and digits of a token with a digit that the second reader may overlook, as the quantity in a table."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Another reading of one of Tesseract's words, or of the pieces of a number, and how likely it is."""

    line: int
    word: int
    dispute: weigh.Dispute
    score: float
    """``weigh.score`` of the dispute, in nats."""
    count: int = 1
    """Number of Tesseract's words that it stands for: several where a number was torn into pieces."""


class Proposals:
    """What the second reader's evidence proposes for one page."""

    def __init__(self, page: Page, comparison: Comparison, words: PageWords) -> None:
        """``words``: the words of the page's languages."""
        self._page = page
        self._comparison = comparison
        self._words = words
        heights = [w.box[3] - w.box[1] for line in page.lines for w in line.words if w.box]
        self._word_height = statistics.median(heights) if heights else 0.0

    def readings(self) -> Iterator[Reading]:
        """Yield each place that both readers read differently, in reading order; words of the glossary stay as read."""
        taken: set[tuple[int, int]] = set()
        for (n, i), second in sorted(self._comparison.second.items()):
            if (n, i) in taken:
                continue
            if (pieces := self._pieces_of_number(n, i)) and (whole := self._whole_number(n, i, pieces)).score > 0:
                taken |= {(n, i + k) for k in range(len(pieces))}
                yield whole
                continue
            word = self._page.lines[n].words[i]
            if second.text and second.text != word.text and not self._words.protects(word.text):
                optical = second.gain(word.text, second.text)
                yield self._reading(n, i, (word,), second.text, optical, second.least_probability)

    def _reading(
        self, n: int, i: int, words: Sequence[Word], new: str, optical: float, least_probability: float
    ) -> Reading:
        raw = " ".join(word.text for word in words)
        confidence = least_confidence(words) or 0.0
        dispute = weigh.Dispute(raw, new, optical, confidence, least_probability, self.zipf(raw), self.zipf(new))
        return Reading(n, i, dispute, weigh.score(dispute), len(words))

    def _pieces_of_number(self, n: int, i: int) -> list[SecondWord]:
        """Return the second readings of words from ``i`` on that the second reader has as one number; empty for one."""
        words, pieces = self._page.lines[n].words, [self._comparison.second[n, i]]
        for k in range(i + 1, len(words)):
            after = self._comparison.second.get((n, k))
            if after is None or after.reading is not pieces[-1].reading or after.first != pieces[-1].last + 1:
                break
            if not _are_close(words[k - 1], words[k]):
                break
            pieces.append(after)
        whole = pieces[0].reading.substring(pieces[0].first, pieces[-1].last)
        return pieces if len(pieces) > 1 and is_number(whole) else []

    def _whole_number(self, n: int, i: int, pieces: Sequence[SecondWord]) -> Reading:
        reading, first, last = pieces[0].reading, pieces[0].first, pieces[-1].last
        words, whole = self._page.lines[n].words[i : i + len(pieces)], reading.substring(first, last)
        raw = " ".join(word.text for word in words)
        optical = reading.gain(first, last, raw, whole)
        return self._reading(n, i, words, whole, optical, min(piece.least_probability for piece in pieces))

    def zipf(self, text: str) -> float:
        """Return the Zipf frequency of the rarest word in the text; 0 where one is unknown."""
        cores = [core for word in text.split() if (core := split_punctuation(word).core)]
        found = min((self._words.zipf(core) for core in cores), default=0.0)
        return found if found >= KNOWN_ZIPF else 0.0

    def noise(self) -> Iterator[tuple[int, int]]:
        """Yield line and word of what Tesseract read, unsure, where the second reader finds nothing or no word.

        The latter are signatures and drawings: both readers are unsure of all of the line, and read it differently.
        """
        if not self._comparison.readings:
            return
        scribble = set(self._scribble())
        for n, line in enumerate(self._page.lines):
            for i, word in enumerate(line.words):
                known = (n, i) in self._comparison.second or (n, i) in self._comparison.unread
                missing = word.box is not None and not known and self._is_noise(word)
                if (missing or (n, i) in scribble) and not self._words.protects(word.text):
                    yield n, i

    def _scribble(self) -> Iterator[tuple[int, int]]:
        for places in self._comparison.members.values():
            seconds = [self._comparison.second.get(place) for place in places]
            known = [second for second in seconds if second is not None]
            words = [self._page.lines[n].words[i] for n, i in places]
            if (
                known
                and known[0].reading.confidence < SCRIBBLE_PROBABILITY
                and all((word.confidence or 0.0) < SCRIBBLE_CONFIDENCE for word in words)
                and not any(weigh.holds_digit(word.text) or self.zipf(word.text) for word in words)
                and not any(
                    second.text == word.text or self.zipf(second.text)
                    for second, word in zip(seconds, words, strict=True)
                    if second
                )
            ):
                yield from places

    def _is_noise(self, word: Word) -> bool:
        confidence = word.confidence if word.confidence is not None else 100.0
        solid = [c for c in word.text if c.isalnum()]
        if not solid:
            return confidence < NOISE_MARK_CONFIDENCE
        height = (word.box[3] - word.box[1]) / max(1.0, self._word_height) if word.box else 1.0
        usual = USUAL_HEIGHTS[0] < height < USUAL_HEIGHTS[1]
        if usual and len(solid) <= MAX_OVERLOOKED and weigh.holds_digit(word.text):
            return False
        return confidence < (NOISE_CONFIDENCE if usual else ODD_NOISE_CONFIDENCE)

    def believes_words(self, found: FoundWords) -> bool:
        """Whether words that only the second reader found in a line are published."""
        solid = any(c.isalnum() for c in found.text)
        return found.confidence > MIN_FOUND_WORDS and (solid or len(found.text) > 1)

    def believes_line(self, found: FoundLine) -> bool:
        """Whether a line that only the second reader found is published."""
        confidence, text = found.reading.confidence, found.text
        if confidence < MIN_FOUND_LINE or sum(c.isalnum() for c in text) < MIN_FOUND_CHARACTERS:
            return False
        if found.frame.height <= DISPLAY_HEIGHTS * self._comparison.line_height:
            return True
        known = sum(len(w) > 2 and self._words.zipf(split_punctuation(w).core) > MIN_DISPLAY_ZIPF for w in text.split())  # noqa: PLR2004 -- a short one is often a misread ornament
        return confidence > MIN_DISPLAY_LINE and known >= MIN_DISPLAY_WORDS


def _are_close(one: Word, two: Word) -> bool:
    """Whether the gap between two words is one between the characters of a number."""
    if one.box is None or two.box is None:
        return False
    height = max(one.box[3] - one.box[1], two.box[3] - two.box[1])
    return two.box[0] - one.box[2] <= MAX_PIECE_GAP_HEIGHTS * height
