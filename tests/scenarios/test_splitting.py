"""Stacks through a real daemon: documents by barcode and patch code, blank backs, sheets upside down, and kills."""

import json

import pymupdf
import pytest

from fork_server import ForkServer
from harness import Harness
from kill_points import KillPoint
from split_stacks import BY_BARCODE, BY_PATCH, problems, save_stack
from waiting import until

STACK = ("DOC-7", "upright", "back", "upside down", "DOC-8", "upright", "2")
"""By barcode, two documents: pages 2 and 4, and pages 6 and 7."""
SOME_POINTS = (
    KillPoint("parts chosen", "working", "barcodes"),
    KillPoint("output written", "working", "barcodes"),
    KillPoint("target recorded", "published", "barcodes"),
)
OTHER_POINTS = (
    KillPoint("entered", "working", "barcodes"),
    KillPoint("page kept", "working", "barcodes"),
    KillPoint("record written", "working", "barcodes"),
    KillPoint("leaving", "working", "barcodes"),
    KillPoint("entered", "published", "barcodes"),
    KillPoint("leaving", "published", "barcodes"),
)
SHEETS = ("T", "upright", "back", "T", "upside down")
"""By patch code, two documents: page 2, and page 5."""


@pytest.mark.timeout(240)
def test_stacks_become_documents(tmp_path):
    """Separators and blank backs are left out, pages upside down stand upright, and each source is put away once."""
    folders = {"barcodes": BY_BARCODE | {"prepare": "auto"}, "sheets": BY_PATCH | {"prepare": "auto"}}
    harness = Harness(tmp_path, folders)
    harness.start().wait_ready()
    try:
        made = save_stack(STACK, tmp_path / "stack.pdf"), save_stack(SHEETS, tmp_path / "sheets.tiff")
        for folder, stack in zip(folders, made, strict=True):
            harness.drop(stack, folder, type(stack)(stack.name))
        until(lambda: len(harness.log_lines("document.done")) == 2, "both stacks to be done", limit_s=180)
        assert harness.stop() == 0
    finally:
        harness.kill()
    assert problems(harness, "barcodes", {"stack.pdf": [[2, 4], [6, 7]]}) == []
    assert problems(harness, "sheets", {"sheets.tiff": [[2], [5]]}) == []
    first = harness.path_of("barcodes", "outbox") / "7 stack.json"
    record = json.loads(first.read_bytes())
    assert record["part"] == {"number": 1, "of": 2, "separator": {"page": 1, "kind": "code128", "value": "7"}}
    assert [(one["page"], one["why"]) for one in record["dropped"]] == [(1, "separator"), (3, "blank")]
    assert [page["turned"] for page in record["pages"]] == [0, 180]
    assert all("committee" in page["corrected"] for page in record["pages"])
    with pymupdf.open(first.with_suffix(".pdf")) as pdf:
        assert [(page.rotation, "committee" in page.get_text()) for page in pdf] == [(0, True), (180, True)]
    with pymupdf.open(harness.path_of("sheets", "outbox") / "sheets-2.pdf") as pdf:
        assert [("committee" in page.get_text()) for page in pdf] == [True]
    assert harness.path_of("sheets", "outbox").joinpath("sheets-1.txt").exists()


@pytest.mark.thorough
@pytest.mark.timeout(240)
@pytest.mark.parametrize("points", [SOME_POINTS, OTHER_POINTS], ids=["some", "others"])
def test_killed_while_splitting(tmp_path, points):
    """At each moment that leaves something by half: the same documents, once, and a row of the table for each."""
    folder = "barcodes"
    server = ForkServer()
    table = tmp_path / "all.csv"
    fields = {"fields": [{"name": "word", "pattern": "committee"}], "fields_csv": str(table)}
    harness = Harness(tmp_path, {folder: BY_BARCODE | fields}, workers=1, fork_server=server)
    stack = save_stack(("DOC-7", "upright", "DOC-8", "upright"), tmp_path / "stack.pdf", small=True)
    expected = {}
    try:
        for n, point in enumerate(points):
            harness.drop(stack, folder, type(stack)(f"{n}.pdf"))
            expected[f"{n}.pdf"] = [[2], [4]]
            harness.start(point).wait_killed(60)
        harness.start().wait_ready()
        archive = harness.path_of(folder, "archive")
        until(lambda: len([p for p in archive.rglob("*") if p.is_file()]) == len(points), "all to be done", limit_s=90)
        until(lambda: not harness.query_ledger("SELECT 1 FROM document WHERE state != 'done'"), "the ledger to know")
        assert harness.stop() == 0
    finally:
        harness.kill()
        server.close()
    assert problems(harness, folder, expected) == []
    records = [json.loads(path.read_bytes()) for path in harness.path_of(folder, "outbox").glob("*.json")]
    rows = [line.split(",") for line in table.read_text("utf-8").splitlines()[1:]]
    assert sorted((row[0], row[3]) for row in rows) == sorted((record["id"], "committee") for record in records)
