"""Numbers are sacred: what may change inside one, and what it must look like to be mended at all.

The only change allowed is a look-alike letter becoming its digit, ``$1O0.00`` to ``$100.00``, and only where
the characters around it say that this is a number.
"""

import re
from collections.abc import Iterable

LOOKALIKES = {"O": "0", "o": "0", "l": "1", "I": "1", "|": "1"}
"""Letters that OCR writes for digits so often that a number is the better reading."""

CURRENCY = "$€£¥₹₽₩¢₺₴₪"
_SACRED = re.compile(rf"[\d{re.escape(CURRENCY)}%‰°±+=#№§½¼¾²³]|(?<!\w)[-−–](?=\w)")
_AMOUNT = re.compile(
    rf"[-+(]?[{re.escape(CURRENCY)}]?\d{{1,3}}(?:[.,' ]\d{{3}})*(?:[.,]\d{{2}})?[{re.escape(CURRENCY)}%]?\)?[.,;:]?"
    rf"|[-+(]?[{re.escape(CURRENCY)}]?\d+[.,]\d{{2}}[{re.escape(CURRENCY)}%]?\)?[.,;:]?"
)
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})[.,;:]?|\d{4}([./-])\d{1,2}\2\d{1,2}[.,;:]?")


def is_sacred(word: str) -> bool:
    """Whether the word holds a digit, a sign or a currency symbol, which no model may touch."""
    return _SACRED.search(word) is not None


def sacred(word: str) -> str:
    """The digits, signs and currency symbols of a text, in order."""
    return "".join(_SACRED.findall(word))


def repair(word: str) -> str | None:
    """Return the word with look-alike letters turned into their digits; None where there is nothing to repair.

    Either each of them stands between digits (``2O24``, ``1,0O0``), or the result is an amount or a date and at
    least half of its figures were read as digits or it carries a currency symbol. A number as short as ``1O``
    or ``5l`` may be a unit or a code and stays.
    """
    if not any(c.isdigit() for c in word) or not any(c in LOOKALIKES for c in word):
        return None
    if any(c.isalpha() and c not in LOOKALIKES for c in word):
        return None
    mended = "".join(LOOKALIKES.get(c, c) for c in word)
    if all(_between_digits(word, i) for i, c in enumerate(word) if c in LOOKALIKES):
        return mended
    digits = sum(c.isdigit() for c in word)
    figures = sum(c.isdigit() for c in mended)
    shaped = (_AMOUNT.fullmatch(mended) and re.search(r"[.,]", mended.rstrip(".,;:"))) or _DATE.fullmatch(mended)
    priced = any(c in CURRENCY for c in word) and _AMOUNT.fullmatch(mended)
    return mended if priced or (shaped and 2 * digits >= figures) else None


def preserved(raw: str, new: str) -> bool:
    """Whether new keeps every digit, separator, sign and currency symbol of raw, but for the look-alike repair."""
    if not is_sacred(raw) and not is_sacred(new):
        return True
    return new == raw or new == repair(raw)


def _between_digits(word: str, i: int) -> bool:
    """Whether the nearest character on either side that is neither separator nor look-alike is a digit."""
    return _digit_first(reversed(word[:i])) and _digit_first(iter(word[i + 1 :]))


def _digit_first(characters: Iterable[str]) -> bool:
    for c in characters:
        if c not in LOOKALIKES and c not in ".,'":
            return c.isdigit()
    return False
