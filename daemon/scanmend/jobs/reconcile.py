"""What lies in a folder's outbox and quarantine says of documents that the ledger does not know."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanmend.config.schema import Folder
from scanmend.document import Fingerprint, printable
from scanmend.fs import free_name
from scanmend.fs.safe_open import open_source
from scanmend.outputs import error_report, record

_NUMBERED = re.compile(r"(.+) \(\d+\)", re.DOTALL)


def already_made(
    folder: Folder, relative: Path, fingerprint: Fingerprint, claimed: Path | None = None
) -> dict[str, Any] | None:
    """Return the record in the outbox that was made of this very file, if there is one, with its stem as ``stem``.

    The same file: name, size, time and content. Another daemon that shares inbox and outbox may have made it, or this
    one before it lost its ledger. ``claimed``: where the file lies, when it is not in the inbox any more. None as well
    where sources do not stay in the inbox: what lies there is new.
    """
    if folder.original != "keep":
        return None
    sha256 = ""
    for name in {relative, _without_number(relative)}:
        for stem in free_name.candidates(name.with_suffix(""), [".json"]):
            file = folder.outbox / stem.with_name(stem.name + ".json")
            if not os.path.lexists(file):
                break
            head = record.head(file)
            recorded = (head.get("relative"), head.get("size"), head.get("modified_ns"))
            if recorded != (printable(name), fingerprint.size, fingerprint.mtime_ns):
                continue
            sha256 = sha256 or digest(claimed or folder.inbox / relative)
            if sha256 and sha256 == head.get("sha256"):
                return {**head, "stem": stem}
    return None


def records_by_id(folder: Folder) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Return every record in the outbox by id: its stem relative to the outbox, and its fields except the pages."""
    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    for where, folders, names in os.walk(folder.outbox):
        folders[:] = [name for name in folders if Path(where, name) not in (folder.archive, folder.quarantine)]
        for name in names:
            if name.endswith(".json") and isinstance(id_ := (head := record.head(Path(where, name))).get("id"), str):
                found[id_] = Path(where, name.removesuffix(".json")).relative_to(folder.outbox), head
    return found


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file in quarantine, with what the report beside it says."""

    id: str
    file: Path
    reason: str


def quarantined_files(folder: Folder) -> Iterator[Quarantined]:
    """Yield the files in a folder's quarantine that have a readable report beside them."""
    for report in sorted(folder.quarantine.glob("*" + error_report.SUFFIX)):
        file = report.with_name(report.name.removesuffix(error_report.SUFFIX))
        fields = error_report.read(report)
        if fields is not None and (file.is_file() or file.is_dir()):
            id_, reason = fields
            yield Quarantined(id_, file, reason)


def _without_number(relative: Path) -> Path:
    """Return the name without the number that it got because it was taken when the file went back to the inbox."""
    match = _NUMBERED.fullmatch(relative.stem)
    return relative.with_name(match[1] + relative.suffix) if match else relative


def digest(path: Path) -> str:
    """Return the SHA-256 of a source, empty when it cannot be read."""
    try:
        with open_source(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
