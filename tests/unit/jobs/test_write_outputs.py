"""scanmend.jobs.write_outputs with real page processes: one OCR pass, all outputs, the record last."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import render_scans
from sample_page import TEXT, sample_page
from scanmend.commands import process
from scanmend.config.schema import Settings
from scanmend.document import CorrectedPage, DocumentWarning
from scanmend.errors import DocumentError, OcrError
from scanmend.fs import atomic
from scanmend.jobs.pipeline import Pipeline
from scanmend.jobs.write_outputs import write_outputs
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.store.store import Store
from scanmend.outputs import record
from scanmend.outputs.page_file import PageFile
from scanmend.outputs.record import Record
from scanmend.pageworkers.pool import PagePool

ALL = ("json", "html", "pdf", "hocr", "md", "txt")


def made_of(work: Path, source: Path, *pages: CorrectedPage) -> Record:
    """Return a record of these pages, that lie in a file in ``work``."""
    filed = PageFile(work / "pages")
    for page in pages:
        filed.append(page)
    return Record(
        id="id", source=source.name, relative=Path(source.name), sha256="ab" * 32, size=1, modified_ns=1, folder="f",
        model={"name": "m"}, strategy="rescore", prompt_sha256="", languages=("eng",), started="", finished="",
        timings={}, pages=filed, version="0",
    )  # fmt: skip


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """One worker, shared: nothing here breaks it."""
    pool = PagePool(1, tmp_path_factory.mktemp("work"))
    yield pool
    pool.close()


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    render_scans.save_png(render_scans.line(TEXT), path)
    return path


def settings(*what: str) -> Settings:
    return Settings(outputs=what)


@pytest.mark.parametrize("what", [("txt", "json"), ("json", "md", "txt")])
def test_the_record_comes_last_and_text_needs_no_process(what, tmp_path):
    """In whatever order they are configured: the presence of the record means that all is there."""

    pool = PagePool(1, tmp_path / "work")
    made = made_of(tmp_path, Path("a.png"), CorrectedPage(sample_page().page, "The committee\n"))
    files, _ = write_outputs(settings(*what), made, made.pages, Path("a.png"), tmp_path, pool)
    assert list(files)[-1] == ".json"
    assert set(files) == {f".{name}" for name in what}
    assert files[".json"].read_bytes() == b"".join(record.render(made))
    assert files[".txt"].read_bytes() == b"The committee\n"
    assert pool.pids == ()
    pool.close()


def test_all_outputs_of_an_image(pool, scan, tmp_path):
    """Each is whole."""
    with pool.temporary_folder() as work:
        made = made_of(work, scan, sample_page())
        files, _ = write_outputs(settings(*ALL), made, made.pages, scan, work, pool)
        assert list(files)[-1] == ".json"
        for suffix, data in files.items():
            atomic.publish(tmp_path / f"a{suffix}", data)
    told = subprocess.run(["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, check=True).stdout
    assert told.split() == b"The committee will meet again".split()
    assert (tmp_path / "a.md").read_text() == "The committee will meet again\n"
    assert ">committee</span>" in (tmp_path / "a.hocr").read_text()
    assert "data:image/jpeg;base64,/9j/" in (tmp_path / "a.html").read_text()
    assert "caf\\xe9.png" in (tmp_path / "a.html").read_text()


def test_all_pages_of_a_pdf(pool, scan, tmp_path):
    """In order, each on its own page."""
    path = tmp_path / "a.pdf"
    render_scans.save_pdf([render_scans.line(TEXT)] * 3, path)
    made = made_of(tmp_path, path, sample_page(1), sample_page(2, ()), sample_page(3))
    files, _ = write_outputs(settings("pdf", "html"), made, made.pages, path, tmp_path, pool)
    told = subprocess.run(["pdftotext", files[".pdf"], "-"], capture_output=True, check=True).stdout.decode()
    assert [page.split()[1] for page in told.split("\f")[:3]] == ["committee", "comrnittee", "committee"]
    assert files[".html"].read_text().count("<section") == 3


def test_a_source_that_cannot_be_shown_is_the_document_s_fault(pool, tmp_path):
    """And told apart from a source that is gone, which may come back."""
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    made = made_of(tmp_path, path, sample_page())
    with pytest.raises(DocumentError, match="cannot be made"):
        write_outputs(settings("html"), made, made.pages, path, tmp_path, pool)
    path.unlink()
    with pytest.raises(OcrError, match="gone"):
        write_outputs(settings("html"), made, made.pages, path, tmp_path, pool)


class Counting(PagePool):
    """Counts the pages that are read."""

    read = 0

    def submit(self, *args, **settings):
        """See PagePool."""
        self.read += 1
        return super().submit(*args, **settings)


def test_all_outputs_cost_one_pass_of_ocr(scan, tmp_path):
    """From the file to six outputs, by the way that ``scanmend process`` takes, each page is read once."""
    pool = Counting(1, tmp_path / "work")
    try:
        pipeline = Pipeline(pool, ModelSlot({}, Store(tmp_path), Policy()))
        wanted = settings(*ALL).model_copy(update={"strategy": "off", "second_reader": "off"})
        (tmp_path / "out").mkdir()
        (outcome,) = process.convert(process.jobs_of([scan], wanted), tmp_path / "out", "f", wanted, pipeline)
    finally:
        pool.close()
    assert outcome.error == ""
    assert [path.suffix for path in outcome.written][-1] == ".json"
    assert {path.suffix for path in outcome.written} == {f".{name}" for name in ALL}
    assert pool.read == 1


def test_an_output_that_cannot_be_made_costs_that_output_alone(pool, tmp_path):
    """The others are made, the record says what is missing, and so does the proof sheet's own text if it can."""
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    made = made_of(tmp_path, path, sample_page())
    files, made = write_outputs(settings("txt", "pdf", "hocr", "json"), made, made.pages, path, tmp_path, pool)
    assert set(files) == {".txt", ".hocr", ".json"}
    (warning,) = json.loads(files[".json"].read_bytes())["warnings"]
    assert (warning["code"], warning["page"]) == ("output_not_made", None)
    assert warning["text"].startswith("the pdf output cannot be made: ")
    assert [w.text for w in made.warnings] == [warning["text"]]


def test_warnings_are_on_the_proof_sheet(pool, scan, tmp_path):
    """With the page that they are about."""
    made = made_of(tmp_path, scan, sample_page())
    made = replace(made, warnings=(DocumentWarning("picture_not_read", "picture <b>7</b> is cut short", 1),))
    files, _ = write_outputs(settings("html"), made, made.pages, scan, tmp_path, pool)
    assert "page 1: picture &lt;b&gt;7&lt;/b&gt; is cut short" in files[".html"].read_text()
