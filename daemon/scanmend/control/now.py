"""What happens at this moment, put together of what the loop reported, the ledger, the models and the samples; pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scanmend.config.schema import Config, Folder
from scanmend.control.documents import document_row
from scanmend.control.values import FolderNow, Gathering, Incomplete, ModelNow, PageCount, Waiting, Work
from scanmend.document import local_iso, printable
from scanmend.ledger.entry import Entry

PAGES_INTERVAL_S = 300.0
"""Length of the intervals in which finished pages are counted, in seconds."""
PAGES_SPAN_S = 3600.0
"""How far back they are counted, in seconds."""
_PAGE_STAGE = re.compile(r"(?P<stage>.+) page (?P<page>\d+) of (?P<pages>\d+)")


@dataclass(frozen=True, slots=True)
class FromLedger:
    """What the ledger says of all folders."""

    active: Sequence[Entry]
    """Documents that still have something before them."""
    counts: Mapping[tuple[str, str], int]
    """Number of documents by folder and state."""
    pages: Mapping[int, int]
    """Pages finished, by the number of the interval since 1970."""


def folders_now(config: Config, status: Mapping[str, Any], ledger: FromLedger) -> Iterator[FolderNow]:
    """Yield the folders in the order of the configuration; ``status`` as the loop reported it."""
    told = {one["name"]: one for one in status.get("folders", ())}
    paused = {one["folder"]: one["since"] for one in status.get("paused", ())}
    downloading = {one["model"] for one in status.get("downloads", ())}
    stages = {one["id"]: one["stage"] for one in status.get("working", ())}
    for folder in config.folders:
        mine = [entry for entry in ledger.active if entry.inbox == folder.inbox]
        one = told.get(folder.name, {})
        yield FolderNow(
            folder.name,
            printable(folder.inbox),
            printable(folder.outbox),
            one.get("mode", "events"),
            one.get("why", ""),
            one.get("waiting", 0),
            tuple(one.get("arriving", ())),
            tuple(Incomplete(i["file"], i["missing"], i["since"]) for i in one.get("incomplete", ())),
            tuple(
                Gathering(g["name"], tuple(g["files"]), g["count"], g["since"], g["until"])
                for g in one.get("gathering", ())
            ),
            tuple(_work(entry, stages[entry.id]) for entry in mine if entry.id in stages),
            tuple(_waiting(e, folder, one.get("trouble"), downloading) for e in mine if e.id not in stages),
            ledger.counts.get((folder.name, "done"), 0),
            ledger.counts.get((folder.name, "quarantined"), 0),
            paused.get(folder.name),
            one.get("trouble"),
        )


def models_now(loaded: Iterable[Mapping[str, Any]], ram_mib: Callable[[int], float | None]) -> Iterator[ModelNow]:
    """Yield the loaded models; ``loaded`` as ``ModelSlot.loaded`` has them, ``ram_mib(pid)``: what a process holds."""
    for one in loaded:
        yield ModelNow(
            one["model"],
            one["state"],
            one["pid"],
            one["file"],
            one["ran_on"],
            one["gpu_layers"],
            one["layers"],
            one["unload_in_s"],
            ram_mib(one["pid"]),
            one["gpu_mib"],
        )


def pages_now(pages: Mapping[int, int], now: float) -> tuple[PageCount, ...]:
    """Return the pages of each interval of the last hour, oldest first; ``now``: wall clock in seconds."""
    last = int(now / PAGES_INTERVAL_S)
    first = last - int(PAGES_SPAN_S / PAGES_INTERVAL_S) + 1
    return tuple(PageCount(local_iso(i * PAGES_INTERVAL_S), pages.get(i, 0)) for i in range(first, last + 1))


def _work(entry: Entry, stage: str) -> Work:
    at = _PAGE_STAGE.fullmatch(stage)
    name, page, pages = (at["stage"], int(at["page"]), int(at["pages"])) if at else (stage, None, entry.pages)
    return Work(entry.id, entry.folder, printable(entry.relative), name, page, pages)


def _waiting(entry: Entry, folder: Folder, trouble: str | None, downloading: Iterable[str]) -> Waiting:
    if entry.error:
        why = printable(entry.error)
    elif trouble:
        why = trouble
    elif folder.strategy != "off" and folder.model in downloading:
        why = f"model {folder.model} is being downloaded"
    else:
        why = "its turn"
    row = document_row(entry)
    return Waiting(row.id, row.folder, row.file, row.state, why, row.due)
