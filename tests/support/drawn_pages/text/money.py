"""Sums of money as each country writes them, dates, and the numbers that carry check digits."""

import string
from dataclasses import dataclass
from random import Random

DECIMAL_POINT = {
    "en": (".", ","),
    "de": (",", "."),
    "fr": (",", " "),
    "es": (",", "."),
    "it": (",", "."),
    "nl": (",", "."),
}
"""Decimal and thousands separator by language."""
DATE = {"en": "{d:02}/{m:02}/{y}", "de": "{d:02}.{m:02}.{y}", "fr": "{d:02}/{m:02}/{y}", "es": "{d:02}/{m:02}/{y}",
        "it": "{d:02}/{m:02}/{y}", "nl": "{d:02}-{m:02}-{y}"}  # fmt: skip
"""How a date is written in figures, by language."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing sold; all money is in hundredths, so that sums are exact."""

    name: str
    quantity: int
    price: int
    """Of one, in hundredths."""

    @property
    def amount(self) -> int:
        """Quantity times price, in hundredths."""
        return self.quantity * self.price


def written(cents: int, code: str, *, thousands: bool = True) -> str:
    """Return hundredths as an amount with two decimals, as the language writes it."""
    point, group = DECIMAL_POINT[code]
    whole = f"{abs(cents) // 100:,}".replace(",", group if thousands else "")
    return f"{'-' if cents < 0 else ''}{whole}{point}{abs(cents) % 100:02}"


def percent_of(cents: int, percent: float) -> int:
    """Return a share of an amount, rounded half up to the hundredth."""
    return int(cents * percent / 100 + 0.5)


def date(rng: Random, code: str, years: tuple[int, int] = (2003, 2025)) -> str:
    """Return a date in figures."""
    return DATE[code].format(d=rng.randint(1, 28), m=rng.randint(1, 12), y=rng.randint(*years))


def iban(rng: Random, country: str) -> str:
    """Return an account number with true check digits (ISO 13616), in groups of four."""
    digits = {"DE": 18, "FR": 23, "NL": 10, "GB": 14}[country]
    bank = {"NL": "OOST", "GB": "WEST"}.get(country, "")
    rest = bank + "".join(rng.choice(string.digits) for _ in range(digits))
    number = int("".join(str(int(c, 36)) for c in f"{rest}{country}00"))
    whole = f"{country}{98 - number % 97:02}{rest}"
    return " ".join(whole[i : i + 4] for i in range(0, len(whole), 4))


def vat_number(rng: Random, country: str) -> str:
    """Return a number as tax offices give them, in the form of the country."""
    digits = "".join(rng.choice(string.digits) for _ in range(11))
    return {"DE": f"DE{digits[:9]}", "FR": f"FR{digits[:11]}", "NL": f"NL{digits[:9]}B01", "GB": f"GB{digits[:9]}"}[
        country
    ]
