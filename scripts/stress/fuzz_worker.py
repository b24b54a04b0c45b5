"""A page worker that also renders without OCR, and reads what is no scan: what ``fuzz.py`` feeds its files to."""

import io
import os
import shutil
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from scanmend.commands import correct
from scanmend.config import glossary_file, load, schema
from scanmend.document import CorrectedPage, Line, Page, Word
from scanmend.errors import ConfigError, DocumentError, ModelMissing, OcrError, StorageError
from scanmend.llm.store.gguf import read_header
from scanmend.ocr import tesseract
from scanmend.outputs.page_file import PageFile
from scanmend.pageworkers import worker
from scanmend.pageworkers.compose import compose
from scanmend.process import rlimits
from scanmend.process.child import Message, Progress, serve
from scanmend.source import render
from scanmend.source.damage import damage_as_document_error
from scanmend.source.page_image import PageImage
from scanmend.source.settings import SourceLimits

MOST_PAGES = 3
WORK = "work"
"""Folder for images and outputs, emptied before each file."""
REFUSALS = (ConfigError, DocumentError, ModelMissing, StorageError, ValueError)
_page = TypeAdapter(Page)


def handle(request: Message, progress: Progress) -> Message:
    """As a page worker; anything else that is raised ends the process, and is a finding."""
    path = Path(os.fsdecode(bytes.fromhex(request["path"])))
    if request["do"] == "render":
        limits = SourceLimits(**request["limits"])
        with rlimits.bounded(limits.max_megapixels):
            return _rendered(path, limits, progress)
    if request["do"] == "paper":
        return _paper(request["kind"], path)
    return worker.handle(request, progress)


def _rendered(path: Path, limits: SourceLimits, progress: Progress) -> Message:
    """Inspect, render the first pages, and lay a word over them in every output that shows pages."""
    work = path.parent / WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        found = render.inspect(path, limits)
        pages = PageFile(work / "pages")
        for number in range(1, min(found.pages, MOST_PAGES) + 1):
            image = render.render(path, number, work, limits)
            image.path.unlink()
            line = Line((Word("word", (1, 1, max(2, image.width // 2), max(2, image.height // 2)), 90.0),))
            pages.append(CorrectedPage(Page(number, (line,), image.width, image.height, image.dpi), "word"))
        facts = {
            "source": path.name, "title": path.name, "sha256": found.sha256, "languages": ["eng"],
            "pages": len(pages), "accepted": 0, "rejected": 0, "numbers": {}, "model": None, "warnings": [],
        }  # fmt: skip
        with damage_as_document_error("the outputs that show its pages cannot be made"):
            compose(path, pages.path, {kind: work / kind for kind in ("pdf", "html", "hocr")}, facts, progress)
    except DocumentError as e:
        return {"error": "document", "message": str(e)}
    except MemoryError as e:
        return {"error": "document", "message": f"needs more memory than max_megapixels allows for: {e}"}
    except (OcrError, StorageError, OSError) as e:
        return {"error": "ocr", "message": str(e)}
    return {"result": asdict(found)}


def _paper(kind: str, path: Path) -> Message:
    try:
        if kind == "yaml":
            load.load(path)
        elif kind == "gguf":
            read_header(path)
        elif kind == "glossary":
            glossary_file.read(path)
        elif kind == "jsonl":
            text = io.TextIOWrapper(path.open("rb"), "utf-8", "replace", newline="")
            settings = schema.Settings(strategy="off")
            for row in correct.correct_rows(text, None, settings):  # type: ignore[arg-type] # no model is asked
                row.encode("utf-8", "replace")
        else:
            read = tesseract.parse(path.read_bytes(), 1, PageImage(path, 400, 300, 200), 0.1)
            _page.validate_json(_page.dump_json(read))
    except OcrError as e:
        return {"error": "ocr", "message": str(e)[:500]}
    except REFUSALS as e:
        return {"error": "document", "message": str(e)[:500]}
    return {"result": None}


if __name__ == "__main__":
    os.environ["OMP_THREAD_LIMIT"] = "1"
    serve(handle)
