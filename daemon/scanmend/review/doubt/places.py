"""The doubtful places of corrected pages, most doubtful first: what a person should look at, and why. Pure.

A place's *doubt* is an estimate, from 0 to 1, of how probable it is that its published text is wrong:

- an edit whose score lies ``margin`` nats above or below the score from which it is accepted: ``1 / (1 + e^|margin|)``,
  so 0.5 at the threshold; beyond ``NEAR_NATS`` it is no place at all;
- a number that the readers dispute: the same, but ``MIN_DISPUTED`` at least, and 0.5 where no score decided it;
- a number or words that only the second reader has: ``1 / (1 + e^margin)`` of the insertion, ``SINGLE`` where it has
  none; a number that only Tesseract has: what its word confidence leaves open, within ``SINGLE_BOUNDS``;
- a required field that is missing or doubtful: what the confidence of its value leaves open, or that of all candidates
  together where none was given, ``MIN_FIELD`` at least;
- words dropped as noise: half of Tesseract's word confidence, as the second reader speaks against them;
- a page with nothing legible: ``EMPTY_PAGE``.

These are one unit, so they can be compared; they are no measured frequencies.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from scanmend.document import (
    Box,
    CorrectedPage,
    DocumentField,
    Edit,
    NumberReading,
    least_confidence,
    row_numbers,
    union,
)
from scanmend.fields.questions import questions
from scanmend.outputs.word_boxes import placed_words
from scanmend.review.doubt.spans import Part, Span, covered, numbers_of_parts, parts_of, whole

NEAR_NATS = 2.0
"""Nats from the threshold within which an edit is doubtful: beyond, the odds are 7 to 1 that the verdict is right."""
MIN_DISPUTED = 0.25
"""Least doubt of a disputed number: nobody notices a wrong digit, whatever the image says for it."""
SINGLE = 0.3
"""Doubt of what only one reader has, where nothing more is known of it."""
SINGLE_BOUNDS = (0.15, 0.5)
"""Least and greatest doubt of a number that only Tesseract has."""
EMPTY_PAGE = 0.3
"""Doubt of a page on which nothing legible was found: most of these show drawings or handwriting."""
MAX_PLACES = 2000
"""Most places of one document, the most doubtful: with more, somebody should scan it again."""

FIELD = "field-"
"""What the id of a place begins with that is about a field; its name follows."""
MIN_FIELD = 0.25
"""Least doubt of a field that a person is asked about: somebody wants to be sure of it."""

Kind = Literal["disputed_number", "single_number", "single_reader", "edit", "noise", "empty_page", "field"]
"""Why a place is doubtful; where several reasons meet, the first of these."""
Source = Literal["tesseract", "second", "model", "candidate"]
"""Who read or proposed an alternative; a candidate is what a field can be."""

_KINDS: tuple[Kind, ...] = ("disputed_number", "single_number", "single_reader", "edit", "noise", "empty_page")


@dataclass(frozen=True, slots=True)
class Alternative:
    """A text that could stand at a place."""

    text: str
    """Empty where it says that nothing stands there."""
    source: Source
    confidence: float | None = None
    """Tesseract's least word confidence, 0–100, of its own reading; of a candidate, how probable it is."""
    optical: float | None = None
    """The image's log-probability of this text less that of Tesseract's, in nats, by the second reader."""
    gain: float | None = None
    """The language model's log-probability of this text less that of Tesseract's, in nats."""
    reason: str = ""
    """Why it was published, or was not; empty where nobody weighed it."""
    page: int = 0
    """1-based number of the page of a field's candidate; 0 for readings, which are where their place is."""
    box: Box | None = None
    """Where a field's candidate stands."""


