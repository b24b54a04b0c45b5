"""scanmend.pageworkers.worker: what a page worker answers to requests."""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from pydantic import TypeAdapter

import render_scans
from scanmend.document import Page
from scanmend.pageworkers.protocol import UPRIGHT_IMAGE
from scanmend.process.child import Child
from scanmend.source.settings import ReadSettings, SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=5, render_dpi=150)


@pytest.fixture
def scan(tmp_path) -> Path:
    """Return a scan whose name is not Unicode."""
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    render_scans.save_png(render_scans.line("Worker at work", height_px=50), path)
    return path


def request(do: str, path: Path, work: Path | None = None, language: str = "eng", **settings: str) -> dict[str, Any]:
    """Return what asks a worker to ``do`` this."""
    asked = {"do": do, "path": os.fsencode(path).hex(), "limits": asdict(LIMITS)}
    if do == "read":
        asked |= {
            "number": 1,
            "work": str(work),
            "settings": asdict(ReadSettings((language,), LIMITS, 60.0, **settings)),
        }
    return asked


@pytest.fixture(scope="module")
def answer() -> Iterator[Callable[..., dict[str, Any]]]:
    """Ask a page worker: a process of its own, as it bounds its memory, which tests before these may have taken."""
    worker = Child("scanmend.pageworkers.worker")
    yield lambda *args, **settings: worker.ask(request(*args, **settings), 90)
    worker.end()


def test_read(scan, tmp_path, answer):
    """A page, in full, and no trace in the work folder."""
    reply = answer("read", scan, tmp_path / "state" / "work" / "page-1")
    assert "error" not in reply, reply
    page = TypeAdapter(Page).validate_python(reply["result"])
    assert page.raw == "Worker at work"
    assert all(isinstance(w.box, tuple) and isinstance(w.glyphs, tuple) for line in page.lines for w in line.words)
    assert list((tmp_path / "state" / "work").iterdir()) == []


class TestTheImageForTheSecondReader:
    def test_a_turned_page(self, tmp_path, answer):
        """It is left in the work folder, grey and turned as the boxes are, with the resolution of the source."""
        page = render_scans.report().pages[0].convert("1")
        page = page.crop((0, 0, page.width, page.height // 2))
        page.rotate(90, expand=True).save(tmp_path / "turned.png", dpi=(200, 200))
        reply = answer("read", tmp_path / "turned.png", tmp_path / "work", second="auto")
        assert reply.get("result", reply).get("turned") == 90
        with Image.open(tmp_path / "work" / UPRIGHT_IMAGE) as image:
            assert (image.mode, image.size) == ("L", page.size)
            assert ImageChops.difference(image, page.convert("L")).getbbox() is None

    def test_none_for_pages_that_it_cannot_read(self, scan, tmp_path, answer):
        """Of another script, or blank: then nothing is left."""
        render_scans.save_png(render_scans.blank(), tmp_path / "blank.png")
        for path, language in ((scan, "heb"), (tmp_path / "blank.png", "eng")):
            assert "result" in answer("read", path, tmp_path / "work", language=language, second="always")
            assert not (tmp_path / "work").exists()


def test_the_document_s_fault(tmp_path, answer):
    """The error is ``document``, and nothing is left in the work folder."""
    path = tmp_path / "no.png"
    path.write_text("no scan")
    assert answer("inspect", path)["error"] == "document"
    assert answer("read", path, tmp_path / "page-1")["error"] == "document"
    assert not (tmp_path / "page-1").exists()


def test_the_engine_s_fault(scan, tmp_path, answer):
    """A language that is not installed is the error ``ocr``."""
    reply = answer("read", scan, tmp_path / "page-1", language="xyz")
    assert reply["error"] == "ocr"
    assert "apt install" in reply["message"]
    assert not (tmp_path / "page-1").exists()


def test_a_source_that_is_gone(tmp_path, answer):
    """The error is ``ocr``, not ``document``; the message quotes the name in characters that any log takes."""
    path = tmp_path / os.fsdecode(b"gone\xff.png")
    for do in ("inspect", "read"):
        reply = answer(do, path, tmp_path / "page-1")
        assert reply["error"] == "ocr"
        assert reply["message"].startswith("the source is gone: ")
        assert reply["message"].encode()


def test_a_work_folder_that_cannot_be_made(scan, tmp_path, answer):
    """A file in its place is not the document's fault."""
    (tmp_path / "work").write_text("")
    reply = answer("read", scan, tmp_path / "work" / "page-1")
    assert reply["error"] == "storage"
    assert reply["message"].endswith("page-1 cannot be made: Not a directory")
