"""scanmend.outputs.record, and that docs/record.md tells the same."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project import ROOT
from scanmend.assembly.parts import Dropped, Part
from scanmend.assembly.rules import Separator
from scanmend.document import (
    Archival,
    ArchivalCheck,
    CorrectedPage,
    DocumentField,
    DocumentWarning,
    Edit,
    Line,
    Mark,
    Member,
    NumberCounts,
    Page,
    SecondReading,
    Word,
    without_glyphs,
)
from scanmend.outputs.record import EditCounts, Record, Reviewed, head, numbers_of, render
from two_readers_page import two_readers_page

PAGE = Page(
    2,
    (
        Line((Word("Invoice", confidence=96.0),)),
        Line((Word("in", confidence=91.0), Word("whieh", confidence=44.04)), 1),
    ),
    1240,
    1754,
    150,
    1.5,
    turned=90,
    steps=("turned 90°",),
    languages=("eng",),
    marks=(Mark("code128", "DOC-7", (5, 6, 70, 20)),),
)
EDIT = Edit(1, 1, "whieh", "which", "rescore", 1, 5.43219, accepted=True, reason="look-alike", box=(1, 2, 3, 4))
MODEL = {
    "name": "bundled", "file": "m.gguf", "source": "package", "quantization": "Q4_1", "parameters": 134_515_008,
    "revision": None, "gpu_layers": 0, "layers": 31, "ran_on": "CPU",
}  # fmt: skip
RECORD = Record(
    id="20240501T101112-ab12",
    source="invoice.pdf",
    relative=Path("sub/invoice.pdf"),
    sha256="ab" * 32,
    size=123_456,
    modified_ns=1_714_551_072_123_456_789,
    folder="invoices",
    model=MODEL,
    strategy="rescore",
    prompt_sha256="cd" * 32,
    languages=("eng", "deu"),
    started="2024-05-01T10:11:12+02:00",
    finished="2024-05-01T10:11:20+02:00",
    timings={"ocr_s": 1.23456, "correct_s": 0.5, "total_s": 8.0},
    pages=(CorrectedPage(PAGE, "Invoice\n\nin which", (EDIT,)),),
    version="0.1.0",
    daemon="office-1",
)


def written(record: Record) -> dict:
    return json.loads(b"".join(render(record)).decode("utf-8"))


def test_the_whole_record():
    """Every field is there under its name; lines and words count from 1, numbers have three places."""
    assert written(RECORD) == {
        "schema": 1,
        "scanmend": "0.1.0",
        "daemon": "office-1",
        "id": "20240501T101112-ab12",
        "source": "invoice.pdf",
        "relative": "sub/invoice.pdf",
        "sha256": "ab" * 32,
        "size": 123_456,
        "modified_ns": 1_714_551_072_123_456_789,
        "folder": "invoices",
        "model": MODEL,
        "strategy": "rescore",
        "prompt_sha256": "cd" * 32,
        "languages": ["eng", "deu"],
        "started": "2024-05-01T10:11:12+02:00",
        "finished": "2024-05-01T10:11:20+02:00",
        "timings": {"ocr_s": 1.235, "correct_s": 0.5, "total_s": 8.0},
        "attempt": 1,
        "duplicate_of": None,
        "uncorrected": None,
        "archived_as": None,
        "edits": {"accepted": 0, "rejected": 0},
        "numbers": {"agreed": 0, "disputed": 0, "single": 0, "confirmed": 0},
        "fields": [],
        "warnings": [],
        "review": [],
        "part": None,
        "sources": [],
        "archival": None,
        "dropped": [],
        "pages": [
            {
                "number": 2,
                "from": None,
                "raw": "Invoice\n\nin whieh",
                "corrected": "Invoice\n\nin which",
                "mean_confidence": 77.0,
                "width": 1240,
                "height": 1754,
                "dpi": 150,
                "origin": "ocr",
                "turned": 90,
                "steps": ["turned 90°"],
                "languages": ["eng"],
                "skipped": None,
                "model_cut": False,
                "second_reader": None,
                "marks": [{"kind": "code128", "value": "DOC-7", "box": [5, 6, 70, 20]}],
                "numbers": [],
                "edits": [
                    {
                        "kind": "replace",
                        "raw": "whieh",
                        "new": "which",
                        "line": 2,
                        "word": 2,
                        "count": 1,
                        "box": [1, 2, 3, 4],
                        "proposer": "rescore",
                        "verdict": "accepted",
                        "reason": "look-alike",
                        "gain": 5.432,
                        "optical": None,
                        "margin": None,
                    }
                ],
            }
        ],
    }


def test_without_model_and_words():
    """A folder without correction has no model; a page without words has no confidence, but a reason."""
    page = CorrectedPage(Page(1, ()), "", skipped="no text")
    out = written(replace(RECORD, model=None, strategy="off", pages=(page,), duplicate_of="before", attempt=3))
    assert (out["model"], out["duplicate_of"], out["attempt"]) == (None, "before", 3)
    assert (out["pages"][0]["mean_confidence"], out["pages"][0]["skipped"]) == (None, "no text")


def test_readable_by_people():
    """Letters of any script stand as they are, and the file ends with a newline."""
    data = b"".join(render(replace(RECORD, source="Rechnung März.pdf")))
    assert "März".encode() in data
    assert data.endswith(b"\n}\n")


def test_names_that_are_no_text():
    """Undecodable bytes and control characters in a name are escaped."""
    out = written(replace(RECORD, source="caf\udce9\n.pdf", relative=Path("a\x1b/caf\udce9.pdf")))
    assert (out["source"], out["relative"]) == ("caf\\xe9\\n.pdf", "a\\x1b/caf\\xe9.pdf")


def test_numbers_that_json_has_not():
    """An infinite or undefined gain is null, so that every reader can parse the record."""
    edits = tuple(replace(EDIT, gain=g) for g in (float("inf"), float("nan"), None))
    out = written(replace(RECORD, pages=(CorrectedPage(PAGE, "x", edits),)))
    assert [edit["gain"] for edit in out["pages"][0]["edits"]] == [None, None, None]


@given(text=st.text(st.characters(exclude_categories=())), reason=st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_recorded(text, reason):
    """Whatever OCR or the model wrote, half surrogate pairs included, the record is valid UTF-8 and JSON."""
    page = CorrectedPage(PAGE, text, (replace(EDIT, new=text, reason=reason),))
    assert written(replace(RECORD, pages=(page,)))["pages"][0]["corrected"] == text.encode("utf-8", "replace").decode()


def test_the_documentation_names_every_field():
    """docs/record.md describes exactly the fields that are written."""
    page = ROOT / "docs/record.md"
    documented = re.findall(r"^\| `(\w+)`", page.read_text("utf-8"), re.MULTILINE)
    page_read = two_readers_page()
    pages = (replace(page_read, page=replace(page_read.page, marks=PAGE.marks)),)
    warnings = (DocumentWarning("output_not_made", "no pdf"),)
    review = (Reviewed("p1l2w1", 1, "type", "49.10", "19.10", "Ana", "2026-05-01T10:00:00+00:00"),)
    dropped = (Dropped(1, "separator", PAGE.marks),)
    part = Part(1, 2, (2,), dropped, Separator(1, "code128", "DOC-7"))
    fields = (DocumentField("date", "date"),)
    members = (Member("a.jpg", "ef" * 32, 7, 8, (1,)),)
    archival = Archival("PDF/A-2b", (ArchivalCheck("verapdf", "passed"),))
    whole = replace(RECORD, warnings=warnings, pages=pages, fields=fields, review=review, part=part)
    out = written(replace(whole, members=members, archival=archival))
    expected = [
        *out,
        *out["sources"][0],
        *out["numbers"],
        *out["fields"][0],
        *out["archival"],
        *out["archival"]["checks"][0],
        *out["pages"][0]["second_reader"],
        *out["pages"][0]["marks"][0],
        *out["part"],
        *out["dropped"][0],
        *out["pages"][0]["numbers"][0],
        *out["model"],
        *out["timings"],
        *out["pages"][0],
        *out["pages"][0]["edits"][0],
        *out["warnings"][0],
        *out["review"][0],
        "endpoint",  # of a model on a server
    ]
    assert sorted(documented) == sorted(expected)


def test_the_head_is_read_without_the_pages(tmp_path):
    """Whatever names it holds; a file that is not a record yields no fields."""
    file = tmp_path / "a.json"
    odd = replace(RECORD, relative=Path('x\n  "pages": [/b.pdf'), uncorrected=',\n  "pages": [')
    file.write_bytes(b"".join(render(odd))[:-20])  # the pages need not even be whole
    assert head(file) == {
        key: value for key, value in written(odd).items() if key not in ("pages", "warnings", "review", "dropped")
    }
    for other in (b"", b"[]", b"{}", b'{"schema": 2}', b"\xff", b"[" * 100_000):
        file.write_bytes(other)
        assert head(file) == {}
    assert head(tmp_path / "none.json") == {}


@pytest.mark.parametrize(
    ("original", "codes", "archived"),
    [
        ("archive", (), True),
        ("delete", (), False),
        ("delete", ("output_not_made",), True),
        ("keep", ("output_not_made",), False),
        ("keep", ("inbox_gone",), True),
    ],
)
def test_where_the_source_went(original, codes, archived):
    """What has warnings is not deleted; what has no inbox cannot stay there."""
    warnings = tuple(DocumentWarning(code, "text") for code in codes)
    made = replace(RECORD, original=original, archived_as=Path("/kept/b (2).pdf"), warnings=warnings)
    found = written(made)["archived_as"]
    assert found == ("/kept/b (2).pdf" if archived else None)


def test_what_two_readers_said():
    """How many lines the second one found and read, each number, and of each edit what it does and the image's say."""
    page = replace(without_glyphs(two_readers_page()), skipped="")
    out = written(replace(RECORD, pages=(page,), numbers=NumberCounts.of(page.numbers)))
    assert out["numbers"] == {"agreed": 1, "disputed": 1, "single": 1, "confirmed": 0}
    (told,) = out["pages"]
    assert told["second_reader"] == {"lines": 3, "read": 2, "seconds": 0.25, "problem": None}
    assert told["numbers"] == [
        {"text": "12", "other": None, "line": 2, "box": [260, 100, 300, 130], "state": "single", "chosen_by": None},
        {
            "text": "19.10", "other": "49.10", "line": 3, "box": [220, 240, 300, 270], "state": "disputed",
            "chosen_by": "the sum of the items",
        },
        {"text": "7", "other": None, "line": 3, "box": [350, 240, 362, 270], "state": "agreed", "chosen_by": None},
    ]  # fmt: skip
    assert [(e["kind"], e["raw"], e["new"], e["optical"]) for e in told["edits"]] == [
        ("replace", "surn", "sum here", 7.25),
        ("insert", "", "Total 12", None),
        ("drop", "~. |", "", None),
        ("insert", "", "due", None),
        ("replace", "49.10", "19.10", 4.5),
        ("drop", "‘", "", None),
        ("insert", "", "Lorem", None),
    ]