@dataclass(frozen=True, slots=True)
class Place:
    """One doubtful place of a document, as the machine published it."""

    id: str
    """Unique within the document and always the same: ``p2l7w3``, ``p2l7w3i1`` (inserted words), ``field-total``."""
    page: int
    """1-based number of the page."""
    line: int
    """1-based number of its row in the corrected text of the page, as the record counts; 0 for a page or field."""
    span: Span | None
    """The words of the page that it is about; None for a whole page or a field."""
    kind: Kind
    doubt: float
    """How probable it is that ``text`` is wrong, 0–1; see the module."""
    reason: str
    """Why it is doubtful, in words."""
    text: str
    """What is published there; empty where nothing is."""
    before: str
    """The published text of its line before it."""
    after: str
    """The published text of its line after it."""
    box: Box | None
    """Around all of it, in pixels of the page as scanned, turned as the page is; None where there was no image."""
    boxes: tuple[Box, ...]
    """One for each word."""
    alternatives: tuple[Alternative, ...]
    """Tesseract's reading, the second reader's and the model's proposals, in this order; ``text`` may be among them."""
    field: DocumentField | None = None
    """The field that is asked for, as the machine has it; None where words or a page are doubtful."""

    @property
    def takes_text(self) -> bool:
        """Whether text can be put there: into words or a field; a whole page can only be accepted or skipped."""
        return self.span is not None or self.field is not None

    def alternative(self, source: str) -> Alternative | None:
        """Return the first alternative of a source; None where it has none."""
        return next((one for one in self.alternatives if one.source == source), None)


@dataclass(frozen=True, slots=True)
class _Finding:
    """One reason to doubt one span of a page."""

    span: Span
    kind: Kind
    doubt: float
    reason: str
    number: NumberReading | None = None


def doubtful_places(pages: Iterable[CorrectedPage], fields: Iterable[DocumentField] = ()) -> tuple[Place, ...]:
    """Return the doubtful places of a document's pages and fields, most doubtful first and ``MAX_PLACES`` at most."""
    places, first = list[Place](), 0
    for page in pages:
        first = first or page.page.number
        places += places_of_page(page)
    places += field_places(fields, first)
    return tuple(sorted(places, key=lambda p: (-p.doubt, p.page, p.line, p.id))[:MAX_PLACES])


def document_doubt(places: Sequence[Place]) -> float:
    """Return by what documents are ordered: how many wrong places are to be expected, the sum of their doubts."""
    return round(sum(place.doubt for place in places), 3)


def places_of_page(page: CorrectedPage) -> Iterator[Place]:
    """Yield the doubtful places of one page in reading order."""
    if page.page.origin == "ocr" and not page.corrected.strip():
        yield _empty_page(page)
    rows = row_numbers(placed_words(page))
    findings: dict[int, list[_Finding]] = {}
    for finding in _findings(page):
        findings.setdefault(finding.span.line, []).append(finding)
    for n, of_line in sorted(findings.items()):
        parts = parts_of(page, n)
        for span, group in _groups(parts, of_line):
            yield _place(page, rows[n], parts, span, group)


def field_places(fields: Iterable[DocumentField], first: int = 1) -> Iterator[Place]:
    """Yield a place for each required field that is missing or doubtful: its text is the value, readings are choices.

    ``first``: number of the document's first page, where one is that has no candidate.
    """
    of_name = {field.name: field for field in fields}
    for asked in questions(of_name.values()):
        field = of_name[asked.field]
        likely = sum(one.confidence for one in asked.choices)
        doubt = 1 - field.chosen.confidence if field.chosen else likely
        yield Place(
            id=f"{FIELD}{asked.field}",
            page=asked.page or first,
            line=0,
            span=None,
            kind="field",
            doubt=round(min(1.0, max(MIN_FIELD, doubt)), 3),
            reason=asked.reason,
            text=field.value,
            before=f"{asked.field}:",
            after="",
            box=asked.box,
            boxes=asked.choices[0].boxes if asked.choices else (),
            alternatives=tuple(
                Alternative(
                    one.value, "candidate", confidence=one.confidence * 100, reason=f"{one.text!r} on page {one.page}",
                    page=one.page, box=union(one.boxes),
                )
                for one in asked.choices
            ),
            field=field,
        )  # fmt: skip


