"""``scanmend status``: what the ledger has, and what the running daemon reports, where there is one."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from scanmend.config.schema import Config
from scanmend.document import NumberCounts, printable
from scanmend.fs.free_space import shortage
from scanmend.fs.safe_open import CLAIMS
from scanmend.intake.inbox import Inbox
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.ledger.recovery import damaged_ledgers
from scanmend.outputs.record import warning_fields
from scanmend.service import status_file
from scanmend.service.lock import running_pid

MAX_LINES = 20
"""Documents in hand that the text for a person names."""
STATES = ("claiming", "waiting", "working", "published", "done", "failing", "quarantined", "returning")
"""States of documents, in the order in which they are listed."""


def run(config: Config, *, as_json: bool) -> None:
    """Print the status, as JSON or for a person; StorageError where the ledger or the state folder cannot be read."""
    current = status(config)
    typer.echo(json.dumps(current, indent=2, ensure_ascii=False) if as_json else as_text(current))


def status(config: Config) -> dict[str, Any]:
    """Everything as plain values, with and without a running daemon; StorageError as in ``run``."""
    path = config.state_dir / "ledger.sqlite"
    out: dict[str, Any] = {
        "running": running_pid(config.state_dir) is not None,
        "pid": None,
        "documents": dict.fromkeys(STATES, 0),
        "working": [],
        "waiting_retry": [],
        "failures": [],
        "uncorrected": 0,
        "warnings": [],
        "model": {"state": "idle", "model": None, "pid": None},
        "loaded": [],
        "troubles": [],
        "downloads": [],
        "folders": [],
        "in_hand": [],
        "recent": [],
        "set_aside": [str(p) for p in damaged_ledgers(config.state_dir)],
    }
    if out["running"]:
        out |= daemon_status(config.state_dir / status_file.NAME)
        full = shortage(config.state_dir)  # the daemon may be unable to write that its disk is full
        if full and not any(folder["trouble"] for folder in out["folders"]):
            out["troubles"] = [*out["troubles"], full]
    if path.exists():
        ledger = Ledger(path, read_only=True)
        try:
            out["documents"] |= ledger.counts()
            out["waiting_retry"] = [_fields(e) for e in ledger.in_state("waiting", "published", "failing") if e.error]
            out["failures"] = [_fields(e) for e in ledger.in_state("quarantined")]
            out["uncorrected"] = ledger.uncorrected()
            out["warnings"] = [_warned_fields(e) for e in ledger.warned()]
            out["in_hand"] = [_in_hand_fields(e, config) for e in ledger.in_state(*ACTIVE)]
            out["recent"] = [_done_fields(e) for e in ledger.recent(5)]
            out["troubles"] = [*out["troubles"], *_left_behind(ledger, config)]
        finally:
            ledger.close()
    return out


def _left_behind(ledger: Ledger, config: Config) -> Iterator[str]:
    """Documents in work whose inbox no folder has any more: they wait until one has."""
    inboxes = {folder.inbox for folder in config.folders}
    left = Counter(entry.inbox for entry in ledger.in_state(*ACTIVE) if entry.inbox not in inboxes)
    for inbox, count in sorted(left.items()):
        yield (
            f"{count} document(s) wait in {printable(inbox / CLAIMS)}, which no folder watches any more; configure a "
            "folder with this inbox, or move them to another inbox"
        )


def daemon_status(path: Path) -> dict[str, Any]:
    """The content of the running daemon's status file; empty when there is nothing to read."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _fields(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "folder": entry.folder,
        "file": printable(entry.relative),
        "state": entry.state,
        "attempts": entry.attempts,
        "error": entry.error,
        "where": printable(entry.put_away) if entry.put_away else None,
        "changed": datetime.fromtimestamp(entry.changed).astimezone().isoformat(timespec="seconds"),
        "due": datetime.fromtimestamp(entry.due).astimezone().isoformat(timespec="seconds") if entry.due else None,
    }


def _in_hand_fields(entry: Entry, config: Config) -> dict[str, Any]:
    """Return a document that is not at its end, with where its source lies now; ``where`` is None where it is gone."""
    folder = next((folder for folder in config.folders if folder.inbox == entry.inbox), None)
    lies = Inbox(folder).claimed_file(entry.id) if folder else None
    if lies is None and entry.state in ("claiming", "failing", "published", "returning"):  # on its way, or put away
        lies = next((p for p in (entry.put_away, entry.inbox / entry.relative) if p and os.path.lexists(p)), None)
    return {**_fields(entry), "where": printable(lies) if lies else None}


def _done_fields(entry: Entry) -> dict[str, Any]:
    """Return a finished document with its numbers, and where its outputs (without suffix) and its source are."""
    kept = entry.inbox / entry.relative if entry.original == "keep" else None
    where = entry.put_away or kept
    return {
        **_fields(entry),
        "numbers": asdict(entry.numbers),
        "outputs": printable(entry.outbox / entry.stem),
        "where": printable(where) if where else None,
    }


