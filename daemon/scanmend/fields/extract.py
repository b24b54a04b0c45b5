"""Extracts the wanted fields from a document's corrected pages; each value is words of a page, or there is none."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from scanmend.document import CorrectedPage, DocumentField, FieldValue
from scanmend.fields.candidates import DocumentText, candidates, other_reading
from scanmend.fields.rank import Ranked, Weights, rank, weights
from scanmend.fields.recognise.page_text import page_text, worst_state
from scanmend.fields.specs import FieldSpec

MAX_PAGES = 30
"""Pages from the first on which are looked at: what a document is stands on its first pages."""
MIN_CONFIDENCE = 0.05
"""Probability below which a value is not given, but only offered as a choice."""
SURE_CONFIDENCE = 0.75
"""Probability below which a value is doubtful."""
_SUM = ("net", "tax", "total")
"""Fields whose first two make the third."""
NO_SUM = "net and tax do not make the total"
"""Why all three are doubtful."""
BELIEVED = 0.5
"""Probability from which a net amount or a tax can make the others doubtful."""
MAX_OTHERS = 6
"""Most other candidates that are kept of a field."""


def extract_fields(
    pages: Iterable[CorrectedPage],
    specs: Sequence[FieldSpec],
    languages: Sequence[str] = (),
    today: dt.date | None = None,
    of_types: Weights | None = None,
) -> tuple[DocumentField, ...]:
    """Return every wanted field with what was found; ``languages`` are Tesseract's names, of the document.

    ``today``: a date beyond it is hardly one of the document.
    """
    document = document_text(pages, languages, today)
    known = weights() if of_types is None else of_types
    found = (_field(spec, rank(candidates(spec, document), known[spec.weights])) for spec in specs)
    return with_sum(tuple(found))


def document_text(
    pages: Iterable[CorrectedPage], languages: Sequence[str] = (), today: dt.date | None = None
) -> DocumentText:
    """Return the text of the pages that are looked at, laid out in rows."""
    return DocumentText(tuple(page_text(page) for page in islice(pages, MAX_PAGES)), tuple(languages), today)


def _field(spec: FieldSpec, ranked: Sequence[Ranked]) -> DocumentField:
    """Return a field with its likeliest value, what else it could be, and whether a person should look."""
    empty = DocumentField(spec.name, spec.type, spec.required)
    values = [one.candidate.as_value(one.probability) for one in ranked[: MAX_OTHERS + 1]]
    if not values or values[0].confidence < MIN_CONFIDENCE:
        why = "nothing on the pages can be it" if not values else "nothing on the pages is likely to be it"
        return replace(empty, others=tuple(values[:MAX_OTHERS]), doubt=why if spec.required else "")
    best, others = ranked[0].candidate, values[1:]
    if (other := other_reading(best)) is not None:
        others = [other, *(value for value in others if value.value != other.value)]
    return replace(empty, chosen=values[0], others=tuple(others[:MAX_OTHERS]), doubt=_doubt(values[0], ranked))


def with_sum(fields: tuple[DocumentField, ...]) -> tuple[DocumentField, ...]:
    """Note on net amount, tax and total whether they add up; where they do not, each of them is doubtful.

    What was noted before is void; what a person decided is not doubted.
    """
    fields = tuple(replace(field, doubt="; ".join(_without_sum(field.doubt))) for field in fields)
    terms = {field.name: field.chosen for field in fields if field.name in _SUM and field.type == "amount"}
    known = {name: Decimal(value.value) for name, value in terms.items() if value}
    if len(known) < len(_SUM):
        return fields
    holds = known["net"] + known["tax"] == known["total"]
    if not holds and any(value and value.confidence < BELIEVED for value in terms.values()):
        return fields  # one of them is most likely another amount, and says nothing of the others
    return tuple(_noted(field, holds=holds) if field.name in known else field for field in fields)


def _noted(field: DocumentField, *, holds: bool) -> DocumentField:
    if holds and field.chosen:
        checks = tuple(dict.fromkeys((*field.chosen.checks, "net and tax make the total")))
        return replace(field, chosen=replace(field.chosen, checks=checks))
    if field.chosen_by == "person":
        return field
    return replace(field, doubt="; ".join((*_without_sum(field.doubt), NO_SUM)))


def _without_sum(doubt: str) -> list[str]:
    return [reason for reason in doubt.split("; ") if reason and reason != NO_SUM]


def _doubt(value: FieldValue, ranked: Sequence[Ranked]) -> str:
    """Return why a value is doubtful; empty where it is not."""
    reasons = []
    if worst_state(ranked[0].candidate.words) == "disputed":
        reasons.append("its readers disagree on it")
    if value.confidence < SURE_CONFIDENCE:
        reasons.append(f"its confidence is {value.confidence:.0%}")
    return "; ".join(reasons)
