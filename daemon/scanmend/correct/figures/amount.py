"""Amounts: what a token such as ``RM1,234.50``, ``1.234,50-`` or ``21%`` says as a decimal number."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

Mark = Literal["", ".", ","]
"""The decimal mark that a token shows; empty where it shows none."""

MAX_DIGITS = 12
"""Most digits of an amount; longer figures are identifiers, and arithmetic on them proves nothing."""
MAX_DECIMALS = 4
"""Most digits after the decimal mark; unit prices of energy and telephone bills have four."""
MAX_BARE_DIGITS = 7
"""Most digits of an integer without thousands marks; longer ones are article and account numbers."""

_SYMBOLS = "$€£¥₹₽₩₺₴₪"
_CODES = (
    "EUR|USD|GBP|CHF|MYR|SGD|AUD|CAD|NZD|HKD|CNY|RMB|JPY|INR|IDR|PHP|THB|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|ZAR|BRL|MXN"
    "|RM|SFr|Fr|Rp|Rs|kr|Kr|zł|Kč|Ft|lei|DM|FF"
)
"""Codes and abbreviations of currencies that stand right beside an amount."""
_COUNTRIES = "US|S|A|C|HK|NT|R|NZ"
"""Letters before a currency symbol that tell one dollar from another."""
_UNITS = "kg|mg|g|ml|cl|l|L|km|cm|mm|m|kWh|h|Std|Stk|St|st|pcs|PCS|pc|ea"
"""Units of measure that stand right behind a quantity."""
_MONEY = rf"(?:(?:{_COUNTRIES})?[{re.escape(_SYMBOLS)}]|(?:{_CODES})\.?)"
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "`": "'"})
_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})
_TOKEN = re.compile(
    rf"(?P<open>\()?(?P<before>[-+])?(?P<money>{_MONEY})?\s?(?P<inner>[-+])?[x×@]?"
    r"(?P<figure>\d[\d.,' ]*|[.,]\d+)"
    rf"(?P<dash>(?<=[.,])-{{1,2}})?(?P<cents>[€]\d\d)?\s?(?P<tail>%|{_MONEY}|[x×]|{_UNITS}|F|[A-Z]{{1,2}})?"
    r"(?P<after>-)?(?P<close>\))?"
)
_GROUPED = re.compile(r"\d{1,3}(?:(?P<mark>[.,' ])\d{3})(?:(?P=mark)\d{3})*(?:(?P<point>[.,])(?P<decimals>\d+))?")
_PLAIN = re.compile(r"(?P<whole>\d*)(?:(?P<point>[.,])(?P<decimals>\d+))?")
_TAX_LETTERS = re.compile(r"(?!RM|HK|NT|US|DM|FF|[FRh])[A-Z]{1,2}")
"""Letters behind an amount that name its rate of tax on a receipt; behind an integer they make it a code."""
_EDGES = " :;=*#_|\"'"


@dataclass(frozen=True, slots=True)
class Amount:
    """One number, exactly as written."""

    value: Decimal
    """Negative behind or before a minus, and in parentheses."""
    decimals: int
    """Digits after the decimal mark."""
    percent: bool = False
    """Whether a percent sign follows."""
    mark: Mark = ""
    """The decimal mark; empty where there are no decimals."""


@lru_cache(maxsize=8192)
def parse(text: str) -> tuple[Amount, ...]:
    """Return what a token can mean as an amount: nothing, one amount, or two where the token is ambiguous.

    Ambiguous is a single mark before exactly three digits: ``1.234`` is 1234 or 1.234. Dates, times, numbers with
    leading zeros, and what is longer than ``MAX_DIGITS`` are no amounts. Blanks may part thousands.
    """
    found = _TOKEN.fullmatch(text.translate(_BLANKS).translate(_DASHES).strip(_EDGES).rstrip(".,") or "")
    if found is None:
        found = _TOKEN.fullmatch(text.translate(_BLANKS).translate(_DASHES).strip(_EDGES))
    if found is None or (found["open"] is None) != (found["close"] is None):
        return ()
    figure = found["figure"].rstrip(" ")
    if _TAX_LETTERS.fullmatch(found["tail"] or "") and not re.search(r"[.,]\d\d$", figure):
        return ()
    if found["dash"]:
        figure = figure[:-1]
    if found["cents"]:
        figure += f",{found['cents'][1:]}"
    negative = (found["before"], found["inner"], found["after"]).count("-") + (found["open"] is not None)
    if negative > 1:
        return ()
    sign, percent = -1 if negative else 1, found["tail"] == "%"
    return tuple(Amount(sign * a.value, a.decimals, percent, a.mark) for a in _figures(figure))


def is_ambiguous(text: str) -> bool:
    """Whether the token is one amount by one convention and another by another, as ``1.234`` is."""
    return len(parse(text)) > 1


def settle(amounts: tuple[Amount, ...], mark: Mark) -> tuple[Amount, ...]:
    """Return the meanings that fit a page on which ``mark`` is the decimal mark; all where none is known."""
    if len(amounts) < 2 or not mark:  # noqa: PLR2004 -- a single meaning needs no settling
        return amounts
    return tuple(a for a in amounts if a.mark == mark) or amounts[:1]


def plain(value: Decimal) -> str:
    """Return an amount as reasons print it: a point before the decimals, no thousands marks, the given precision."""
    return f"{value:f}"


def _figures(figure: str) -> list[Amount]:
    """Return the meanings of digits with their marks, without sign and currency; thousands before decimals."""
    if sum(c.isdigit() for c in figure) > MAX_DIGITS:
        return []
    meanings = []
    grouped, decimal = _GROUPED.fullmatch(figure), _PLAIN.fullmatch(figure)
    if grouped and grouped["point"] != grouped["mark"] and not figure.startswith("0"):
        whole = re.sub(r"\D", "", figure[: grouped.start("point")] if grouped["point"] else figure)
        meanings.append(_amount(whole, grouped["point"] or "", grouped["decimals"] or ""))
    if decimal and (decimal["whole"] or decimal["decimals"]):
        whole = decimal["whole"] or "0"
        leading_zero = len(whole) > 1 and whole.startswith("0")
        bare = not decimal["decimals"] and len(whole) > MAX_BARE_DIGITS
        if not leading_zero and not bare and len(decimal["decimals"] or "") <= MAX_DECIMALS:
            meanings.append(_amount(whole, decimal["point"] or "", decimal["decimals"] or ""))
    return meanings


def _amount(whole: str, point: str, decimals: str) -> Amount:
    mark: Mark = "." if point == "." else "," if point == "," else ""
    return Amount(Decimal(f"{whole}.{decimals}" if decimals else whole), len(decimals), mark=mark)
