"""The outputs of a finished document: text is written here, what shows the pages is made in a page process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scanmend.config import Settings
from scanmend.document import printable
from scanmend.errors import OcrError
from scanmend.ocr.pool import PagePool
from scanmend.outbox import md, record, txt
from scanmend.outbox.handover import PRESSED, save_pages
from scanmend.outbox.record import Record


@contextmanager
def outputs(
    settings: Settings, made: Record, source: Path, pool: Callable[[], PagePool]
) -> Iterator[dict[str, bytes | Path]]:
    """Contents by suffix, in the order in which they are to be written: the record last.

    What is a file is gone afterwards. ``pool`` is asked for only where an output shows the pages. DocumentError,
    OcrError, Stopping.
    """
    wanted: list[str] = [name for name in PRESSED if name in settings.outputs]
    if not wanted:
        yield _in_order(settings.outputs, made, {})
        return
    with pool().folder() as work:
        pages, targets = work / "pages", {name: work / f"out.{name}" for name in wanted}
        try:
            save_pages(made.pages, pages)
        except OSError as e:
            raise OcrError(f"{pages} cannot be written: {e.strerror}") from e
        pool().press(source, pages, targets, facts_of(made), settings.page_limit_s).result()
        yield _in_order(settings.outputs, made, targets)


def facts_of(made: Record) -> dict[str, Any]:
    """What ``outbox.press`` wants to know of a document beside its pages."""
    edits = [edit for page in made.pages for edit in page.edits]
    return {
        "source": printable(made.source),
        "title": printable(Path(made.source).stem),
        "sha256": made.sha256,
        "languages": list(made.languages),
        "pages": len(made.pages),
        "accepted": sum(edit.accepted for edit in edits),
        "rejected": sum(not edit.accepted for edit in edits),
        "model": printable(made.model["name"]) if made.model else None,
    }


def _in_order(what: Sequence[str], made: Record, pressed: Mapping[str, Path]) -> dict[str, bytes | Path]:
    renderers: dict[str, Callable[[], bytes]] = {
        "txt": lambda: txt.render(made.pages),
        "md": lambda: md.render(made.pages),
        "json": lambda: record.render(made),
    }
    names = sorted(what, key=lambda name: name == "json")
    return {f".{name}": pressed[name] if name in pressed else renderers[name]() for name in names}
