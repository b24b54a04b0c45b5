"""``scanmend status``: what the ledger has, and what the running daemon reports, where there is one."""

import json
import sys
import time
from contextlib import nullcontext, suppress
from datetime import datetime
from typing import Any, NoReturn

import typer
from rich.live import Live
from rich.text import Text

from scanmend.control.link import Link
from scanmend.document import NumberCounts

MAX_LINES = 20
"""Documents in hand that the text for a person names."""
WATCH_S = 1.0
"""How often ``--watch`` looks, in seconds."""


def run(daemon: Link, *, as_json: bool, watch: bool, find: str | None = None) -> None:
    """Print the status, as JSON or for a person; StorageError where the ledger or the state folder cannot be read.

    ``watch``: show it on the terminal, anew whenever it changes, until Ctrl-C. ``find``: print documents with this text
    in their name or hash instead.
    """
    if find is not None:
        found = daemon.find(find)
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else found_text(found))
        return
    if watch:
        _watch(daemon, as_json=as_json)
    typer.echo(_shown(daemon.status(), as_json=as_json))


def _watch(daemon: Link, *, as_json: bool) -> NoReturn:
    """Show the status until Ctrl-C: redrawn on a terminal; elsewhere, or as JSON, each change as further lines."""
    redraw = sys.stdout.isatty() and not as_json
    with Live(auto_refresh=False, screen=True) if redraw else nullcontext() as live, suppress(KeyboardInterrupt):
        shown: dict[str, Any] = {}
        while True:
            current = {key: value for key, value in daemon.status().items() if key != "written"}
            if live is not None:
                when = datetime.now().astimezone().strftime("%X")
                live.update(Text(f"{when}, Ctrl-C ends this\n\n{as_text(current)}"), refresh=True)
            elif current != shown:
                typer.echo(_shown(current, as_json=as_json))
            shown = current
            time.sleep(WATCH_S)
    raise typer.Exit


def _shown(current: dict[str, Any], *, as_json: bool) -> str:
    return json.dumps(current, indent=2, ensure_ascii=False) if as_json else as_text(current)


def as_text(current: dict[str, Any]) -> str:
    """The status for a person, one fact a line."""
    lines = [f"daemon     {'running, pid ' + str(current['pid']) if current['running'] else 'not running'}"]
    if current["loaded"]:
        lines += [f"model      {_model(one)}" for one in current["loaded"]]
    if not any(one["state"] == current["model"]["state"] for one in current["loaded"]):
        lines.append(f"model      {current['model']['state']}")
    if dask := current.get("dask"):
        lines.append(f"dask       {_dask(dask)}")
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
    lines += [f"PAUSED     {p['folder']}: since {p['since']}; scanmend resume ends it" for p in current["paused"]]
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
    lines += [
        f"gathering  {folder['name']}/{one['name']}: {_files_of(one)}; since {one['since']}, "
        f"complete at {one['until']} where nothing else comes"
        for folder in current["folders"]
        for one in folder.get("gathering", [])
    ]
    lines += [f"working    {w['id']}  {w['folder']}/{w['file']}: {w['stage']}" for w in current["working"]]
    lines += _limited([_in_hand(e) for e in current["in_hand"]], "in hand")
    lines += _limited([_other(one) for one in current["others"]], "other")
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
    if (more := current["documents"]["quarantined"] - len(current["failures"])) > 0:
        lines.append(f"failed     and {more} more: scanmend status --find NAME")
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


def found_text(found: dict[str, Any]) -> str:
    """The documents that were looked for, one a line, latest first."""
    lines = [
        f"{one['state']:<10} {one['id']}  {one['folder']}/{one['file']}: {one['changed']}"
        + (f"; {one['error']}" if one["error"] else "")
        for one in found["documents"]
    ]
    least = "" if found["total_is_exact"] else "at least "
    shown = f", the latest {len(lines)} of them here" if found["total"] > len(lines) or least else ""
    return "\n".join([*lines, f"{least}{found['total']} found{shown}"])


def _files_of(one: dict[str, Any]) -> str:
    """The files of a document that waits for more of them."""
    more = one["count"] - len(one["files"])
    return ", ".join(one["files"]) + (f" and {more} more" if more else "")


def _in_hand(one: dict[str, Any]) -> str:
    """A document that is not at its end, and where its source lies."""
    if one["where"]:
        where = f"lies at {one['where']}"
    elif one["state"] == "published":
        where = "the outputs are there, the scan is not in the inbox's folder .scanmend any more"
    else:
        where = "ITS FILE IS GONE from the inbox's folder .scanmend"
    return f"in hand    {one['id']}  {one['folder']}/{one['file']}: {one['state']}; {where}"


def _other(one: dict[str, Any]) -> str:
    """Another daemon that works with an inbox, and the files that it has taken."""
    held = ", ".join(f"{claim['file']} ({claim['id']}, since {claim['since']})" for claim in one["claims"][:MAX_LINES])
    more = len(one["claims"]) - MAX_LINES
    held += f" and {more} more" if more > 0 else ""
    seen = f", heard of at {one['seen']}" if one["seen"] else ""
    return f"other      {one['daemon']} {one['state']} on {one['folder']}{seen}; holds {held or 'nothing'}"


def _limited(lines: list[str], what: str) -> list[str]:
    """The first ``MAX_LINES`` lines, and how many more there are."""
    more = len(lines) - MAX_LINES
    return lines if more <= 0 else [*lines[:MAX_LINES], f"{what}    and {more} more: scanmend status --json"]


def _dask(one: dict[str, Any]) -> str:
    """A Dask cluster in one line: where, how it is, and what it has to do."""
    at = f"{one['scheduler']}: {one['state']}"
    if one["state"] != "connected":
        return at
    there = f"{one['workers']} workers with {one['threads']} threads"
    return f"{at}, {there}, {one['in_flight']} pages are with them, {one['queued']} wait here"


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
