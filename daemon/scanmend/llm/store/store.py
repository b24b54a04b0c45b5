"""Find the GGUF file of a model in the configuration: on this machine first, on the hub last."""

import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from scanmend.config.schema import BUNDLED, ModelSpec
from scanmend.document import printable
from scanmend.errors import ModelError, ModelMissing
from scanmend.llm.store import gguf_names
from scanmend.llm.store.download_process import fetch
from scanmend.llm.store.gguf import Header, read_header
from scanmend.llm.store.hub import Download, Progress, Request
from scanmend.llm.store.hub_cache import snapshots
from scanmend.llm.store.partial_file import read_provenance

Source = Literal["path", "models_dir", "package", "cache", "download"]
"""Where a model file was found. In models_dir: ``download`` for one that scanmend downloaded, else ``models_dir``."""
_Candidate = tuple[Source, Path, str | None]
"""Where it was found, the file, and the commit it is known to be from."""


class Fetch(Protocol):
    """Downloads a model; ``download_process.fetch`` does so in a child process."""

    def __call__(self, request: Request, progress: Progress | None, stopping: Callable[[], bool]) -> Download:
        """Return what was downloaded; raise ModelError, StorageError or Stopping."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A GGUF on this machine, with a header that can be read."""

    name: str
    """Name of the model in the configuration."""
    path: Path
    """The file to load; the first of several shards."""
    source: Source
    header: Header
    revision: str | None = None
    """Commit of the repository; None where it is not known."""

    def identity(self) -> dict[str, str | int | None]:
        """Return the facts about the model for a document's record."""
        return {
            "name": self.name,
            "file": printable(self.path.name),
            "source": self.source,
            "quantization": self.header.quantization,
            "parameters": self.header.parameters,
            "revision": self.revision,
        }


