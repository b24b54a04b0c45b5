"""What a language model is asked where the ranker is unsure: a question, and a grammar that admits only its numbers.

The model cannot write a value: each answer that the grammar lets through is the number of a candidate, or 0 for none.
"""

from scanmend.document import DocumentField, FieldValue

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
