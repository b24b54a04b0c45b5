"""What a person is asked: required fields that are missing or doubtful, with what they could be."""

from scanmend.document import DocumentField, FieldValue
from scanmend.fields.extract import extract_fields
from scanmend.fields.presets import RECEIPT
from scanmend.fields.questions import questions
from typed_page import typed_page

SEVEN = FieldValue("7.00", "7.00", 2, ((1, 2, 30, 12), (40, 2, 60, 12)), 0.4)
ONE = FieldValue("1.00", "1.00", 1, ((5, 5, 9, 9),), 0.1)


def test_a_doubtful_required_field_is_asked_about_with_its_candidates():
    """The published value first; the box is around all of its words."""
    doubtful = DocumentField("total", "amount", required=True, chosen=SEVEN, others=(ONE,), doubt="why")
    (asked,) = questions([doubtful])
    assert (asked.field, asked.reason, asked.page, asked.box) == ("total", "why", 2, (1, 2, 60, 12))
    assert asked.choices == (SEVEN, ONE)


def test_what_is_sure_or_not_required_is_not_asked_about():
    """Whatever else is doubtful."""
    sure = DocumentField("total", "amount", required=True, chosen=SEVEN)
    optional = DocumentField("net", "amount", chosen=ONE, doubt="why")
    assert questions([sure, optional]) == ()


def test_a_missing_field_has_no_place():
    """Where nothing on the pages can be it."""
    asked = {one.field: one for one in questions(extract_fields([typed_page("Dear Sir,", "thank you")], RECEIPT))}
    assert (asked["date"].page, asked["date"].box, asked["date"].choices) == (None, None, ())
