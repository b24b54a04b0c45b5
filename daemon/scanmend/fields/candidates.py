"""Gathers what each field of a document can be: spans of words, each normalised and with its features."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from scanmend.correct.figures.amount import parse, plain
from scanmend.document import FieldValue
from scanmend.fields import features
from scanmend.fields.recognise import addresses, companies, dates, identifiers, money, texts
from scanmend.fields.recognise.label_match import LabelHit, find_labels
from scanmend.fields.recognise.page_text import PageText, TextWord, joined, worst_state
from scanmend.fields.specs import FieldSpec

SUMMARIES = (
    "gst summary",
    "tax summary",
    "vat summary",
    "vat analysis",
    "sst summary",
    "steuersatz",
    "mwst-satz",
    "détail tva",
    "taux tva",
    "desglose iva",
    "tipo iva",
    "riepilogo iva",
    "btw specificatie",
    "btw-specificatie",
)
"""Headings of the table that sums up taxes, whose totals are none of the document."""
_EDGES = " :;,|=#*_()[]"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that a field can be."""

    words: tuple[TextWord, ...]
    text: str
    """As it stands on the page."""
    value: str
    """Normalised."""
    features: Mapping[str, float]
    currency: str = ""
    checks: tuple[str, ...] = ()

    def as_value(self, confidence: float) -> FieldValue:
        """Return it as the value of a field."""
        boxes = tuple(dict.fromkeys(word.box for word in self.words if word.box))
        return FieldValue(
            self.text, self.value, self.words[0].page, boxes, round(confidence, 3), worst_state(self.words),
            self.checks, self.currency,
        )  # fmt: skip


@dataclass(frozen=True)
class DocumentText:
    """The pages of a document, and what is recognised on them, found once for all fields."""

    pages: tuple[PageText, ...]
    languages: tuple[str, ...] = ()
    today: dt.date | None = None
    """When it is looked at; None where that does not matter."""
    _hits: dict[tuple[int, tuple[str, ...]], list[LabelHit]] = field(default_factory=dict, repr=False)

    @cached_property
    def amounts(self) -> tuple[tuple[PageText, list[money.AmountSpan]], ...]:
        """The amounts of each page."""
        return tuple((page, money.find_amounts(page)) for page in self.pages)

    @cached_property
    def dates(self) -> tuple[tuple[PageText, tuple[TextWord, ...], dates.DateSpan, str], ...]:
        """The dates, each with its page, words and text."""
        return tuple(found for page in self.pages for found in _dates(page))

    def summaries(self, page: PageText) -> list[LabelHit]:
        """Return where the table of a page's taxes begins."""
        key = (page.number, SUMMARIES)
        if key not in self._hits:
            self._hits[key] = find_labels(page, SUMMARIES)
        return self._hits[key]

    def labels(self, page: PageText, spec: FieldSpec) -> tuple[list[LabelHit], list[LabelHit]]:
        """Return the places of a field's own labels on a page, and of those that speak against it."""
        wanted = tuple(dict.fromkeys((*spec.labels, *spec.against)))
        key = (page.number, wanted)
        if key not in self._hits:
            self._hits[key] = find_labels(page, wanted)
        own = set(spec.labels)
        hits = self._hits[key]
        return [h for h in hits if h.label in own], [h for h in hits if h.label not in own]


def candidates(spec: FieldSpec, document: DocumentText) -> list[Candidate]:
    """Return what a field can be, with the features of each."""
    found = [c for c in _RECOGNISERS[spec.type](spec, document) if _may_be(spec, c)]
    values = Counter(candidate.value for candidate in found)
    by_number = {page.number: (at, page) for at, page in enumerate(document.pages)}
    out = []
    for candidate in found:
        at, page = by_number[candidate.words[0].page]
        own, against = document.labels(page, spec)
        known = {
            **features.of_labels(candidate.words, page, own, against),
            **features.of_reading(candidate.words),
            **features.of_place(candidate.words, page, len(document.pages), at),
            **features.repeated(candidate.value, values),
            **features.of_checks(candidate.checks),
            **features.of_summary(candidate.words, document.summaries(page)),
            **candidate.features,
            "pattern": float(spec.pattern is not None),
        }
        out.append(replace(candidate, features={name: value for name, value in known.items() if value}))
    return out


