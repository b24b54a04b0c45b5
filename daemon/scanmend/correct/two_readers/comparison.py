"""Compares what both readers read on a page: by geometry line by line, then character by character."""

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from scanmend.correct.lexicon.spelling import in_tesseract_style
from scanmend.correct.two_readers.alignment import align
from scanmend.correct.two_readers.frame import LineFrame
from scanmend.correct.two_readers.lattice import LineReading
from scanmend.correct.two_readers.revision import Place
from scanmend.document import Box, Page, Word

END_MARGIN = 0.6
"""Heights of a line by which a word's middle may stand beyond its ends and still belong to it."""
EDGE = 0.05
"""Share of a line's height, at its upper and lower edge, in which the middle of no word of the line stands."""
BARE_OVERLAP = 0.3
"""Share of a word's width that must lie within a line where the word's middle lies within none."""
SLOPING_WIDTHS = 6.0
"""Width of a line, in its heights, from which its slope is that of the page's text."""


@dataclass(frozen=True, slots=True)
class SecondWord:
    """The second reader's reading of one of Tesseract's words."""

    reading: LineReading
    first: int
    """Index of its first character in the reading."""
    last: int
    """Index of its last character in the reading."""
    text: str
    """As the second reader has it, with Tesseract's blanks and style of quotation marks and dashes."""

    @property
    def least_probability(self) -> float:
        """The least probability of its characters."""
        return min(self.reading.characters[k].probability for k in self._solid)

    @property
    def runner_up(self) -> str:
        """The reading with the next best symbol in place of the character that is least probable."""
        k = min(self._solid, key=lambda k: self.reading.characters[k].probability)
        step = self.reading.line.steps[self.reading.characters[k].first]
        other = step.symbols[1][0] if len(step.symbols) > 1 else ""
        before, after = self.reading.substring(self.first, k - 1), self.reading.substring(k + 1, self.last)
        return f"{before}{other}{after}"

    @property
    def _solid(self) -> list[int]:
        """Indices of its characters but for blanks."""
        return [k for k in range(self.first, self.last + 1) if self.reading.characters[k].text != " "]

    def gain(self, raw: str, new: str) -> float:
        """Log-probability, in nats, of the image under ``new`` less that under ``raw``, in place of this word."""
        return self.reading.gain(self.first, self.last, raw, new)

    def comma_nats(self, text: str, at: int) -> float:
        """Return the log-probability of a comma less that of a point, in nats, for the mark at an index of the text."""
        comma, point = (text[:at] + mark + text[at + 1 :] for mark in ",.")
        return self.gain(point, comma)


