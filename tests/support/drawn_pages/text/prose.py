"""Sentences and paragraphs from a language's phrases, and where its words may break at the end of a line."""

import re
from random import Random

from drawn_pages.text import money, names
from drawn_pages.text.english import ENGLISH
from drawn_pages.text.french import FRENCH
from drawn_pages.text.german import GERMAN
from drawn_pages.text.spanish import SPANISH
from drawn_pages.text.tongue import Tongue

TONGUES: dict[str, Tongue] = {t.code: t for t in (ENGLISH, GERMAN, FRENCH, SPANISH)}
"""The languages that have sentences, by their two letters."""
CURRENCY = {"de": "Mark", "fr": "francs", "es": "pesetas"}
"""Names of the money in prose, by language."""
SLOT = re.compile(r"\{(\w+)\}")
"""Finds the places of a frame."""
SENTENCE_START = re.compile(r"(^|[.!?] )([«„“¿¡\"]? ?)(\w)")
"""Finds the first letter of each sentence."""
BREAK = re.compile(r"(?<=[aeiouyäöüáéíóúàèêâô])(?=[bcdfghjklmnpqrstvwxzßñç][aeiouyäöüáéíóúàèêâô])")
"""Finds the places between syllables: before a single consonant that a vowel follows."""


def sentence(rng: Random, tongue: Tongue, years: tuple[int, int] = (1880, 2024)) -> str:
    """Return one sentence with its full stop."""

    def fill(match: re.Match[str]) -> str:
        text = _slot(rng, tongue, match[1], years)
        return SLOT.sub(fill, text)

    text = SLOT.sub(fill, rng.choice(tongue.frames))
    return SENTENCE_START.sub(lambda m: m[1] + m[2] + m[3].upper(), text)


def paragraph(rng: Random, tongue: Tongue, sentences: int, years: tuple[int, int] = (1880, 2024)) -> str:
    """Return so many sentences on one line."""
    return " ".join(sentence(rng, tongue, years) for _ in range(sentences))


def long_date(rng: Random, tongue: Tongue, years: tuple[int, int]) -> str:
    """Return a date with the month's name."""
    day, month, year = rng.randint(1, 28), rng.choice(tongue.months), rng.randint(*years)
    return {"de": f"{day}. {month} {year}", "es": f"{day} de {month} de {year}"}.get(
        tongue.code, f"{day} {month} {year}"
    )


def breakable(word: str) -> list[int]:
    """Return after how many letters a word may be broken: between syllables, three letters from either end."""
    letters = word.rstrip(".,;:!?»“”")
    if not letters.isalpha() or len(letters) < 7:
        return []
    return [m.start() for m in BREAK.finditer(letters.lower()) if 3 <= m.start() <= len(letters) - 3]


def _slot(rng: Random, tongue: Tongue, kind: str, years: tuple[int, int]) -> str:
    listed = {
        "s": tongue.subjects,
        "o": tongue.objects,
        "v": tongue.verbs,
        "i": tongue.to_do,
        "w": tongue.where,
        "t": tongue.when,
        "a": tongue.asides,
    }
    if kind in listed:
        return rng.choice(listed[kind])
    if kind == "name":
        return names.person(rng, tongue.code)
    if kind == "year":
        return str(rng.randint(*years))
    if kind == "amount":
        amount = money.written(rng.randint(4_000, 900_000), tongue.code)
        return f"£{amount}" if tongue.code == "en" else f"{amount} {CURRENCY[tongue.code]}"
    return str(rng.randint(3, 90))
