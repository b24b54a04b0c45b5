"""Pages as both readers have them: lines of Tesseract's words, and the second reader's lattices for a chosen text."""

import math

from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.document import Box, LatticeStep, Line, Page, SecondLine, SecondReading, Word

ADVANCE = 10
"""Pixels that a character takes."""
HEIGHT = 20
"""Pixels from a line's upper edge to its lower edge."""
SURE = 0.99
"""Probability of each character of a lattice, unless told otherwise."""
NO_SYMBOL = ""


def lattice(text, sure=SURE, others=None):
    """A step for each character and one of no symbol after it; ``others``: by index, other characters and theirs."""
    steps = [LatticeStep(0.0, ((NO_SYMBOL, 0.0),))] if text else []
    for i, c in enumerate(text):
        rivals = (others or {}).get(i, {})
        left = max(1e-4, 1 - sum(rivals.values())) if rivals else sure
        symbols = {c: left, NO_SYMBOL: 1e-4, **rivals}
        ranked = sorted(((s, math.log(p)) for s, p in symbols.items()), key=lambda one: -one[1])
        steps.append(LatticeStep((i + 0.5) / len(text), tuple(ranked)))
        steps.append(LatticeStep((i + 1) / len(text), ((NO_SYMBOL, 0.0),)))
    return tuple(steps)


def corners(box: Box, slope: float = 0.0):
    """The corners of a line whose right end stands ``slope`` pixels lower than its left end."""
    left, top, right, bottom = box
    shift = slope * (bottom - top) / max(1, right - left)
    return (left, top), (right, top + slope), (right - shift, bottom + slope), (left - shift, bottom)


def second(text, left=0, top=0, *, sure=SURE, others=None, width=None, height=HEIGHT, slope=0.0):
    """A line of the second reader, each of whose characters takes ``ADVANCE`` pixels unless ``width`` is given."""
    box = (left, top, left + (width or ADVANCE * max(1, len(text))), top + height)
    return SecondLine(corners(box, slope), lattice(text, sure, others))


def line(text, left=0, top=0, *, confidence=90.0, slope_per_pixel=0.0, height=HEIGHT, paragraph=0):
    """A line of Tesseract's; each blank and each character takes ``ADVANCE`` pixels. A dict gives each word its own."""
    words, x = [], left
    for token in text.split(" "):
        if token:
            down = round(slope_per_pixel * (x - left + ADVANCE * len(token) / 2))
            box = (x, top + down + 2, x + ADVANCE * len(token), top + down + height - 2)
            sure = confidence.get(token, 90.0) if isinstance(confidence, dict) else confidence
            words.append(Word(token, box, sure))
        x += ADVANCE * (len(token) + 1)
    return Line(tuple(words), paragraph)


def page(*lines, seconds=(), width=1000, height=1000):
    """A page of these lines, with these lines of the second reader."""
    return Page(1, tuple(lines), width, height, second=SecondReading(tuple(seconds)))


def two_readings(*rows, **options):
    """A page whose rows both readers read: pairs of Tesseract's text and the second reader's, in one place each."""
    lines = [line(one, 0, 40 * n, **options) for n, (one, _) in enumerate(rows)]
    wide = [ADVANCE * max(len(one), 1) for one, _ in rows]
    seconds = [second(other, 0, 40 * n, width=wide[n]) for n, (_, other) in enumerate(rows)]
    return page(*lines, seconds=seconds)


def english(page_):
    """The words of an English page."""
    return PageWords(lexicon(("eng",)), page_)