class Store:
    """The models on this machine, and how to get those of the hub."""

    def __init__(self, models_dir: Path, fetch: Fetch = fetch) -> None:
        self._models_dir = models_dir
        self._fetch = fetch

    def find(self, name: str, spec: ModelSpec) -> ModelFile | None:
        """Return the model when it is on this machine; uses no network."""
        return self._search(name, spec, [])

    def require(self, name: str, spec: ModelSpec) -> ModelFile:
        """Return the model that is on this machine; ModelMissing, with where it was searched for, when it is not."""
        searched: list[str] = []
        if found := self._search(name, spec, searched):
            return found
        remedy = f"fetch it with: scanmend models pull {name}" if is_downloadable(spec) else self._remedy(spec)
        raise ModelMissing(f"model {name!r}: {remedy}. Looked for it here: {'; '.join(searched)}")

    def obtain(
        self,
        name: str,
        spec: ModelSpec,
        progress: Progress | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> ModelFile:
        """Return the model, downloading it when it is not here and may be downloaded.

        Raises ModelMissing, with where it was searched for and what to do, when there is none; ModelError when
        what came is wrong; StorageError when it cannot be stored; Stopping when ``stopping`` says so.
        """
        if not is_downloadable(spec):
            return self.require(name, spec)
        searched: list[str] = []
        if found := self._search(name, spec, searched):
            return found
        try:
            return self.download(name, spec, progress, stopping)
        except ModelMissing as e:
            raise ModelMissing(f"{e}. It is not on this machine either: {'; '.join(searched)}") from e

    def download(
        self,
        name: str,
        spec: ModelSpec,
        progress: Progress | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> ModelFile:
        """Download the model from the hub, even if it is on this machine; an intact download is left as it is.

        Raises as ``obtain`` does.
        """
        try:
            downloaded = self._fetch(self.request(spec), progress, stopping)
        except ModelMissing as e:
            raise ModelMissing(f"model {name!r}: {e}") from e
        try:
            header = read_header(downloaded.path)
        except ModelMissing as e:
            raise ModelError(
                f"model {name!r}: what {spec.repo_id} has is no model that can be used, though it came as the hub has "
                f"it; set file, quantization or revision to another ({e})"
            ) from e
        return ModelFile(name, downloaded.path, "download", header, downloaded.revision)

    def request(self, spec: ModelSpec) -> Request:
        """Return what to ask the hub for, for a model with a ``repo_id``."""
        return Request(spec.repo_id or "", str(self._models_dir), spec.file, spec.quantization, spec.revision)

    def _search(self, name: str, spec: ModelSpec, searched: list[str]) -> ModelFile | None:
        for source, path, revision in self._candidates(spec, searched):
            try:
                return ModelFile(name, path, source, read_header(path), revision)
            except ModelMissing as e:
                searched.append(str(e))
        return None

    def _candidates(self, spec: ModelSpec, searched: list[str]) -> Iterator[_Candidate]:
        if spec.endpoint is not None:
            searched.append("nowhere, as a server runs it")
            return
        if spec.path is not None:
            yield "path", spec.path, None
            return
        yield from self._in_models_dir(spec, searched)
        if spec.package is not None and spec.file is not None:
            searched.append(f"Python package {spec.package}")
            yield from (("package", path, None) for path in _in_package(spec.package, spec.file))
        elif spec.repo_id is not None:
            yield from _in_cache(spec, spec.repo_id, searched)

    def _in_models_dir(self, spec: ModelSpec, searched: list[str]) -> Iterator[_Candidate]:
        searched.append(f"models_dir {printable(self._models_dir)}")
        if spec.file is not None:
            here = self._models_dir / spec.file
            for path in dict.fromkeys((here, self._models_dir / here.name)):
                if _is_file(path):
                    yield _in_place(path)
        if spec.repo_id is None:
            return
        repo_id = spec.repo_id
        flat = [n for n in _listing(self._models_dir, searched, deep=False) if gguf_names.is_of(n, repo_id)]
        folder = self.request(spec).folder
        for root, files in ((self._models_dir, flat), (folder, _listing(folder, searched) if folder.is_dir() else [])):
            chosen = _chosen(spec, repo_id, files, searched)
            if chosen is not None:
                yield _in_place(root / chosen)

    def _remedy(self, spec: ModelSpec) -> str:
        models_dir = printable(self._models_dir)
        if spec.endpoint is not None:
            return f"it is asked at {spec.endpoint}, and has no file on this machine"
        if spec.path is not None:
            return "path does not lead to a usable GGUF file; correct it, or put the file there"
        if spec.package == BUNDLED.package:
            return f"run scanmend setup-model, or put {spec.file} into {models_dir}"
        if spec.package is not None:
            return (
                f"install the Python package {spec.package} into the environment that scanmend runs in, "
                f"or put {spec.file} into {models_dir}"
            )
        what = spec.file or f"a GGUF of {spec.repo_id} in {gguf_names.canonical(spec.quantization or '')}"
        return f"set auto_download: true, or put {what} into {models_dir}"


def is_downloadable(spec: ModelSpec) -> bool:
    """Whether the model may be downloaded."""
    return spec.repo_id is not None and spec.auto_download


def _chosen(spec: ModelSpec, repo_id: str, files: list[str], searched: list[str]) -> str | None:
    if spec.file is not None:
        return spec.file if spec.file in files else None
    try:
        return gguf_names.pick(files, spec.quantization or "", repo_id)
    except gguf_names.AmbiguousError as e:
        searched.append(f"several files fit ({e}); set file to one of them")
        return None


def _listing(folder: Path, searched: list[str], *, deep: bool = True) -> list[str]:
    """Return the paths of all files, relative to the folder; what cannot be listed is added to ``searched``."""
    files: list[str] = []
    for root, folders, inside in os.walk(folder, onerror=lambda e: searched.append(f"{e.filename}: {e.strerror}")):
        if not deep:
            folders.clear()
        files += (Path(root, name).relative_to(folder).as_posix() for name in inside)
    return sorted(files)


def _in_place(path: Path) -> _Candidate:
    """Return the candidate for a file in models_dir: a download, or a file that was put there by hand."""
    provenance = read_provenance(path)
    return ("download", path, provenance.revision) if provenance else ("models_dir", path, None)


def _in_package(package: str, file: str) -> Iterator[Path]:
    """Yield matches in an installed package's folders; neither it nor a package it is part of is imported."""
    top, *inner = package.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location, *inner)
        if _is_file(folder / file):
            yield folder / file
        else:
            yield from sorted(path for path in folder.rglob(Path(file).name) if _is_file(path))


def _in_cache(spec: ModelSpec, repo_id: str, searched: list[str]) -> Iterator[_Candidate]:
    for commit, folder in snapshots(repo_id, spec.revision, searched):
        chosen = _chosen(spec, repo_id, [f for f in _listing(folder, searched) if _is_file(folder / f)], searched)
        if chosen is not None:
            yield "cache", folder / chosen, commit


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be entered
        return False
