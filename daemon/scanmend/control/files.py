"""The files of one document, opened so that no link leads elsewhere: its outputs, and its scan where it lies now."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, get_args

from scanmend.config.fields import Output
from scanmend.config.schema import Config
from scanmend.control.values import OutputFile, Unknown
from scanmend.document import printable
from scanmend.fs.safe_open import folder_at, is_claimed, open_regular, open_source
from scanmend.intake.inbox import Inbox
from scanmend.ledger.entry import Entry
from scanmend.ledger.parts import PartRow
from scanmend.outputs import record

MEDIA_TYPES = {
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "hocr": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
"""By kind of output, what it is told to be; a download all the same, never shown in place."""
assert set(MEDIA_TYPES) == set(get_args(Output))  # noqa: S101 -- checked as the module is read


def outputs(entry: Entry, parts: Sequence[PartRow] = ()) -> Iterator[OutputFile]:
    """Yield the outputs that lie in the outbox now; ``parts``: the documents of a source that makes several."""
    if entry.state not in ("published", "done"):
        return
    for outbox, stem in _places(entry, parts):
        yield from _outputs_in(outbox, stem)


def _outputs_in(outbox: Path, stem: Path) -> list[OutputFile]:
    """Return the outputs of one document; none where its folder cannot be reached."""
    found: list[OutputFile] = []
    with suppress(OSError), folder_at(outbox, stem.parent.parts) as folder:
        for kind, media_type in MEDIA_TYPES.items():
            name = f"{stem.name}.{kind}"
            with suppress(OSError):
                about = (folder / name).lstat()
                if stat.S_ISREG(about.st_mode):
                    found.append(OutputFile(printable(name), about.st_size, media_type))
    return found


def open_output(entry: Entry, name: str, parts: Sequence[PartRow] = ()) -> tuple[BufferedReader, OutputFile]:
    """Open an output by the name that ``outputs`` gave it; Unknown."""
    known = next((one for one in outputs(entry, parts) if one.name == name), None)
    kind = name.rpartition(".")[2]
    for outbox, stem in _places(entry, parts):
        if known is None or printable(f"{stem.name}.{kind}") != name:
            continue
        try:
            with folder_at(outbox, stem.parent.parts) as folder:
                return open_regular(folder / f"{stem.name}.{kind}"), known
        except OSError:  # it has gone in this moment
            break
    raise Unknown("output", f"{entry.id} has no output {printable(name)}; its folder is {printable(entry.outbox)}")


def _places(entry: Entry, parts: Sequence[PartRow]) -> list[tuple[Path, Path]]:
    """Return outbox and name of each document."""
    several = [(part.outbox, part.stem) for part in parts]
    return several if len(several) > 1 else [(entry.outbox, entry.stem)]


def record_head(entry: Entry) -> dict[str, Any]:
    """Return the fields of a document's record but for its pages; empty where there is none."""
    try:
        with folder_at(entry.outbox, entry.stem.parent.parts) as folder:
            return record.head(folder / f"{entry.stem.name}.json")
    except OSError:
        return {}


def source_path(entry: Entry, config: Config) -> Path | None:
    """Return where the scan of a document lies now; None where it is not kept or not there."""
    folder = config.folder_of(entry.inbox)
    claimed = Inbox(folder).claimed_file(entry.id) if folder else None
    if claimed is not None:
        return claimed
    kept = entry.inbox / entry.relative if entry.original == "keep" or entry.state != "done" else None
    return next((path for path in (entry.put_away, kept) if path is not None and os.path.lexists(path)), None)


def open_scan(entry: Entry, config: Config) -> BufferedReader:
    """Open the scan of a document; Unknown."""
    path = source_path(entry, config)
    if path is not None and path.is_dir():
        raise Unknown("scan", f"the scan of {entry.id} is several files, which lie in {printable(path)}")
    try:
        if path is not None and is_claimed(path):
            return open_source(path)
        if path is not None:
            root, parts = _root_of(path, config)
            with folder_at(root, parts) as folder:
                return open_regular(folder / path.name)
    except OSError:
        pass
    raise Unknown("scan", f"the scan of {entry.id} is not there any more, or was not kept")


def _root_of(path: Path, config: Config) -> tuple[Path, tuple[str, ...]]:
    """Return the configured folder that a file lies in, and the folders between: others may put links among these."""
    for folder in config.folders:
        for root in (folder.inbox, folder.archive, folder.quarantine):
            if path.is_relative_to(root):
                return root, path.relative_to(root).parent.parts
    return path.parent, ()
