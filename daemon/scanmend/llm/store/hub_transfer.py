"""Download one file from the hub over huggingface_hub's session: streamed, resumed where it broke off, checked.

The library's own ``hf_hub_download`` deletes what it has when a transfer breaks off, so a model of several GB would
start from zero each time.
"""

from collections.abc import Callable
from dataclasses import dataclass

from scanmend import __version__
from scanmend.document import printable
from scanmend.errors import ModelError
from scanmend.llm.store.hub_errors import TransferCutError, with_retries
from scanmend.llm.store.partial_file import PartialFile, RemoteFile

_PARTIAL, _NOT_SATISFIABLE = 206, 416


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a server may take, and how to pause before it is asked again."""

    connect_s: float
    stall_s: float
    """A transfer that brings no byte for this long is broken off and resumed."""
    sleep: Callable[[float], None]


def transfer(item: RemoteFile, report: Callable[[int], None], limits: Timeouts) -> str:
    """Download one file into its part file, check it, and return its SHA-256.

    ``report`` is called with the bytes that are here. A file whose digest is not the hub's is renamed and downloaded
    once more; ModelError when that is wrong as well. Raises TransferCutError and errors of the library after the last
    retry.
    """
    item.part.parent.mkdir(parents=True, exist_ok=True)
    item.remove_stale_parts()
    for _ in range(2):
        with PartialFile(item.part, item.size) as part:
            report(part.done)
            _receive(item, part, report, limits)
        if item.sha256 in (None, part.sha256):
            return part.sha256
        wrong = item.reject(item.part)
    raise ModelError(
        f"{item.url} gave wrong content twice: its SHA-256 is {part.sha256}, the hub says {item.sha256}; "
        f"what came last is {printable(wrong)}. Look whether a proxy or mirror changes it, and remove that file"
    )


def _receive(item: RemoteFile, part: PartialFile, report: Callable[[int], None], limits: Timeouts) -> None:
    from huggingface_hub import get_session, hf_raise_for_status  # noqa: PLC0415 -- heavy, as above
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # noqa: PLC0415 -- exported lazily

    headers = build_hf_headers(library_name="scanmend", library_version=__version__) | {"Accept-Encoding": "identity"}
    timeout = (limits.connect_s, limits.stall_s, limits.stall_s, limits.connect_s)  # connect, read, write, pool

    def once() -> None:
        asked = {"Range": f"bytes={part.done}-"} if part.done else {}
        with get_session().stream("GET", item.url, headers=headers | asked, timeout=timeout) as response:
            if asked and response.status_code == _NOT_SATISFIABLE:
                part.restart()
                raise TransferCutError("the server has less than it said")
            hf_raise_for_status(response)
            resumed = response.headers.get("Content-Range", "").startswith(f"bytes {part.done}-")
            if asked and not (response.status_code == _PARTIAL and resumed):
                part.restart()
            for data in response.iter_bytes():
                part.append(data)
                report(part.done)
        if part.done < part.size:
            raise TransferCutError("the server ended the transfer early")

    if part.done < part.size:
        with_retries(once, limits.sleep, lambda: part.done)
