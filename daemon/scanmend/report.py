"""What ``scanmend status`` says: the ledger's view, and the running daemon's where there is one."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from scanmend.config import Config
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.ledger import Entry, Ledger
from scanmend.lock import running_pid
from scanmend.service import STATUS_FILE

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
        "model": {"state": "idle", "model": None, "pid": None},
        "folders": [],
        "recent": [],
    }
    if out["running"]:
        out |= _daemon(config.state_dir / STATUS_FILE)
    if path.exists():
        ledger = Ledger(path, read_only=True)
        try:
            out["documents"] |= ledger.counts()
            out["waiting_retry"] = [_told(e) for e in ledger.in_state("waiting", "published", "failing") if e.error]
            out["failures"] = [_told(e) for e in ledger.in_state("quarantined")]
            out["recent"] = [_told(e) for e in ledger.recent(5)]
        finally:
            ledger.close()
    return out


def _daemon(path: Path) -> dict[str, Any]:
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
    model = told["model"]
    lines.append(
        f"model      {model['state']}" + (f": {model['model']}, pid {model['pid']}" if model.get("model") else "")
    )
    counts = ", ".join(f"{n} {state}" for state, n in told["documents"].items() if n)
    lines.append(f"documents  {counts or 'none yet'}")
    for folder in told["folders"]:
        trouble = f"  TROUBLE: {folder['trouble']}" if folder["trouble"] else ""
        lines.append(
            f"folder     {folder['name']}: {folder['waiting']} in the inbox, watched by {folder['mode']}{trouble}"
        )
    lines += [f"working    {w['id']}  {w['folder']}/{w['file']}: {w['stage']}" for w in told["working"]]
    lines += [
        f"retry      {e['id']}  {e['folder']}/{e['file']}: {e['error']}; again at {e['due']}"
        for e in told["waiting_retry"]
    ]
    lines += [
        f"failed     {e['id']}  {e['folder']}/{e['file']}: {e['error']}"
        + (f"; lies at {e['where']}" if e["where"] else "")
        for e in told["failures"]
    ]
    return "\n".join(lines)


def failed(ledger: Ledger, ids: list[str], *, every: bool) -> list[Entry]:
    """The quarantined documents named, or all of them; StorageError names an id that is none."""
    quarantined = {e.id: e for e in ledger.in_state("quarantined")}
    if every:
        return list(quarantined.values())
    if unknown := [i for i in ids if i not in quarantined]:
        raise StorageError(f"no quarantined document has the id {', '.join(unknown)}; scanmend status lists them")
    return [quarantined[i] for i in dict.fromkeys(ids)]
