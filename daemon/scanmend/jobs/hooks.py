"""A folder's own commands, run after a document's success or failure; their failure is logged, and harms nothing."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from scanmend.config.schema import Folder
from scanmend.document import printable
from scanmend.errors import Stopping
from scanmend.ledger.entry import Entry
from scanmend.outputs import error_report
from scanmend.process.child import SECRETS

_SAID = 2000
"""Bytes of a failed command's output that are logged."""
_LOOK_S = 0.1
"""How often a running command is looked at."""
_OURS = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", *SECRETS}
"""Variables that are the daemon's own business."""

log = structlog.get_logger()


def after_success(folder: Folder, entry: Entry, stopping: Callable[[], bool]) -> bool:
    """Run ``on_success`` with the outputs; False when the daemon stopped meanwhile, so that it has to run again."""
    if not folder.on_success:
        return True
    names = sorted(folder.outputs, key=lambda name: name == "json")
    paths = [entry.outbox / entry.stem.with_name(f"{entry.stem.name}.{name}") for name in names]
    told = {**_told(folder, entry), "SCANMEND_STATUS": "success", "SCANMEND_ORIGINAL": _original(folder, entry)}
    return _run(folder.on_success, [p for p in paths if p.exists()], told, folder, entry, stopping)


def after_failure(folder: Folder, entry: Entry, quarantined: Path, reason: str, stopping: Callable[[], bool]) -> None:
    """Run ``on_failure`` with the quarantined file and the report on it."""
    if folder.on_failure:
        told = {**_told(folder, entry), "SCANMEND_STATUS": "failure", "SCANMEND_REASON": reason}
        told["SCANMEND_ORIGINAL"] = os.fspath(quarantined)
        _run(folder.on_failure, [quarantined, error_report.report_path(quarantined)], told, folder, entry, stopping)


def _told(folder: Folder, entry: Entry) -> dict[str, str]:
    return {
        "SCANMEND_ID": entry.id,
        "SCANMEND_FOLDER": folder.name,
        "SCANMEND_SOURCE": os.fspath(entry.relative),
        "SCANMEND_OUTBOX": os.fspath(entry.outbox),
    }


def _original(folder: Folder, entry: Entry) -> str:
    """Where the scan lies now; empty where it was deleted."""
    if entry.original == "keep":
        return os.fspath(folder.inbox / entry.relative)
    return os.fspath(entry.put_away) if entry.put_away else ""


def _run(
    command: Sequence[str],
    paths: Sequence[Path],
    told: Mapping[str, str],
    folder: Folder,
    entry: Entry,
    stopping: Callable[[], bool],
) -> bool:
    bound = log.bind(id=entry.id, folder=folder.name, command=command[0])
    started = time.monotonic()
    try:
        wrong = run(command, paths, told, folder.hook_limit_s, stopping)
    except Stopping:
        bound.info("hook.interrupted")
        return False
    if wrong:
        bound.warning("hook.failed", reason=wrong)
    else:
        bound.info("hook.done", seconds=round(time.monotonic() - started, 3))
    return True


def run(
    command: Sequence[str],
    paths: Sequence[Path],
    told: Mapping[str, str],
    limit_s: float,
    stopping: Callable[[], bool] = lambda: False,
) -> str:
    """Run the command with the paths as further arguments, without a shell; return what went wrong, empty if nothing.

    ``told`` becomes environment variables. The command leads a process group; at the limit, or when ``stopping``
    says so, the whole group is killed; Stopping in the latter case.
    """
    said = os.memfd_create("hook")
    try:
        environment = {k: v for k, v in os.environ.items() if k not in _OURS} | {k: _plain(v) for k, v in told.items()}
        try:
            process = subprocess.Popen(
                [*command, *map(os.fspath, paths)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as e:
            return f"cannot be started: {e}"
        if not _ended(process, limit_s, stopping):
            return f"took longer than hook_limit_s: {limit_s:g} s, and was killed{_tail(said)}"
        if process.returncode:
            how = (
                f"died of signal {-process.returncode}" if process.returncode < 0 else f"exit code {process.returncode}"
            )
            return f"{how}{_tail(said)}"
        return ""
    finally:
        os.close(said)


def _ended(process: subprocess.Popen[bytes], limit_s: float, stopping: Callable[[], bool]) -> bool:
    """Wait for the command; False when it had to be killed for its time."""
    limit = time.monotonic() + limit_s
    try:
        while True:
            try:
                process.wait(min(_LOOK_S, max(0.0, limit - time.monotonic())))
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


def _plain(value: str) -> str:
    """As an environment can hold it."""
    return value.replace("\0", "")


def _tail(said: int) -> str:
    size = os.fstat(said).st_size
    text = printable(" ".join(os.pread(said, _SAID, max(0, size - _SAID)).decode("utf-8", "replace").split()))
    return f"; it said: {text}" if text else ""
