"""Fields as configured: presets, fields of presets, and fields of one's own."""

import pytest

from scanmend.config.wanted_fields import PRESET_NAMES, WantedField, names_of
from scanmend.fields.configured import wanted
from scanmend.fields.extract import extract_fields
from scanmend.fields.presets import INVOICE
from typed_page import typed_page


def test_a_preset_is_taken_as_it_is():
    """By its name."""
    assert wanted("invoice") == INVOICE


@pytest.mark.parametrize("preset", PRESET_NAMES)
def test_the_configuration_knows_the_names_of_a_preset(preset):
    """It checks names of documents by them, without loading the presets."""
    assert names_of(preset) == tuple(spec.name for spec in wanted(preset))


def test_a_field_called_as_one_of_a_preset_has_its_labels():
    """Unless it has its own, or another type."""
    total, own = wanted([WantedField(name="total", type="amount"), WantedField(name="date", type="date", labels="Tag")])
    assert "gesamtbetrag" in total.labels
    assert total.weights == "total"
    assert own.labels == ("Tag",)


def test_labels_of_other_fields_speak_against_a_field():
    """Each date stands beside its own label."""
    specs = wanted([
        WantedField(name="ordered", type="date", labels=("ordered on",)),
        WantedField(name="sent", type="date", labels=("sent on",)),
    ])  # fmt: skip
    page = typed_page("ordered on 01/02/2018", "sent on 03/02/2018")
    assert [field.value for field in extract_fields([page], specs)] == ["2018-02-01", "2018-02-03"]


def test_patterns_and_choices():
    """The whole text must match; a choice is one of the list."""
    specs = wanted([
        WantedField(name="project", pattern=r"P-\d{4}"),
        WantedField(name="branch", type="choice", choices=("Berlin", "Hamburg")),
    ])  # fmt: skip
    page = typed_page("Project P-1234", "Office Hamburg")
    assert [field.value for field in extract_fields([page], specs)] == ["P-1234", "Hamburg"]
