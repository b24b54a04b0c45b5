"""When a value counts as the fact of a page, and what is counted."""

from pathlib import Path

import pytest

from field_scores import is_right, keyed_images, on_page, score, total
from scanmend.document import DocumentField, FieldValue
from typed_page import typed_page


@pytest.mark.parametrize(
    ("name", "value", "truth"),
    [
        ("date", "2018-06-15", "15 JUN 18"),
        ("total", "57.40", "RM 57.40"),
        ("total", "1110.08", "1 110,08"),
        ("company", "Gerbang Alaf Restaurants Sdn Bhd", "GERBANG ALAF RESTAURANTS SDN BHD"),
        ("iban", "DE89370400440532013000", "DE89 3704 0044 0532 0130 00"),
    ],
)
def test_a_value_is_compared_by_what_it_means(name: str, value: str, truth: str) -> None:
    """Case, blanks, currency and form do not count."""
    assert is_right(name, value, truth)


@pytest.mark.parametrize(
    ("name", "value", "truth"),
    [("date", "2018-06-16", "15 JUN 18"), ("total", "5.74", "57.40"), ("company", "Gerbang", "GERBANG ALAF")],
)
def test_anything_else_is_wrong(name: str, value: str, truth: str) -> None:
    """One digit or word is enough."""
    assert not is_right(name, value, truth)


def test_what_is_wrong_doubtful_missing_and_invented_is_counted() -> None:
    """Each page once."""
    page = typed_page("Total 7.00")
    right = DocumentField("total", "amount", chosen=FieldValue("7.00", "7.00", 1))
    wrong = DocumentField("total", "amount", chosen=FieldValue("9.00", "9.00", 1), doubt="why")
    missing = DocumentField("total", "amount")
    counted = total([score("total", field, "7.00", page) for field in (right, wrong, missing)])
    assert (counted.pages, counted.right, counted.wrong, counted.wrong_doubtful) == (3, 1, 1, 1)
    assert (counted.missing, counted.invented) == (1, 1)
    assert on_page(page, "Total 7.00")


def test_only_images_with_facts_are_measured(tmp_path: Path) -> None:
    """Sorted by name."""
    for name in ("b.png", "a.png", "a.key.json", "b.key.json", "c.png"):
        (tmp_path / name).touch()
    assert [path.name for path in keyed_images(tmp_path)] == ["a.png", "b.png"]
