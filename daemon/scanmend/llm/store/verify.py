"""Check model files on this machine against the SHA-256 that they should have, and remove downloads."""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from scanmend.config.schema import ModelSpec
from scanmend.document import printable
from scanmend.errors import ModelError
from scanmend.llm.store import gguf_names
from scanmend.llm.store.hub import Request
from scanmend.llm.store.partial_file import digest, folder_lock, read_provenance
from scanmend.llm.store.store import ModelFile, Source

_DOWNLOAD_SUFFIX = re.compile(r"\.(?:(?:[0-9a-f]{12}|unknown)\.part|wrong|json(?:\.tmp)?)$")
"""Ends of the names that a download, or one of an earlier version, writes beside the file itself."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileDigest:
    """The SHA-256 of one file of a model, and what it should be."""

    path: Path
    sha256: str
    recorded: str | None
    """What the SHA-256 should be; None where nobody recorded that."""

    @property
    def sound(self) -> bool:
        """Whether the file is as recorded, or nothing is recorded of it."""
        return self.recorded in (None, self.sha256)


def digests(found: ModelFile) -> Iterator[FileDigest]:
    """Read all files of a model, one after the other, and yield their digests; ModelError when one is unreadable."""
    for name in gguf_names.shards(found.path.name):
        path = found.path.with_name(name)
        try:
            yield FileDigest(path, digest(path), _recorded(path, found.source))
        except OSError as e:
            raise ModelError(f"{printable(path)} cannot be read: {e.strerror or e}") from e


def downloaded_files(spec: ModelSpec, request: Request) -> list[Path]:
    """Return all files that downloads of this model put into models_dir, finished or not; none put there by hand.

    Raises ModelError when several models fit.
    """
    there = [p.relative_to(request.folder).as_posix() for p in sorted(request.folder.rglob("*")) if p.is_file()]
    whole = {_DOWNLOAD_SUFFIX.sub("", name) for name in there}
    try:
        first = spec.file or gguf_names.pick(whole, spec.quantization or "", request.repo_id)
    except gguf_names.AmbiguousError as e:
        raise ModelError(f"several models fit ({e}); set file to one of them") from e
    mine = set(gguf_names.shards(first)) if first else set()
    paths = [request.folder / name for name in there if _DOWNLOAD_SUFFIX.sub("", name) in mine]
    by_hand = {path for path in paths if not _DOWNLOAD_SUFFIX.search(path.name) and read_provenance(path) is None}
    return [path for path in paths if path not in by_hand]


def remove(paths: list[Path], request: Request) -> int:
    """Remove these files of a download, and its folders when they are empty then; return the bytes freed.

    Raises ModelError when the model is being downloaded right now, or cannot be removed.
    """

    def busy() -> None:
        raise ModelError(f"{request.repo_id} is being downloaded right now; remove it when that has ended")

    try:
        with folder_lock(request.folder, busy):
            size = sum(path.stat().st_size for path in paths)
            for path in paths:
                path.unlink()
            for folder in sorted({p for path in paths for p in _up_to(path.parent, request.folder)}, reverse=True):
                with suppress(OSError):  # not empty
                    folder.rmdir()
    except OSError as e:
        raise ModelError(f"{printable(request.folder)} cannot be removed: {e.strerror or e}") from e
    return size


def _up_to(folder: Path, top: Path) -> Iterator[Path]:
    """Yield the folder and those above it, ``top`` included."""
    yield from (p for p in (folder, *folder.parents) if p.is_relative_to(top))


def _recorded(path: Path, source: Source) -> str | None:
    if source == "download":
        provenance = read_provenance(path)
        return provenance.sha256 if provenance else None
    if source == "cache":  # large files lie there under their SHA-256
        blob = path.resolve().name
        return blob if _SHA256.fullmatch(blob) else None
    return _by_package(path) if source == "package" else None


def _by_package(path: Path) -> str | None:
    """Return the SHA-256 that the installer of a Python package recorded for a file of it."""
    for distribution in distributions():
        for file in distribution.files or ():
            if file.name == path.name and file.hash and file.hash.mode == "sha256" and Path(file.locate()) == path:
                return base64.urlsafe_b64decode(file.hash.value + "==").hex()
    return None
