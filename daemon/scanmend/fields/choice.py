"""What a language model is asked where the ranker is unsure: a question, and a grammar that admits only its numbers.

The model cannot write a value: each answer that the grammar lets through is the number of a candidate, or 0 for none.
"""

from collections.abc import Callable
from dataclasses import replace

from scanmend.document import DocumentField, FieldValue

PROMPT = "You find facts on scanned documents."
"""What the model is told first."""
Ask = Callable[[str, str], str]
"""Takes a question and a grammar; returns the model's answer."""

MAX_CHOICES = 9
"""Most candidates that are shown, so that an answer is one figure."""
MAX_TEXT = 4000
"""Characters of the document that are shown."""


def choices_of(field: DocumentField) -> tuple[FieldValue, ...]:
    """Return the candidates that the model may choose from, the ranker's first."""
    chosen = (field.chosen,) if field.chosen else ()
    return (*chosen, *field.others)[:MAX_CHOICES]


def grammar(count: int) -> str:
    """Return the llama.cpp grammar (GBNF) of an answer where there are so many candidates, at most nine."""
    return f"root ::= [0-{count}]" if count else 'root ::= "0"'


def question(field: DocumentField, text: str) -> str:
    """Return what the model is asked."""
    listed = "\n".join(f"{n}: {value.text}" for n, value in enumerate(choices_of(field), 1))
    return (
        f"{text[:MAX_TEXT]}\n\nWhich of these is the {field.name.replace('_', ' ')} of the document above?\n"
        f"{listed}\n0: none of them\nAnswer with its number."
    )


def answered(field: DocumentField, answer: str) -> FieldValue | None:
    """Return the candidate that an answer names; None where it names none."""
    choices = choices_of(field)
    number = int(answer) if answer.strip().isdecimal() else 0
    return choices[number - 1] if 1 <= number <= len(choices) else None


def choose(field: DocumentField, text: str, ask: Ask) -> DocumentField:
    """Return a field with the candidate that a model chooses of it; with that it had, where it names none.

    It stays as doubtful as it was: the model has seen the same words as the ranker, and nothing of the image.
    """
    choices = choices_of(field)
    if not choices:
        return field
    chosen = answered(field, ask(question(field, text), grammar(len(choices))))
    return field if chosen is None else _with(field, chosen)


def kept(found: DocumentField, before: DocumentField) -> DocumentField:
    """Return a field that was found again with the value that a model chose before, where that is still a candidate."""
    values = {value.value: value for value in choices_of(found)}
    same = values.get(before.value) if before.chosen_by == "model" else None
    return found if same is None else _with(found, same)


def _with(field: DocumentField, chosen: FieldValue) -> DocumentField:
    others = tuple(value for value in choices_of(field) if value.value != chosen.value)
    return replace(field, chosen=chosen, others=others, chosen_by="model")
