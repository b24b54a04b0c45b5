"""Download a GGUF from the Hugging Face hub; the only module that imports huggingface_hub.

The library finds the file, knows endpoint, token and proxies, and tells what went wrong. The bytes are streamed
here, over its session: its own ``hf_hub_download`` deletes what it has when a transfer breaks off, so a model of
several GB would start from zero each time.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from scanmend import __version__
from scanmend.document import printable
from scanmend.errors import ModelError, ModelMissing, ScanmendError, StorageError
from scanmend.llm import names
from scanmend.llm.landing import Item, Part, alone

RETRIES = 6
LONGEST_PAUSE_S = 10.0
LONGEST_ASKED_PAUSE_S = 120.0
"""The longest Retry-After that is obeyed."""
RESERVE = 64 << 20
"""Bytes that stay free on the file system."""
MUCH = 1 << 20
"""Bytes that must have come since the last failure for the next one to count as the first."""
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
_PARTIAL, _NOT_SATISFIABLE = 206, 416

T = TypeVar("T")
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
class Fetched:
    """What came: the file to load and the commit it is from."""

    path: Path
    revision: str


@dataclass(frozen=True, slots=True)
class Link:
    """How the hub is spoken to."""

    endpoint: str | None = None
    """None for HF_ENDPOINT, or else the public hub."""
    metadata_s: float = 10.0
    stall_s: float = 30.0
    """A transfer that stands still for so long is broken off and resumed."""
    sleep: Callable[[float], None] = time.sleep
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free


class _CutError(Exception):
    """The server ended a transfer before the file was whole."""


def download(request: Request, progress: Progress = lambda _done, _total: None, link: Link | None = None) -> Fetched:
    """Fetch the file, with all its shards, into ``request.folder``; what is there already is not fetched again.

    A file gets its final name only when its SHA-256 is that of the hub. Raises ModelMissing when the hub does not
    have it or does not give it, ModelError when what it gives is wrong, StorageError when it cannot be stored.
    """
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # the library reads its settings when it is imported, below
    link = link or Link()
    with _explained(request, link):
        commit, items = _look_up(request, link)
        request.folder.mkdir(parents=True, exist_ok=True)
        with alone(request.folder):
            _fetch_all(request, commit, items, progress, link)
    return Fetched(items[0].path, commit)


def _look_up(request: Request, link: Link) -> tuple[str, list[Item]]:
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
            where = _where(link)
            raise ModelMissing(
                f"{repo} cannot be fetched: {where} is not the hub; look at HF_ENDPOINT and proxies"
            ) from e

    info = _persistently(ask, link)
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
        items.append(Item(name, url, size, lfs.sha256.lower() if lfs else None, request.folder / name))
    return info.sha, items


def _choose(request: Request, there: Sequence[str]) -> list[str]:
    repo = request.repo_id
    listed = ", ".join(sorted(n for n in there if n.lower().endswith(".gguf"))[:40]) or "no GGUF file at all"
    if request.file is not None:
        first = request.file if request.file in there else None
        lacks = f"file {request.file}; set file to one of those that are there: {listed}"
    else:
        wanted = names.canonical(request.quantization or "")
        lacks = f"GGUF in {wanted}; set quantization or file after what is there: {listed}"
        try:
            first = names.pick(there, wanted, repo)
        except names.AmbiguousError as e:
            raise ModelMissing(f"{repo} has several models in {wanted}; set file to one of them: {e}") from e
    if first is None:
        raise ModelMissing(f"{repo} has no {lacks}")
    chosen = names.shards(first)
    if lost := [name for name in chosen if name not in there]:
        raise ModelMissing(f"{repo} has only a part of {first}, {lost[0]} is not there; set file to another")
    return chosen


def _fetch_all(request: Request, commit: str, items: Sequence[Item], progress: Progress, link: Link) -> None:
    total = sum(item.size for item in items)
    missing = [item for item in items if not item.is_here()]
    need = sum(item.missing for item in missing)
    if missing and (free := link.free(request.folder)) < need + RESERVE:
        raise StorageError(
            f"{printable(request.folder)}: {need:,} bytes are to come and only {free:,} are free; "
            "make room, or set models_dir to a larger file system"
        )
    done = total - sum(item.size for item in missing)
    progress(done, total)
    origin = {"repo": request.repo_id, "revision": commit, "requested": request.revision}
    for item in missing:

        def report(here: int, before: int = done) -> None:
            progress(before + here, total)

        item.land(origin, _fetch(item, report, link))
        done += item.size


def _fetch(item: Item, report: Callable[[int], None], link: Link) -> str:
    """Bring one file into its part file, whole and right; return its SHA-256."""
    item.part.parent.mkdir(parents=True, exist_ok=True)
    item.clear_stale()
    for _ in range(2):
        with Part(item.part, item.size) as part:
            report(part.done)
            _receive(item, part, report, link)
        if item.sha256 in (None, part.sha256):
            return part.sha256
        aside = item.set_aside()
    raise ModelError(
        f"{item.url} gave wrong content twice: its SHA-256 is {part.sha256}, the hub says {item.sha256}; "
        f"what came last is {printable(aside)}. Look whether a proxy or mirror changes it, and remove that file"
    )


def _receive(item: Item, part: Part, report: Callable[[int], None], link: Link) -> None:
    from huggingface_hub import get_session, hf_raise_for_status  # noqa: PLC0415 -- heavy, as above
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # noqa: PLC0415 -- exported lazily

    headers = build_hf_headers(library_name="scanmend", library_version=__version__) | {"Accept-Encoding": "identity"}
    limits = (link.metadata_s, link.stall_s, link.stall_s, link.metadata_s)  # connect, read, write, pool

    def once() -> None:
        asked = {"Range": f"bytes={part.done}-"} if part.done else {}
        with get_session().stream("GET", item.url, headers=headers | asked, timeout=limits) as response:
            if asked and response.status_code == _NOT_SATISFIABLE:
                part.restart()
                raise _CutError("the server has less than it said")
            hf_raise_for_status(response)
            resumed = response.headers.get("Content-Range", "").startswith(f"bytes {part.done}-")
            if asked and not (response.status_code == _PARTIAL and resumed):
                part.restart()
            for data in response.iter_bytes():
                part.append(data)
                report(part.done)
        if part.done < part.size:
            raise _CutError("the server ended the transfer early")

    if part.done < part.size:
        _persistently(once, link, lambda: part.done)


def _persistently(attempt: Callable[[], T], link: Link, done: Callable[[], int] = lambda: 0) -> T:
    """Try until it works, pausing longer after each failure in a row; after much progress the count starts anew."""
    failures, before = 0, done()
    while True:
        try:
            return attempt()
        except (_CutError, _http_error()) as e:
            pause = _pause_asked(e)
            failures = 1 if done() >= before + MUCH else failures + 1
            if pause is None or failures > RETRIES:
                raise
            before = done()
            link.sleep(max(pause, min(2.0 ** (failures - 1), LONGEST_PAUSE_S)))


def _pause_asked(e: Exception) -> float | None:
    """Seconds that the server asks to wait, 0 when it does not say; None when trying again is of no use."""
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 -- heavy, as above

    if not isinstance(e, HfHubHTTPError):
        return 0.0
    after = e.response.headers.get("Retry-After", "")
    if e.response.status_code not in _TRANSIENT:
        return None
    return min(float(after), LONGEST_ASKED_PAUSE_S) if after.isdecimal() else 0.0


def _http_error() -> type[Exception]:
    """Return the base of all errors of the HTTP library that this huggingface_hub was built on."""
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined] # noqa: PLC0415 -- whichever it is

    return HTTPError


@contextmanager
def _explained(request: Request, link: Link) -> Iterator[None]:
    """Turn every error of the library, the network and the disk into one of ours that says what to do."""
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled  # noqa: PLC0415 -- heavy, as above

    try:
        yield
    except ScanmendError:
        raise
    except (_CutError, HFValidationError, OfflineModeIsEnabled, _http_error()) as e:
        raise ModelMissing(f"{request.repo_id} {_explanation(e, request, link)}") from e
    except OSError as e:
        raise StorageError(f"{printable(request.folder)}: the model cannot be stored: {e.strerror or e}") from e


def _explanation(e: Exception, request: Request, link: Link) -> str:
    from huggingface_hub import errors  # noqa: PLC0415 -- heavy, as above

    said: tuple[tuple[type[Exception], str], ...] = (
        (
            errors.OfflineModeIsEnabled,
            "may not be fetched in offline mode; unset HF_HUB_OFFLINE, or bring it here by hand",
        ),
        (errors.HFValidationError, f"can be no repository; correct repo_id ({e})"),
        (
            errors.RevisionNotFoundError,
            f"has no revision {request.revision}; set revision to a branch, tag or commit of it",
        ),
        (errors.GatedRepoError, "is gated; accept its terms on the hub and set HF_TOKEN to a token of that account"),
        (
            errors.RepositoryNotFoundError,
            "does not exist, or is private; correct repo_id, or set HF_TOKEN to a token that may read it",
        ),
        (errors.EntryNotFoundError, "lists the file but does not have it; set file or revision to another"),
    )
    for kind, text in said:
        if isinstance(e, kind):
            return text
    if isinstance(e, errors.HfHubHTTPError):
        status = e.response.status_code
        if status in (401, 403):
            return f"is refused by the hub ({status}); set HF_TOKEN to a token that may read it"
        return f"cannot be fetched: the hub answers {status}" + (
            ", however often asked" if status in _TRANSIENT else ""
        )
    reason = str(e) or type(e).__name__
    return (
        f"cannot be fetched from {_where(link)}, however often tried: {reason}; what has come is kept for the next time"
    )


def _where(link: Link) -> str:
    return link.endpoint or os.environ.get("HF_ENDPOINT") or "huggingface.co"