def other_reading(candidate: Candidate) -> FieldValue | None:
    """Return what a disputed value is by the reading that was not chosen; None where that is no value, or the same."""
    texts_of = [word.other or word.text for word in candidate.words]
    if not any(word.other for word in candidate.words):
        return None
    text = " ".join(texts_of).strip(_EDGES)
    amounts = parse(text)
    spans = dates.find_dates(text)
    value = plain(amounts[0].value) if amounts else dates.settled(spans[0], "dmy").isoformat() if spans else text
    if value == candidate.value:
        return None
    return replace(candidate.as_value(0.0), text=text, value=value, checks=())


def _may_be(spec: FieldSpec, candidate: Candidate) -> bool:
    """Whether a candidate matches the field's pattern, if it has one."""
    return spec.pattern is None or bool(spec.pattern.fullmatch(candidate.text))


def _of_amounts(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    for _page, amounts in document.amounts:
        for one in amounts:
            if not one.percent:
                text = joined(one.words).strip(_EDGES)
                yield Candidate(one.words, text, one.text, features.of_amount(one, amounts), one.currency, one.checks)


def _of_dates(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    order = dates.convention((span for _, _, span, _ in document.dates), document.languages)
    for number, (page, words, span, text) in enumerate(document.dates):
        known = features.of_date(
            words, page, order=number, named=span.named, short=span.short_year, ambiguous=len(span.readings) > 1
        )
        date = dates.settled(span, order)
        future = document.today is not None and date > document.today
        yield Candidate(words, text, date.isoformat(), {**known, "future": float(future)})


def _of_numbers(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    for page in document.pages:
        for one in identifiers.find_numbers(page):
            yield Candidate(one.words, one.text, one.value, features.of_number(one.text))


def _of_companies(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    for page in document.pages:
        for one in companies.find_companies(page):
            yield Candidate(one.words, one.text, one.text, features.of_company(one, page))


def _of_addresses(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    for page in document.pages:
        for one in addresses.find_addresses(page):
            yield Candidate(one.words, joined(one.words).strip(_EDGES), one.lines, one.features)


def _of_ibans(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    yield from _identified(identifiers.find_ibans(page) for page in document.pages)


def _of_vat_ids(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    yield from _identified(identifiers.find_vat_ids(page) for page in document.pages)


def _of_emails(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    yield from _identified(identifiers.find_emails(page) for page in document.pages)


def _of_phones(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    yield from _identified(identifiers.find_phones(page) for page in document.pages)


def _of_texts(spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    for page in document.pages:
        if spec.pattern and not spec.labels:
            spans: Iterable[texts.WordSpan] = texts.find_matches(page, spec.pattern)
        else:
            beside = texts.find_texts(page, document.labels(page, spec)[0])
            spans = (*beside, *(texts.find_matches(page, spec.pattern) if spec.pattern else ()))
        yield from _plain(spans)


def _of_currencies(_spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    for page in document.pages:
        yield from _plain(texts.find_currencies(page))


def _of_choices(spec: FieldSpec, document: DocumentText) -> Iterator[Candidate]:
    for page in document.pages:
        yield from _plain(texts.find_choices(page, spec.choices))


_RECOGNISERS = {
    "amount": _of_amounts, "date": _of_dates, "number": _of_numbers, "company": _of_companies,
    "address": _of_addresses, "iban": _of_ibans, "vat_id": _of_vat_ids, "email": _of_emails, "phone": _of_phones,
    "text": _of_texts, "currency": _of_currencies, "choice": _of_choices,
}  # fmt: skip


def _identified(of_pages: Iterable[Iterable[identifiers.IdentifierSpan]]) -> Iterator[Candidate]:
    for spans in of_pages:
        for one in spans:
            yield Candidate(one.words, one.text, one.value, {}, checks=one.checks)


def _plain(spans: Iterable[texts.WordSpan]) -> Iterator[Candidate]:
    for one in spans:
        yield Candidate(one.words, one.text, one.value, {})


def _dates(page: PageText) -> Iterator[tuple[PageText, tuple[TextWord, ...], dates.DateSpan, str]]:
    """Yield the dates of a page's rows, each with the words that it stands in."""
    for number in range(len(page.rows)):
        for block in page.blocks(number):
            text, ends = _with_ends(block)
            for span in dates.find_dates(text):
                words = tuple(
                    word
                    for word, (start, end) in zip(block, ends, strict=True)
                    if start < span.end and span.start < end
                )
                yield page, words, span, text[span.start : span.end]


def _with_ends(words: Sequence[TextWord]) -> tuple[str, list[tuple[int, int]]]:
    """Return the words joined, and where in that text each begins and ends."""
    ends: list[tuple[int, int]] = []
    for i in range(len(words)):
        end = len(joined(words[: i + 1]))
        ends.append((end - len(words[i].text), end))
    return joined(words), ends
