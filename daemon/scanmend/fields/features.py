"""What speaks for a candidate: its labels, its place, its kind, and the numbers around it; each as a number."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from scanmend.fields.recognise.companies import CompanySpan, traits
from scanmend.fields.recognise.label_match import LabelHit, plain_label
from scanmend.fields.recognise.money import AmountSpan
from scanmend.fields.recognise.page_text import PageText, TextWord, worst_state

ROWS_BELOW = 3
"""Rows below a label in which what stands there may be its value."""
ALIGNED = 3.0
"""Farthest, in word heights, that the left edges of a label and of a value below it are apart."""
LONGEST_LABEL = 16
"""Letters from which a label is as specific as can be."""
WIDEST_GAP = 30.0
"""Blank between label and value, in word heights, from which a wider one says no more."""
SUMMARY_ROWS = 5
"""Rows that the table of taxes takes, from its heading on."""
ROLES = ("total", "gross", "subtotal", "net", "tax", "cash", "change", "discount", "rounding", "quantity")
"""Roles of amounts that have a weight."""
_TIME = re.compile(r"\d{1,2}[:.]\d{2}(?::\d{2})?(?:[AP]M)?|[AP]M", re.IGNORECASE)
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}")
_AMOUNT_LIKE = re.compile(r"\d+[.,]\d\d")


def of_labels(
    words: Sequence[TextWord], page: PageText, own: Sequence[LabelHit], against: Sequence[LabelHit]
) -> dict[str, float]:
    """Return how words stand to the nearest label beside and above them: the field's own, or another's."""
    first, height = words[0], page.height
    inside = {(w.row, w.line, w.word, w.spot.left) for w in words}
    hits = [(h, True) for h in own] + [(h, False) for h in against]
    hits = [(h, mine) for h, mine in hits if not any((w.row, w.line, w.word, w.spot.left) in inside for w in h.words)]
    beside = [
        (h, mine) for h, mine in hits if h.row == first.row and h.words[-1].spot.right <= first.spot.left + height / 2
    ]
    if beside:
        hit, mine = max(beside, key=lambda one: (one[0].words[-1].spot.right, one[1]))
        between = [
            w for w in page.rows[first.row]
            if w.spot.left >= hit.words[-1].spot.right - 1 and w.spot.right <= first.spot.left + 1
        ]  # fmt: skip
        digits = sum(any(c.isdigit() for c in w.text) for w in between)
        plain = sum(any(c.isalpha() for c in w.text) for w in between) - digits
        gap = max(0.0, first.spot.left - hit.words[-1].spot.right) / height
        values = {
            "gap": min(gap, WIDEST_GAP) / WIDEST_GAP,
            "digits_between": min(digits, 3) / 3,
            "words_between": min(max(plain, 0), 4) / 4,
        }
        if mine:
            return {"beside": hit.quality, "specific": _specific(hit), **values}
        return {"against_beside": hit.quality * (1 - values["digits_between"]) * (1 - values["words_between"])}
    above = [
        (h, mine) for h, mine in hits
        if 0 < first.row - h.row <= ROWS_BELOW and _stands_below(words, h, height)
    ]  # fmt: skip
    if above:
        hit, mine = max(above, key=lambda one: (one[0].row, one[1]))
        if mine:
            return {
                "below": hit.quality, "below_specific": _specific(hit), "rows_between": (first.row - hit.row - 1) / 2
            }  # fmt: skip
        return {"against_below": hit.quality}
    return {}


def of_reading(words: Sequence[TextWord]) -> dict[str, float]:
    """Return how sure the readers are of the words."""
    state = worst_state(words)
    return {
        "disputed": float(state == "disputed"),
        "single": float(state == "single"),
        "unsure": 1 - min(w.confidence for w in words),
    }


def of_place(words: Sequence[TextWord], page: PageText, pages: int, at: int = 0) -> dict[str, float]:
    """Return where the words stand on their page, and how large they are; ``at``: index of the page in its document.

    Its number says nothing of that: a document that is a part of a stack may begin at page 25.
    """
    height = sum(w.height for w in words) / len(words)
    return {
        "down": words[0].row / max(1, len(page.rows) - 1),
        "large": max(-1.0, min(2.0, height / page.height - 1)),
        "late_page": 0.0 if pages == 1 else at / (pages - 1),
    }


def repeated(value: str, values: Mapping[str, int]) -> dict[str, float]:
    """Return how often a value stands in the document."""
    return {"repeated": min(2.0, math.log2(max(1, values.get(value, 1))))}


def of_amount(amount: AmountSpan, others: Sequence[AmountSpan]) -> dict[str, float]:
    """Return what role, size and sums say of an amount."""
    cell, role = amount.cell, amount.cell.role if amount.cell else None
    money = [a for a in others if a.decimals == 2 and not a.percent]  # noqa: PLR2004 -- hundredths
    paid = {"cash", "change", "tax_id", "rounding"}
    due = [a.value for a in money if not (a.cell and a.cell.role in paid)]
    return {
        **{f"role_{name}": float(role == name) for name in ROLES},
        "header_amount": float(bool(cell and cell.header & {"amount", "total", "gross"})),
        "cents": float(amount.decimals == 2),  # noqa: PLR2004
        "percent": float(amount.percent),
        "currency": float(bool(amount.currency)),
        "largest": float(bool(due) and amount.value == max(due)),
        "zero_or_less": float(amount.value <= 0),
        "sum_holds": float(any("make it" in check for check in amount.checks)),
        "column_holds": float(any("add up" in check for check in amount.checks)),
    }  # fmt: skip


def of_date(
    words: Sequence[TextWord], page: PageText, *, order: int, named: bool, short: bool, ambiguous: bool
) -> dict[str, float]:
    """Return what shape and surroundings say of a date; ``order``: which date of the document it is, from 0."""
    row = page.rows[words[0].row]
    beside = any(_TIME.search(w.text) for w in row if w.spot.left >= words[-1].spot.left - 1)
    return {
        "first": float(order == 0),
        "later": min(order, 4) / 4,
        "time_beside": float(beside),
        "named_month": float(named),
        "short_year": float(short),
        "ambiguous": float(ambiguous),
    }


def of_number(text: str) -> dict[str, float]:
    """Return what its shape says of the number of a document."""
    digits = sum(c.isdigit() for c in text)
    return {
        "long": min(digits, 12) / 12,
        "short": float(digits < 3),  # noqa: PLR2004
        "letters": float(any(c.isalpha() for c in text)),
        "lower": float(any(c.islower() for c in text)),
        "date_like": float(bool(_DATE_LIKE.fullmatch(text))),
        "amount_like": float(bool(_AMOUNT_LIKE.fullmatch(text))),
        "two_words": float(" " in text),
    }


def of_company(span: CompanySpan, page: PageText) -> dict[str, float]:
    """Return what place, size and words say of the name of a company."""
    return traits(span, page)


def of_checks(checks: Iterable[str]) -> dict[str, float]:
    """Return whether something proves an identifier."""
    return {"proved": float(any(checks))}


def of_summary(words: Sequence[TextWord], headings: Sequence[LabelHit]) -> dict[str, float]:
    """Return whether words stand in the table that sums up the taxes."""
    return {"tax_summary": float(any(0 <= words[0].row - h.row <= SUMMARY_ROWS for h in headings))}


def _specific(hit: LabelHit) -> float:
    return min(len(plain_label(hit.label)), LONGEST_LABEL) / LONGEST_LABEL


def _stands_below(words: Sequence[TextWord], hit: LabelHit, height: float) -> bool:
    """Whether words stand in the column of a label: aligned at the left, or one above the other."""
    left, right = hit.words[0].spot.left, hit.words[-1].spot.right
    aligned = abs(words[0].spot.left - left) <= ALIGNED * height
    return aligned or (words[0].spot.left < right and words[-1].spot.right > left)
