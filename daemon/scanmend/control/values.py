"""The frozen values that ``Controls`` answers with, ready for JSON; moments are ISO 8601 with zone, names printable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scanmend.document import NumberCounts
from scanmend.errors import ScanmendError

State = Literal["claiming", "waiting", "working", "published", "done", "failing", "quarantined", "returning"]
"""State of a document, as the ledger has it."""


class Unknown(ScanmendError):
    """Something was asked of a document, folder or file that there is not; ``what`` is its kind."""

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.what = what


@dataclass(frozen=True, slots=True)
class DocumentQuery:
    """Which documents are asked for, newest first; what is None does not narrow the choice."""

    folder: str | None = None
    """Name of the folder."""
    states: tuple[State, ...] = ()
    """Any of these states; none given: all."""
    name: str | None = None
    """Part of the file's path below its inbox, in upper or lower case; or 8 digits or more of its SHA-256's start."""
    since: float | None = None
    """Changed at this moment or later; wall clock in seconds."""
    until: float | None = None
    """Changed before this moment; wall clock in seconds."""
    limit: int = 50
    """Most documents of one answer, 1 to 500."""
    after: str | None = None
    """``DocumentList.next`` of the answer before this one; None for the first."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document, as a list shows it."""

    id: str
    folder: str
    file: str
    """The file's path below its inbox."""
    state: State
    pages: int | None
    """Pages of the document; None until they are counted."""
    attempts: int
    """Attempts that failed."""
    error: str | None
    """Why the latest attempt failed, or why a finished document has pages that are not corrected."""
    numbers: NumberCounts
    """Numbers of a finished document that are agreed, disputed and single."""
    warnings: int
    """How many warnings there are of a finished document."""
    claimed: str
    """When the file was taken from its inbox."""
    changed: str
    """When its state changed last."""
    due: str | None
    """When it is tried again; None for a document that does not wait."""


@dataclass(frozen=True, slots=True)
class DocumentList:
    """The documents that a query found, newest first."""

    documents: tuple[DocumentRow, ...]
    total: int
    """How many the query matches, on all pages together; with ``name``, at least so many."""
    total_is_exact: bool
    """Whether ``total`` counts all; with a ``name`` that very many documents have it does not."""
    next: str | None
    """What to ask for as ``after`` to get further documents; None where these are the last."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One thing that was not read, kept or made of a document."""

    code: str
    text: str
    page: int | None


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file in the outbox."""

    name: str
    """Its name, by which ``output`` finds it."""
    bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document with all that is known of it."""

    row: DocumentRow
    warnings: tuple[Warned, ...]
    outputs: tuple[OutputFile, ...]
    """The files in the outbox that are its, as far as they are there now."""
    outbox: str
    """Folder of the outputs."""
    source: str | None
    """Where the scan lies now; None where it is not kept or not there."""
    stage: str | None
    """What is done with it now; None while nobody works on it."""
    record: Mapping[str, Any]
    """The record's fields but for its pages (docs/record.md); empty while there is none."""
    can_retry: bool
    """Whether it may be given back to work."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A file in an inbox that stands still, but is not whole."""

    file: str
    missing: str
    """What it lacks."""
    since: str
    """Since when it has not changed."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """Files in an inbox that will be one document, once no more of it come."""

    name: str
    """What the document is called."""
    files: tuple[str, ...]
    """The first few of them, in the order of the document."""
    count: int
    """How many there are."""
    since: str
    """When the first came."""
    until: str
    """When the document is complete, where nothing else of it comes."""


@dataclass(frozen=True, slots=True)
class Work:
    """A document in work."""

    id: str
    folder: str
    file: str
    stage: str
    """``starting``, ``reading``, ``correcting``, ``writing`` …"""
    page: int | None
    """1-based number of the page that the stage is at; None where it is of no page."""
    pages: int | None
    """How many pages there are; None until they are counted."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that was taken from its inbox, and that nobody works on now."""

    id: str
    folder: str
    file: str
    state: State
    why: str
    """What it waits for."""
    due: str | None
    """When it is tried again; None where that is not a matter of time."""


@dataclass(frozen=True, slots=True)
class FolderNow:
    """One folder at this moment."""

    name: str
    inbox: str
    outbox: str
    watched_by: str
    """``events`` or ``poll``."""
    polled_because: str
    """Why it is polled; empty where it is not."""
    in_inbox: int
    """Files in the inbox that are still to be taken."""
    arriving: tuple[str, ...]
    """Names of such files, the first few."""
    incomplete: tuple[Incomplete, ...]
    gathering: tuple[Gathering, ...]
    """Files that lie there and will be one document each, once no more of it come."""
    working: tuple[Work, ...]
    waiting: tuple[Waiting, ...]
    done: int
    """Finished documents that the ledger remembers."""
    quarantined: int
    paused_since: str | None
    """Since when nothing is taken from the inbox, because a person asked for that; None where nobody did."""
    trouble: str | None
    """Why the folder cannot be used now, and the remedy; None for nothing."""


@dataclass(frozen=True, slots=True)
class ModelNow:
    """One loaded model."""

    name: str
    state: str
    """``loaded``, ``correcting``, ``unloading`` …"""
    pid: int
    file: str
    ran_on: str
    """Where its layers are: CPU, GPU."""
    gpu_layers: int
    layers: int
    unload_in_s: float | None
    """Seconds until it is unloaded; None while it is in use, or never unloaded."""
    ram_mib: float | None
    """MiB of RAM that its process holds, the pages of its file included; None when it is gone."""
    gpu_mib: float | None
    """MiB of GPU memory that loading it took; None where it has no layers there."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory at one moment."""

    at: str
    ram_mib: float
    """RAM of the daemon and all its processes; memory that processes share counts once."""
    gpu_mib: float | None
    """GPU memory in use by all programs; None without an NVIDIA GPU."""


@dataclass(frozen=True, slots=True)
class PageCount:
    """Pages of the documents that were finished in one interval."""

    at: str
    """When the interval began."""
    pages: int


@dataclass(frozen=True, slots=True)
class Now:
    """What happens at this moment."""

    change: int
    """Number of the latest change: what ``wait_for_change`` continues from."""
    at: str
    pid: int
    version: str
    """Version of scanmend."""
    started: str
    folders: tuple[FolderNow, ...]
    model_state: str
    """What the model does, in a word: ``idle``, ``loading``, ``loaded``, ``correcting`` …"""
    models: tuple[ModelNow, ...]
    """The loaded ones."""
    downloads: tuple[Mapping[str, Any], ...]
    """Models under way, as ``scanmend status --json`` has them."""
    page_workers: int
    """Page processes that run now."""
    troubles: tuple[str, ...]
    """What is not as it should be, each with its remedy."""
    samples: tuple[Sample, ...]
    """Memory of the last hour, oldest first."""
    ram_total_mib: float
    gpu_total_mib: float | None
    """GPU memory of the machine; None without an NVIDIA GPU."""
    pages: tuple[PageCount, ...]
    """Pages of the last hour in intervals of five minutes, oldest first."""
    pages_last_hour: int


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of documents that were to go back to work."""

    returned: tuple[str, ...]
    """Ids that wait for their turn now."""
    taken_over: tuple[str, ...]
    """Ids that were claims of another daemon."""
    refused: Mapping[str, str]
    """By id, why a document stays in quarantine."""
