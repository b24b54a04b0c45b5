"""A folder's own commands, run after a document's success, failure or review; their failure harms nothing."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from scanmend.config.schema import Folder
from scanmend.document import printable
from scanmend.errors import Stopping
from scanmend.jobs.publish import published_record
from scanmend.ledger.entry import Entry
from scanmend.outputs import error_report
from scanmend.process.child import SECRETS

MAX_OUTPUT_BYTES = 2000
"""How much of a failed command's output is logged, from its end."""
POLL_S = 0.1
"""How often a running command is looked at, in seconds."""
PRIVATE_VARIABLES = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", *SECRETS}
"""Environment variables of the daemon that its children do not get."""

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
    """Run ``on_success`` with the outputs; False when the daemon stopped meanwhile, so that it has to run again."""
    if not folder.on_success:
        return True
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
        failure = run(command, paths, {**of_the_document, **variables}, folder.hook_limit_s, stopping)
    except Stopping:
        bound.info("hook.interrupted")
        return False
    if failure:
        bound.warning("hook.failed", reason=failure)
    else:
        bound.info("hook.done", seconds=round(time.monotonic() - started, 3))
    return True


def run(
    command: Sequence[str],
    paths: Sequence[Path],
    variables: Mapping[str, str],
    limit_s: float,
    stopping: Callable[[], bool] = lambda: False,
) -> str:
    """Run the command with the paths as further arguments, without a shell; return what went wrong, empty if nothing.

    ``variables`` are added to the environment. The command leads a process group; at the limit, or when ``stopping``
    says so, the whole group is killed; Stopping in the latter case.
    """
    output = os.memfd_create("hook")
    try:
        inherited = {k: v for k, v in os.environ.items() if k not in PRIVATE_VARIABLES}
        try:
            process = subprocess.Popen(
                [*command, *map(os.fspath, paths)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=inherited | {k: _without_nul(v) for k, v in variables.items()},
                start_new_session=True,
            )
        except (OSError, ValueError) as e:
            return f"cannot be started: {e}"
        if not _ended(process, limit_s, stopping):
            return f"took longer than hook_limit_s: {limit_s:g} s, and was killed{_tail(output)}"
        if process.returncode:
            how = (
                f"died of signal {-process.returncode}" if process.returncode < 0 else f"exit code {process.returncode}"
            )
            return f"{how}{_tail(output)}"
        return ""
    finally:
        os.close(output)


def _ended(process: subprocess.Popen[bytes], limit_s: float, stopping: Callable[[], bool]) -> bool:
    """Wait for the command; False when it had to be killed for its time."""
    limit = time.monotonic() + limit_s
    try:
        while True:
            try:
                process.wait(min(POLL_S, max(0.0, limit - time.monotonic())))
            except subprocess.TimeoutExpired:
                if stopping():
                    raise Stopping from None
                if time.monotonic() >= limit:
                    return False
            else:
                return True
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
            process.wait()


def _without_nul(value: str) -> str:
    """Return the value as an environment variable can hold it."""
    return value.replace("\0", "")


def _tail(output: int) -> str:
    """Return the end of what a command wrote to this file descriptor, on one line, to be added to a reason."""
    size = os.fstat(output).st_size
    data = os.pread(output, MAX_OUTPUT_BYTES, max(0, size - MAX_OUTPUT_BYTES))
    text = printable(" ".join(data.decode("utf-8", "replace").split()))
    return f"; it said: {text}" if text else ""
