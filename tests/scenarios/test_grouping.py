"""Page files, and files of fronts and backs, through a real daemon: one document each, also where it is killed."""

import json

import pymupdf
import pytest

from fork_server import ForkServer
from harness import Harness
from kill_points import KillPoint
from page_files import BY_NUMBER, COLLATED, drop, problems, save_page
from waiting import until


@pytest.mark.timeout(240)
def test_page_files_become_documents_however_often_it_is_killed(tmp_path):
    """In natural order, each once, with all their files in the archive; pages say which file they come from."""
    points = [
        KillPoint("gathered", "claiming", "pages"),
        KillPoint("page kept", "working", "pages"),
    ]
    server = ForkServer()
    harness = Harness(tmp_path, {"pages": BY_NUMBER}, workers=1, fork_server=server)
    first, second = save_page("first", tmp_path / "1.jpg"), save_page("second", tmp_path / "2.pdf")
    expected = {}
    try:
        for n, point in enumerate(points):
            files = {f"scan{n}_10.pdf": second, f"scan{n}_9.jpg": first}
            drop(harness, "pages", files)
            expected[f"scan{n}"] = list(reversed(files))
            harness.start(point).wait_killed(60)
        harness.start().wait_ready()
        archive = harness.path_of("pages", "archive")
        until(lambda: sum(p.is_file() for p in archive.rglob("*")) == 2 * len(points), "all to be done", limit_s=90)
        until(lambda: not harness.query_ledger("SELECT 1 FROM document WHERE state != 'done'"), "the ledger to know")
        assert harness.stop() == 0
    finally:
        harness.kill()
        server.close()
    assert problems(harness, "pages", expected) == []
    outbox = harness.path_of("pages", "outbox")
    record = json.loads((outbox / "scan0.json").read_bytes())
    assert [page["from"] for page in record["pages"]] == [
        {"file": "scan0_9.jpg", "page": 1},
        {"file": "scan0_10.pdf", "page": 1},
    ]
    assert [page["corrected"] for page in record["pages"]] == ["first", "second"]
    with pymupdf.open(outbox / "scan0.pdf") as pdf:
        assert [page.get_text().strip() for page in pdf] == ["first", "second"]
        assert pdf.xref_stream_raw(pdf[0].get_images()[0][0]) == first.read_bytes()


@pytest.mark.timeout(120)
def test_fronts_wait_for_backs_and_fail_with_a_reason(tmp_path):
    """Status says what waits; both files are in quarantine when they do not fit, and the report names them."""
    settings = COLLATED | {"group": COLLATED["group"] | {"within_s": 60}}
    harness = Harness(tmp_path, {"sheets": settings}, workers=1)
    page = save_page("first", tmp_path / "1.pdf")
    with pymupdf.open(page) as pdf:
        pdf.fullcopy_page(0)
        pdf.save(tmp_path / "2.pdf")
    harness.start().wait_ready()
    try:
        drop(harness, "sheets", {"letter_1.pdf": page})
        until(lambda: "gathering  sheets/letter: letter_1.pdf; since" in harness.run_command("status"), "it to be told")
        drop(harness, "sheets", {"letter_2.pdf": tmp_path / "2.pdf"})
        quarantine = harness.path_of("sheets", "quarantine")
        until(lambda: list(quarantine.glob("*.error.txt")), "the report to be written", limit_s=60)
        assert harness.stop() == 0
    finally:
        harness.kill()
    assert sorted(p.name for p in (quarantine / "letter.files").iterdir()) == ["letter_1.pdf", "letter_2.pdf"]
    report = (quarantine / "letter.files.error.txt").read_text("utf-8")
    assert "letter_1.pdf (fronts) has 1 page, letter_2.pdf (backs) has 2 pages" in report