def _findings(page: CorrectedPage) -> Iterator[_Finding]:
    for part, number in numbers_of_parts(page):
        if number.state in ("disputed", "single"):
            yield _of_number(page, part, number)
    for edit in page.edits:
        span = Span(edit.line, edit.word, edit.count)
        if edit.accepted:
            span = next(part.span for part in parts_of(page, edit.line) if part.edit is edit)
        if edit.kind == "insert" and edit.accepted:
            yield _Finding(span, "single_reader", _of_margin(edit), edit.reason or "only the second reader has it")
        elif edit.kind == "drop" and edit.accepted:
            words = page.page.lines[edit.line].words[edit.word : edit.word + edit.count]
            doubt = round((least_confidence(words) or 0.0) / 200, 3)
            yield _Finding(span, "noise", doubt, f"dropped: {edit.reason}")
        elif edit.margin is not None and abs(edit.margin) < NEAR_NATS and edit.count:
            what = "only just enough" if edit.accepted else "nearly enough"
            reason = f"the evidence for {edit.new!r} is {what} ({edit.margin:+.1f} nats); {edit.reason}"
            yield _Finding(span, "edit", _near_doubt(edit.margin), reason)


def _of_number(page: CorrectedPage, part: Part, number: NumberReading) -> _Finding:
    if number.state == "disputed":
        edit = part.edit or _rejected_reading(page, part.span)
        doubt = max(MIN_DISPUTED, _near_doubt(edit.margin)) if edit and edit.margin is not None else 0.5
        reason = f"the readers dispute this number: {number.text!r} or {number.other!r}; {number.chosen_by}"
        return _Finding(part.span, "disputed_number", doubt, reason, number)
    if part.edit is not None and not part.edit.count:
        reason = f"only the second reader has this number; {part.edit.reason}"
        return _Finding(part.span, "single_number", _of_margin(part.edit), reason, number)
    words = page.page.lines[part.span.line].words[part.span.word : part.span.word + part.span.count]
    confidence = least_confidence(words)
    if confidence is None:
        return _Finding(part.span, "single_number", SINGLE, "only one reader has this number", number)
    least, most = SINGLE_BOUNDS
    reason = f"only Tesseract has this number, with confidence {confidence:.0f} of 100"
    doubt = round(min(most, max(least, 1 - confidence / 100)), 3)
    return _Finding(part.span, "single_number", doubt, reason, number)


def _rejected_reading(page: CorrectedPage, span: Span) -> Edit | None:
    """Return the second reader's rejected proposal for the words of a span."""
    return next((e for e in page.edits if not e.accepted and e.proposer == "reader" and covered(e, span)), None)


def _near_doubt(margin: float) -> float:
    return round(1 / (1 + math.exp(abs(margin))), 3)


def _of_margin(edit: Edit) -> float:
    """Return the doubt of an insertion: the further beyond what is needed, the smaller."""
    return SINGLE if edit.margin is None else round(1 / (1 + math.exp(max(0.0, edit.margin))), 3)


def _groups(parts: Sequence[Part], findings: Sequence[_Finding]) -> Iterator[tuple[Span, list[_Finding]]]:
    """Yield the findings of a line that are about the same words together, with the span of all of them."""
    inserted = [f for f in findings if not f.span.count]
    for span in dict.fromkeys(f.span for f in inserted):
        yield span, [f for f in inserted if f.span == span]
    groups: list[tuple[Span, list[_Finding]]] = []
    spread = sorted(
        ((whole(f.span, parts), f) for f in findings if f.span.count), key=lambda pair: (pair[0].word, pair[0].count)
    )
    for span, finding in spread:
        if groups and span.word < groups[-1][0].stop:
            before, of_group = groups[-1]
            stop = max(before.stop, span.stop)
            groups[-1] = Span(span.line, before.word, stop - before.word), [*of_group, finding]
        else:
            groups.append((span, [finding]))
    yield from groups


