"""Decides which text of a PDF page is hidden, operation by operation, and takes it out.

Text is hidden when the page looks the same without it. So the page is rendered with all its text and with none, and
an operation is hidden where no pixel differs that its glyphs could have touched. That one rule covers text in
rendering mode 3 or in mode 7 where it clips nothing, of opacity 0, in the colour of its ground, under a picture or a
filled shape, clipped away, outside the crop box, in fonts without shapes; in the page's contents or in forms. Where
operations overlap, those that a pixel may be due to are rendered by themselves, against the page without text.

Two things are decided without looking: mode 3 draws nothing (except in fonts of Type 3), and text that MuPDF does not
run at all, as that of a layer that is switched off, is left alone: a person can switch it on. Annotations are no part
of this: what they cover is not hidden, as they can be moved. Blanks go with the text beside them.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pymupdf
from numpy.typing import NDArray

from scanmend.source.pdf_content.content_stream import Edit
from scanmend.source.pdf_content.rewrite import edit_content
from scanmend.source.pdf_content.text_operations import (
    CLIPPING_MODE,
    INVISIBLE_MODE,
    PageText,
    TextOperation,
    Vector,
)

LOOK_DPI = 100
"""Resolution at which a page is looked at, in dots per inch."""
MAX_LOOK_PIXELS = 3_000_000
"""Most pixels of a page that is looked at; larger pages are looked at more coarsely."""
MIN_LOOK_SIDE = 500
"""Least pixels along the longer side, for pages that are very small."""
MIN_CONTRAST = 12
"""Least difference that can be seen, in levels (0-255) of a colour channel: that of white from very light grey."""
MAX_ROUNDS = 8
"""Most renderings that tell overlapping operations apart; what is still undecided then counts as visible."""
PADDING = 0.3
"""By how much of its height glyphs may reach beyond the box of their text."""
MANY = 500
"""Overlapping operations from which on glyphs are taken to stay within their boxes: pages that show text letter by
letter have thousands, and would have to be rendered again and again."""

_LAYER = "scanmend "
"""Begins the name of the layer that marks an operation in MuPDF's trace."""

_Pixels = NDArray[np.uint8]
_Mask = NDArray[np.bool_]
_PixelBox = tuple[int, int, int, int]


@dataclass(slots=True)
class HiddenText:
    """What was found, and taken out of the page of the document that was looked at."""

    text: PageText
    edits: dict[int, list[Edit]]
    """What takes the hidden text out, for ``edit_content``; empty where there is none."""
    hidden: int = 0
    """Number of hidden characters, blanks not counted."""
    taken: int = 0
    """Number of those that were taken out: less, where without them the page would look different."""


@dataclass(slots=True)
class _Trace:
    """Where MuPDF draws the text of one operation."""

    box: Any = None
    origin: Vector | None = None
    """Where its first glyph stands, in points, y downwards."""
    characters: int = 0
    """Those that are no blanks."""
    vertical: bool = False
    boxes: list[Any] = field(default_factory=list)


def take_out_hidden_text(pdf: Any, number: int) -> HiddenText:
    """Find the hidden text of page ``number`` (1-based) and take it out of the document, in memory.

    ``pdf``: a document of MuPDF that is used for nothing else meanwhile. What MuPDF raises on damage.
    """
    sheet = pdf.load_page(number - 1)
    text = PageText(pdf, sheet)
    if not text.operations:
        return HiddenText(text, {})
    rotation = sheet.rotation
    if rotation:
        sheet.set_rotation(0)
    try:
        return _Looking(pdf, sheet, text).result()
    finally:
        if rotation:
            sheet.set_rotation(rotation)


