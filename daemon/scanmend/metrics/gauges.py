"""What is found out at the time of a scrape: the daemon's status and the ledger's numbers as metrics. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scanmend.ledger.ledger import ACTIVE, FolderCount
from scanmend.metrics import catalogue as c
from scanmend.metrics.catalogue import Labels, Samples
from scanmend.metrics.counting import REMOVED


@dataclass(frozen=True, slots=True)
class Process:
    """The daemon's own process at one moment."""

    resident_bytes: int
    cpu_s: float
    now: float
    """Wall clock, in seconds."""


def of_status(status: Mapping[str, Any], models: Collection[str]) -> Samples:
    """Return what the daemon's status says; ``models``: names of the configured ones. Empty where there is none yet."""
    if not status:
        return {}
    folders: Sequence[Mapping[str, Any]] = status["folders"]
    loaded = {one["model"] for one in status["loaded"]}
    coming = {one["model"] for one in status["downloads"]}
    return {
        c.INBOX: {(f["name"],): float(f["waiting"]) for f in folders},
        c.PAUSED: {(f["name"],): float(f["paused"]) for f in folders},
        c.TROUBLE: {(f["name"],): float(bool(f["trouble"])) for f in folders},
        c.MODEL_LOADED: {(name,): float(name in loaded) for name in sorted({*models, *loaded})},
        c.DOWNLOADING: {(name,): float(name in coming) for name in sorted({*models, *coming})},
        c.TROUBLES: {(): float(len(status["troubles"]))},
        c.PAGE_WORKERS: {(): float(status["page_workers"])},
        c.STARTED: {(): float(status["started"])},
    }


def of_ledger(counts: Sequence[FolderCount], folders: Collection[str]) -> Samples:
    """Return what the ledger counts; ``folders``: names of the configured ones, each of which gets its zeros."""
    queue: dict[Labels, float] = {(folder, state): 0.0 for folder in folders for state in ACTIVE}
    quarantined: dict[Labels, float] = {(folder,): 0.0 for folder in folders}
    for one in counts:
        folder = one.folder if one.folder in folders else REMOVED
        if one.state == "quarantined":
            quarantined[folder,] = quarantined.get((folder,), 0.0) + one.documents
        elif one.state in ACTIVE:
            queue[folder, one.state] = queue.get((folder, one.state), 0.0) + one.documents
    return {c.QUEUE: queue, c.QUARANTINED: quarantined}


def of_process(process: Process, version: str, python: str, *, running: bool = True) -> Samples:
    """Return what the daemon's own process takes, and what runs in it."""
    return {
        c.RESIDENT: {(): float(process.resident_bytes)},
        c.CPU: {(): process.cpu_s},
        **of_moment(process.now, version, python, running=running),
    }


def of_moment(now: float, version: str, python: str, *, running: bool) -> Samples:
    """Return what can be said of a daemon that has stopped, too."""
    return {
        c.WRITTEN: {(): now},
        c.RUNNING: {(): float(running)},
        c.BUILD: {(version, python): 1.0},
    }
