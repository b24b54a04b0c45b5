"""The fields that a folder's configuration asks for: a preset, or a list that may name fields of the presets."""

import re
from collections.abc import Sequence
from dataclasses import replace

from scanmend.config.wanted_fields import Preset, WantedField
from scanmend.fields.presets import PRESETS
from scanmend.fields.specs import FieldSpec


def wanted(configured: Preset | Sequence[WantedField]) -> tuple[FieldSpec, ...]:
    """Return what is to be found.

    A field without labels that is called as one of a preset, and has its type, is looked for as there. Labels of other
    fields of the same type speak against a field, unless they are its own.
    """
    if isinstance(configured, str):
        return PRESETS[configured]
    known = {spec.name: spec for preset in PRESETS.values() for spec in preset}
    specs = [_spec(field, known.get(field.name)) for field in configured]
    return tuple(_against_others(spec, specs) for spec in specs)


def _spec(field: WantedField, preset: FieldSpec | None) -> FieldSpec:
    pattern = re.compile(field.pattern) if field.pattern else None
    if preset is not None and preset.type == field.type and not field.labels:
        return replace(preset, pattern=pattern, required=field.required)
    return FieldSpec(
        field.name, field.type, field.labels, pattern=pattern, required=field.required, choices=field.choices
    )


def _against_others(spec: FieldSpec, specs: Sequence[FieldSpec]) -> FieldSpec:
    others = {label for other in specs if other is not spec for label in other.labels} - set(spec.labels)
    return replace(spec, against=tuple(sorted({*spec.against, *others} - set(spec.labels))))
