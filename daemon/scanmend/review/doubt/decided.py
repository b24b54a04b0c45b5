"""Puts decisions into corrected pages: texts, edits and the states of numbers say what a person decided. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from scanmend.correct.two_readers.weigh import holds_digit
from scanmend.document import (
    CorrectedPage,
    DocumentField,
    Edit,
    NumberReading,
    apply_edits,
    layout,
    union,
)
from scanmend.fields.answers import answered
from scanmend.fields.extract import with_sum
from scanmend.outputs.record import Reviewed
from scanmend.review.doubt.decisions import Decided
from scanmend.review.doubt.places import Place
from scanmend.review.doubt.spans import Part, Span, numbers_of_parts, parts_of

PERSON = "person"
"""This proposer's name in ``Edit.proposer``."""


def decided_page(page: CorrectedPage, decided: Iterable[tuple[Span, Decided]]) -> CorrectedPage:
    """Return the machine's page with the decisions about these spans in it; the page itself where there is none.

    An edit of the machine whose words a person decided otherwise is rejected, and says so; the person's text is an edit
    of its own, where it is not what was read. Numbers that a person decided are ``confirmed``.
    """
    wanted = {span: one for span, one in decided if one.decision.choice != "skip"}
    if not wanted:
        return page
    edits: list[Edit] = list(page.edits)
    confirmed: list[Edit] = []
    kept: list[Span] = []
    for span, one in wanted.items():
        inside = [part for part in parts_of(page, span.line) if part.within(span)]
        if one.after == " ".join(part.text for part in inside if part.text):
            confirmed += [part.edit for part in inside if part.edit is not None]
            kept.append(span)
            continue
        confirmed += _exchange(edits, page, span, inside, one)
        kept.append(span)
    changed = replace(page, edits=tuple(edits))
    return replace(changed, corrected=_text(changed), numbers=tuple(_numbers(page, changed, kept, confirmed, wanted)))


def decided_fields(
    fields: Sequence[DocumentField], places: Mapping[str, Place], decided: Iterable[Decided]
) -> tuple[DocumentField, ...]:
    """Return the fields with what a person decided of them, whatever was found since; ``places``: all, by id."""
    by_name = {
        place.field.name: (place.field, one)
        for one in decided
        if (place := places.get(one.decision.place)) and place.field and one.decision.choice != "skip"
    }
    return with_sum(tuple(_decided_field(one, *by_name.get(one.name, (one, None))) for one in fields))


def _decided_field(found: DocumentField, asked: DocumentField, one: Decided | None) -> DocumentField:
    if one is None:
        return found
    return answered(asked, one.after, one.by, is_typed=one.decision.choice == "type")


def reviewed(places: Mapping[str, Place], decided: Iterable[Decided]) -> tuple[Reviewed, ...]:
    """Return what the record says of the decisions, in the order of the pages."""
    of_place = [(places[one.decision.place], one) for one in decided if one.decision.place in places]
    of_place.sort(key=lambda pair: (pair[0].page, pair[0].line, pair[0].id))
    return tuple(
        Reviewed(place.id, place.page, one.decision.choice, one.before, one.after, one.by, one.at)
        for place, one in of_place
    )


def _exchange(edits: list[Edit], page: CorrectedPage, span: Span, inside: Sequence[Part], one: Decided) -> list[Edit]:
    """Reject the machine's edits of a span, and put the person's in their place; return it, where there is one."""
    own = {id(part.edit) for part in inside if part.edit is not None}
    places = [i for i, edit in enumerate(edits) if id(edit) in own]
    for i in places:
        edits[i] = replace(edits[i], accepted=False, reason=f"a person decided otherwise; before: {edits[i].reason}")
    words = page.page.lines[span.line].words[span.word : span.stop]
    raw = " ".join(word.text for word in words)
    if one.after == raw:
        return []
    machine = inside[0].edit if len(inside) == 1 else None
    boxes = machine.boxes if machine and len(machine.boxes) == len(one.after.split()) else ()
    box = union(word.box for word in words) or (machine.box if machine else None)
    who = f" ({one.by})" if one.by else ""
    what = {"take": "took another reading", "type": "typed it"}[one.decision.choice]
    edit = Edit(
        span.line, span.word, raw, one.after, PERSON, span.count, accepted=True, reason=f"a person{who} {what}",
        box=box, boxes=boxes,
    )  # fmt: skip
    where = places[0] + 1 if places else _behind(edits, edit)
    edits.insert(where, edit)
    return [edit]


def _behind(edits: Sequence[Edit], new: Edit) -> int:
    """Return the index at which an edit is in reading order, behind those of the same words."""
    key = (new.line, new.word, new.count)
    return next((i for i, e in enumerate(edits) if (e.line, e.word, e.count) > key), len(edits))


def _text(page: CorrectedPage) -> str:
    of_line: dict[int, list[Edit]] = {}
    for edit in page.edits:
        of_line.setdefault(edit.line, []).append(edit)
    lines = page.page.lines
    return layout(lines, (apply_edits(line, of_line.get(n, ())) for n, line in enumerate(lines)))


def _numbers(
    before: CorrectedPage,
    after: CorrectedPage,
    spans: Sequence[Span],
    confirmed: Sequence[Edit],
    wanted: Mapping[Span, Decided],
) -> Iterator[NumberReading]:
    """Yield the numbers of the text as it is now; those in parts that a person decided are confirmed."""
    if not before.numbers:
        return
    known: dict[tuple[object, ...], list[NumberReading]] = {}
    for part, number in numbers_of_parts(before):
        known.setdefault(_key(part), []).append(number)
    by_person = {id(edit) for edit in confirmed}
    for n in range(len(after.page.lines)):
        for part in parts_of(after, n):
            decided = id(part.edit) in by_person or any(span.count and part.within(span) for span in spans)
            if decided:
                yield from _confirmed(after, part, wanted, known.get(_key(part), ()))
            else:
                yield from known.get(_key(part), ())


def _key(part: Part) -> tuple[object, ...]:
    """Return what a part is known by: its edit, which decisions about other parts leave as it is, or its word."""
    return ("edit", id(part.edit)) if part.edit is not None else ("word", part.span.line, part.span.word)


def _confirmed(
    page: CorrectedPage, part: Part, wanted: Mapping[Span, Decided], before: Sequence[NumberReading]
) -> Iterator[NumberReading]:
    one = next((decided for span, decided in wanted.items() if part.within(span)), None)
    who = f" ({one.by})" if one and one.by else ""
    texts = part.text.split()
    raw = page.page.lines[part.span.line].words[part.span.word : part.span.stop]
    for k, text in enumerate(texts):
        if not holds_digit(text):
            continue
        known = next((number for number in before if number.text == text), None)
        boxes = part.edit.boxes if part.edit is not None and len(part.edit.boxes) == len(texts) else ()
        box = known.box if known else boxes[k] if boxes else union(w.box for w in raw)
        box = box or (part.edit.box if part.edit is not None else None)
        other = known.other if known else _before(one, k, len(texts), text)
        yield NumberReading(part.span.line, text, "confirmed", other, box, f"a person{who} decided it")


def _before(one: Decided | None, k: int, count: int, text: str) -> str:
    """Return the machine's reading in the place of the word with index ``k`` of ``count``; empty where it was none."""
    words = one.before.split() if one else []
    if len(words) == count and holds_digit(words[k]) and words[k] != text:
        return words[k]
    return words[0] if len(words) == 1 and words[0] != text else ""