def _place(page: CorrectedPage, row: int, parts: Sequence[Part], span: Span, findings: Sequence[_Finding]) -> Place:
    inside = [part for part in parts if part.within(span)]
    at = parts.index(inside[0])
    kind = min((f.kind for f in findings), key=_KINDS.index)
    leading = max(findings, key=lambda f: (f.kind == kind, f.doubt))
    boxes = _boxes(page, inside)
    return Place(
        id=f"p{page.page.number}{span.id}",
        page=page.page.number,
        line=row,
        span=span,
        kind=kind,
        doubt=max(f.doubt for f in findings),
        reason="; ".join(dict.fromkeys([leading.reason, *(f.reason for f in findings)])),
        text=_text(inside),
        before=_text(parts[:at]),
        after=_text(parts[at + len(inside) :]),
        box=union(boxes),
        boxes=boxes,
        alternatives=tuple(_alternatives(page, span, inside, [f.number for f in findings if f.number])),
    )


def _empty_page(page: CorrectedPage) -> Place:
    box = (0, 0, page.page.width, page.page.height) if page.page.width else None
    return Place(
        f"p{page.page.number}", page.page.number, 0, None, "empty_page", EMPTY_PAGE,
        "nothing legible was found on this page, though it is not blank", "", "", "", box, (), (),
    )  # fmt: skip


def _text(parts: Sequence[Part]) -> str:
    return " ".join(part.text for part in parts if part.text)


def _boxes(page: CorrectedPage, parts: Sequence[Part]) -> tuple[Box, ...]:
    boxes: list[Box | None] = []
    for part in parts:
        raw = page.page.lines[part.span.line].words[part.span.word : part.span.stop]
        if part.edit is not None and part.edit.boxes:
            boxes += part.edit.boxes
        elif raw:
            boxes += [word.box for word in raw]
        elif part.edit is not None:
            boxes.append(part.edit.box)
    return tuple(box for box in boxes if box is not None)


def _alternatives(
    page: CorrectedPage, span: Span, parts: Sequence[Part], numbers: Sequence[NumberReading]
) -> Iterator[Alternative]:
    """Yield what each reader and the model would have there, once each."""
    raw = page.page.lines[span.line].words[span.word : span.stop]
    read = " ".join(word.text for word in raw)
    yield Alternative(read, "tesseract", confidence=least_confidence(raw))
    shown: set[tuple[str, str]] = set()
    for edit in _edits(page, span, parts):
        source: Source = "second" if edit.proposer == "reader" else "model"
        text = _in_place(read, edit, span) if span.count else edit.new
        if (source, text) not in shown and edit.proposer != "typography":
            shown.add((source, text))
            yield Alternative(text, source, optical=edit.optical, gain=edit.gain, reason=edit.reason)
    known = {read, *(text for _, text in shown)}
    for number in numbers:
        if number.other and number.other not in known and [part.text for part in parts] == [number.text]:
            yield Alternative(number.other, "second", reason=number.chosen_by)


def _edits(page: CorrectedPage, span: Span, parts: Sequence[Part]) -> Iterator[Edit]:
    """Yield the edits of a place, those of the second reader first."""
    own = {id(part.edit) for part in parts if part.edit is not None}
    rejected = [e for e in page.edits if span.count and e.count and not e.accepted and covered(e, span)]
    yield from sorted((*(e for e in page.edits if id(e) in own), *rejected), key=lambda e: e.proposer != "reader")


def _in_place(read: str, edit: Edit, span: Span) -> str:
    """Return Tesseract's words of a span with those replaced that an edit of a part of it replaces."""
    words, at = read.split(), edit.word - span.word
    return " ".join([*words[:at], *edit.new.split(), *words[at + edit.count :]])
