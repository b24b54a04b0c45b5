"""The ranker: probabilities that add up, and weights for every kind of field."""

import pytest

from scanmend.fields.candidates import DocumentText, candidates
from scanmend.fields.presets import PRESETS
from scanmend.fields.rank import NONE, parse_weights, rank, weights
from scanmend.fields.recognise.page_text import page_text
from scanmend.fields.specs import FieldSpec
from typed_page import typed_page

AMOUNT = FieldSpec("sum", "amount", ("sum",))


def found(*rows):
    return candidates(AMOUNT, DocumentText((page_text(typed_page(*rows)),)))


def test_probabilities_leave_room_for_none():
    """All values and "none of them" add up to 1; places with one value are pooled."""
    ranked = rank(found("sum 7.00", "7.00", "3.00"), {NONE: 0.0})
    assert [one.candidate.value for one in ranked] == ["7.00", "3.00"]
    assert [one.probability for one in ranked] == pytest.approx([2 / 4, 1 / 4])


def test_a_label_decides():
    """With the weight for what stands beside one."""
    ranked = rank(found("3.00", "sum 7.00"), {NONE: 0.0, "beside": 3.0})
    assert ranked[0].candidate.value == "7.00"
    assert ranked[0].probability > 0.8


def test_every_kind_of_field_has_weights():
    """Those of the presets, and of all types that can be configured."""
    kinds = {spec.weights for preset in PRESETS.values() for spec in preset}
    kinds |= {"text", "date", "amount", "currency", "number", "iban", "vat_id", "email", "phone", "company", "choice"}
    assert kinds == set(weights())
    assert all(NONE in of_type for of_type in weights().values())


def test_both_columns_of_a_table_of_weights_are_read():
    """What was judged, and what was learned from it."""
    table = "# note\ntype\tfeature\tjudged\tlearned\ndate\tbeside\t1\t2.5\n"
    assert parse_weights(table) == {"date": {"beside": 2.5}}
    assert parse_weights(table, "judged") == {"date": {"beside": 1.0}}
