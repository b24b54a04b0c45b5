"""What a folder wants to know of its documents: the name, type and labels of each field."""

import re
from dataclasses import dataclass
from typing import Literal

FieldType = Literal[
    "text", "date", "amount", "currency", "number", "iban", "vat_id", "email", "phone", "company", "address", "choice"
]
"""What a field can be; each has its recogniser."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field that a folder wants."""

    name: str
    type: FieldType
    labels: tuple[str, ...] = ()
    """What is printed beside or above it, in any language; case, accents and small reading errors do not matter."""
    against: tuple[str, ...] = ()
    """Labels of what looks the same and is something else: a due date is no date of the invoice."""
    pattern: re.Pattern[str] | None = None
    """What its text must match as a whole."""
    required: bool = False
    choices: tuple[str, ...] = ()
    """What a ``choice`` can be."""
    weighed_as: str = ""
    """Which weights rank its candidates, where not those of its type: the total of a document is no odd amount."""

    @property
    def weights(self) -> str:
        """The name of its weights."""
        return self.weighed_as or self.type
