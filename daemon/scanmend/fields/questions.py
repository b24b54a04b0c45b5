"""What a person should be asked about a document's fields: those that are required, and missing or doubtful."""

from collections.abc import Iterable
from dataclasses import dataclass

from scanmend.document import Box, DocumentField, FieldValue, union


@dataclass(frozen=True, slots=True)
class Question:
    """One field to look at."""

    field: str
    """Its name."""
    reason: str
    """Why somebody should look, in plain English."""
    page: int | None
    """1-based number of the page with the likeliest value; None where there is nothing to choose from."""
    box: Box | None
    """Around that value; None where there is none, or the page has no image."""
    choices: tuple[FieldValue, ...]
    """What it could be, the published value first where there is one."""


def questions(fields: Iterable[DocumentField]) -> tuple[Question, ...]:
    """Return a question for each required field that is missing or doubtful, in the order of the fields."""
    out = []
    for field in fields:
        if field.required and field.doubt:
            choices = (*((field.chosen,) if field.chosen else ()), *field.others)
            likeliest = choices[0] if choices else None
            page, box = (likeliest.page, union(likeliest.boxes)) if likeliest else (None, None)
            out.append(Question(field.name, field.doubt, page, box, choices))
    return tuple(out)
