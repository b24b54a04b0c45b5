"""The stable code of an error message, under which ``docs/troubleshooting.md`` explains it.

Messages are for people, and may be worded better some day; a code never changes its meaning. ``codes.tsv`` has
each code with the message that it stands for, ``…`` for what changes. Messages travel between processes and through the
ledger as text, so the code is found by the text. One that has no code of its own has that of its kind of error.
"""

import re
from functools import cache
from importlib import resources


def code_of(message: str, kind: str) -> str:
    """Return the code of a message; ``kind`` where it has none of its own."""
    return next((code for code, pattern in _patterns() if pattern.search(message)), kind)


def with_code(message: str, kind: str) -> str:
    """Return the message as it is shown: with its code in brackets behind it."""
    return f"{message} [{code_of(message, kind)}]"


def pattern_of(message: str) -> re.Pattern[str]:
    """Return what a message with ``…`` for its changing parts matches, also within other words."""
    return re.compile(".*".join(map(re.escape, message.strip("… ").split("…"))), re.DOTALL)


@cache
def messages() -> tuple[tuple[str, str], ...]:
    """Return every code with its message, in the order in which they are tried."""
    text = resources.files("scanmend.error_codes").joinpath("codes.tsv").read_text("utf-8")
    rows = (line.partition("\t") for line in text.splitlines())
    return tuple((code, message) for code, _, message in rows)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((code, pattern_of(message)) for code, message in messages())
