"""Barcodes: read with kind, value and place."""

import numpy as np
import pytest

import separator_sheets as sheets
from scanmend.marks.barcodes import find_barcodes


@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        ("Code39", "DOC-0001", "code39"),
        ("Code128", "doc 0001/a", "code128"),
        ("EAN13", "4006381333931", "ean13"),
        ("EAN8", "96385074", "ean8"),
        ("QRCode", "Häuser & 東京", "qr"),
        ("DataMatrix", "SEP:42", "datamatrix"),
    ],
)
def test_each_kind_is_read(kind, value, name):
    """Turned and in noise, too."""
    sheet = sheets.barcode_sheet([value], kind)
    for seen in (sheet, sheet.rotate(180), sheets.noisy(sheets.skewed(sheet, 1.5), seed=3, share=0.002)):
        assert [(mark.kind, mark.value) for mark in find_barcodes(np.asarray(seen))] == [(name, value)]


def test_the_box_is_where_it_stands():
    """In pixels of the image."""
    sheet = sheets.barcode_sheet(["ONE", "TWO"])
    first, second = find_barcodes(np.asarray(sheet))
    assert (first.value, second.value) == ("ONE", "TWO")
    left, top, right, bottom = first.box
    assert 100 < left < right < 700
    assert 90 < top < bottom < second.box[1]


def test_a_page_without_any():
    """Nothing is made up."""
    assert find_barcodes(np.asarray(sheets.noisy(sheets.blank_sheet(), seed=5))) == ()
    assert find_barcodes(np.asarray(sheets.patch_sheet("T"))) == ()
