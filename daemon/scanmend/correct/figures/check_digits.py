"""Check digits: bank accounts, VAT numbers, French company numbers and article numbers that prove themselves.

Sources: ISO 13616 and ISO 7064 (IBAN), the GS1 General Specifications (article numbers), ISO/IEC 7812 (Luhn), and the
algorithms that the European Commission publishes for VIES.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass

IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27,
    "HU": 28, "IE": 22, "IT": 27, "LI": 21, "LU": 20, "MC": 27, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
    "SE": 24, "SI": 19, "SK": 24, "HR": 21, "BG": 22, "EE": 20, "LV": 21, "LT": 20, "CY": 28, "MT": 31,
}  # fmt: skip
"""Characters of an IBAN by country, from the registry of ISO 13616."""

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_CIF_LETTERS = "JABCDEFGHI"


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of identifier with check digits."""

    name: str
    """As reasons call it, such as ``the German VAT number``."""
    shape: re.Pattern[str]
    """What the identifier looks like as a whole, in capitals and without blanks, dots and hyphens."""
    is_valid: Callable[[str], bool]
    """Whether the check digits of an identifier of this shape hold."""
    chance: float
    """Share of random identifiers of this shape whose check digits hold."""
    needs_label: bool = True
    """Whether the shape alone is too common to tell that it is such an identifier."""


def compact(text: str) -> str:
    """Return an identifier in capitals and without what groups its characters."""
    return re.sub(r"[\s.\-:/]", "", text).upper()


def luhn(digits: str) -> bool:
    """Whether the digits satisfy the Luhn formula, as SIREN and SIRET do."""
    return _luhn_sum(digits) % 10 == 0


def gtin(digits: str) -> bool:
    """Whether the last digit is the GS1 check digit of the others (EAN-8, UPC-A, EAN-13, GTIN-14)."""
    return sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(reversed(digits))) % 10 == 0


def iban(text: str) -> bool:
    """Whether an IBAN has its country's length and leaves 1 when divided by 97."""
    return IBAN_LENGTHS.get(text[:2]) == len(text) and _letters_as_numbers(text[4:] + text[:4]) % 97 == 1


def _vat_de(text: str) -> bool:
    product = 10
    for c in text[2:10]:
        product = ((int(c) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(text[10])


def _vat_fr(text: str) -> bool:
    return luhn(text[4:]) and (12 + 3 * int(text[4:])) % 97 == int(text[2:4])


def _vat_nl(text: str) -> bool:
    rest = sum(int(c) * (9 - i) for i, c in enumerate(text[2:10])) % 11
    return rest == int(text[10]) or _letters_as_numbers(text) % 97 == 1


def _vat_be(text: str) -> bool:
    return 97 - int(text[2:10]) % 97 == int(text[10:])


def _vat_at(text: str) -> bool:
    total = sum(_digit_sum(int(c) * (2 if i % 2 else 1)) for i, c in enumerate(text[3:10]))
    return (96 - total) % 10 == int(text[10])


def _vat_it(text: str) -> bool:
    return luhn(text[-11:])


def _vat_gb(text: str) -> bool:
    total = sum(int(c) * (8 - i) for i, c in enumerate(text[2:9])) + int(text[9:11])
    return total % 97 == 0 or (total + 55) % 97 == 0


def _vat_es(text: str) -> bool:
    core = text[2:]
    if core[0] in "XYZ" or core[0].isdigit():
        return core[-1] == _DNI_LETTERS[int(core[:-1].translate(str.maketrans("XYZ", "012"))) % 23]
    check = -_luhn_sum(core[1:8] + "0") % 10
    return core[-1] in (str(check), _CIF_LETTERS[check])


SCHEMES = (
    Scheme("the IBAN", re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,27}"), iban, 1 / 97, needs_label=False),
    Scheme("the German VAT number", re.compile(r"DE\d{9}"), _vat_de, 1 / 10),
    Scheme("the French VAT number", re.compile(r"FR\d{11}"), _vat_fr, 1 / 970, needs_label=False),
    Scheme("the Dutch VAT number", re.compile(r"NL\d{9}B\d\d"), _vat_nl, 1 / 10, needs_label=False),
    Scheme("the Belgian VAT number", re.compile(r"BE[01]\d{9}"), _vat_be, 1 / 97, needs_label=False),
    Scheme("the Austrian VAT number", re.compile(r"ATU\d{8}"), _vat_at, 1 / 10, needs_label=False),
    Scheme("the Italian VAT number", re.compile(r"IT\d{11}"), _vat_it, 1 / 10),
    Scheme("the Spanish VAT number", re.compile(r"ES(?:[XYZ\d]\d{7}[A-Z]|[A-HJNP-SUVW]\d{7}[\dA-J])"), _vat_es, 1 / 10),
    Scheme("the British VAT number", re.compile(r"GB\d{9}(?:\d{3})?"), _vat_gb, 2 / 97, needs_label=False),
)
"""Identifiers that begin with a country's letters."""
SIREN = Scheme("the SIREN", re.compile(r"\d{9}"), luhn, 1 / 10)
"""Number of a French company; only where it is labelled so."""
SIRET = Scheme("the SIRET", re.compile(r"\d{14}"), luhn, 1 / 10)
"""Number of a French establishment; only where it is labelled so."""
PARTITA_IVA = Scheme("the Italian VAT number", re.compile(r"\d{11}"), _vat_it, 1 / 10)
"""Italian VAT number without its country's letters; only where it is labelled so."""
GTIN = Scheme("the article number (GTIN)", re.compile(r"\d{13}"), gtin, 1 / 10)
"""EAN-13; only where it is labelled so, or where other numbers of this length on the page prove themselves."""


def _luhn_sum(digits: str) -> int:
    return sum(_digit_sum(int(c) * (2 if i % 2 else 1)) for i, c in enumerate(reversed(digits)))


def _digit_sum(number: int) -> int:
    return number // 10 + number % 10


def _letters_as_numbers(text: str) -> int:
    """Read a text with A as 10, B as 11 … as one number, as ISO 7064 does."""
    return int("".join(str((string.digits + string.ascii_uppercase).index(c)) for c in text))
