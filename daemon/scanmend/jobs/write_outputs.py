"""The outputs of a finished document: text is written here, what shows the pages is made in a page process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scanmend.config.schema import Settings
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.outputs import md, record, txt
from scanmend.outputs.page_file import PageFile
from scanmend.outputs.record import Record
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.protocol import COMPOSED_OUTPUTS
from scanmend.source.settings import SourceLimits


def write_outputs(
    settings: Settings, made: Record, pages: PageFile, source: Path, work: Path, pool: PagePool
) -> dict[str, Path]:
    """Make files in ``work``, by suffix, in the order in which they are to be published: the record last.

    ``pages``: those of the record. However long the document, one page at a time is in memory. DocumentError,
    OcrError, StorageError, Stopping.
    """
    wanted: list[str] = sorted(settings.outputs, key=lambda name: name == "json")
    targets = {name: work / f"out.{name}" for name in wanted}
    composed = {name: target for name, target in targets.items() if name in COMPOSED_OUTPUTS}
    if composed:
        limits = SourceLimits(settings.max_pages, settings.max_megapixels, settings.render_dpi)
        pool.compose(source, pages.path, composed, document_facts(made), limits, settings.page_limit_s).result()
    renderers: dict[str, Callable[[], Iterator[bytes]]] = {
        "txt": lambda: txt.render(made.pages),
        "md": lambda: md.render(made.pages),
        "json": lambda: record.render(made),
    }
    for name, target in targets.items():
        if name in renderers:
            _write(target, renderers[name]())
    return {f".{name}": target for name, target in targets.items()}


def document_facts(made: Record) -> dict[str, Any]:
    """What ``PagePool.compose`` is told of a document beside its pages."""
    accepted = rejected = 0
    for page in made.pages:
        accepted += sum(edit.accepted for edit in page.edits)
        rejected += sum(not edit.accepted for edit in page.edits)
    return {
        "source": printable(made.source),
        "title": printable(Path(made.source).stem),
        "sha256": made.sha256,
        "languages": list(made.languages),
        "pages": len(made.pages),
        "accepted": accepted,
        "rejected": rejected,
        "model": printable(made.model["name"]) if made.model else None,
    }


def _write(target: Path, parts: Iterator[bytes]) -> None:
    try:
        with target.open("wb") as file:
            file.writelines(parts)
    except OSError as e:
        raise StorageError(f"{target} cannot be written: {e.strerror}") from e
