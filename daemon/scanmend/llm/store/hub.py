"""Download a GGUF from the Hugging Face hub: which file is meant, whether there is space for it, and all its shards.

The library huggingface_hub finds the files, and knows endpoint, token and proxies. Only ``hub*.py`` import it.
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
from scanmend.llm.store.partial_file import RemoteFile, folder_lock

RESERVE_BYTES = 64 << 20
"""Space that a download leaves free on the file system."""
_OTHER_POLL_S = 0.5
"""How often to look whether another process has finished its download."""

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""


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
        """Where this repository's files go; a pinned revision has a folder of its own."""
        pin = f"@{self.revision.replace('/', '-')}" if self.revision else ""
        return Path(self.models_dir, self.repo_id.replace("/", "--") + pin)


@dataclass(frozen=True, slots=True)
class Download:
    """A model that was downloaded."""

    path: Path
    """The file to load; the first of several shards."""
    revision: str
    """Commit it is from."""


@dataclass(frozen=True, slots=True)
class HubAccess:
    """Where the hub is, and how long it may take; tests put in another clock and disk."""

    endpoint: str | None = None
    """Address of the hub; None for HF_ENDPOINT, or else the public hub."""
    metadata_s: float = 10.0
    """How long the list of a repository's files may take, and a connection."""
    stall_s: float = 30.0
    """A transfer that brings no byte for this long is broken off and resumed."""
    sleep: Callable[[float], None] = time.sleep
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free

    @property
    def where(self) -> str:
        """Name of the hub, for messages."""
        return self.endpoint or os.environ.get("HF_ENDPOINT") or "huggingface.co"


def download(
    request: Request, progress: Progress = lambda _done, _total: None, access: HubAccess | None = None
) -> Download:
    """Download the file, with all its shards, into ``request.folder``; what is there already is not fetched again.

    A file gets its name only when its SHA-256 is that of the hub. Raises ModelMissing when the hub does not have it or
    does not give it, ModelError when what it gives is wrong, StorageError when it cannot be stored.
    """
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # the library reads its settings when it is imported, below
    access = access or HubAccess()
    with explain_errors(request.repo_id, request.revision, request.folder, access.where):
        commit, items = _look_up(request, access)
        total = sum(item.size for item in items)

        def wait() -> None:
            progress(sum(item.bytes_here for item in items), total)
            access.sleep(_OTHER_POLL_S)

        request.folder.mkdir(parents=True, exist_ok=True)
        with folder_lock(request.folder, wait):
            _fetch_all(request, commit, items, progress, access)
    return Download(items[0].path, commit)


def _look_up(request: Request, access: HubAccess) -> tuple[str, list[RemoteFile]]:
    """Resolve the revision to a commit, and the request to files of that commit."""
    from huggingface_hub import HfApi, ModelInfo, hf_hub_url  # noqa: PLC0415 -- heavy; only a downloading process needs it
    from huggingface_hub.errors import HFValidationError  # noqa: PLC0415 -- heavy, as above

    repo = request.repo_id
    api = HfApi(endpoint=access.endpoint, library_name="scanmend", library_version=__version__)

    def ask() -> ModelInfo:
        try:
            return api.model_info(repo, revision=request.revision, files_metadata=True, timeout=access.metadata_s)
        except HFValidationError:
            raise
        except (ValueError, TypeError, KeyError) as e:
            raise ModelMissing(
                f"{repo} cannot be fetched: {access.where} is not the hub; look at HF_ENDPOINT and proxies"
            ) from e

    info = with_retries(ask, access.sleep)
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
        url = hf_hub_url(repo, name, revision=info.sha, endpoint=access.endpoint)
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


def _fetch_all(
    request: Request, commit: str, items: Sequence[RemoteFile], progress: Progress, access: HubAccess
) -> None:
    total = sum(item.size for item in items)
    missing = [item for item in items if not item.is_here()]
    need = sum(item.bytes_missing for item in missing)
    if missing and (free := access.free(request.folder)) < need + RESERVE_BYTES:
        raise StorageError(
            f"{printable(request.folder)}: {need:,} bytes are to come and only {free:,} are free; "
            "make room, or set models_dir to a larger file system"
        )
    done = total - sum(item.size for item in missing)
    progress(done, total)
    limits = Timeouts(access.metadata_s, access.stall_s, access.sleep)
    for item in missing:

        def report(here: int, before: int = done) -> None:
            progress(before + here, total)

        if item.path.exists():
            item.reject(item.path)
        sha256 = transfer(item, report, limits)
        item.finish(request.repo_id, commit, request.revision, sha256)
        done += item.size