@dataclass(frozen=True, slots=True)
class FoundWords:
    """Words within a line of Tesseract's that only the second reader has."""

    place: Place
    """Tesseract's word that they stand before; its index may be the number of words."""
    text: str
    box: Box
    confidence: float
    """Mean probability of the characters, from 0 to 1."""
    reading: LineReading
    """The line that they stand in."""


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line that only the second reader has."""

    reading: LineReading
    frame: LineFrame

    @property
    def text(self) -> str:
        """The words, with one blank between them."""
        return " ".join(self.reading.text.split())


class Comparison:
    """Both readings of one page."""

    def __init__(self, page: Page) -> None:
        """Compare the readings; a page without the second reader's evidence has no words of it."""
        self.page = page
        lines = page.second.lines if page.second else ()
        self.frames = [LineFrame.of(line) for line in lines]
        self.readings = [LineReading(line) for line in lines]
        self._boxes = [line.box for line in lines]
        self.second: dict[Place, SecondWord] = {}
        """The second reading of words, where there is one."""
        self.members: dict[int, list[Place]] = {}
        """The words that stand in each line of the second reader, from left to right."""
        self._shared: tuple[int, ...] = ()
        """Lines of the second reader that Tesseract has words of."""
        self.unread: set[Place] = set()
        """Words in a line that the second reader found but was not asked to read."""
        self.found_words: list[FoundWords] = []
        self.found_lines: list[FoundLine] = []
        self._compare()

    @cached_property
    def line_height(self) -> float:
        """Median height of the second reader's lines that hold words, in pixels; 0 where there are none."""
        heights = sorted(f.height for f, r in zip(self.frames, self.readings, strict=True) if len(r.text) > 2)  # noqa: PLR2004
        return heights[len(heights) // 2] if heights else 0.0

    @cached_property
    def slopes(self) -> tuple[float, float]:
        """Median slope of the long lines that both readers have, in degrees, and their median distance from it.

        On a photograph taken at an angle, lines run together. Both are 0 where there are no long lines.
        """
        shared = (self.frames[k] for k in self._shared)
        slopes = [f.slope for f in shared if f.width >= SLOPING_WIDTHS * f.height] or [0.0]
        usual = statistics.median(slopes)
        return usual, statistics.median(abs(slope - usual) for slope in slopes)

    def _compare(self) -> None:
        members: dict[int, list[tuple[float, Place, Word]]] = defaultdict(list)
        for place, word in _words(self.page):
            if word.box is not None and (k := self._line_of(word.box)) is not None:
                members[k].append((self.frames[k].span(word.box)[0], place, word))
        self._shared = tuple(members)
        for k, reading in enumerate(self.readings):
            of_line = sorted(members.get(k, ()), key=lambda m: m[0])
            if not reading.line.steps:
                self.unread |= {place for _, place, _ in of_line}
            elif of_line:
                self.members[k] = [place for _, place, _ in of_line]
                self._compare_line(k, of_line)
            else:
                self.found_lines.append(FoundLine(reading, self.frames[k]))

    def _compare_line(self, k: int, members: Sequence[tuple[float, Place, Word]]) -> None:
        reading, frame = self.readings[k], self.frames[k]
        aligned = align([word for _, _, word in members], frame, reading.characters)
        for (_, place, word), span in zip(members, aligned.spans, strict=True):
            if span is not None:
                text = in_tesseract_style(word.text, reading.substring(*span))
                self.second[place] = SecondWord(reading, *span, text)
        for first, last in aligned.extra:
            self.found_words.append(self._found_words(reading, frame, (first, last), members))

    def _found_words(
        self,
        reading: LineReading,
        frame: LineFrame,
        span: tuple[int, int],
        members: Sequence[tuple[float, Place, Word]],
    ) -> FoundWords:
        characters = reading.characters[span[0] : span[1] + 1]
        half = frame.height / frame.width / 4
        start, end = characters[0].at - half, characters[-1].at + half
        before = [place for at, place, _ in members if at < (start + end) / 2]
        place = (before[-1][0], before[-1][1] + 1) if before else members[0][1]
        confidence = sum(c.probability for c in characters) / len(characters)
        return FoundWords(place, reading.substring(*span), frame.box_between(start, end), confidence, reading)

    def _line_of(self, box: Box) -> int | None:
        """Return the index of the second reader's line that a word stands in; None where it stands in none."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        best: tuple[float, int] | None = None
        for k in self._near(box):
            frame = self.frames[k]
            along, across = frame.place(x, y)
            margin = END_MARGIN * frame.height / frame.width
            if -margin <= along <= 1 + margin and EDGE <= across <= 1 - EDGE:
                distance = abs(across - 0.5) + max(0.0, -along, along - 1) * frame.width / frame.height
                best = min(best or (distance, k), (distance, k))
        if best is not None:
            return best[1]
        return next((k for k in self._near(box) if self._overlaps(k, box)), None)

    def _near(self, box: Box) -> Iterator[int]:
        """Yield the lines whose box comes near a word's box."""
        middle = (box[1] + box[3]) / 2
        for k, (left, top, right, bottom) in enumerate(self._boxes):
            margin = END_MARGIN * self.frames[k].height
            if top <= middle <= bottom and box[2] >= left - margin and box[0] <= right + margin:
                yield k

    def _overlaps(self, k: int, box: Box) -> bool:
        """Whether a good part of the word's width lies within line ``k``, as where one box spans two cells."""
        left, _, right, _ = self._boxes[k]
        across = self.frames[k].place((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)[1]
        shared = min(box[2], right) - max(box[0], left)
        return shared > BARE_OVERLAP * (box[2] - box[0]) and 2 * EDGE <= across <= 1 - 2 * EDGE


def _words(page: Page) -> Iterator[tuple[Place, Word]]:
    for n, line in enumerate(page.lines):
        for i, word in enumerate(line.words):
            yield (n, i), word
