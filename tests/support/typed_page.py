"""Corrected pages typed line by line, as if a machine had set each character ten pixels wide."""

from scanmend.document import CorrectedPage, Line, Page, Word

ADVANCE, PITCH, HEIGHT = 10, 30, 20
"""Pixels of a character, from line to line, and of a word's height."""


def typed_page(*rows, number=1, numbers=(), languages=("eng",), confidence=95.0):
    """A page of these rows; blanks within a row are kept, so that columns stand where they are typed."""
    lines = []
    for n, row in enumerate(rows):
        words, at = [], 0
        for part in row.split(" "):
            if part:
                box = (10 + ADVANCE * at, 10 + PITCH * n, 10 + ADVANCE * (at + len(part)), 10 + PITCH * n + HEIGHT)
                words.append(Word(part, box, confidence))
            at += len(part) + 1
        if words:
            lines.append(Line(tuple(words)))
    page = Page(number, tuple(lines), 1000, 10 + PITCH * (len(rows) + 1), languages=languages)
    return CorrectedPage(page, page.raw, numbers=tuple(numbers))