class _Looking:
    """The look at one page."""

    def __init__(self, pdf: Any, sheet: Any, text: PageText) -> None:
        self._pdf, self._sheet, self._text = pdf, sheet, text
        self._operations = text.operations
        self._page = pymupdf.mupdf.pdf_page_from_fz_page(sheet.this).obj()
        self._saved = [(key, pymupdf.mupdf.pdf_dict_get(self._page, pymupdf.mupdf.pdf_new_name(key))) for key in _KEYS]
        area = max(sheet.rect.width * sheet.rect.height, 1e-9)
        zoom = max(LOOK_DPI / 72, MIN_LOOK_SIDE / max(sheet.rect.width, sheet.rect.height, 1e-9))
        self._zoom = min(zoom, math.sqrt(MAX_LOOK_PIXELS / area))
        self._traces = self._trace()

    def result(self) -> HiddenText:
        """Decide, take out, and look whether the page is still the same."""
        drawn = [n for n, trace in enumerate(self._traces) if trace.origin]
        sure = {n for n in drawn if self._is_invisible(self._operations[n])}
        unsure = [n for n in drawn if n not in sure and self._traces[n].characters]
        before = self._render() if sure or unsure else None
        hidden = sure | self._unseen(unsure, before)
        hidden |= set(self._blanks(drawn, hidden))
        for choice in (hidden, hidden & sure):
            if before is None or not choice:
                break
            edits = self._removal(choice)
            self._show(edits)
            if not _differs(before, self._render()).any():
                return HiddenText(self._text, edits, self._characters(hidden), self._characters(choice))
            self._restore()
        return HiddenText(self._text, {}, self._characters(hidden))

    def _characters(self, operations: set[int]) -> int:
        return sum(self._traces[n].characters for n in operations)

    def _trace(self) -> list[_Trace]:
        """Where each operation draws: it is put on a layer of its own, which MuPDF's trace names."""
        traces = [_Trace() for _ in self._operations]
        edits: dict[int, list[Edit]] = {}
        for n, operation in enumerate(self._operations):
            start, end = _span(self._text, operation)
            mark = f"\n/OC <</Type /OCG /Name ({_LAYER}{n})>> BDC\n".encode()
            closing = b"\nEMC\n"
            if operation.mode == CLIPPING_MODE:  # the trace lacks what only clips
                mark, closing = mark + b"0 Tr\n", b"\n%d Tr\nEMC\n" % operation.mode
            edits.setdefault(operation.content, []).extend((Edit(start, start, mark), Edit(end, end, closing)))
        self._show(edits)
        for span in self._sheet.get_texttrace():
            layer = span["layer"] or ""
            if not layer.startswith(_LAYER):
                continue
            trace, box = traces[int(layer.removeprefix(_LAYER))], pymupdf.Rect(span["bbox"])
            trace.boxes.append(box)
            trace.origin = trace.origin or tuple(span["chars"][0][2])
            trace.vertical |= bool(span["wmode"])
            trace.characters += sum(chr(char[0]) > " " and chr(char[0]) != "\xa0" for char in span["chars"])
        self._restore()
        return traces

    def _is_invisible(self, operation: TextOperation) -> bool:
        return operation.mode == INVISIBLE_MODE and not operation.type3

    def _unseen(self, unsure: list[int], before: _Pixels | None) -> set[int]:
        """Those operations that make no difference to how the page looks."""
        if not unsure or before is None:
            return set()
        bare = self._render_only(())
        differs = _differs(before, bare)
        boxes = {n: self._pixel_boxes(n, differs.shape, PADDING) for n in unsure}
        unseen = {n for n in unsure if not _any(differs, boxes[n])}
        shared = _shared(differs, {n: boxes[n] for n in unsure if n not in unseen})
        if len(shared) > MANY:
            shared = _shared(differs, {n: self._pixel_boxes(n, differs.shape, 0.0) for n in shared})
        for group in _apart(shared, boxes, differs.shape):
            changed = _differs(self._render_only(group), bare)
            unseen.update(n for n in group if not _any(changed, boxes[n]))
        return unseen

    def _blanks(self, drawn: Sequence[int], hidden: set[int]) -> Iterator[int]:
        """Operations that show nothing but blanks, where the text before them, or else behind them, is hidden."""
        for n in drawn:
            if self._traces[n].characters or n in hidden:
                continue
            beside = [m for m in (*range(n - 1, -1, -1), *range(n + 1, len(self._traces))) if self._is_beside(n, m)]
            if beside and beside[0] in hidden:
                yield n

    def _is_beside(self, n: int, m: int) -> bool:
        return bool(self._traces[m].characters) and self._operations[n].content == self._operations[m].content

    def _removal(self, hidden: set[int]) -> dict[int, list[Edit]]:
        """What takes operations out; those that follow on them on a line stay where they are."""
        edits: dict[int, list[Edit]] = {}
        first_gone: dict[int, int] = {}
        for n, operation in enumerate(self._operations):
            if operation.positioned:
                first_gone.pop(operation.content, None)
            some = edits.setdefault(operation.content, [])
            start, end = _span(self._text, operation)
            if n in hidden:
                some.append(Edit(start, end, _without_text(self._text, operation)))
                first_gone.setdefault(operation.content, n)
            elif operation.content in first_gone:
                some.append(Edit(start, start, self._gap(first_gone.pop(operation.content), n)))
        for number, content in self._text.contents.items():
            for mark in content.marked.values():
                inside = [n for n in range(mark.first, mark.end) if self._operations[n].content == number]
                if inside and not mark.paints and hidden.issuperset(inside):
                    operands = content.data[mark.begin.start : mark.begin.name_start]
                    edits[number].append(Edit(mark.begin.start, mark.begin.end, _without_actual_text(operands)))
        return {number: some for number, some in edits.items() if some}

    def _gap(self, gone: int, kept: int) -> bytes:
        """Operator that moves on by the width of text that was taken out before text that stays."""
        start, end = self._traces[gone].origin, self._traces[kept].origin
        if start is None or end is None:
            return b""
        vertical = self._traces[kept].vertical
        em = self._operations[kept].em_down if vertical else self._operations[kept].em
        scale = self._units()
        em = em[0] * scale, -em[1] * scale
        along = (end[0] - start[0]) * em[0] + (end[1] - start[1]) * em[1]
        return f"[{-1000 * along / max(em[0] ** 2 + em[1] ** 2, 1e-12):.3f}] TJ ".encode()

    def _units(self) -> float:
        """Points of the page as shown for one unit of its content."""
        box, shown = pymupdf.mupdf.FzRect(), pymupdf.mupdf.FzMatrix()
        pymupdf.mupdf.pdf_page_transform(pymupdf.mupdf.pdf_page_from_fz_page(self._sheet.this), box, shown)
        return abs(float(shown.a))

    def _render_only(self, group: Sequence[int]) -> _Pixels:
        """Render the page with no text but that of these operations."""
        off = sorted(set(range(len(self._operations))).difference(group))
        edits = self._removal({n for n in off if self._operations[n].type3})
        for n in off:
            operation = self._operations[n]
            if not operation.type3 and operation.mode != INVISIBLE_MODE:
                start, end = _span(self._text, operation)
                mode = f"\n{operation.mode} Tr\n".encode()
                edits.setdefault(operation.content, []).extend((Edit(start, start, b"\n3 Tr\n"), Edit(end, end, mode)))
        self._show(edits)
        pixels = self._render()
        self._restore()
        return pixels

    def _render(self) -> _Pixels:
        """Render the page's own content; array of shape (rows, columns, 3)."""
        matrix = pymupdf.Matrix(self._zoom, self._zoom)
        made = self._sheet.get_pixmap(matrix=matrix, colorspace=pymupdf.csRGB, alpha=False, annots=False)
        return np.frombuffer(made.samples_mv, np.uint8).reshape(made.height, made.width, 3).copy()

    def _pixel_boxes(self, n: int, shape: tuple[int, ...], padding: float) -> list[_PixelBox]:
        """Boxes of the text of an operation in pixels, with ``padding`` (a share of the height) around them."""
        found = []
        for box in self._traces[n].boxes:
            more = padding * min(box.width, box.height) + 1 / self._zoom
            left, top, right, bottom = (
                edge * self._zoom for edge in (box.x0 - more, box.y0 - more, box.x1 + more, box.y1 + more)
            )
            at = max(0, int(left)), max(0, int(top)), min(shape[1], math.ceil(right)), min(shape[0], math.ceil(bottom))
            if at[0] < at[2] and at[1] < at[3]:
                found.append(at)
        return found

    def _show(self, edits: dict[int, list[Edit]]) -> None:
        edit_content(self._pdf, self._sheet, self._text, edits)

    def _restore(self) -> None:
        for key, value in self._saved:
            name = pymupdf.mupdf.pdf_new_name(key)
            if pymupdf.mupdf.pdf_is_null(value):
                pymupdf.mupdf.pdf_dict_del(self._page, name)
            else:
                pymupdf.mupdf.pdf_dict_put(self._page, name, value)


