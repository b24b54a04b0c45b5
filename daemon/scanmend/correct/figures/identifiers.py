"""Trials of identifiers whose check digits prove them, also where blanks group their characters."""

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from scanmend.correct.figures import check_digits, labels
from scanmend.correct.figures.check_digits import Scheme
from scanmend.correct.figures.relation import LABELLED, MAX_COMBINATIONS, Trial
from scanmend.correct.figures.sheet import ContextWord, Place

MAX_WORDS = 10
"""Most words that one identifier is grouped into; an IBAN of 34 characters in fours has nine."""
MAX_CHARACTERS = 34
"""Most characters of an identifier without its blanks, those of the longest IBAN."""
LEAST_PROOFS = 2
"""Other article numbers on the page that must prove themselves before one without a label is believed."""

_KIND = "check digit"
_BEGINNING = re.compile(r"\W*(?:[A-Z]{2}\d|[A-Z]{2}\W*$|ATU|ES[A-Z])")
"""Finds words that begin an identifier with its country's letters."""
_EDGES = ".,:;()[]*#"
_Slot = tuple[int | None, tuple[str, ...]]
"""Index of the place, None for a word that is none, and its readings."""


def trials(places: Sequence[Place], words: Sequence[ContextWord]) -> Iterator[Trial]:
    """Yield what came of each identifier that has a disputed place, with all readings."""
    lines: dict[int, dict[int, _Slot]] = defaultdict(dict)
    disputed = {place.line for place in places if len(place.readings) > 1}
    for word in words:
        if word.line in disputed:
            lines[word.line][word.word] = (None, (word.text,))
    for i, place in enumerate(places):
        if place.line in disputed:
            lines[place.line][place.word] = (i, place.readings)
    proofs = _article_numbers_agreed(places)
    for slots in lines.values():
        yield from _of_line([slots[word] for word in sorted(slots)], proofs)


def _article_numbers_agreed(places: Sequence[Place]) -> tuple[int, int]:
    """Return how many agreed numbers of 13 digits have a true check digit, and how many a wrong one."""
    agreed = {p.readings[0].strip(_EDGES) for p in places if len(p.readings) == 1}
    valid = [check_digits.gtin(text) for text in agreed if check_digits.GTIN.shape.fullmatch(text)]
    return sum(valid), len(valid) - sum(valid)


def _of_line(slots: Sequence[_Slot], proofs: tuple[int, int]) -> Iterator[Trial]:
    found = labels.roles(readings[0] for _, readings in slots)
    numbered = found & set(_LABELLED) or (proofs[0] >= LEAST_PROOFS and not proofs[1])
    for start, (_, first) in enumerate(slots):
        if not numbered and not any(_BEGINNING.match(text) for text in first):
            continue
        for end in range(start + 1, min(len(slots), start + MAX_WORDS) + 1):
            span = slots[start:end]
            if not any(len(readings) > 1 for _, readings in span):
                continue
            if math.prod([len(readings) for _, readings in span]) > MAX_COMBINATIONS:
                break
            choices = itertools.product(*(range(len(readings)) for _, readings in span))
            texts = {choice: _joined(span, choice) for choice in choices}
            if all(len(text) > MAX_CHARACTERS for text in texts.values()):
                break
            for scheme, doubt in _schemes(found, proofs, span):
                if any(scheme.shape.fullmatch(text) for text in texts.values()):
                    yield _trial(span, texts, scheme, doubt)


def _joined(span: Sequence[_Slot], choice: Sequence[int]) -> str:
    return check_digits.compact("".join(r[c].strip(_EDGES) for (_, r), c in zip(span, choice, strict=True)))


def _schemes(
    found: frozenset[labels.Role], proofs: tuple[int, int], span: Sequence[_Slot]
) -> Iterator[tuple[Scheme, float]]:
    """Yield the schemes that a span of this line can follow, and the doubt about each."""
    for scheme in check_digits.SCHEMES:
        if not scheme.needs_label or "tax_id" in found:
            yield scheme, LABELLED
    if not all(any(text.strip(_EDGES).isdigit() for text in readings) for _, readings in span):
        return
    for role, scheme in _LABELLED.items():
        if role in found and (len(span) == 1 or role in _GROUPED):
            yield scheme, LABELLED
    if len(span) == 1 and proofs[0] >= LEAST_PROOFS and not proofs[1]:
        yield check_digits.GTIN, float(check_digits.GTIN.chance ** proofs[0])


_GROUPED: frozenset[labels.Role] = frozenset({"siren", "siret"})
"""Identifiers of digits alone that are written in groups."""
_LABELLED: Mapping[labels.Role, Scheme] = {
    "siren": check_digits.SIREN,
    "siret": check_digits.SIRET,
    "tax_id": check_digits.PARTITA_IVA,
    "article_id": check_digits.GTIN,
}


def _trial(span: Sequence[_Slot], texts: Mapping[tuple[int, ...], str], scheme: Scheme, doubt: float) -> Trial:
    held = [c for c, text in texts.items() if scheme.shape.fullmatch(text) and scheme.is_valid(text)]
    places = tuple(place for place, readings in span if place is not None and len(readings) > 1)
    expected = doubt * scheme.chance * len(texts)
    if len(held) != 1:
        return Trial(_KIND, places, doubt, expected, None)
    choice = {place: c for (place, _), c in zip(span, held[0], strict=True) if place is not None}
    return Trial(_KIND, places, doubt, expected, choice, scheme.chance, f"the check digit of {scheme.name}")
