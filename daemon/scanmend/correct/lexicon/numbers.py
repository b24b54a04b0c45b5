"""Numbers: digits, signs and currency symbols stay as they were read, and look-alike letters in them are repaired.

The only change allowed in a number is a look-alike letter becoming its digit, ``$1O0.00`` to ``$100.00``, and only
where the characters around the letter show that this is a number.
"""

import re
from collections.abc import Iterable
from unicodedata import category

REPAIR_REASON = "a look-alike letter inside a number"
"""Reason, in the record, of the repair of a look-alike."""
LOOKALIKES = {"O": "0", "o": "0", "l": "1", "I": "1"}
"""Digit by letter, for the letters that OCR writes for digits so often that a number is the better reading."""

CURRENCY = "$€£¥₹₽₩¢₺₴₪"
"""Currency symbols that an amount may carry."""
_CANDIDATE_CHARACTER = re.compile(r"[0-9%+=#$]|[^\x00-\x7f]")
"""Finds the characters of numbers in ASCII, and every character beyond ASCII, which may be one."""
_SIGNS = frozenset("%‰°+±−×÷=#№§$")
_SEPARATORS = frozenset(".,:;/'’-–‐‑")
_DIGITS = frozenset("0123456789")
_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_SMALL_ROMAN = re.compile(r"[(\[]?[ivx]{2,}[)\].]")
_ROMAN_LOOKALIKES = str.maketrans({"l": "I", "|": "I"})
"""Characters that the Roman numeral one is misread as."""
_UNITS = {
    "g", "kg", "mg", "µg", "μg", "ug", "ng", "mcg", "t", "lb", "lbs", "oz", "gal", "l", "L", "ml", "mL", "cl", "dl",
    "hl", "µl", "μl", "m", "km", "cm", "mm", "µm", "μm", "nm", "ft", "yd", "mi", "ha", "ccm", "cc", "s", "h", "min",
    "ms", "Uhr", "A", "mA", "V", "mV", "kV", "W", "kW", "MW", "kWh", "Wh", "VA", "Hz", "kHz", "MHz", "GHz", "J", "kJ",
    "cal", "kcal", "N", "kN", "Pa", "hPa", "kPa", "MPa", "bar", "mbar", "K", "C", "F", "mol", "mmol", "IE", "IU", "U",
    "ppm", "ppb", "kB", "KB", "MB", "GB", "TB", "dB", "rpm", "mph", "Std", "Stk", "St", "EUR", "USD", "GBP", "CHF",
    "JPY", "DM", "DEM", "FRF", "FF", "Fr", "fr", "kr", "Kr", "zł", "Kč", "Rs", "Ft", "Pf", "ct", "cts",
}  # fmt: skip
"""Units of measure and currencies that follow a number, in their usual case."""
_MONTHS = {
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "janvier", "février", "mars",
    "avril", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre", "enero", "febrero", "marzo",
    "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre", "jan", "feb", "mar",
    "apr", "jun", "jul", "aug", "sep", "sept", "oct", "okt", "nov", "dec", "dez", "ene", "dic",
}  # fmt: skip
"""Months and their abbreviations in English, German, French and Spanish: beside a digit they are part of a date."""
_AMOUNT = re.compile(
    rf"[-+(]?[{re.escape(CURRENCY)}]?\d{{1,3}}(?:[.,' ]\d{{3}})*(?:[.,]\d{{2}})?[{re.escape(CURRENCY)}%]?\)?[.,;:]?"
    rf"|[-+(]?[{re.escape(CURRENCY)}]?\d+[.,]\d{{2}}[{re.escape(CURRENCY)}%]?\)?[.,;:]?"
)
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})[.,;:]?|\d{4}([./-])\d{1,2}\2\d{1,2}[.,;:]?")


def holds_number(word: str) -> bool:
    """Whether the word holds a digit of any script, a sign or a currency symbol, which no model may change."""
    return any(_is_number_character(found.group()) for found in _CANDIDATE_CHARACTER.finditer(word))


def number_characters(text: str) -> str:
    """Return a text's digits, signs and currency symbols with the separators before and between them, in order."""
    figures = [*map(_is_number_character, text), False]
    return "".join(c for i, c in enumerate(text) if figures[i] or (figures[i + 1] and c in _SEPARATORS))


