"""Joins what Tesseract gives for words of Chinese, Japanese and Korean: one or two characters each. Pure.

A blank stays where there is a gap: wider than a mark leaves between characters, wide beside a Latin word or a number,
and any between two of these. Korean is written with blanks; but Tesseract parts syllables as well. A gap must be there
between the boxes and on the image alike, as Tesseract's boxes may be half as wide as their characters.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence

from scanmend.document import Box, Word, union
from scanmend.language.scripts import is_full_width, script_of

_MAX_GAP = 0.8
"""Largest gap between characters of one phrase, as a multiple of their height: an empty square is more …"""
_MAX_GAP_AT_MARK = 1.2
"""… and beside a mark, which fills half of its square or less, it is this."""
_MAX_GAP_AT_LATIN = 0.5
"""Largest gap between such a character and a Latin letter or digit that is no blank."""

_MAX_GAP_IN_KOREAN = 0.3
"""Largest gap between syllables of a Korean word; blanks were 0.39 and more in four fonts and sizes, others 0.23."""


GapOnImage = Callable[[Box, Box], float]
"""Measures the gap in pixels between two boxes on the image, whatever their edges claim."""


def with_joined_characters(words: Sequence[Word], gap_on_image: GapOnImage) -> tuple[Word, ...]:
    """Join the words of a line that Chinese and Japanese characters, without a gap, make one; boxes are needed."""
    heights = [w.box[3] - w.box[1] for w in words if w.box and any(map(_is_letter, w.text))]
    if not heights:
        return tuple(words)
    return tuple(_joined(group) for group in _groups(words, statistics.median(heights), gap_on_image))


def _is_letter(character: str) -> bool:
    return script_of(character) in {"Han", "Kana", "Hangul"}


def _groups(words: Iterable[Word], height: float, gap_on_image: GapOnImage) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        if group and not _belong_together(group[-1], word, height, gap_on_image):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _belong_together(a: Word, b: Word, height: float, gap_on_image: GapOnImage) -> bool:
    if a.box is None or b.box is None:
        return False
    most = _max_gap(a.text[-1], b.text[0])
    if most is None:
        return False
    between_boxes = max(b.box[0] - a.box[2], a.box[0] - b.box[2])
    limit = most * max(height, 1)
    return between_boxes <= limit or gap_on_image(a.box, b.box) <= limit


def _max_gap(last: str, first: str) -> float | None:
    """Largest gap between these two characters that is no blank, by their height; None where any gap is one."""
    ends = last, first
    if all(script_of(c) == "Hangul" for c in ends):
        return _MAX_GAP_IN_KOREAN
    if not any(map(is_full_width, ends)):
        return None
    if not all(c.isalnum() for c in ends):
        return _MAX_GAP_AT_MARK
    return _MAX_GAP if all(map(is_full_width, ends)) else _MAX_GAP_AT_LATIN


def _joined(group: Sequence[Word]) -> Word:
    if len(group) == 1:
        return group[0]
    confidences = [(w.confidence, len(w.text)) for w in group if w.confidence is not None]
    mean = sum(c * n for c, n in confidences) / sum(n for _, n in confidences) if confidences else None
    glyphs = tuple(g for w in group for g in w.glyphs) if all(w.glyphs for w in group) else ()
    return Word("".join(w.text for w in group), union(w.box for w in group), mean, glyphs)
