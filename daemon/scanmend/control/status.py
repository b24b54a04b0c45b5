"""Everything that ``scanmend status`` shows: what the ledger has, and what the running daemon reports, if one runs."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scanmend.config.schema import Config
from scanmend.document import local_iso, printable
from scanmend.fs.free_space import shortage
from scanmend.fs.safe_open import CLAIMS
from scanmend.intake.inbox import Inbox
from scanmend.intake.pauses import Pauses, paused_fields
from scanmend.intake.presence import SILENT_S, daemon_mark, others, sentence
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.ledger.listing import Wanted, newest
from scanmend.ledger.recovery import damaged_ledgers
from scanmend.outputs.record import warning_fields
from scanmend.service import status_file
from scanmend.service.lock import running_pid

STATES = ("claiming", "waiting", "working", "published", "done", "failing", "quarantined", "returning")
"""States of documents, in the order in which they are listed."""


MAX_LISTED = 500
"""Documents of one kind that status lists one by one; the counts have all of them, and ``--find`` finds the others."""


def status(config: Config) -> dict[str, Any]:
    """Everything as plain values, with and without a running daemon.

    StorageError where the ledger or the state folder cannot be read.
    """
    running = running_pid(config.state_dir) is not None
    daemon = daemon_status(config.state_dir / status_file.NAME) if running else None
    path = config.state_dir / "ledger.sqlite"
    if not path.exists():
        return combined(config, daemon, None)
    ledger = Ledger(path, read_only=True)
    try:
        return combined(config, daemon, ledger)
    finally:
        ledger.close()


def combined(config: Config, daemon: Mapping[str, Any] | None, ledger: Ledger | None) -> dict[str, Any]:
    """Put together what the daemon reports, None where none runs, and what the ledger has, None where there is none."""
    out: dict[str, Any] = {
        "running": daemon is not None,
        "pid": None,
        "state_dir": str(config.state_dir),
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
        "paused": paused_fields(Pauses(config.state_dir).since(), config.folders),
        "in_hand": [],
        "others": [],
        "recent": [],
        "set_aside": [str(p) for p in damaged_ledgers(config.state_dir)],
    }
    if daemon is not None:
        out |= daemon
        full = shortage(config.state_dir)  # the daemon may be unable to write that its disk is full
        if full and not any(folder["trouble"] for folder in out["folders"]):
            out["troubles"] = [*out["troubles"], full]
    out["others"], silent = _others(config, ledger)
    out["troubles"] = [*out["troubles"], *silent]
    if ledger is not None:
        out["documents"] |= ledger.counts()
        out["waiting_retry"] = [_fields(e) for e in ledger.put_off(MAX_LISTED)]
        out["failures"] = [_fields(e) for e in reversed(newest(ledger.db, Wanted(states=("quarantined",)), MAX_LISTED))]
        out["uncorrected"] = ledger.uncorrected()
        out["warnings"] = [_warned_fields(e) for e in ledger.warned()]
        out["in_hand"] = [_in_hand_fields(e, config) for e in ledger.in_state(*ACTIVE, limit=MAX_LISTED)]
        out["recent"] = [_done_fields(e) for e in ledger.recent(5)]
        out["troubles"] = [*out["troubles"], *_left_behind(ledger, config)]
    return out


def _others(config: Config, ledger: Ledger | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the other daemons that work with these inboxes, and what is wrong with those that hold files.

    All of it is known from the inboxes; one that may not be looked into has none.
    """
    own, now = daemon_mark(config.state_dir), time.time()
    found: list[dict[str, Any]] = []
    troubles: list[str] = []
    for folder in config.folders:
        try:
            beside = others(folder, own, now, lambda id_: ledger is not None and ledger.get(id_) is not None)
        except OSError:
            continue
        for other in beside:
            held = [{"id": c.id, "file": c.file, "since": local_iso(c.since)} for c in other.claims]
            seen = None if other.seen_s is None else local_iso(now - other.seen_s)
            name = other.name or other.mark
            found.append({"folder": folder.name, "daemon": name, "state": other.state, "seen": seen, "claims": held})
            if held and other.state in ("silent", "stopped") and (other.seen_s or 0.0) >= SILENT_S:
                troubles.append(sentence(other, folder.name))
    return found, troubles


def _left_behind(ledger: Ledger, config: Config) -> Iterator[str]:
    """Documents in work whose inbox no folder has any more: they wait until one has."""
    left = ledger.left_behind(folder.inbox for folder in config.folders)
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
        "changed": local_iso(entry.changed),
        "due": local_iso(entry.due) if entry.due else None,
    }


def _in_hand_fields(entry: Entry, config: Config) -> dict[str, Any]:
    """Return a document that is not at its end, with where its source lies now; ``where`` is None where it is gone."""
    folder = config.folder_of(entry.inbox)
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