_KEYS = ("Contents", "Resources")
"""What of a page ``edit_content`` changes."""


def _span(text: PageText, operation: TextOperation) -> tuple[int, int]:
    """Where an operation stands in its content, without the blanks before it."""
    operator = operation.operator
    operands = text.contents[operation.content].data[operator.start : operator.name_start]
    return operator.start + len(operands) - len(operands.lstrip(b"\0\t\n\f\r ")), operator.end


def _without_text(text: PageText, operation: TextOperation) -> bytes:
    """What stays of an operation when its text goes: the new line and the spacing that it sets."""
    operator = operation.operator
    if operator.name == b"'":
        return b" T* "
    if operator.name == b'"':
        words = text.contents[operation.content].data[operator.start : operator.name_start].split()
        return b" %b Tw %b Tc T* " % (words[0], words[1]) if len(words) > 2 else b" T* "  # noqa: PLR2004
    return b" "


def _without_actual_text(operands: bytes) -> bytes:
    """Begin marked content as before, but without the text that it says it stands for."""
    number = re.search(rb"/MCID\s+(\d+)", operands)
    tag = b"/" + (re.search(rb"/([^\0\t\n\f\r ()<>\[\]{}/%]*)", operands) or [b"", b"Span"])[1]
    return tag + (b" <</MCID " + number[1] + b">> BDC" if number else b" BMC")


