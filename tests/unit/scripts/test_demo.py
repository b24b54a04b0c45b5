"""What the demo says of text and how its scanners deliver; the demo itself is run by scripts/demo."""

import os
import re
import subprocess
import sys

import pytest

import demo_receipt
from demo_checks import DOCUMENTS, Scanners
from demo_show import Run, broken_numbers, changed_lines, excerpt, marked, runs, wrong_characters
from project import ROOT
from render_scans import save_png
from scanmend.ocr import preprocess
from scanmend.source import render
from scanmend.source.settings import ReadSettings, SourceLimits

AMOUNT = re.compile(r"\d+\.\d\d\b")
DEMO = ROOT / "scripts" / "demo_lib" / "demo_run.py"


def test_only_lines_that_changed_are_shown_with_their_number():
    """Blank lines part paragraphs and do not count, as in the record."""
    raw, corrected = "one\n\nthc two\nthree", "one\n\nthe two\nthree"
    assert list(changed_lines(raw, corrected)) == [(2, (Run("thc", "the"), Run("two", "two")))]


def test_changes_are_marked_word_by_word():
    """Two neighbouring words that changed are two marks; a joined word is one."""
    assert marked(runs("a thc tbe b", "a the the b")) == "a [-thc-]{+the+} [-tbe-]{+the+} b"
    assert marked(runs("a li brary b", "a library b")) == "a [-li brary-]{+library+} b"


def test_a_number_that_changed_is_found():
    """A digit for another, a digit dropped, a digit invented; letters that became their look-alikes are none."""
    assert broken_numbers("pay 4,250.00 now", "pay 4,260.00 now") == ["4,250.00 became 4,260.00"]
    assert broken_numbers("pay 99 now", "pay 9 now") == ["99 became 9"]
    assert broken_numbers("pay l now", "pay 1 now") == ["0 words with digits became 1"]
    assert broken_numbers("pay $1O0.00 on l2.O3.24", "pay $100.00 on 12.03.24") == []
    assert broken_numbers("pay $1O0.00", "pay $1Q0.00") == ["$1O0.00 became $1Q0.00"]


def test_distance_to_the_print_ignores_how_lines_break():
    """Only characters count."""
    assert wrong_characters("a  libnary\nhere", "a library here\n") == 1


def test_an_excerpt_skips_headings_and_cuts_long_lines():
    """It shows running text."""
    text = "INVOICE\none two three four five six\nand some more words to follow here"
    assert excerpt(text, 1, width=12) == ["one two thr…"]


def test_the_scanners_deliver_every_document_whole_and_in_pieces(tmp_path):
    """Halfway there are parts; in the end each file is its scan, and none is left under a temporary name."""
    contents = {d.file: bytes(range(251)) * (n + 3) for n, d in enumerate(DOCUMENTS)}
    (tmp_path / "scans").mkdir()
    for d in DOCUMENTS:
        (tmp_path / "scans" / d.file).write_bytes(contents[d.file])
        d.place(tmp_path, "inbox").parent.mkdir(parents=True, exist_ok=True)
    dropped = []
    scanners = Scanners(tmp_path, dropped.append)
    assert not scanners.deliver(1.5)
    assert dropped == []
    assert not next(d for d in DOCUMENTS if d.file == "report.tiff").place(tmp_path, "inbox").exists()
    assert scanners.deliver(60)
    assert {d.file: d.place(tmp_path, "inbox").read_bytes() for d in DOCUMENTS} == contents
    assert sorted(d.file for d in dropped) == sorted(contents)
    assert len([p for p in (tmp_path / "inbox").rglob("*") if p.is_file()]) == len(DOCUMENTS)


def test_without_tesseract_the_demo_fails_and_says_so(tmp_path):
    """It exits 1 after the check, starts no daemon, and names what is missing."""
    environment = os.environ | {"PATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, DEMO], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Missing: scanmend check ended with exit code 1" in done.stdout
    assert "Tesseract is not installed" in done.stdout


def test_the_receipt_adds_up():
    """Quantity times price is the amount of each row; the amounts, the tax and the change come to what is printed."""
    rows = [line for line in demo_receipt.receipt().truth[0].splitlines() if AMOUNT.search(line)]
    items, sums = rows[:-5], [_cents(AMOUNT.findall(row)[-1]) for row in rows[-5:]]
    for row in items:
        quantity, price, amount = row.split()[-3:]
        assert int(quantity) * _cents(price) == _cents(amount)
    subtotal, tax, total, cash, change = sums
    assert subtotal == sum(_cents(row.split()[-1]) for row in items)
    assert (total, change) == (subtotal + tax, cash - total)


@pytest.mark.thorough
def test_tesseract_gets_a_few_amounts_of_the_receipt_wrong(tmp_path):
    """Most amounts are read as they are printed, from one to five are not."""
    scan = demo_receipt.receipt()
    save_png(scan.pages[0], tmp_path / "receipt.png")
    limits = SourceLimits(max_pages=1, max_megapixels=10, render_dpi=300)
    image = render.render(tmp_path / "receipt.png", 1, tmp_path, limits)
    page = preprocess.read(image, 1, ReadSettings(("eng",), limits, limit_s=60.0), preprocess.STEPS)
    printed = AMOUNT.findall(scan.truth[0])
    read = AMOUNT.findall(page.raw)
    assert 1 <= sum(amount not in read for amount in printed) <= 5
    assert len(printed) == 11


def _cents(amount):
    return int(amount.replace(".", ""))
