"""Download a GGUF from the Hugging Face hub: which file is meant, whether there is room, and all its shards.

The library finds the files, and knows endpoint, token and proxies. Only the modules called ``hub`` import it.
"""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scanmend import __version__
from scanmend.document import printable
from scanmend.errors import ModelError, ModelMissing, StorageError
from scanmend.llm.store import gguf_names
from scanmend.llm.store.hub_errors import explain_errors, with_retries
from scanmend.llm.store.hub_transfer import Timeouts, transfer
from scanmend.llm.store.partial_file import RemoteFile, aside, folder_lock

RESERVE_BYTES = 64 << 20
"""Bytes that stay free on the file system."""
_OTHER_POLL_S = 0.5
"""How often it is looked whether another process has finished."""

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to download, and where to."""

    repo_id: str
    models_dir: str
    file: str | None = None
    quantization: str | None = None
    revision: str | None = None

    @property
    def folder(self) -> Path:
        """Where this repository's files land; a pinned revision has a folder of its own."""
        pin = f"@{self.revision.replace('/', '-')}" if self.revision else ""
        return Path(self.models_dir, self.repo_id.replace("/", "--") + pin)


@dataclass(frozen=True, slots=True)
class Download:
    """What came: the file to load and the commit it is from."""

    path: Path
    revision: str


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How the hub is spoken to."""

    endpoint: str | None = None
    """None for HF_ENDPOINT, or else the public hub."""
    metadata_s: float = 10.0
    stall_s: float = 30.0
    """A transfer that stands still for so long is broken off and resumed."""
    sleep: Callable[[float], None] = time.sleep
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free

    @property
    def where(self) -> str:
        """The hub that is asked, for messages."""
        return self.endpoint or os.environ.get("HF_ENDPOINT") or "huggingface.co"


def download(request: Request, progress: Progress = lambda _done, _total: None, link: HubAccess | None = None) -> Download:
    """Fetch the file, with all its shards, into ``request.folder``; what is there already is not fetched again.

    A file gets its final name only when its SHA-256 is that of the hub. Raises ModelMissing when the hub does not
    have it or does not give it, ModelError when what it gives is wrong, StorageError when it cannot be stored.
    """
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # the library reads its settings when it is imported, below
    link = link or HubAccess()
    with explain_errors(request.repo_id, request.revision, request.folder, link.where):
        commit, items = _look_up(request, link)
        total = sum(item.size for item in items)

        def wait() -> None:
            progress(sum(item.come for item in items), total)
            link.sleep(_OTHER_POLL_S)

        request.folder.mkdir(parents=True, exist_ok=True)
        with folder_lock(request.folder, wait):
            _fetch_all(request, commit, items, progress, link)
    return Download(items[0].path, commit)


def _look_up(request: Request, link: HubAccess) -> tuple[str, list[RemoteFile]]:
    """Resolve the revision to a commit, and the request to files of that commit."""
    from huggingface_hub import HfApi, ModelInfo, hf_hub_url  # noqa: PLC0415 -- heavy; only a downloading process needs it
    from huggingface_hub.errors import HFValidationError  # noqa: PLC0415 -- heavy, as above

    repo = request.repo_id
    api = HfApi(endpoint=link.endpoint, library_name="scanmend", library_version=__version__)

    def ask() -> ModelInfo:
        try:
            return api.model_info(repo, revision=request.revision, files_metadata=True, timeout=link.metadata_s)
        except HFValidationError:
            raise
        except (ValueError, TypeError, KeyError) as e:
            raise ModelMissing(
                f"{repo} cannot be fetched: {link.where} is not the hub; look at HF_ENDPOINT and proxies"
            ) from e

    info = with_retries(ask, link.sleep)
    if not info.sha:
        raise ModelError(f"{repo}: the hub did not say which commit {request.revision or 'its main branch'} is")
    there = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    items = []
    for name in _choose(request, list(there)):
        lfs = there[name].lfs
        size = lfs.size if lfs else there[name].size
        if size is None:
            raise ModelError(f"{repo}: the hub did not say how large {name} is")
        if name.startswith("/") or ".." in PurePosixPath(name).parts or "\0" in name:
            raise ModelError(f"{repo}: the hub gives a file a name that leads elsewhere: {printable(name)}")
        url = hf_hub_url(repo, name, revision=info.sha, endpoint=link.endpoint)
        items.append(RemoteFile(name, url, size, lfs.sha256.lower() if lfs else None, request.folder / name))
    return info.sha, items


def _choose(request: Request, there: Sequence[str]) -> list[str]:
    repo = request.repo_id
    listed = ", ".join(sorted(n for n in there if n.lower().endswith(".gguf"))[:40]) or "no GGUF file at all"
    if request.file is not None:
        first = request.file if request.file in there else None
        lacks = f"file {request.file}; set file to one of those that are there: {listed}"
    else:
        wanted = gguf_names.canonical(request.quantization or "")
        lacks = f"GGUF in {wanted}; set quantization or file after what is there: {listed}"
        try:
            first = gguf_names.pick(there, wanted, repo)
        except gguf_names.AmbiguousError as e:
            raise ModelMissing(f"{repo} has several models in {wanted}; set file to one of them: {e}") from e
    if first is None:
        raise ModelMissing(f"{repo} has no {lacks}")
    chosen = gguf_names.shards(first)
    if lost := [name for name in chosen if name not in there]:
        raise ModelMissing(f"{repo} has only a part of {first}, {lost[0]} is not there; set file to another")
    return chosen


def _fetch_all(request: Request, commit: str, items: Sequence[RemoteFile], progress: Progress, link: HubAccess) -> None:
    total = sum(item.size for item in items)
    missing = [item for item in items if not item.is_here()]
    need = sum(item.missing for item in missing)
    if missing and (free := link.free(request.folder)) < need + RESERVE_BYTES:
        raise StorageError(
            f"{printable(request.folder)}: {need:,} bytes are to come and only {free:,} are free; "
            "make room, or set models_dir to a larger file system"
        )
    done = total - sum(item.size for item in missing)
    progress(done, total)
    limits = Timeouts(link.metadata_s, link.stall_s, link.sleep)
    for item in missing:

        def report(here: int, before: int = done) -> None:
            progress(before + here, total)

        if item.path.exists():
            item.path.replace(aside(item.path))
        sha256 = transfer(item, report, limits)
        item.land(request.repo_id, commit, request.revision, sha256)
        done += item.size