def _differs(one: _Pixels, other: _Pixels) -> _Mask:
    """Where two renderings of a page differ so that it can be seen."""
    seen = np.maximum(one, other) - np.minimum(one, other) >= MIN_CONTRAST
    return np.asarray(seen[:, :, 0] | seen[:, :, 1] | seen[:, :, 2])


def _any(mask: _Mask, boxes: Sequence[_PixelBox]) -> bool:
    return any(mask[top:bottom, left:right].any() for left, top, right, bottom in boxes)


def _shared(differs: _Mask, boxes: dict[int, list[_PixelBox]]) -> list[int]:
    """Operations in whose boxes no differing pixel is due to them alone."""
    owners = np.zeros(differs.shape, np.int32)
    for some in boxes.values():
        for left, top, right, bottom in some:
            owners[top:bottom, left:right] += 1
    alone = differs & (owners == 1)
    return [n for n, some in boxes.items() if not _any(alone, some)]


def _apart(operations: Sequence[int], boxes: dict[int, list[_PixelBox]], shape: tuple[int, ...]) -> Iterator[list[int]]:
    """Yield groups of operations that do not overlap within a group, at most ``MAX_ROUNDS``."""
    left = list(operations)
    for _ in range(MAX_ROUNDS):
        if not left:
            return
        taken, group, others = np.zeros(shape, np.bool_), [], []
        for n in left:
            if _any(taken, boxes[n]):
                others.append(n)
                continue
            group.append(n)
            for x0, y0, x1, y1 in boxes[n]:
                taken[y0:y1, x0:x1] = True
        yield group
        left = others
