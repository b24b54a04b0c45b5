"""A folder's own commands, run after a document's success, failure or review; their failure harms nothing."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from scanmend.config.schema import Folder
from scanmend.errors import Stopping
from scanmend.jobs.publish import published_record
from scanmend.ledger.entry import Entry
from scanmend.outputs import error_report
from scanmend.process.command import run

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReviewedDocument:
    """A document whose outputs have what a person decided, or are the machine's again."""

    id: str
    relative: Path
    """Name of the scan below its inbox."""
    outbox: Path
    outputs: tuple[Path, ...]
    """Where they lie, the record last; some may be gone."""
    original: Path | None
    """Where the scan lies now; None where it is not to be found."""
    fields: Sequence[Mapping[str, Any]]
    """Its facts, as the record has them."""
    open_places: int
    """Doubtful places that are left to decide."""
    left_alone: Sequence[str]
    """Suffixes of outputs that do not have the decisions, as somebody changed them since."""


def after_success(folder: Folder, entry: Entry, stopping: Callable[[], bool]) -> bool:
    """Run ``on_success``, which there is, with the outputs; False when the daemon stopped meanwhile: then once more."""
    names = sorted(folder.outputs, key=lambda name: name == "json")
    paths = [entry.outbox / entry.stem.with_name(f"{entry.stem.name}.{name}") for name in names]
    variables = {"SCANMEND_STATUS": "success", "SCANMEND_ORIGINAL": _original(folder, entry)}
    variables |= _fields(published_record(entry).get("fields") or [])
    return _run_hook(folder.on_success, [p for p in paths if p.exists()], variables, folder, entry, stopping)


def after_review(folder: Folder, document: ReviewedDocument, stopping: Callable[[], bool]) -> bool:
    """Run ``on_review`` with the outputs; False when the daemon stopped meanwhile, so that it has to run again."""
    if not folder.on_review:
        return True
    variables = {
        "SCANMEND_STATUS": "review",
        "SCANMEND_ORIGINAL": os.fspath(document.original or ""),
        "SCANMEND_REVIEW_OPEN": str(document.open_places),
        "SCANMEND_REVIEW_LEFT": " ".join(document.left_alone),
    }
    variables |= _fields(document.fields)
    paths = [path for path in document.outputs if path.exists()]
    return _run_hook(folder.on_review, paths, variables, folder, document, stopping)


def after_failure(folder: Folder, entry: Entry, quarantined: Path, reason: str, stopping: Callable[[], bool]) -> None:
    """Run ``on_failure`` with the quarantined file and the report on it."""
    if folder.on_failure:
        paths = [quarantined, error_report.report_path(quarantined)]
        variables = {
            "SCANMEND_STATUS": "failure",
            "SCANMEND_REASON": reason,
            "SCANMEND_ORIGINAL": os.fspath(quarantined),
        }
        _run_hook(folder.on_failure, paths, variables, folder, entry, stopping)


def _fields(fields: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the facts of a document as variables, and the names of those that a person should look at."""
    told = {f"SCANMEND_FIELD_{field['name'].upper()}": field["value"] or "" for field in fields}
    doubtful = " ".join(field["name"] for field in fields if field["doubt"])
    return told | {"SCANMEND_FIELDS_DOUBTFUL": doubtful} if fields else {}


def _original(folder: Folder, entry: Entry) -> str:
    """Where the scan lies now; empty where it was deleted."""
    if entry.put_away:
        return os.fspath(entry.put_away)
    return os.fspath(folder.inbox / entry.relative) if entry.original == "keep" else ""


def _run_hook(
    command: Sequence[str],
    paths: Sequence[Path],
    variables: Mapping[str, str],
    folder: Folder,
    document: Entry | ReviewedDocument,
    stopping: Callable[[], bool],
) -> bool:
    """Run a command about a document and log how it went; False when the daemon stopped meanwhile."""
    bound = log.bind(id=document.id, folder=folder.name, command=command[0])
    of_the_document = {
        "SCANMEND_ID": document.id,
        "SCANMEND_FOLDER": folder.name,
        "SCANMEND_SOURCE": os.fspath(document.relative),
        "SCANMEND_OUTBOX": os.fspath(document.outbox),
    }
    started = time.monotonic()
    try:
        told = {**of_the_document, **variables}
        ended = run(command, paths, told, folder.hook_limit_s, stopping, limit_key="hook_limit_s")
    except Stopping:
        bound.info("hook.interrupted")
        return False
    if ended.problem:
        said = f"; it said: {ended.said}" if ended.said else ""
        bound.warning("hook.failed", reason=f"{ended.problem}{said}")
    else:
        bound.info("hook.done", seconds=round(time.monotonic() - started, 3))
    return True
