"""What ``scanmend status`` says: the ledger's view, and the running daemon's where there is one."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from scanmend.config.schema import Config
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.fs.free_space import shortage
from scanmend.fs.safe_open import CLAIMS
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.ledger.recovery import damaged_ledgers
from scanmend.service import status_file
from scanmend.service.lock import running_pid

STATES = ("claiming", "waiting", "working", "published", "done", "failing", "quarantined", "returning")


def status(config: Config) -> dict[str, Any]:
    """Everything as plain values; works with and without a running daemon."""
    path = config.state_dir / "ledger.sqlite"
    out: dict[str, Any] = {
        "running": running_pid(config.state_dir) is not None,
        "pid": None,
        "documents": dict.fromkeys(STATES, 0),
        "working": [],
        "waiting_retry": [],
        "failures": [],
        "uncorrected": 0,
        "model": {"state": "idle", "model": None, "pid": None},
        "loaded": [],
        "troubles": [],
        "downloads": [],
        "folders": [],
        "recent": [],
        "set_aside": [str(p) for p in damaged_ledgers(config.state_dir)],
    }
    if out["running"]:
        out |= daemon_status(config.state_dir / status_file.NAME)
        full = shortage(config.state_dir)  # of this the daemon may not be able to write
        if full and not any(folder["trouble"] for folder in out["folders"]):
            out["troubles"] = [*out["troubles"], full]
    if path.exists():
        ledger = Ledger(path, read_only=True)
        try:
            out["documents"] |= ledger.counts()
            out["waiting_retry"] = [_told(e) for e in ledger.in_state("waiting", "published", "failing") if e.error]
            out["failures"] = [_told(e) for e in ledger.in_state("quarantined")]
            out["uncorrected"] = ledger.uncorrected()
            out["recent"] = [_told(e) for e in ledger.recent(5)]
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
    """What the running daemon last wrote of itself; empty when there is nothing to read."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _told(entry: Entry) -> dict[str, Any]:
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


def as_text(told: dict[str, Any]) -> str:
    """The same for a person, one line a fact."""
    lines = [f"daemon     {'running, pid ' + str(told['pid']) if told['running'] else 'not running'}"]
    if told["loaded"]:
        lines += [f"model      {_model(one)}" for one in told["loaded"]]
    if not any(one["state"] == told["model"]["state"] for one in told["loaded"]):
        lines.append(f"model      {told['model']['state']}")
    lines += [f"TROUBLE    {trouble}" for trouble in told["troubles"]]
    lines += [f"download   {_download(d)}" for d in told["downloads"]]
    lines += [
        f"ledger     a damaged one was set aside: {file}; the new one is made from the folders; remove it when you like"
        for file in told["set_aside"]
    ]
    counts = ", ".join(f"{n} {state}" for state, n in told["documents"].items() if n)
    lines.append(f"documents  {counts or 'none yet'}")
    if told["uncorrected"]:
        lines.append(f"raw        {told['uncorrected']} done without correction, since their model failed")
    for folder in told["folders"]:
        trouble = f"  TROUBLE: {folder['trouble']}" if folder["trouble"] else ""
        why = f" ({folder['why']})" if folder.get("why") else ""
        lines.append(
            f"folder     {folder['name']}: {folder['waiting']} in the inbox, watched by {folder['mode']}{why}{trouble}"
        )
    lines += [f"working    {w['id']}  {w['folder']}/{w['file']}: {w['stage']}" for w in told["working"]]
    lines += [
        f"retry      {e['id']}  {e['folder']}/{e['file']}: {e['error']}"
        + (f"; again at {e['due']}" if e["due"] else "")
        for e in told["waiting_retry"]
    ]
    lines += [
        f"failed     {e['id']}  {e['folder']}/{e['file']}: {e['error']}"
        + (f"; lies at {e['where']}" if e["where"] else "")
        for e in told["failures"]
    ]
    return "\n".join(lines)


def _model(told: dict[str, Any]) -> str:
    """One loaded model, and what ran where."""
    some = f", {told['gpu_layers']} of {told['layers']} layers on the GPU" if told["gpu_layers"] else ""
    return f"{told['state']}: {told['model']}, pid {told['pid']}, on {told['ran_on']}{some}"


def _download(told: dict[str, Any]) -> str:
    """How far a download is; its documents are read meanwhile, and corrected when it is done."""
    if told["percent"] is None:
        return f"{told['model']}: asking the hub"
    text = f"{told['model']}: {told['percent']:.0f} % of {told['total_mib']:,.0f} MiB"
    if told["rate_mib_s"] is not None:
        text += f", {told['rate_mib_s']:.1f} MiB/s"
    if told["remaining_s"] is not None:
        text += f", {duration(told['remaining_s'])} left"
    return text


def duration(seconds: float) -> str:
    """Return a length of time as people say it: ``40 s``, ``12 min``, ``3 h 5 min``."""
    if seconds < 90:  # noqa: PLR2004 -- below that, seconds tell more
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def failed(ledger: Ledger, ids: list[str], *, every: bool) -> list[Entry]:
    """The quarantined documents named, or all of them; StorageError names an id that is none."""
    quarantined = {e.id: e for e in ledger.in_state("quarantined")}
    if every:
        return list(quarantined.values())
    if unknown := [i for i in ids if i not in quarantined]:
        raise StorageError(f"no quarantined document has the id {', '.join(unknown)}; scanmend status lists them")
    return [quarantined[i] for i in dict.fromkeys(ids)]
