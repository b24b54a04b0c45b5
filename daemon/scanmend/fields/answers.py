"""What a person answers about a field: one of its candidates, a typed value, or that the document has none."""

from dataclasses import replace

from scanmend.correct.figures.amount import parse, plain
from scanmend.document import DocumentField, FieldValue
from scanmend.fields.recognise.dates import find_dates, settled

SURE = 1.0
"""Confidence of what a person decided."""


def normalised(type_: str, text: str) -> str:
    """Return a typed value as those of candidates are; empty stays empty. ValueError where it is none of the type."""
    if type_ == "date" and text:
        spans = find_dates(text)
        if len(spans) != 1 or (spans[0].start, spans[0].end) != (0, len(text)):
            raise ValueError(f"{text!r} is no date; write it as 2026-11-28")
        return settled(spans[0], "dmy").isoformat()
    if type_ == "amount" and text:
        amounts = [one for one in parse(text) if not one.percent]
        if not amounts:
            raise ValueError(f"{text!r} is no amount; write it as 1234.50")
        return plain(amounts[0].value)
    return text


def answered(asked: DocumentField, value: str, by: str = "", *, is_typed: bool = False) -> DocumentField:
    """Return a field as a person decided it, free of doubt; ``asked``: with the candidates that were shown.

    A value that is no candidate's was typed: it has no place on any page.
    """
    who = f" ({by})" if by else ""
    known = {one.value: one for one in (*asked.others, *((asked.chosen,) if asked.chosen else ()))}
    one = known.get(value) or FieldValue(value, value, 0)
    did = "typed" if is_typed else "chose"
    chosen = replace(one, confidence=SURE, state="confirmed", checks=(*one.checks, f"a person{who} {did} it"))
    others = tuple(other for other in ((asked.chosen, *asked.others) if asked.chosen else asked.others))
    return replace(
        asked,
        chosen=chosen if value else None,
        others=tuple(other for other in others if other.value != value),
        doubt="",
        chosen_by="person",
        by=by,
    )
