"""What Tesseract read where the second reader finds no text: specks, rules of tables, scribble."""

import statistics
from collections.abc import Container, Iterator

from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.two_readers import weigh
from scanmend.correct.two_readers.comparison import Comparison
from scanmend.correct.two_readers.revision import Place
from scanmend.document import Page, Word

NOISE_CONFIDENCE = 60.0
"""Tesseract word confidence (0–100) below which a word where the second reader finds nothing is noise."""
ODD_NOISE_CONFIDENCE = 80.0
"""The same for a word whose height is not that of the page's words, or that looks like an empty box."""
NOISE_MARK_CONFIDENCE = 40.0
"""The same for a mark without letters and digits: the second reader often overlooks those."""
USUAL_HEIGHTS = (0.6, 1.5)
"""Least and greatest height of a usual word, in median heights."""
QUANTITY_HEIGHTS = 2.0
"""Greatest height, in median heights, of a short number that the second reader may overlook: a rule may touch it."""
RULE_MARKS = frozenset("|¦_~\\{}")
"""Marks as which Tesseract reads rules, folds and edges; in text, the second reader would see them, too."""
BOX_MARKS = RULE_MARKS | frozenset("[]")
"""Marks as which Tesseract reads the sides of boxes."""
BOX_CHARACTERS = 2
"""Most characters as which an empty box is read."""
LEADER_MARKS = frozenset("._-…·")
"""Marks of the dotted lines on which a form is filled in."""
LEADER_CHARACTERS = 5
"""Fewest characters of such a line."""
SPECK_HEIGHTS = 0.3
"""Height of a mark, in median heights of words, up to which it may be a speck."""
SPECK_GAP_HEIGHTS = 2.5
"""Free space on either side of a speck, in median heights; a point or a hyphen stands nearer to some word."""
SCRIBBLE_PROBABILITY = 0.85
"""Mean probability (0–1) of the second reading of a line below which the line may be a signature or a drawing."""
SCRIBBLE_CONFIDENCE = 50.0
"""Tesseract word confidence (0–100) below which all words of such a line must be."""
MAX_OVERLOOKED = 2
"""Letters and digits of a token with a digit that the second reader may overlook, as the quantity in a table."""


class Noise:
    """What is noise on one page."""

    def __init__(self, page: Page, comparison: Comparison, words: PageWords) -> None:
        """``words``: the words of the page's languages."""
        self._page = page
        self._comparison = comparison
        self._words = words
        self._boxes = [w.box for line in page.lines for w in line.words if w.box]
        heights = [box[3] - box[1] for box in self._boxes]
        self._word_height = statistics.median(heights) if heights else 0.0

    def places(self, but: Container[Place] = ()) -> Iterator[Place]:
        """Yield what Tesseract read where the second reader finds nothing or no word, but for some places.

        The latter are signatures and drawings: both readers are unsure of all of the line, and read it differently.
        """
        if not self._comparison.readings:
            return
        scribble = set(self._scribble())
        for n, line in enumerate(self._page.lines):
            for i, word in enumerate(line.words):
                known = (n, i) in self._comparison.second or (n, i) in self._comparison.unread
                missing = word.box is not None and not known and self._is_noise(word)
                if (missing or (n, i) in scribble) and (n, i) not in but and not self._words.protects(word.text):
                    yield n, i

    def _scribble(self) -> Iterator[Place]:
        for places in self._comparison.members.values():
            seconds = [self._comparison.second.get(place) for place in places]
            known = [second for second in seconds if second is not None]
            words = [self._page.lines[n].words[i] for n, i in places]
            if (
                known
                and known[0].reading.confidence < SCRIBBLE_PROBABILITY
                and all((word.confidence or 0.0) < SCRIBBLE_CONFIDENCE for word in words)
                and not any(weigh.holds_digit(word.text) or self._words.rarest_zipf(word.text) for word in words)
                and not any(
                    second.text == word.text or self._words.rarest_zipf(second.text)
                    for second, word in zip(seconds, words, strict=True)
                    if second
                )
            ):
                yield from places

    def _is_noise(self, word: Word) -> bool:
        confidence = word.confidence if word.confidence is not None else 100.0
        solid = [c for c in word.text if c.isalnum()]
        if not solid:
            return confidence < NOISE_MARK_CONFIDENCE or _is_rule(word.text) or self._is_speck(word)
        height = (word.box[3] - word.box[1]) / max(1.0, self._word_height) if word.box else 1.0
        if len(solid) <= MAX_OVERLOOKED and weigh.holds_digit(word.text):
            if USUAL_HEIGHTS[0] < height < QUANTITY_HEIGHTS:
                return False
        elif len(word.text) <= BOX_CHARACTERS and not BOX_MARKS.isdisjoint(word.text):
            return confidence < ODD_NOISE_CONFIDENCE
        usual = USUAL_HEIGHTS[0] < height < USUAL_HEIGHTS[1]
        return confidence < (NOISE_CONFIDENCE if usual else ODD_NOISE_CONFIDENCE)

    def _is_speck(self, word: Word) -> bool:
        """Whether a mark is small, and stands by itself in its row."""
        if word.box is None or word.box[3] - word.box[1] > SPECK_HEIGHTS * self._word_height:
            return False
        left, top, right, bottom = word.box
        middle, reach = (top + bottom) / 2, SPECK_GAP_HEIGHTS * self._word_height
        return not any(
            box != word.box and box[1] <= middle <= box[3] and box[2] > left - reach and box[0] < right + reach
            for box in self._boxes
        )


def _is_rule(text: str) -> bool:
    """Whether marks are those of rules, boxes, or of a line to fill in."""
    marks = set(text)
    return marks <= BOX_MARKS or (len(text) >= LEADER_CHARACTERS and marks <= LEADER_MARKS)