def repair_lookalikes(word: str) -> str | None:
    """Return the word with look-alike letters turned into their digits; None where there is nothing to repair.

    Either each look-alike stands between digits (``2O24``, ``1,0O0``), or the result is an amount or a date, and it
    carries a currency symbol or at least half of its digits were read as digits. A number as short as ``1O`` or
    ``5l`` may be a unit or a code and stays.
    """
    if not any(c in _DIGITS for c in word) or not any(c in LOOKALIKES for c in word):
        return None
    if any(c.isalnum() and c not in LOOKALIKES and c not in _DIGITS for c in word):
        return None
    mended = "".join(LOOKALIKES.get(c, c) for c in word)
    if all(_between_digits(word, i) for i, c in enumerate(word) if c in LOOKALIKES):
        return mended
    digits = sum(c in _DIGITS for c in word)
    figures = sum(c in _DIGITS for c in mended)
    shaped = (_AMOUNT.fullmatch(mended) and re.search(r"[.,]", mended.rstrip(".,;:"))) or _DATE.fullmatch(mended)
    priced = any(c in CURRENCY for c in word) and _AMOUNT.fullmatch(mended)
    return mended if priced or (shaped and 2 * digits >= figures) else None


def preserves_numbers(raw: str, new: str) -> bool:
    """Whether ``new`` keeps every digit, separator, sign, currency symbol and Roman numeral of ``raw``.

    The repair of look-alikes is allowed, and so is that of a misread Roman numeral (``XlV`` to ``XIV``).
    """
    if new == raw or new == repair_lookalikes(raw):
        return True
    if holds_number(raw) or holds_number(new):
        return False
    return _roman_numerals(raw) == _roman_numerals(new) or (
        not _roman_numerals(raw) and raw.translate(_ROMAN_LOOKALIKES) == new
    )


def is_part_of_number(raw: str, new: str, before: str, after: str) -> bool:
    """Whether raw or new, between the words ``before`` and ``after``, is part of a number though it has no digit.

    Such are signs and separators that stand alone (``10 - 12``), units and currencies beside a digit (``5 ml``,
    ``EUR 100``), months beside a digit, and letter groups of an identifier (``GB29 NWBK 6016``). Both neighbours may be
    empty.
    """
    beside = holds_number(before.rstrip(".,")[-1:]) or holds_number(after[:1])
    if beside and (_lone_marks(raw) != _lone_marks(new) or raw.strip(".,").casefold() in _MONTHS):
        return True
    if before[-1:].isnumeric() and any(_is_unit(word) for text in (raw, new) for word in text.split()[:1]):
        return True
    if holds_number(after[:1]) and any(word in _UNITS for text in (raw, new) for word in text.split()[-1:]):
        return True
    return raw.isupper() and raw.isalnum() and (_is_code(before) or _is_code(after))


def _is_number_character(c: str) -> bool:
    return c in _DIGITS or c in _SIGNS or (not c.isascii() and (c.isnumeric() or category(c) == "Sc"))


def _is_unit(word: str) -> bool:
    core = word.rstrip(".,;:)")
    return bool(core) and all(part in _UNITS for part in re.split("[/·*]", core))


def _is_code(word: str) -> bool:
    """Whether the word mixes capitals and digits, as no number with its unit does."""
    return any(c in _DIGITS for c in word) and word.isalnum() and word.isupper()


def _lone_marks(text: str) -> list[str]:
    """Return the words that have neither letter nor digit: between two numbers they are part of them."""
    return [word for word in text.split() if not any(c.isalnum() for c in word)]


def _roman_numerals(text: str) -> list[str]:
    """Return the Roman numerals among the words; a single letter is none."""
    return [word for word in text.split() if _is_roman_numeral(word)]


def _is_roman_numeral(word: str) -> bool:
    core = word.strip(".,;:()[]'’\"“”«»")
    return (len(core) > 1 and _ROMAN.fullmatch(core) is not None) or _SMALL_ROMAN.fullmatch(word) is not None


def _between_digits(word: str, i: int) -> bool:
    """Whether the nearest character on either side that is neither separator nor look-alike is a digit."""
    return _digit_comes_first(reversed(word[:i])) and _digit_comes_first(iter(word[i + 1 :]))


def _digit_comes_first(characters: Iterable[str]) -> bool:
    for c in characters:
        if c not in LOOKALIKES and c not in ".,'":
            return c in _DIGITS
    return False
