"""Which daemons work with an inbox, and which of them has a claim: each keeps a small file there that it renews.

Where several daemons share an inbox, the rename alone decides who has a file. This says who that is, and whether it
still lives, from what lies on the share: no daemon reads another's ledger, and no file lock is needed. All times are
those that the file server gives the files, so clocks of the machines may differ.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from scanmend import __version__
from scanmend.config.schema import Config, Folder
from scanmend.document import printable
from scanmend.fs.safe_open import CLAIMS, folder_at, open_regular
from scanmend.intake.group_inbox import GroupInbox

MARK_CHARS = 6
"""Length of the mark at the end of an id that tells whose claim it is."""
BEAT_S = 60.0
"""How often a daemon renews its file in each inbox, in seconds."""
SILENT_S = 600.0
"""After this many seconds without renewal a daemon counts as silent: ten renewals, and what NFS may cache (60 s)."""
KEPT_S = 30 * 86_400.0
"""How long files of daemons that are gone, and notes of claims that were taken over, are kept, in seconds."""
MAX_BYTES = 4096
"""Longest such file that is read."""
MAX_IDS = 10
"""Claims that a sentence names."""
_PREFIX, _TAKEN, _SUFFIX = "daemon-", "taken-", ".json"

State = Literal["works", "stopped", "silent", "unknown"]
"""It renewed its file of late; it ended as it was told to; it did neither; it has no file, as of an older scanmend."""

log = structlog.get_logger()


def daemon_mark(state_dir: Path) -> str:
    """Return what the ids of this daemon's claims end in: always the same for a machine and a state folder.

    It does not depend on what lies in the state folder, so that a daemon knows its claims when its ledger is lost.
    """
    try:
        machine = Path("/etc/machine-id").read_bytes().strip()
    except OSError:
        machine = b""
    parts = (machine, os.fsencode(os.uname().nodename), os.fsencode(os.path.realpath(state_dir)))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:MARK_CHARS]


def daemon_name(config: Config, mark: str) -> str:
    """Return the name of the daemon with this configuration: its own, else that of the machine and its mark."""
    return config.daemon_name or f"{os.uname().nodename}-{mark}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that another daemon has taken."""

    id: str
    file: str
    """Its name, printable."""
    since: float
    """When it was taken, by the clock of this machine; seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another daemon that works with an inbox, or did."""

    mark: str
    name: str | None
    """As it calls itself; None where it left no file."""
    state: State
    seen_s: float | None
    """Seconds since it renewed its file; None where it has none."""
    claims: tuple[Claim, ...]


@dataclass(slots=True)
class Presence:
    """This daemon's file in each of its inboxes; used by its loop alone."""

    mark: str
    _written: dict[Path, float] = field(default_factory=dict)
    """By inbox: when its file was renewed last, as ``now`` of ``renew``."""
    _failing: set[Path] = field(default_factory=set)

    def renew(self, name: str, folders: Sequence[Folder], now: float) -> None:
        """Renew the file in every inbox where it is time to, and that has a claim folder; ``now`` is monotonic.

        Where there is none nobody has claimed anything yet, or the share is not mounted.
        """
        for inbox in (folder.inbox for folder in folders):
            last = self._written.get(inbox)
            if last is not None and now < last + BEAT_S:
                continue
            try:
                found = _write_present(inbox, self.mark, name, stopped=False)
            except OSError as e:
                if inbox not in self._failing:
                    log.warning("presence.unwritten", inbox=printable(inbox), error=e.strerror)
                self._failing.add(inbox)
                found = True
            else:
                self._failing.discard(inbox)
            if found:
                if last is None:
                    _remove_old(inbox)
                self._written[inbox] = now

    def end(self, name: str, folders: Sequence[Folder]) -> None:
        """Say that this daemon has ended: its file goes, or says so where it still holds claims."""
        for folder in folders:
            with suppress(OSError):
                if any(id_.endswith(f"-{self.mark}") for id_ in GroupInbox(folder).claim_ids()):
                    _write_present(folder.inbox, self.mark, name, stopped=True)
                else:
                    with folder_at(folder.inbox, (CLAIMS,)) as claims:
                        (claims / _present(self.mark)).unlink(missing_ok=True)
        self._written.clear()


def others(folder: Folder, own: str, now: float, is_own: Callable[[str], bool] = lambda _id: False) -> list[Other]:
    """Return the other daemons of an inbox, those with claims first; OSError where the claims may not be looked into.

    ``own`` is this daemon's mark, ``now`` of the wall clock; ``is_own(id)`` tells that a claim is this daemon's all the
    same, as its ledger has it.
    """
    try:
        with folder_at(folder.inbox, (CLAIMS,)) as claims:
            taken, present, skew_s = _notes(claims, own)
    except FileNotFoundError:
        return []
    inbox, held = GroupInbox(folder), dict[str, list[Claim]]()
    for id_ in inbox.claim_ids():
        mark = taken.get(id_) or id_.rpartition("-")[2]
        path = None if mark == own or is_own(id_) else inbox.claimed_file(id_) or inbox.gathered(id_)
        if path is not None:
            with suppress(OSError):
                since = path.parent.lstat().st_mtime - skew_s
                held.setdefault(mark, []).append(Claim(id_, printable(path.name), since))
    found = []
    for mark in sorted({*held, *present} - {own}, key=lambda mark: (mark not in held, mark)):
        fields, modified = present.get(mark, ({}, None))
        seen_s = None if modified is None else max(0.0, now + skew_s - modified)
        found.append(Other(mark, _name(fields), _state(fields, seen_s), seen_s, tuple(held.get(mark, ()))))
    return found


