"""Patch codes: found wherever they stand, however they went through the scanner, and never where there is none."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

import render_scans
import separator_sheets as sheets
from scanmend.marks.patch_codes import CODES, find_patch_codes


def found(sheet: Image.Image, dpi: int = 150) -> list[str]:
    return [mark.value for mark in find_patch_codes(np.asarray(sheet.convert("L")), dpi)]


def each_code_with(*hows: object) -> list[object]:
    """Pair each code with one of these in turn; the other pairs are for the thorough."""
    pairs = [(i, j, code, how) for i, code in enumerate(CODES.values()) for j, how in enumerate(hows)]
    return [
        pytest.param(code, how, marks=[] if i % len(hows) == j else [pytest.mark.thorough]) for i, j, code, how in pairs
    ]


@pytest.mark.parametrize(("code", "at"), each_code_with((0.5, 0.02), (0.2, 0.03), (0.8, 0.05), (0.5, 0.44)))
def test_each_code_is_found_wherever_it_stands(code, at):
    """At the top edge, left and right of it, and in the middle."""
    assert found(sheets.patch_sheet(code, at=at)) == [code]


@pytest.mark.parametrize(("code", "degrees"), each_code_with(-3, -1.3, 3))
def test_each_code_is_found_at_an_angle_and_in_noise(code, degrees):
    """Three degrees are more than feeders let pass."""
    assert found(sheets.noisy(sheets.skewed(sheets.patch_sheet(code), degrees), seed=4)) == [code]


@pytest.mark.parametrize(("code", "quarters"), each_code_with(1, 2, 3))
def test_a_turned_sheet_reads_the_same(code, quarters):
    """A code is read from the edge that it lies at: 1 and 6, or 3 and T, are not mistaken for each other."""
    turned = sheets.patch_sheet(code, at=(0.5, 0.03)).rotate(90 * quarters, expand=True)
    assert found(turned) == [code]


@pytest.mark.parametrize("dpi", [100, 200, 300, 600])
def test_at_any_resolution_known_or_not(dpi):
    """Where the image does not say its resolution, the sheet counts as A4."""
    sheet = sheets.patch_sheet("T", dpi)
    assert found(sheet, dpi) == found(sheet, 0) == ["T"]


@pytest.mark.parametrize("spread_px", [-1, 1, 2])
@pytest.mark.parametrize("scale", [0.7, 1.0, 1.4])
def test_printers_scale_and_thicken(spread_px, scale):
    """A copied sheet has thicker bars and narrower gaps, or the other way round."""
    assert found(sheets.patch_sheet("2", scale=scale, spread_px=spread_px)) == ["2"]


def test_the_box_is_that_of_the_bars():
    """In pixels of the image, within the width of a strip."""
    (mark,) = find_patch_codes(np.asarray(sheets.patch_sheet("T", 150, at=(0.5, 0.1))), 150)
    left, top, right, bottom = mark.box
    assert (mark.kind, abs(left - 470) < 10, abs(right - 770) < 10) == ("patch", True, True)
    assert (abs(top - 175) < 4, abs(bottom - 295) < 4) == (True, True)


def test_several_codes_of_a_sheet_come_from_top_to_bottom():
    """Many sheets have the code at each edge, so that they may be put in any way round."""
    sheet = sheets.patch_sheet("T", at=(0.5, 0.03))
    sheet.paste(sheets.patch_sheet("T", at=(0.5, 0.03)).rotate(180).crop((0, 1500, *sheet.size)), (0, 1500))
    assert found(sheet) == ["T", "T"]


def table() -> Image.Image:
    sheet = sheets.blank_sheet()
    draw = ImageDraw.Draw(sheet)
    for i in range(30):
        draw.rectangle((100, 100 + 40 * i, 1100, 100 + 40 * i + (30 if i % 3 else 12)), fill=0)
    return sheet


def zebra() -> Image.Image:
    sheet = sheets.blank_sheet()
    for i in range(4):
        ImageDraw.Draw(sheet).rectangle((100, 300 + 24 * i, 1100, 311 + 24 * i), fill=0)
    return sheet


def crowded() -> Image.Image:
    sheet = sheets.patch_sheet("T", at=(0.5, 0.2))
    ImageDraw.Draw(sheet).rectangle((300, 351 + 120 + 12, 1000, 351 + 120 + 24), fill=0)
    return sheet


NOTHING = {
    "a table": table,
    "four equal bars": zebra,
    "bars that are too short": lambda: sheets.patch_sheet("T", length_inches=0.4),
    "a fifth bar": crowded,
    "Code 39": lambda: sheets.barcode_sheet(["PATCH-T", "12345"], "Code39", 300),
    "Code 128": lambda: sheets.barcode_sheet(["DOC-0001", "WWNNWNNW"], "Code128", 300),
    "EAN": lambda: sheets.barcode_sheet(["4006381333931"], "EAN13", 300),
    "QR": lambda: sheets.barcode_sheet(["https://example.org/" + "x" * 60], "QRCode"),
    "nothing at all": sheets.blank_sheet,
    "noise": lambda: sheets.noisy(sheets.blank_sheet(), seed=1),
}
"""Sheets that have bars, but no patch code."""


@pytest.mark.parametrize("name", NOTHING)
def test_no_false_alarm(name):
    """Upright and turned, with noise and without."""
    sheet = NOTHING[name]()
    assert found(sheet) == found(sheet.rotate(90, expand=True)) == found(sheets.noisy(sheet, seed=2)) == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    "scan",
    [render_scans.invoice, render_scans.report, render_scans.minutes, render_scans.letter_es, render_scans.leaflet],
)
def test_no_false_alarm_on_letters_tables_and_columns(scan):
    """Worn as they are drawn, upright and turned."""
    for page in scan().pages:
        assert found(page, 300) == found(page, 0) == found(page.rotate(90, expand=True), 300) == []
