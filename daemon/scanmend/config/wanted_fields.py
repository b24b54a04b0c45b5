"""The configuration of fields: what a folder wants to know of its documents."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

Preset = Literal["invoice", "receipt"]
"""Sets of fields that come with scanmend, with labels in six languages."""
PRESET_NAMES: Mapping[Preset, tuple[str, ...]] = {
    "invoice": ("number", "date", "due_date", "vendor", "vat_id", "net", "tax", "total", "currency", "iban"),
    "receipt": ("company", "date", "total", "currency", "number", "address"),
}
"""Names of their fields, in the order of their columns."""


def _as_list(value: object) -> object:
    """Take a single word as a list of one: ``labels: Order``."""
    return [value] if isinstance(value, str) else value


class WantedField(BaseModel):
    """One field."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    """What it is called in records, tables, names and hooks: small letters, digits and underscores."""
    type: Literal[
        "text",
        "date",
        "amount",
        "currency",
        "number",
        "iban",
        "vat_id",
        "email",
        "phone",
        "company",
        "address",
        "choice",
    ] = "text"
    labels: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    """What is printed beside or above it."""
    pattern: str | None = None
    """Regular expression that its whole text must match."""
    required: bool = False
    """Whether somebody is to look where it is missing or doubtful."""
    choices: tuple[str, ...] = ()
    """What a ``choice`` can be."""

    @model_validator(mode="after")
    def _can_be_found(self) -> "WantedField":
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as e:
                raise ValueError(f"pattern is no regular expression: {e}") from e
        if self.type == "choice" and not self.choices:
            raise ValueError("a choice needs choices: the list of what it can be")
        if self.choices and self.type != "choice":
            raise ValueError("choices are for type: choice; remove them, or set that type")
        if self.type == "text" and not (self.labels or self.pattern):
            raise ValueError("text needs labels or a pattern: nothing else tells it from the rest of the page")
        return self


def _distinct(value: object) -> object:
    names = [field.get("name") for field in value if isinstance(field, dict)] if isinstance(value, list) else []
    for name in names:
        if name is not None and names.count(name) > 1:
            raise ValueError(f"two fields are called {name!r}; give each its own name")
    return value


def _kind(value: object) -> str:
    """Tell a preset from a list, so that a wrong value has the errors of one of them alone."""
    return "preset" if isinstance(value, str) else "list"


Fields = Annotated[
    Annotated[Preset, Tag("preset")] | Annotated[tuple[WantedField, ...], Tag("list")],
    Discriminator(_kind),
    BeforeValidator(_distinct),
]
"""A preset, or a list of fields."""


def names_of(fields: Preset | Sequence[WantedField]) -> tuple[str, ...]:
    """Return the names of the fields that a folder wants."""
    return PRESET_NAMES[fields] if isinstance(fields, str) else tuple(field.name for field in fields)
