"""Recognises what can be the address of the company that a document is from: a few rows, one below the other."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scanmend.correct.figures.labels import fold
from scanmend.fields.recognise.companies import NAME_GAP, OTHER, PLACES, POSTCODE, REGISTRATION, legal_form
from scanmend.fields.recognise.page_text import PageText, TextWord, joined

MAX_ROWS = 16
"""Rows from the top in which the address of whoever wrote a document begins."""
MOST_LINES = 5
"""Most rows of an address; most have two to four."""
WIDE_LEADING = 2.2
"""Distance of two rows, in word heights, from which there is a blank between them."""
_START = re.compile(
    r"\W*(?:no\b|lot\b|level\b|unit\b|suite\b|block\b|plot\b|p\.?\s?o\.?\s?box|[a-z]{0,2}[.\s]?\d)", re.IGNORECASE
)
"""Finds how addresses begin: with a number, or a word for a part of a building."""
_MONEY = re.compile(r"\d[.,]\d\d(?!\d)")
_EDGES = " |*#=~_,;:-“”\"'()"


@dataclass(frozen=True, slots=True)
class AddressSpan:
    """Rows that can be an address."""

    words: tuple[TextWord, ...]
    lines: str
    """Its rows, with a comma and a blank between them."""
    features: dict[str, float]
    """What its words and place say of its being one."""


def find_addresses(page: PageText) -> Iterator[AddressSpan]:
    """Yield every run of rows near the head of a page that can be an address, each with its features.

    Rows of which each stands below the one before belong to it, whatever stands beside them at a distance.
    """
    for start in range(min(MAX_ROWS, len(page.rows))):
        for block in page.blocks(start, NAME_GAP):
            lines = [block]
            while True:
                if (span := _span(page, lines)) is not None:
                    yield span
                below = _below(page, lines[-1]) if len(lines) < MOST_LINES else None
                if below is None:
                    break
                lines.append(below)


def _below(page: PageText, line: Sequence[TextWord]) -> tuple[TextWord, ...] | None:
    """Return what stands below a line in the next row: the block that overlaps it; None where nothing does."""
    row = line[0].row + 1
    if row >= len(page.rows):
        return None
    left, right = line[0].spot.left, line[-1].spot.right
    over = [b for b in page.blocks(row, NAME_GAP) if b[0].spot.left < right and left < b[-1].spot.right]
    return over[0] if over else None


def _span(page: PageText, lines: Sequence[tuple[TextWord, ...]]) -> AddressSpan | None:
    texts = [text for line in lines if (text := joined(line).strip(_EDGES))]
    if len(texts) < len(lines) or sum(c.isalpha() for text in texts for c in text) < 6:  # noqa: PLR2004 -- a town
        return None
    words = tuple(word for line in lines for word in line)
    return AddressSpan(words, ", ".join(text.rstrip(" .,") for text in texts), _traits(page, lines))


def _traits(page: PageText, lines: Sequence[tuple[TextWord, ...]]) -> dict[str, float]:
    """Return what speaks for these lines, all of them and no others, being an address."""
    texts = [joined(line) for line in lines]
    first, last = lines[0][0].row, lines[-1][0].row
    before = joined(page.rows[first - 1]) if first else ""
    behind = joined(page.rows[last + 1]) if last + 1 < len(page.rows) else ""
    leading = [b[0].spot.middle - a[0].spot.middle for a, b in pairwise(lines)]
    height = max(1.0, sum(w.height for line in lines for w in line) / sum(len(line) for line in lines))
    return {
        "place_rows": sum(map(_is_place, texts)) / len(texts),
        "plain_rows": float(sum(not _is_place(text) and not _has_postcode(text) for text in texts)),
        "lines": len(texts) / MOST_LINES,
        "with_postcode": float(any(_has_postcode(text) for text in texts)),
        "postcode_near_end": float(any(_has_postcode(text) for text in texts[-2:])),
        "starts_so": float(bool(_START.match(texts[0]))),
        "name_before": float(bool(before) and not _is_place(before) and not _START.match(before)),
        "company_before": float(legal_form(before) or bool(REGISTRATION.search(before))),
        "more_before": float(_is_place(before) or bool(_START.match(before) and not legal_form(before))),
        "more_behind": float(_is_address_row(behind)),
        "other_behind": float(_has_other(behind) or not behind),
        "other_inside": float(sum(map(_has_other, texts))),
        "company_inside": float(any(legal_form(text) or REGISTRATION.search(text) for text in texts)),
        "money_inside": float(any(_MONEY.search(text) for text in texts)),
        "blank_inside": float(any(d > WIDE_LEADING * height for d in leading)),
        "open_end": float(texts[-1].rstrip().endswith((",", "-"))),
        "first_row": float(first == 0),
        "figures_rows": float(sum(map(_is_figures, texts))),
    }


def _is_address_row(text: str) -> bool:
    return not _has_other(text) and (_is_place(text) or _has_postcode(text))


def _has_postcode(text: str) -> bool:
    return bool(POSTCODE.search(text)) and not _is_figures(text)


def _is_place(text: str) -> bool:
    return any(fold(word) in PLACES for word in re.split(r"[\s/,.]+", text) if word)


def _is_figures(text: str) -> bool:
    """Whether a row is a number of a telephone or a register, rather than a house's."""
    return not _is_place(text) and sum(c.isdigit() for c in text) > 2 * sum(c.isalpha() for c in text)


def _has_other(text: str) -> bool:
    words = [fold(word) for word in re.split(r"[\s/:.,]+", text) if word]
    return any(word in OTHER - PLACES or word.startswith("www") or "@" in word for word in words)
