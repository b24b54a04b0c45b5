"""Recognises amounts with their currencies, what labels and rows make of them, and which sums they fulfil."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scanmend.correct.figures.amount import Mark, parse, plain, settle
from scanmend.correct.figures.sheet import Cell, ContextWord, Place, lay_out
from scanmend.fields.recognise.page_text import PageText, TextWord

MAX_ROWS_APART = 14
"""Farthest rows between which labelled amounts are summed."""
MAX_COLUMN = 60
"""Most amounts of a column whose sum is tried."""
MARK_GAP = 1.8
"""Widest blank, in word heights, in which a misread gap splits an amount at its decimal mark."""
THOUSANDS_GAP = 1.3
"""Widest blank between thousands and hundreds, in word heights; a quantity stands further from its price."""
SYMBOLS = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "£": "GBP", "gbp": "GBP", "chf": "CHF", "sfr": "CHF", "rm": "MYR",
    "myr": "MYR", "usd": "USD", "us$": "USD", "$": "$", "¥": "¥", "sgd": "SGD", "s$": "SGD", "sek": "SEK", "nok": "NOK",
    "dkk": "DKK", "pln": "PLN", "zł": "PLN", "czk": "CZK", "inr": "INR", "₹": "INR", "cad": "CAD", "aud": "AUD",
}  # fmt: skip
"""Currencies by what stands beside an amount, in lower case; a dollar sign alone does not tell whose it is."""
_HAS_SYMBOL = re.compile("|".join(sorted(map(re.escape, SYMBOLS), key=len, reverse=True)), re.IGNORECASE)
_SAME_MARKS = re.compile(
    r"(?P<before>\D{0,4}\d{1,3})(?P<mark>[.,])(?P<mid>\d{3})(?P=mark)(?P<cents>\d\d)(?P<after>\D{0,3})"
)
"""Finds an amount whose comma was read as a point, or the other way round: ``6.439.94``."""
_THOUSANDS = re.compile(r"\D{0,3}\d{1,3}")
_HUNDREDS = re.compile(r"\d{3}[.,]\d\d\D{0,3}")
_OPEN = re.compile(r"\D{0,4}\d{1,3}(?:[.,]\d{3})*[.,]")
_CENTS = re.compile(r"\d\d\D{0,2}")
_WHOLE = re.compile(r"\D{0,4}(?:\d{1,6}|\d{1,3}(?:[.,]\d{3})+)")
_POINTED = re.compile(r"[.,]\d\d\D{0,2}")


@dataclass(frozen=True, slots=True)
class AmountSpan:
    """An amount on a page."""

    words: tuple[TextWord, ...]
    value: Decimal
    decimals: int
    percent: bool
    currency: str
    """ISO code, ``$``, or empty."""
    cell: Cell | None
    """What rows, columns and labels make of it; None where it stands in no row of numbers."""
    checks: tuple[str, ...] = ()
    """Sums that hold with it, in plain English."""

    @property
    def text(self) -> str:
        """The decimal number."""
        return plain(self.value)


def currency_of(text: str) -> str:
    """Return the currency that a word is or holds; empty where it has none."""
    bare = text.strip(".:()[]").casefold()
    if bare in SYMBOLS:
        return SYMBOLS[bare]
    letters = re.sub(r"[\d.,\-+\s:()]", "", bare)
    return SYMBOLS.get(letters, "")


def as_amount(words: Sequence[TextWord]) -> str:
    """Return the words of an amount as one figure, with a decimal mark other than that of its thousands."""
    text = "".join(word.text for word in words)
    if same := _SAME_MARKS.fullmatch(text):
        return f"{same['before']}{same['mid']}{same['mark']}{same['cents']}{same['after']}"
    return text


def find_amounts(page: PageText) -> list[AmountSpan]:
    """Return all amounts of a page with two decimals or none, each with the sums that hold."""
    spans = list(_spans(page))
    places = [Place(w[0].line, w[0].word, _box(w), (as_amount(w),)) for w in spans]
    words = [ContextWord(w.line, w.word, w.text, _word_box(w)) for w in page.words]
    sheet = lay_out(places, words)
    cells = {cell.places[0]: cell for cell in sheet.cells}
    mark = _mark(places)
    out: list[AmountSpan] = []
    for i, of_span in enumerate(spans):
        cell = cells.get(i)
        amounts = settle(parse(places[i].readings[0]), mark)
        joined = of_span
        if cell and len(cell.places) > 1:
            joined = tuple(w for place in cell.places for w in spans[place])
            amounts = settle(parse(" ".join(places[p].readings[0] for p in cell.places)), mark)
        if amounts and not any(i in other.places[1:] for other in sheet.cells):
            value = amounts[0]
            out.append(AmountSpan(joined, value.value, value.decimals, value.percent, _currency(page, joined), cell))
    checks = _sums_that_hold(out)
    return [
        AmountSpan(a.words, a.value, a.decimals, a.percent, a.currency, a.cell, checks.get(i, ()))
        for i, a in enumerate(out)
    ]


def _spans(page: PageText) -> Iterator[tuple[TextWord, ...]]:
    """Yield the words with digits; two where a blank was read beside a decimal mark (``31. 00``, ``20 .00``)."""
    for row in page.rows:
        used = -1
        for i, word in enumerate(row):
            if i <= used or not any(c.isdigit() for c in word.text):
                continue
            if i + 1 < len(row):
                after = row[i + 1]
                near = -2 * page.height <= after.spot.left - word.spot.right <= MARK_GAP * page.height
                blank = 0 <= after.spot.left - word.spot.right <= THOUSANDS_GAP * page.height
                if blank and _THOUSANDS.fullmatch(word.text) and _HUNDREDS.fullmatch(after.text):
                    used = i + 1
                    yield word, after
                    continue
                split = (_OPEN.fullmatch(word.text) and _CENTS.fullmatch(after.text)) or (
                    _WHOLE.fullmatch(word.text) and _POINTED.fullmatch(after.text)
                )
                if near and split:
                    used = i + 1
                    yield word, after
                    continue
            yield (word,)


def _mark(places: Sequence[Place]) -> Mark:
    """Return the decimal mark of most amounts that show it clearly."""
    marks: dict[Mark, int] = defaultdict(int)
    for place in places:
        amounts = parse(place.readings[0])
        if len(amounts) == 1 and amounts[0].decimals == 2:  # noqa: PLR2004 -- an amount of money
            marks[amounts[0].mark] += 1
    known: Mark = max(marks, key=lambda mark: marks[mark], default="")
    return known


def _currency(page: PageText, words: Sequence[TextWord]) -> str:
    """Return the currency in the words, or right beside them."""
    for word in words:
        if found := _HAS_SYMBOL.search(word.text):
            return SYMBOLS[found[0].casefold()]
    row = page.rows[words[0].row]
    index = {id(w): i for i, w in enumerate(row)}
    first, last = index.get(id(words[0]), 0), index.get(id(words[-1]), 0)
    for i, gap_of in ((first - 1, (first - 1, first)), (last + 1, (last, last + 1))):
        if 0 <= i < len(row):
            gap = row[gap_of[1]].spot.left - row[gap_of[0]].spot.right
            if gap <= 4 * page.height and (found_currency := currency_of(row[i].text)):
                return found_currency
    return ""


def _box(words: Sequence[TextWord]) -> tuple[int, int, int, int]:
    boxes = [_word_box(w) for w in words]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _word_box(word: TextWord) -> tuple[int, int, int, int]:
    """Return a word's box, or one where it would stand if the page were typed."""
    if word.box:
        return word.box
    spot, half = word.spot, word.height / 2
    return round(spot.left), round(spot.middle - half), round(spot.right), round(spot.middle + half)


