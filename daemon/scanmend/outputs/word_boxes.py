"""Computes where on the page each corrected word stands, for the PDF, HTML, hOCR and Markdown outputs. Pure."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanmend.document import (
    Box,
    CorrectedPage,
    Edit,
    Line,
    NumberReading,
    Word,
    in_text_order,
    least_confidence,
    union,
)

_DESCENDERS = frozenset("gjpqyQ,;()[]{}/|_@$§µçşţ")
"""Characters that reach below the baseline."""
_OUTLIER_HEIGHT_RATIO = 1.45
"""A word higher than this multiple of its line's median (an initial, a stain) does not count for the line's height."""


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """One word of the corrected text, with the box and the raw words that it was read from."""

    text: str
    """Without white space."""
    box: Box | None
    """None where there was no image."""
    first: int
    """0-based index in its line of the first raw word that it was read as, or that it is inserted before."""
    raw: tuple[Word, ...]
    """The words as Tesseract read them; several where an edit joins them, none where only the second reader has it."""
    edit: Edit | None = None
    """The accepted edit that it comes from."""

    @property
    def confidence(self) -> float | None:
        """The least of the raw words' confidences, 0–100; None where Tesseract did not read it."""
        return least_confidence(self.raw)


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A word as wide as its box and as high as its line, in pixels of the page image."""

    text: str
    left: int
    right: int
    top: float
    height: float


def placed_words(page: CorrectedPage) -> list[list[PlacedWord]]:
    """Return the words of each line of the page with accepted edits applied; a line may have none.

    What an edit drops is left out. Words stand where its boxes say, one for each; else they share the box of the raw
    words, or of the edit where nothing was read.
    """
    accepted: dict[int, list[Edit]] = {}
    for edit in page.edits:
        if edit.accepted:
            accepted.setdefault(edit.line, []).append(edit)
    return [list(_of_line(line, accepted.get(i, []))) for i, line in enumerate(page.page.lines)]


def words_of_numbers(words: Sequence[PlacedWord], numbers: Iterable[NumberReading]) -> dict[int, NumberReading]:
    """Return the numbers of a line by the index of the word that holds them; one that no word holds is left out.

    A number that stands in several words is in the one that is nothing else, and then in the one at its box.
    """
    found: dict[int, NumberReading] = {}
    for number in numbers:
        holding = [i for i, word in enumerate(words) if i not in found and number.text in word.text]
        if holding:
            best = max(holding, key=lambda i: (words[i].text == number.text, _shared_area(words[i].box, number.box)))
            found[best] = number
    return found


def aligned_words(lines: Sequence[Sequence[PlacedWord]]) -> list[list[AlignedWord]]:
    """Give the words of each line one height, so that viewers select a line as one, on skewed pages too.

    Words without a box, or with an empty one, are left out.
    """
    boxed = [[(w.text, w.box) for w in line if w.box and _has_area(w.box)] for line in lines]
    slope = _slope([line for line in boxed if len(line) > 3])  # noqa: PLR2004 -- fewer words tell little
    return [list(_aligned(line, slope)) for line in boxed]


def _of_line(line: Line, edits: list[Edit]) -> Iterator[PlacedWord]:
    for part in in_text_order(line, edits):
        if not isinstance(part, Edit):
            word = line.words[part]
            yield PlacedWord(word.text, word.box, part, (word,))
            continue
        raw = line.words[part.word : part.word + part.count]
        texts = part.new.split()
        for text, box in zip(texts, _boxes_of(part, raw, texts), strict=True):
            yield PlacedWord(text, box, part.word, raw, part)


def _boxes_of(edit: Edit, raw: Sequence[Word], texts: Sequence[str]) -> Sequence[Box | None]:
    """Return a box for each of the words that an edit puts in the place of the raw ones."""
    if len(edit.boxes) == len(texts):
        return edit.boxes
    return _divided(union(w.box for w in raw) if edit.count else edit.box or union(edit.boxes), texts)


def _divided(box: Box | None, texts: Sequence[str]) -> list[Box | None]:
    """Divide a box among words by their numbers of letters, with a blank between two."""
    if box is None or len(texts) < 2:  # noqa: PLR2004
        return [box] * len(texts)
    left, top, right, bottom = box
    unit = (right - left) / (sum(map(len, texts)) + len(texts) - 1)
    out: list[Box | None] = []
    at = 0
    for text in texts:
        out.append((round(left + unit * at), top, round(left + unit * (at + len(text))), bottom))
        at += len(text) + 1
    return out


def _shared_area(one: Box | None, two: Box | None) -> int:
    """Return the pixels that two boxes have in common; 0 where one is unknown."""
    if one is None or two is None:
        return 0
    width, height = min(one[2], two[2]) - max(one[0], two[0]), min(one[3], two[3]) - max(one[1], two[1])
    return max(0, width) * max(0, height)


def _has_area(box: Box) -> bool:
    return box[2] > box[0] and box[3] > box[1]


def _baseline(text: str, box: Box) -> float:
    """Estimate the y of the word's baseline from its box: descenders take 22 % of its height."""
    return box[3] - 0.22 * (box[3] - box[1]) if _DESCENDERS.intersection(text) else box[3]


def _slope(lines: Sequence[Sequence[tuple[str, Box]]]) -> float:
    """Pixels by which lines fall for each pixel to the right: the median over lines, from first to last word."""
    slopes = [
        (_baseline(*line[-1]) - _baseline(*line[0]))
        / max(1, line[-1][1][0] + line[-1][1][2] - line[0][1][0] - line[0][1][2])
        * 2
        for line in lines
    ]
    return statistics.median(slopes) if len(slopes) > 2 else 0.0  # noqa: PLR2004 -- one line may be a caption askew


def _aligned(line: Sequence[tuple[str, Box]], slope: float) -> Iterator[AlignedWord]:
    if not line:
        return
    middle = statistics.median(b[3] - b[1] for _, b in line)
    usual = [(t, b) for t, b in line if b[3] - b[1] <= _OUTLIER_HEIGHT_RATIO * middle]
    start = line[0][1][0]

    def fall(box: Box) -> float:
        return slope * ((box[0] + box[2]) / 2 - start)

    top = min(b[1] - fall(b) for _, b in usual)
    height = max(b[3] - fall(b) for _, b in usual) - top
    for text, box in line:
        yield AlignedWord(text, box[0], box[2], top + fall(box), height)
