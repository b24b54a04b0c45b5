"""A page worker, ``python -m scanmend.ocr.worker LINE LIFE``: inspects a source, reads a page, makes outputs."""

import os
import shutil
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from scanmend.child import Message, Progress, serve
from scanmend.document import Page
from scanmend.errors import DocumentError, OcrError
from scanmend.ocr import render
from scanmend.ocr.limits import Limits, Reading
from scanmend.ocr.reading import read_page
from scanmend.outbox.press import press

_page = TypeAdapter(Page)
_reading = TypeAdapter(Reading)


def handle(request: Message, progress: Progress) -> Message:
    """Answer one request; what is wrong with the document or with Tesseract travels as ``error``."""
    path = Path(os.fsdecode(bytes.fromhex(request["path"])))
    try:
        if request["do"] == "press":
            targets = {name: Path(target) for name, target in request["targets"].items()}
            with render.blaming("the outputs that show its pages cannot be made"):
                press(path, Path(request["pages"]), targets, request["facts"], progress)
            return {"result": None}
        if request["do"] == "inspect":
            return {"result": asdict(render.inspect(path, Limits(**request["limits"])))}
        work = Path(request["work"])
        work.mkdir(parents=True)
        try:
            page = read_page(path, request["number"], _reading.validate_python(request["reading"]), work)
        finally:
            shutil.rmtree(work, ignore_errors=True)  # what stays, the pool removes when it starts
        return {"result": _page.dump_python(page, mode="json")}
    except DocumentError as e:
        return {"error": "document", "message": str(e)}
    except OcrError as e:
        return {"error": "ocr", "message": str(e)}
    except OSError as e:
        what = "cannot read the source or write the page image" if path.exists() else "the source is gone"
        return {"error": "ocr", "message": f"{what}: {e}"}


if __name__ == "__main__":
    os.environ["OMP_THREAD_LIMIT"] = "1"
    serve(handle)
