"""Recognises numbers of documents, bank accounts, VAT numbers, e-mail addresses and telephone numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from scanmend.correct.figures import check_digits
from scanmend.fields.recognise.page_text import PageText, TextWord, joined

MAX_WORDS = 10
"""Most words that an identifier is grouped into."""
MAX_GAP = 2.0
"""Widest blank between two of these words, in word heights."""
_EDGES = "()[]{}<>|,;:.'\"“”‘’*#=_ "
_EU_VAT = re.compile(
    r"(?:ATU\d{8}|(?:BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|CHE)[A-Z0-9]{7,12})"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\(?\+?\d[\d\s()/.\-]{6,18}\d")
_NUMBER = re.compile(r"[A-Za-z0-9][\w\-/.]*")
_PREFIX = re.compile(r"[A-Z]{1,5}[-/]?")


@dataclass(frozen=True, slots=True)
class IdentifierSpan:
    """An identifier on a page."""

    words: tuple[TextWord, ...]
    text: str
    """As it stands on the page, without marks around it."""
    value: str
    """As it is compared."""
    checks: tuple[str, ...] = ()


def find_ibans(page: PageText) -> Iterator[IdentifierSpan]:
    """Yield the bank accounts whose check digits hold, and those of a country's length whose do not."""
    for words, compact in _runs(page):
        if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", compact):
            length = check_digits.IBAN_LENGTHS.get(compact[:2])
            if length == len(compact):
                held = ("the check digits of the IBAN hold",) if check_digits.iban(compact) else ()
                yield IdentifierSpan(words, joined(words).strip(_EDGES), compact, held)


def find_vat_ids(page: PageText) -> Iterator[IdentifierSpan]:
    """Yield what looks like a VAT number, with its check where its country's is known."""
    for words, compact in _runs(page, most=5):
        for scheme in check_digits.SCHEMES[1:]:
            if scheme.shape.fullmatch(compact):
                held = (f"the check digits of {scheme.name} hold",) if scheme.is_valid(compact) else ()
                yield IdentifierSpan(words, joined(words).strip(_EDGES), compact, held)
                break
        else:
            if _EU_VAT.fullmatch(compact) and sum(c.isdigit() for c in compact) >= 7:  # noqa: PLR2004 -- of the shortest
                yield IdentifierSpan(words, joined(words).strip(_EDGES), compact)


def find_emails(page: PageText) -> Iterator[IdentifierSpan]:
    """Yield the e-mail addresses."""
    for word in page.words:
        if found := _EMAIL.search(word.text):
            yield IdentifierSpan((word,), found[0], found[0].lower())


def find_phones(page: PageText) -> Iterator[IdentifierSpan]:
    """Yield the telephone numbers: seven to fifteen digits, grouped by blanks, hyphens, slashes or brackets."""
    for row in range(len(page.rows)):
        for block in page.blocks(row):
            end = 0
            for first in range(len(block)):
                for last in range(min(len(block), first + 5), max(first, end), -1):
                    text = joined(block[first:last]).strip(":;,. |")
                    digits = sum(c.isdigit() for c in text)
                    if _PHONE.fullmatch(text) and 7 <= digits <= 15:  # noqa: PLR2004 -- ITU-T E.164 has at most 15
                        value = re.sub(r"[^\d+]", "", text.replace("(0)", ""))
                        yield IdentifierSpan(tuple(block[first:last]), text, value)
                        end = last
                        break


def find_numbers(page: PageText) -> Iterator[IdentifierSpan]:
    """Yield what can be the number of a document: a word with a digit, also behind a word of a few capitals."""
    for row in page.rows:
        for i, word in enumerate(row):
            text = word.text.strip(_EDGES)
            if not any(c.isdigit() for c in text) or not _NUMBER.fullmatch(text):
                continue
            yield IdentifierSpan((word,), text, text)
            before = row[i - 1] if i else None
            if before and _PREFIX.fullmatch(before.text) and _gap(before, word) <= MAX_GAP * page.height:
                both = f"{before.text} {text}"
                yield IdentifierSpan((before, word), both, both)


def _runs(page: PageText, most: int = MAX_WORDS) -> Iterator[tuple[tuple[TextWord, ...], str]]:
    """Yield runs of words of a row that begin with two capitals, and their text without blanks, longest first."""
    for row in page.rows:
        for first, start in enumerate(row):
            if not re.match(r"\W*[A-Z]{2}", start.text.upper()):
                continue
            for last in range(min(len(row), first + most), first, -1):
                words = row[first:last]
                if all(_gap(a, b) <= MAX_GAP * page.height for a, b in pairwise(words)):
                    yield words, check_digits.compact(joined(words).strip(_EDGES))


def _gap(left: TextWord, right: TextWord) -> float:
    return right.spot.left - left.spot.right
