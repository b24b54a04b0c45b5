"""The invisible text of one PDF page: corrected words over their boxes, as a content stream. Pure."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from scanmend.document import Box, CorrectedPage, Page
from scanmend.outputs.pdf.glyphless import ADVANCE, ASCENT, Font
from scanmend.outputs.word_boxes import AlignedWord, aligned_words, placed_words

Matrix = tuple[float, float, float, float, float, float]
"""``(a, b, c, d, e, f)`` of ``x' = a x + c y + e``, ``y' = b x + d y + f``, from pixels of the page image (y down) to
PDF units (y up)."""
PageSize = tuple[float, float]
"""Width and height of a page as it is shown, in points."""
_COMBINED = re.compile(r".[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]*", re.DOTALL)
"""A character with its combining marks, which stay behind it in either direction."""


def scale_to_page(page: Page, size: PageSize) -> Matrix:
    """Return the matrix from pixels of the image that OCR read to points of the page as shown in this size, y down."""
    return (size[0] / page.width, 0.0, 0.0, size[1] / page.height, 0.0, 0.0)


def product(first: Matrix, then: Matrix) -> Matrix:
    """Return the matrix that does what ``first`` does, and ``then`` what the other does."""
    a, b, c, d, e, f = then
    pairs = [(x * a + y * c, x * b + y * d) for x, y in (first[:2], first[2:4], first[4:])]
    return (*pairs[0], *pairs[1], pairs[2][0] + e, pairs[2][1] + f)


def text_layer(
    page: CorrectedPage, matrix: Matrix, font: Font, name: str, wanted: Callable[[Box], bool] = lambda _: True
) -> bytes:
    """Return the content stream of the page's text; ``name`` is the font's in the page's resources.

    ``matrix``: from pixels of the page image to PDF units. Only words whose box is ``wanted`` are written. The stream
    restores the graphics state; it is empty where there are no words.
    """
    lines = [[w for w in line if w.box and wanted(w.box)] for line in placed_words(page)]
    rows = [_row(line, font, name) for line in aligned_words(lines) if line]
    if not rows:
        return b""
    numbers = " ".join(_number(n, 6) for n in matrix)
    return "\n".join([f"q {numbers} cm BT 3 Tr", *rows, "ET Q\n"]).encode("ascii")


def _row(line: Sequence[AlignedWord], font: Font, name: str) -> str:
    """Operators for one line: each word exactly as wide as its box, blanks from one word to the next."""
    out = []
    size = None
    for word, after in zip(line, [*line[1:], None], strict=True):
        if word.height != size:
            size = word.height
            out.append(f"/{name} {_number(size)} Tf")
        out.append(_positioned(word.text, word.left, word.right, word, font))
        if after is not None and after.left > word.right:
            out.append(_positioned(" ", word.right, after.left, word, font))
    return "\n".join(out)


def _positioned(text: str, left: int, right: int, word: AlignedWord, font: Font) -> str:
    codes = font.encode(_visual_order(text))
    if not codes:
        return ""
    natural = len(codes) / 4 * word.height * ADVANCE / 1000
    base = word.top + word.height * ASCENT / 1000
    # y grows downwards here, so the letters' own y axis is flipped to make them upright.
    return f"{_number(100 * (right - left) / natural, 4)} Tz 1 0 0 -1 {left} {_number(base)} Tm <{codes}> Tj"


def _visual_order(text: str) -> str:
    """Return the characters from left to right as on paper: PDF readers reverse right-to-left words again."""
    if not any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text):
        return text
    return "".join(reversed(_COMBINED.findall(text)))


def _number(value: float, places: int = 2) -> str:
    """Format as short as PDF allows; it has no exponents."""
    return f"{value:.{places}f}".rstrip("0").rstrip(".") or "0"
