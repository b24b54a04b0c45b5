"""The pattern of names: what it can say, what is wrong with it, and that all it makes is safe."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.naming.safe import safe_name
from scanmend.naming.template import Facts, parse

FACTS = Facts(
    stem="scan_0042",
    folder="invoices",
    scanned=datetime(2026, 5, 4, 13, 7, 9),  # noqa: DTZ001 -- local time, as the file has it
    barcode="DOC-7",
    counter=12,
    pages=(4, 5, 6),
    part=2,
    parts=3,
    fields={"date": "2026-04-30", "vendor": "Müller & Co. KG", "total": "1250.00"},
)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{stem}", "scan_0042"),
        ("{date} {folder}", "2026-05-04 invoices"),
        ("{date:%Y%m%d-%H%M}_{counter:04}", "20260504-1307_0012"),
        ("{barcode|none} p{pages}", "DOC-7 p4-6"),
        ("{part:02} of {parts}", "02 of 3"),
        ("{fields.date:%d.%m.%Y} {fields.vendor}", "30.04.2026 Müller & Co. KG"),
        ("{fields.total:%Y}", "1250.00"),
        ("{fields.number|unknown} {stem}", "unknown scan_0042"),
        ("{fields.number}", "scan_0042"),
        ("{{{stem}}}", "{scan_0042}"),
    ],
)
def test_what_a_pattern_gives(pattern, name):
    """Where nothing is left, the name of the scan."""
    assert parse(pattern).render(FACTS) == name


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{stem", "at character 1: a brace without its other half"),
        ("a stem}", "at character 7: a brace"),
        ("x {stam}", "at character 3: there is no {stam}; did you mean {stem}?"),
        ("{qwertz}", "at character 1: there is no {qwertz}; use {stem}"),
        ("{stem:04}", "takes no format"),
        ("{counter:x}", "needs a number of digits"),
        ("{counter:99}", "needs a number of digits"),
        ("{date:%Q}", "'%Q' is no format of a date"),
        ("{date:today}", "is no format of a date"),
        ("{date:%Y/%m}", "without /"),
        ("{fields.Total}", "is no field"),
        ("a/{stem}", "a name has no /"),
        ("{barcode|a/b}", "a name has no /"),
        ("always", "has no token"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(pattern, why):
    """As a person has to find it in a long line."""
    with pytest.raises(ValueError, match=r".") as e:
        parse(pattern)
    assert why in str(e.value)


_any = st.text(st.characters(exclude_categories=()), max_size=60)


@given(stem=_any, barcode=st.none() | _any, vendor=_any)
def test_whatever_a_document_says_its_name_is_safe(stem, barcode, vendor):
    """Barcodes and texts come from strangers."""
    facts = Facts(stem, "in", FACTS.scanned, barcode, fields={"vendor": vendor})
    name = parse("{barcode}/{fields.vendor} {stem}".replace("/", "-")).render(facts)
    assert name == safe_name(name)