def test_lines_of_edits_are_those_of_the_raw_text_and_lines_of_numbers_those_of_the_corrected():
    """So that both can be found there; a line that is inserted has no word, and stands below the line that it names."""
    (told,) = written(replace(RECORD, pages=(two_readers_page(),)))["pages"]
    raw, corrected = ([row for row in told[key].splitlines() if row] for key in ("raw", "corrected"))
    for edit in told["edits"]:
        if edit["word"] is None:
            assert (edit["kind"], edit["count"], edit["raw"]) == ("insert", 0, "")
        else:
            words = raw[edit["line"] - 1].split()[edit["word"] - 1 :]
            assert words[: edit["count"]] == edit["raw"].split()
    assert [(e["line"], e["new"]) for e in told["edits"] if e["word"] is None] == [(1, "Total 12"), (3, "Lorem")]
    for number in told["numbers"]:
        assert number["text"] in corrected[number["line"] - 1].split()


def test_a_second_reader_that_had_no_answer():
    """The record says why."""
    page = CorrectedPage(replace(PAGE, second=SecondReading(problem="it crashed")), "x")
    (told,) = written(replace(RECORD, pages=(page,)))["pages"]
    assert told["second_reader"] == {"lines": 0, "read": 0, "seconds": 0.0, "problem": "it crashed"}


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({"numbers": {"agreed": 3, "disputed": 2, "single": 1, "more": 9}}, NumberCounts(3, 2, 1)),
        ({"numbers": {"agreed": "3", "disputed": True}}, NumberCounts()),
        ({"numbers": 7}, NumberCounts()),
        ({}, NumberCounts()),
    ],
)
def test_numbers_are_known_from_the_head_alone(told, known):
    """Records of an older scanmend have none, and nobody has to trust what a record says."""
    assert numbers_of(told) == known


def test_edits_are_counted_by_their_verdict():
    """The counts stand before the pages, where lists of documents read them."""
    page = CorrectedPage(PAGE, "", (EDIT, replace(EDIT, accepted=False), replace(EDIT, accepted=False)))
    assert EditCounts.of([page, page]) == EditCounts(2, 4)
    assert written(replace(RECORD, edits=EditCounts(2, 4)))["edits"] == {"accepted": 2, "rejected": 4}