def sentence(other: Other, folder: str) -> str:
    """Say for a person who has files of a folder, since when, and what to do where that daemon is gone for good."""
    held = f"has taken {len(other.claims)} file(s) of {folder}"
    name = f"the daemon {other.name}" if other.name else f"another daemon (its claims end in -{other.mark})"
    ids = " ".join(claim.id for claim in other.claims[:MAX_IDS])
    more = " and the others" if len(other.claims) > MAX_IDS else ""
    remedy = f"if it will never run again: scanmend retry {ids}{more}"
    match other.state:
        case "works":
            return f"{name} {held} and works on them; it was heard of {_ago(other.seen_s)} ago"
        case "stopped":
            return f"{name} {held} and was stopped {_ago(other.seen_s)} ago; start it, or {remedy}"
        case "silent":
            return f"{name} {held} and was last heard of {_ago(other.seen_s)} ago; start it again, or {remedy}"
        case _:
            return f"{name} {held}, of an older scanmend or with no right to write there; {remedy}"


def _ago(seen_s: float | None) -> str:
    seconds = seen_s or 0.0
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def note_taken_over(inbox: Path, id_: str, mark: str, name: str) -> None:
    """Leave word that the daemon of this mark has taken a claim over, for the one that had it; OSError."""
    with folder_at(inbox, (CLAIMS,)) as claims:
        _write(claims, f"{_TAKEN}{id_}{_SUFFIX}", {"mark": mark, "daemon": name})


def taken_over_by(inbox: Path, id_: str, own: str) -> str | None:
    """Return the name of the daemon that has taken a claim over from the one with the mark ``own``; None for none."""
    try:
        with folder_at(inbox, (CLAIMS,)) as claims:
            fields = _read(claims / f"{_TAKEN}{id_}{_SUFFIX}")
    except OSError:
        return None
    if not fields or fields.get("mark") == own:
        return None
    return printable(str(fields.get("daemon")))


def _state(fields: dict[str, Any], seen_s: float | None) -> State:
    if seen_s is None:
        return "unknown"
    if fields.get("stopped") is True:
        return "stopped"
    return "works" if seen_s < SILENT_S else "silent"


def _name(fields: dict[str, Any]) -> str | None:
    name = fields.get("daemon")
    return printable(name) if isinstance(name, str) and name else None


def _present(mark: str) -> str:
    return f"{_PREFIX}{mark}{_SUFFIX}"


def _write_present(inbox: Path, mark: str, name: str, *, stopped: bool) -> bool:
    """Write this daemon's file; False where the inbox has no claim folder; OSError."""
    fields = {"daemon": name, "scanmend": __version__, "pid": os.getpid(), "at": time.time(), "stopped": stopped}
    try:
        with folder_at(inbox, (CLAIMS,)) as claims:
            _write(claims, _present(mark), fields)
    except FileNotFoundError:
        return False
    return True


def _write(claims: Path, name: str, fields: dict[str, Any]) -> None:
    """Write a file whose time is that of the file server, in one step for whoever reads it; OSError."""
    part = claims / f".{name}.part"
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        json.dump(fields, file)
    part.replace(claims / name)


def _notes(claims: Path, own: str) -> tuple[dict[str, str], dict[str, tuple[dict[str, Any], float]], float]:
    """Return who has which claim that was taken over, the daemons' files with their times, and the server's skew.

    The skew: seconds by which the file server's clock is ahead of this machine's, as this daemon's own file shows.
    """
    taken, present, skew_s = dict[str, str](), dict[str, tuple[dict[str, Any], float]](), 0.0
    for name, modified in _files(claims):
        fields = _read(claims / name)
        if name.startswith(_TAKEN) and isinstance(fields.get("mark"), str):
            taken[name.removeprefix(_TAKEN).removesuffix(_SUFFIX)] = fields["mark"]
        elif name.startswith(_PREFIX):
            mark = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
            present[mark] = fields, modified
            if mark == own and isinstance(at := fields.get("at"), float):
                skew_s = modified - at
    return taken, present, skew_s


def _files(claims: Path) -> Iterator[tuple[str, float]]:
    with os.scandir(claims) as entries:
        for entry in entries:
            if entry.name.startswith((_PREFIX, _TAKEN)) and entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    yield entry.name, entry.stat(follow_symlinks=False).st_mtime


def _read(path: Path) -> dict[str, Any]:
    """Return what such a file says, whoever wrote it; empty where that makes no sense."""
    try:
        with open_regular(path) as file:
            fields = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _remove_old(inbox: Path) -> None:
    """Remove what daemons that are gone for good left, by the time of the file that was written just now."""
    with suppress(OSError), folder_at(inbox, (CLAIMS,)) as claims:
        found = dict(_files(claims))
        for name, modified in found.items():
            if modified < max(found.values()) - KEPT_S:
                (claims / name).unlink(missing_ok=True)