def _warned_fields(entry: Entry) -> dict[str, Any]:
    """Return a finished document with what was not read, not kept or not made of it."""
    return {**_fields(entry), "warnings": [warning_fields(warning) for warning in entry.warnings]}


def as_text(current: dict[str, Any]) -> str:
    """The status for a person, one fact a line."""
    lines = [f"daemon     {'running, pid ' + str(current['pid']) if current['running'] else 'not running'}"]
    if current["loaded"]:
        lines += [f"model      {_model(one)}" for one in current["loaded"]]
    if not any(one["state"] == current["model"]["state"] for one in current["loaded"]):
        lines.append(f"model      {current['model']['state']}")
    lines += [f"TROUBLE    {trouble}" for trouble in current["troubles"]]
    lines += [f"download   {_download(d)}" for d in current["downloads"]]
    lines += [
        f"ledger     a damaged one was set aside: {file}; the new one is made from the folders; remove it when you like"
        for file in current["set_aside"]
    ]
    counts = ", ".join(f"{n} {state}" for state, n in current["documents"].items() if n)
    lines.append(f"documents  {counts or 'none yet'}")
    if current["uncorrected"]:
        lines.append(f"raw        {current['uncorrected']} done without correction, since their model failed")
    for folder in current["folders"]:
        trouble = f"  TROUBLE: {folder['trouble']}" if folder["trouble"] else ""
        why = f" ({folder['why']})" if folder.get("why") else ""
        lines.append(
            f"folder     {folder['name']}: {folder['waiting']} in the inbox, watched by {folder['mode']}{why}{trouble}"
        )
    lines += [
        f"incomplete {folder['name']}/{file['file']}: {file['missing']}; unchanged since {file['since']}"
        for folder in current["folders"]
        for file in folder.get("incomplete", [])
    ]
    lines += [f"working    {w['id']}  {w['folder']}/{w['file']}: {w['stage']}" for w in current["working"]]
    lines += _limited([_in_hand(e) for e in current["in_hand"]], "in hand")
    lines += [
        f"retry      {e['id']}  {e['folder']}/{e['file']}: {e['error']}"
        + (f"; again at {e['due']}" if e["due"] else "")
        for e in current["waiting_retry"]
    ]
    lines += [
        f"failed     {e['id']}  {e['folder']}/{e['file']}: {e['error']}"
        + (f"; lies at {e['where']}" if e["where"] else "")
        for e in current["failures"]
    ]
    lines += [
        f"warning    {e['id']}  {e['folder']}/{e['file']}: "
        + (f"page {warning['page']}: " if warning["page"] else "")
        + warning["text"]
        for e in current["warnings"]
        for warning in e["warnings"]
    ]
    lines += [
        f"done       {e['id']}  {e['folder']}/{e['file']}: outputs {e['outputs']}.*"
        + (f"; the scan lies at {e['where']}" if e["where"] else "; no scan was kept")
        + (f"; {disputed}" if (disputed := NumberCounts(**e["numbers"]).to_review) else "")
        for e in current["recent"]
    ]
    return "\n".join(lines)


def _in_hand(one: dict[str, Any]) -> str:
    """A document that is not at its end, and where its source lies."""
    if one["where"]:
        where = f"lies at {one['where']}"
    elif one["state"] == "published":
        where = "the outputs are there, the scan is not in the inbox's folder .scanmend any more"
    else:
        where = "ITS FILE IS GONE from the inbox's folder .scanmend"
    return f"in hand    {one['id']}  {one['folder']}/{one['file']}: {one['state']}; {where}"


def _limited(lines: list[str], what: str) -> list[str]:
    """The first ``MAX_LINES`` lines, and how many more there are."""
    more = len(lines) - MAX_LINES
    return lines if more <= 0 else [*lines[:MAX_LINES], f"{what}    and {more} more: scanmend status --json"]


def _model(one: dict[str, Any]) -> str:
    """One loaded model, and where it runs."""
    some = f", {one['gpu_layers']} of {one['layers']} layers on the GPU" if one["gpu_layers"] else ""
    return f"{one['state']}: {one['model']}, pid {one['pid']}, on {one['ran_on']}{some}"


def _download(one: dict[str, Any]) -> str:
    """How far a download is."""
    if one["percent"] is None:
        return f"{one['model']}: asking the hub"
    text = f"{one['model']}: {one['percent']:.0f} % of {one['total_mib']:,.0f} MiB"
    if one["rate_mib_s"] is not None:
        text += f", {one['rate_mib_s']:.1f} MiB/s"
    if one["remaining_s"] is not None:
        text += f", {duration(one['remaining_s'])} left"
    return text


def duration(seconds: float) -> str:
    """Return a length of time as people say it: ``40 s``, ``12 min``, ``3 h 5 min``."""
    if seconds < 90:  # noqa: PLR2004 -- below that, seconds tell more
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
