"""scanmend.pageworkers.worker: what a page worker answers, in this process and as one of its own."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import render_scans
from scanmend.document import Page
from scanmend.pageworkers.worker import handle
from scanmend.process.child import Child
from scanmend.source.settings import ReadSettings, SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=5, render_dpi=150)


@pytest.fixture
def scan(tmp_path) -> Path:
    """Return a scan whose name is no Unicode."""
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    render_scans.save_png(render_scans.line("Worker at work", height_px=50), path)
    return path


def ask(do: str, path: Path, work: Path | None = None, language: str = "eng"):
    request = {"do": do, "path": os.fsencode(path).hex(), "limits": asdict(LIMITS)}
    if do == "read":
        request |= {"number": 1, "work": str(work), "settings": asdict(ReadSettings((language,), LIMITS, 60.0))}
    return json.loads(json.dumps(request))


def answer(*args, **settings):
    """Answer a request as it goes over the line: everything must fit into JSON."""
    return json.loads(json.dumps(handle(ask(*args, **settings), lambda: None)))


def test_inspect(scan):
    """Kind, pages and digest."""
    found = answer("inspect", scan)["result"]
    assert (found["kind"], found["pages"], len(found["sha256"])) == ("png", 1, 64)


def test_read(scan, tmp_path):
    """A page, in full, and no trace in the work folder."""
    page = TypeAdapter(Page).validate_python(answer("read", scan, tmp_path / "state" / "work" / "page-1")["result"])
    assert page.raw == "Worker at work"
    assert all(isinstance(w.box, tuple) and isinstance(w.glyphs, tuple) for line in page.lines for w in line.words)
    assert list((tmp_path / "state" / "work").iterdir()) == []


def test_the_document_s_fault(tmp_path):
    """It is told apart from the engine's, and leaves no trace either."""
    path = tmp_path / "no.png"
    path.write_text("no scan")
    assert answer("inspect", path)["error"] == "document"
    assert answer("read", path, tmp_path / "page-1")["error"] == "document"
    assert not (tmp_path / "page-1").exists()


def test_the_engine_s_fault(scan, tmp_path):
    """A language that is not installed."""
    told = answer("read", scan, tmp_path / "page-1", language="xyz")
    assert told["error"] == "ocr"
    assert "apt install" in told["message"]
    assert not (tmp_path / "page-1").exists()


def test_a_source_that_is_gone(tmp_path):
    """That is nobody's fault; the message says so, and quotes the name in characters that any log takes."""
    path = tmp_path / os.fsdecode(b"gone\xff.png")
    for do in ("inspect", "read"):
        told = answer(do, path, tmp_path / "page-1")
        assert told["error"] == "ocr"
        assert told["message"].startswith("the source is gone: ")
        assert told["message"].encode()


def test_a_work_folder_that_cannot_be_made(scan, tmp_path):
    """A file in its place is not the document's fault."""
    (tmp_path / "work").write_text("")
    told = answer("read", scan, tmp_path / "work" / "page-1")
    assert told["error"] == "storage"
    assert told["message"].endswith("page-1 cannot be made: Not a directory")


def test_as_a_process(scan, tmp_path):
    """The same over the line, with one thread for Tesseract."""
    child = Child("scanmend.pageworkers.worker")
    try:
        reply = child.ask(ask("read", scan, tmp_path / "page-1"), 60)
        assert TypeAdapter(Page).validate_python(reply["result"]).raw == "Worker at work"
        assert child.ask(ask("inspect", tmp_path / "gone"), 60)["error"] == "ocr"
        assert child.alive
    finally:
        child.end()
