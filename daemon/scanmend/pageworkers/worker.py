"""The page worker process: inspects sources, reads pages, composes outputs; one request at a time.

Run as ``python -m scanmend.pageworkers.worker LINE LIFE``, by ``process.child``.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from scanmend.document import ArchivalCopy, DocumentWarning, Member, Page
from scanmend.errors import DocumentError, OcrError, PageFailed, StorageError
from scanmend.fs.free_space import shortage
from scanmend.ocr.page import read_page
from scanmend.ocr.transform import upright
from scanmend.pageworkers.compose import compose
from scanmend.pageworkers.protocol import ERRORS, UPRIGHT_IMAGE, task_name
from scanmend.process import rlimits
from scanmend.process.child import Message, Progress, serve
from scanmend.second_reader.symbols import supports
from scanmend.source import render
from scanmend.source.damage import damage_as_document_error
from scanmend.source.page_image import PageImage
from scanmend.source.passwords import passwords_of
from scanmend.source.preview import open_preview
from scanmend.source.settings import Inspection, PageLook, ReadSettings, SourceLimits

_page = TypeAdapter(Page)
_settings = TypeAdapter(ReadSettings)
_inspection = TypeAdapter(Inspection)
_warnings = TypeAdapter(tuple[DocumentWarning, ...])
_look = TypeAdapter(PageLook)
_members = TypeAdapter(tuple[Member, ...])
_copy = TypeAdapter(ArchivalCopy)


def handle(request: Message, progress: Progress) -> Message:
    """Answer one request; failures of the document, the disk or Tesseract become an ``error`` (see ``protocol``)."""
    path = Path(os.fsdecode(bytes.fromhex(request["path"])))
    limits = request["settings"]["limits"] if request["do"] == "read" else request["limits"]
    try:
        with passwords_of(limits.get("passwords")):
            return {"result": _HANDLERS[request["do"]](path, request, progress)}
    except PageFailed as e:
        return {"error": "page", "what": e.what, "message": e.how}
    except (DocumentError, StorageError, OcrError) as e:
        return {"error": next(kind for kind, error in ERRORS.items() if isinstance(e, error)), "message": str(e)}
    except MemoryError:
        return {
            "error": "document",
            "message": f"{task_name(request)} needs more memory than max_megapixels allows for",
        }
    except OSError as e:
        what = "cannot read the source or write the page image" if path.exists() else "the source is gone"
        return {"error": "ocr", "message": f"{what}: {e}"}


def _inspect(path: Path, request: Message, _progress: Progress) -> Any:
    limits = SourceLimits(**request["limits"])
    with rlimits.bounded(limits.max_megapixels):
        return _inspection.dump_python(render.inspect(path, limits), mode="json")


def _compose(path: Path, request: Message, progress: Progress) -> Any:
    targets = {name: Path(target) for name, target in request["targets"].items()}
    what, pages = "the outputs that show its pages cannot be made", Path(request["pages"])
    with (
        _full_disk_as_storage_error(pages.parent),
        rlimits.bounded(SourceLimits(**request["limits"]).max_megapixels),
        damage_as_document_error(what),
    ):
        return _warnings.dump_python(compose(path, pages, targets, request["facts"], progress), mode="json")


def _join(_path: Path, request: Message, progress: Progress) -> Any:
    from scanmend.pageworkers.join import join  # noqa: PLC0415 -- loads MuPDF, which few folders need for this

    files = [Path(os.fsdecode(bytes.fromhex(file))) for file in request["files"]]
    limits, target = SourceLimits(**request["limits"]), Path(request["target"])
    with _full_disk_as_storage_error(target.parent), rlimits.bounded(limits.max_megapixels):
        members, noted = join(files, target, limits, progress, collate=request["collate"])
    nameless = tuple(replace(member, name="") for member in members)  # names may be no Unicode
    return {
        "members": _members.dump_python(nameless, mode="json"),
        "warnings": _warnings.dump_python(noted, mode="json"),
    }


def _archive(path: Path, request: Message, _progress: Progress) -> Any:
    from scanmend.outputs.pdf.archival import make_archival  # noqa: PLC0415 -- loads pikepdf, which few folders need

    target = Path(request["target"])
    try:
        with (
            _full_disk_as_storage_error(target.parent),
            rlimits.bounded(SourceLimits(**request["limits"]).max_megapixels),
        ):
            made = make_archival(path, target)
    except DocumentError as e:  # the document is none the worse for it
        made = ArchivalCopy(str(e))
    return _copy.dump_python(made, mode="json")


def _show(path: Path, request: Message, _progress: Progress) -> Any:
    look, target = _look.validate_python(request["look"]), Path(request["target"])
    with (
        _full_disk_as_storage_error(target.parent),
        rlimits.bounded(SourceLimits(**request["limits"]).max_megapixels),
        damage_as_document_error(f"page {look.number} cannot be shown"),
        open_preview(path) as preview,
    ):
        preview.png(look, target)


def _read(path: Path, request: Message, progress: Progress) -> Any:
    """Read a page; where the second reader will be asked, too, the pool is told when OCR begins.

    Its image is there by then, so that lines are found on it meanwhile; a page that OCR turned gets another one.
    """
    settings, work = _settings.validate_python(request["settings"]), Path(request["work"])
    try:
        work.mkdir(parents=True)
    except OSError as e:
        raise StorageError(f"{work} cannot be made: {e.strerror}") from e
    twice, leave = settings.second != "off" and supports(settings.languages), False
    shown = work / UPRIGHT_IMAGE

    def begin_ocr(image: PageImage) -> None:
        if twice:
            seen = upright(image, 0).path
            if seen != image.path:
                seen.rename(shown)
            else:
                with suppress(OSError):  # a file system without hard links: then it comes when OCR is through
                    shown.hardlink_to(seen)
            progress({"do": "ocr", "image": shown.exists()})

    try:
        with _full_disk_as_storage_error(work), rlimits.bounded(settings.limits.max_megapixels):
            read = read_page(path, request["number"], settings, work, begin_ocr)
            if read.image is not None and settings.second != "off" and supports(read.page.languages):
                if read.page.turned or not shown.exists():
                    upright(read.image, read.page.turned).path.rename(shown)
                leave = True
    finally:
        if not leave:
            shutil.rmtree(work, ignore_errors=True)  # what is left, the pool removes at its next start
    return _page.dump_python(read.page, mode="json")


@contextmanager
def _full_disk_as_storage_error(work: Path) -> Iterator[None]:
    """StorageError for whatever fails while the disk is full: most libraries do not say why they cannot write."""
    try:
        yield
    except (DocumentError, OcrError, OSError) as e:
        if (full := shortage(work)) is not None:
            raise StorageError(full) from e
        raise


_HANDLERS: dict[str, Callable[[Path, Message, Progress], Any]] = {
    "inspect": _inspect,
    "read": _read,
    "compose": _compose,
    "archive": _archive,
    "show": _show,
    "join": _join,
}

if __name__ == "__main__":
    os.environ["OMP_THREAD_LIMIT"] = "1"
    rlimits.die_first()
    serve(handle)
