"""Lists the operations that show text on a PDF page: in its contents and in the form XObjects that these draw."""

from dataclasses import dataclass, field, replace
from typing import Any

import pymupdf

from scanmend.source.pdf_content.content_stream import Operator, name_in, numbers, operators

mupdf = pymupdf.mupdf

PAGE = 0
"""Stands for the page's own contents where forms are meant by their object numbers."""
MAX_DRAWN_FORMS = 2000
"""Most forms, counted each time they are drawn, that are gone through on a page: forms in forms can be nested so that
there are billions."""
MAX_FORM_DEPTH = 16
"""Most forms that are gone through one inside the other."""

INVISIBLE_MODE = 3
"""PDF's text rendering mode for text that is neither filled nor stroked nor clips."""
CLIPPING_MODE = 7
"""PDF's text rendering mode for text that only clips what is drawn after it."""
SHOWS_TEXT = frozenset((b"Tj", b"TJ", b"'", b'"'))
_PAINTS = frozenset((b"Do", b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"sh", b"BI"))
_POSITIONS = frozenset((b"BT", b"Td", b"TD", b"Tm", b"T*", b"'", b'"'))
_MARKS = frozenset((b"BDC", b"BMC", b"EMC"))

Vector = tuple[float, float]
_Linear = tuple[float, float, float, float]
"""``(a, b, c, d)`` of a matrix, without its translation."""
_IDENTITY = (1.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class TextOperation:
    """One operator that shows text."""

    content: int
    """Object number of the form that it stands in, or ``PAGE``."""
    operator: Operator
    mode: int
    """Text rendering mode."""
    type3: bool
    """Whether the font is of Type 3, whose glyphs are drawings, on which the rendering mode has no effect."""
    positioned: bool
    """Whether its place is set anew; else it follows on the text shown before."""
    em: Vector
    """Where one em along the line leads on the page, in points, y upwards: font size and all scaling applied."""
    em_down: Vector
    """The same across the line, for vertical text."""


@dataclass(slots=True)
class MarkedContent:
    """A sequence of marked content that says itself what text it stands for (``/ActualText``)."""

    begin: Operator
    first: int
    """Index of the first text operation inside it."""
    end: int = 0
    """Index behind the last one."""
    paints: bool = False
    """Whether it draws anything but text."""


@dataclass(slots=True)
class Content:
    """The content of a page or of a form XObject."""

    data: bytes
    parts: list[tuple[int, int]]
    """Where each stream that it is made of ends in ``data``, and the stream's object number."""
    resources: Any
    owner: int
    """The content whose resources it uses: itself, or where it has none, that which draws it."""
    forms: dict[str, int] = field(default_factory=dict)
    """Object numbers of the forms that it draws, by their names in its resources."""
    marked: dict[int, MarkedContent] = field(default_factory=dict)
    """By where it begins in ``data``."""


@dataclass(frozen=True, slots=True)
class _State:
    """What of the graphics state matters for text."""

    ctm: _Linear = _IDENTITY
    mode: int = 0
    size: float = 1.0
    stretch: float = 1.0
    type3: bool = False


@dataclass(slots=True)
class _Place:
    """Where the next text stands."""

    line: _Linear = _IDENTITY
    """Of the text line matrix."""
    positioned: bool = True
    """Whether it was set since text was shown last."""

    def follow(self, name: bytes, operands: bytes) -> None:
        """Take account of an operator."""
        if name not in _POSITIONS:
            return
        self.positioned = True
        if name == b"BT":
            self.line = _IDENTITY
        elif name == b"Tm" and (found := numbers(operands, 6)):
            self.line = found[0], found[1], found[2], found[3]


class PageText:
    """The text operations of a page, in the order in which they are drawn; each once, however often it is drawn."""

    def __init__(self, pdf: Any, sheet: Any) -> None:
        """``sheet``: a page of the document ``pdf``. What MuPDF raises on damage."""
        self._pdf = pdf
        self.operations: list[TextOperation] = []
        self.contents: dict[int, Content] = {}
        self._drawn = 0
        page = mupdf.pdf_page_from_fz_page(sheet.this)
        data, parts = page_content(pdf, page.obj())
        self.contents[PAGE] = Content(data, parts, mupdf.pdf_page_resources(page), PAGE)
        self._walk(PAGE, _State(), 0)

    def _walk(self, number: int, state: _State, depth: int, *, again: bool = False) -> None:
        """Go through one content; ``again``: its own operations are known already."""
        content = self.contents[number]
        stack: list[_State] = []
        place = _Place()
        marks: list[MarkedContent | None] = []
        for operator in operators(content.data):
            name = operator.name
            operands = content.data[operator.start : operator.name_start]
            place.follow(name, operands)
            if name in SHOWS_TEXT:
                if not again:
                    self.operations.append(_operation(number, operator, state, place))
                place.positioned = False
            elif name == b"q":
                stack.append(state)
            elif name == b"Q":
                state = stack.pop() if stack else state
            elif name == b"Do":
                self._mark(content, operator, operands, marks)
                self._draw(number, name_in(operands), state, depth)
            elif name in _PAINTS or name in _MARKS:
                self._mark(content, operator, operands, marks)
            else:
                state = _changed(state, name, operands, content.resources)

    def _mark(self, content: Content, operator: Operator, operands: bytes, marks: list[MarkedContent | None]) -> None:
        """Begin or end marked content, or draw in it; ``marks``: what is open, None for what does not say its text."""
        if operator.name in _PAINTS:
            for mark in filter(None, marks):
                mark.paints = True
        elif operator.name != b"EMC":
            says = _says_its_text(operands, content.resources)
            marks.append(MarkedContent(operator, len(self.operations)) if says else None)
        elif marks and (ended := marks.pop()):
            ended.end = len(self.operations)
            content.marked.setdefault(ended.begin.start, ended)

    def _draw(self, by: int, name: str, state: _State, depth: int) -> None:
        """Go through a form that ``Do`` draws in the content ``by``."""
        content = self.contents[by]
        form = mupdf.pdf_dict_get(_entry(content.resources, "XObject"), mupdf.pdf_new_name(name)) if name else None
        if form is None or not mupdf.pdf_is_stream(form) or _name(form, "Subtype") != "Form":
            return
        self._drawn += 1
        if depth >= MAX_FORM_DEPTH or self._drawn > MAX_DRAWN_FORMS:
            return
        number = mupdf.pdf_to_num(form)
        content.forms[name] = number
        known = number in self.contents
        if not known:
            own = _entry(form, "Resources")
            resources, owner = (own, number) if mupdf.pdf_is_dict(own) else (content.resources, content.owner)
            data = self._pdf.xref_stream(number) or b""
            self.contents[number] = Content(data, [(len(data), number)], resources, owner)
        matrix = mupdf.pdf_to_matrix(_entry(form, "Matrix"))
        ctm = _times((matrix.a, matrix.b, matrix.c, matrix.d), state.ctm)
        self._walk(number, replace(state, ctm=ctm), depth + 1, again=known)


def page_content(pdf: Any, page: Any) -> tuple[bytes, list[tuple[int, int]]]:
    """Return the bytes of a page's content streams, a blank line between them, and where each ends."""
    contents = _entry(page, "Contents")
    array = mupdf.pdf_is_array(contents)
    streams = [mupdf.pdf_array_get(contents, i) for i in range(mupdf.pdf_array_len(contents))] if array else [contents]
    data = bytearray()
    parts: list[tuple[int, int]] = []
    for stream in streams:
        if mupdf.pdf_is_stream(stream):
            number = mupdf.pdf_to_num(stream)
            data += (pdf.xref_stream(number) or b"") + b"\n"
            parts.append((len(data), number))
    return bytes(data), parts


def _operation(content: int, operator: Operator, state: _State, place: _Place) -> TextOperation:
    matrix = _times(place.line, state.ctm)
    em = state.size * state.stretch * matrix[0], state.size * state.stretch * matrix[1]
    down = state.size * matrix[2], state.size * matrix[3]
    return TextOperation(content, operator, state.mode, state.type3, place.positioned, em, down)


def _changed(state: _State, name: bytes, operands: bytes, resources: Any) -> _State:
    """Return the state after an operator that sets part of it."""
    if name == b"Tf":
        found = numbers(operands, 1)
        font = mupdf.pdf_dict_get(_entry(resources, "Font"), mupdf.pdf_new_name(name_in(operands)))
        return replace(state, size=found[0] if found else state.size, type3=_name(font, "Subtype") == "Type3")
    if name in (b"Tr", b"Tz"):
        found = numbers(operands, 1)
        if not found:
            return state
        return replace(state, mode=int(found[0])) if name == b"Tr" else replace(state, stretch=found[0] / 100)
    if name == b"cm":
        matrix = numbers(operands, 6)
        linear = (matrix[0], matrix[1], matrix[2], matrix[3]) if matrix else _IDENTITY
        return replace(state, ctm=_times(linear, state.ctm))
    if name == b"gs":
        graphics = mupdf.pdf_dict_get(_entry(resources, "ExtGState"), mupdf.pdf_new_name(name_in(operands)))
        font = _entry(graphics, "Font")
        if mupdf.pdf_is_array(font):
            size = mupdf.pdf_to_real(mupdf.pdf_array_get(font, 1))
            return replace(state, size=size, type3=_name(mupdf.pdf_array_get(font, 0), "Subtype") == "Type3")
    return state


def _says_its_text(operands: bytes, resources: Any) -> bool:
    """Whether marked content has an ``/ActualText``, in itself or in the properties that it names."""
    if b"<<" in operands:
        return b"/ActualText" in operands
    properties = mupdf.pdf_dict_get(_entry(resources, "Properties"), mupdf.pdf_new_name(name_in(operands)))
    return bool(mupdf.pdf_is_string(_entry(properties, "ActualText")))


def _times(one: _Linear, other: _Linear) -> _Linear:
    a, b, c, d = one
    return (
        a * other[0] + b * other[2], a * other[1] + b * other[3],
        c * other[0] + d * other[2], c * other[1] + d * other[3],
    )  # fmt: skip


def _entry(dictionary: Any, name: str) -> Any:
    return mupdf.pdf_dict_get(dictionary, mupdf.pdf_new_name(name))


def _name(dictionary: Any, key: str) -> str:
    return str(mupdf.pdf_to_name(_entry(dictionary, key)))
