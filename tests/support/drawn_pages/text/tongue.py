"""What a language brings to the making of sentences: phrases that fit any place of their kind."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tongue:
    """Phrases of one language, inflected for their place, so that any of a kind fits any sentence."""

    code: str
    """Two letters."""
    tesseract: str
    """Tesseract's name of the language."""
    subjects: Sequence[str]
    """Who acts, third person singular, in the nominative, lower case where the language has it so."""
    objects: Sequence[str]
    """What is acted on, in the accusative."""
    verbs: Sequence[str]
    """Transitive verbs in the past tense, third person singular."""
    to_do: Sequence[str]
    """The same verbs in the infinitive."""
    where: Sequence[str]
    """Adverbials of place and manner."""
    when: Sequence[str]
    """Adverbials of time; ``{day}``, ``{year}`` and ``{n}`` stand for numbers."""
    asides: Sequence[str]
    """Whole clauses that stand by themselves."""
    frames: Sequence[str]
    """Sentences, with a letter in braces for each of the kinds above: ``{s}`` a subject, ``{o}`` an object, ``{v}`` a
    verb, ``{i}`` an infinitive, ``{w}`` where, ``{t}`` when, ``{a}`` an aside; and ``{name}``, ``{n}``, ``{amount}``.
    """
    titles: Sequence[str]
    """Headings."""
    months: Sequence[str]
    """Names of the twelve months."""
    opening: Sequence[str]
    """How a letter begins; ``{name}`` is whom it is for."""
    closing: Sequence[str]
    """How a letter ends."""
    quotes: tuple[str, str]
    """Opening and closing quotation marks, with their blanks."""


def listed(text: str) -> list[str]:
    """Return the phrases between the upright bars of a text, with single blanks in them."""
    return [" ".join(phrase.split()) for phrase in text.split("|")]