def _sums_that_hold(amounts: Sequence[AmountSpan]) -> Mapping[int, tuple[str, ...]]:
    """Return by index the sums of labelled amounts, and of columns, that hold exactly."""
    checks: dict[int, list[str]] = defaultdict(list)
    money = [i for i, a in enumerate(amounts) if a.cell and not a.percent and a.decimals == 2 and a.value]  # noqa: PLR2004
    roles: dict[str, list[int]] = defaultdict(list)
    for i in money:
        cell = amounts[i].cell
        if cell and cell.role:
            roles[cell.role].append(i)
    totals = [*roles["total"], *roles["gross"]]
    for total in totals:
        value = amounts[total].value
        for terms, names, sign in (
            (("cash", "change"), "cash less change", -1),
            (("net", "tax"), "net and tax", 1),
            (("subtotal", "tax"), "subtotal and tax", 1),
            (("subtotal", "rounding"), "subtotal and rounding", 1),
        ):
            for a in roles[terms[0]]:
                for b in roles[terms[1]]:
                    if amounts[a].value + sign * amounts[b].value == value and _near(amounts, (a, b, total)):
                        checks[total].append(f"{names} make it")
    for i in money:
        if terms_above := _column_above(amounts, money, i):
            checks[i].append(f"the {terms_above} amounts above it add up to it")
    return {i: tuple(dict.fromkeys(found)) for i, found in checks.items()}


def _near(amounts: Sequence[AmountSpan], indices: Sequence[int]) -> bool:
    rows = [cell.row for i in indices if (cell := amounts[i].cell)]
    return max(rows) - min(rows) <= MAX_ROWS_APART


def _column_above(amounts: Sequence[AmountSpan], money: Sequence[int], last: int) -> int:
    """Return how many amounts right above one in its column add up to it, at least two; 0 where none do."""
    cell = amounts[last].cell
    if cell is None:
        return 0
    above = [j for j in money if (c := amounts[j].cell) and c.column == cell.column and c.row < cell.row]
    above.sort(key=lambda j: -amounts[j].words[0].row)
    for skipped in range(min(3, len(above))):
        total, count = Decimal(0), 0
        for j in above[skipped : skipped + MAX_COLUMN]:
            total, count = total + amounts[j].value, count + 1
            if count > 1 and total == amounts[last].value:
                return count
    return 0
