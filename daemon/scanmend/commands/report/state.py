"""What ledger, daemon and disks say, summed up: counts, reasons and troubles, without any name of a file."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scanmend.commands.check import nearest, points
from scanmend.config.schema import Config
from scanmend.control.status import status
from scanmend.errors import ScanmendError, StorageError
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.llm.store.store import Store
from scanmend.notify.privacy import without_names
from scanmend.process.memory import resident_mib

MAX_REASONS = 15
"""Different reasons that are told, the most frequent first."""


def names_of(config: Config) -> set[str]:
    """Return the names of all scans that are not simply done: what texts about them may hold."""
    path = config.state_dir / "ledger.sqlite"
    if not path.exists():
        return set()
    ledger = Ledger(path, read_only=True)
    try:
        entries = [*ledger.in_state(*ACTIVE, "quarantined"), *ledger.warned(1000), *ledger.recent(1000)]
    finally:
        ledger.close()
    return {name for entry in entries for name in _names(entry)}


def checks(config: Config, names: Iterable[str]) -> Iterator[str]:
    """Say what ``scanmend check`` finds wrong, and how much it finds right."""
    found = list(points(config))
    for point in found:
        if not point.ok:
            yield f"{'warning' if point.warning else 'FAILED'}: {point.what}: {without_names(point.found, names)}"
    yield f"{sum(point.ok for point in found)} of {len(found)} points are well"


def daemon(current: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    """Say how the daemon is; ``current``: what ``scanmend status`` has."""
    if not current["running"]:
        yield "does not run"
    elif "started" in current:
        hours = (time.time() - current["started"]) / 3600
        ram = resident_mib(current["pid"])
        yield f"has run for {hours:.1f} h, version {current['version']}, {ram or 0:.0f} MiB of RAM"
        yield f"page workers: {current['page_workers']}; model: {current['model']['state']}"
    yield from (f"trouble: {without_names(trouble, names)}" for trouble in current["troubles"])
    yield from (f"in work: {one['folder']}: {without_names(one['stage'], names)}" for one in current["working"])
    yield from (f"download: {one['model']}: {one['percent']} %" for one in current["downloads"])


def folders(config: Config, current: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    """Say how each folder is, and what room its disks have."""
    told = {one["name"]: one for one in current["folders"]}
    for folder in config.folders:
        if one := told.get(folder.name):
            trouble = without_names(one["trouble"], names) if one["trouble"] else "none"
            yield (
                f"{folder.name}: watched by {one['mode']}, {one['waiting']} in the inbox, "
                f"{len(one['incomplete'])} of them not whole; trouble: {trouble}"
            )
        for key in ("inbox", "outbox", "archive", "quarantine"):
            path: Path = getattr(folder, key)
            yield f"{folder.name}: {key}: {'there' if os.access(path, os.F_OK) else 'missing'}, {_disk(path)}"
    yield f"state_dir: {_disk(config.state_dir)}"
    yield f"models_dir: {_disk(config.models_dir)}"


def ledger(current: Mapping[str, Any]) -> Iterator[str]:
    """Count documents by their state."""
    yield ", ".join(f"{n} {state}" for state, n in current["documents"].items() if n) or "no document yet"
    yield f"{current['uncorrected']} done without correction; {len(current['set_aside'])} damaged ledger(s) set aside"


def errors(current: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    """Say why documents failed or wait, alike reasons together, and which warnings the latest ones have."""
    names = list(names)
    reasons = Counter(
        f"{one['state']}: {without_names(one['error'] or 'unknown', names)}"
        for one in (*current["failures"], *current["waiting_retry"])
    )
    yield from (f"{n} × {reason}" for reason, n in reasons.most_common(MAX_REASONS))
    codes = Counter(warning["code"] for one in current["warnings"] for warning in one["warnings"])
    yield from (f"{n} × warning {code}" for code, n in codes.most_common())
    if not reasons and not codes:
        yield "none"


def models(config: Config) -> Iterator[str]:
    """Say of each configured model which file it is."""
    store = Store(config.models_dir)
    for name, spec in config.models.items():
        try:
            found = store.find(name, spec)
        except ScanmendError as e:
            yield f"{name}: {without_names(str(e))}"
            continue
        if spec.endpoint is not None:
            yield f"{name}: asked on a server{', on another machine' if spec.leaves_machine else ''}"
            continue
        if found is None:
            yield f"{name}: not on this machine"
            continue
        size, header = found.path.stat().st_size >> 20, found.header
        yield (
            f"{name}: {found.path.name}, {size} MiB, {found.source}, {header.architecture}, {header.quantization}, "
            f"{header.parameters / 1e6:.0f}M parameters"
        )


def current_status(config: Config) -> Mapping[str, Any]:
    """Return what ``scanmend status`` has; StorageError."""
    return status(config)


def _names(entry: Entry) -> Iterator[str]:
    for path in (entry.relative, Path(entry.relative.name), entry.stem, Path(entry.stem.name), entry.put_away):
        if path is not None:
            yield os.fspath(path)
    yield entry.relative.stem


def _disk(path: Path) -> str:
    try:
        disk = os.statvfs(nearest(path))
    except OSError as e:
        raise StorageError(f"{path}: {e.strerror}") from e
    free, total = disk.f_bavail * disk.f_frsize >> 20, disk.f_blocks * disk.f_frsize >> 20
    return f"{free} of {total} MiB free"
