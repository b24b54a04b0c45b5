"""The daemon as the demo sees it: a process with a log, children, commands that ask it, and an end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MARK = "SCANMEND_DEMO"
"""Environment variable by which the daemon's descendants are known, even orphans."""
STOP_S = 15.0
ROLES = {
    "scanmend.llm.inference.host": "model",
    "scanmend.pageworkers.worker": "page worker",
    "scanmend.second_reader.host": "second reader",
    "tesseract": "tesseract",
}
"""What a process is for, by a word of its command line."""

Event = Mapping[str, Any]
Table = tuple[tuple[str, ...], list[tuple[object, ...]]]
"""Columns and rows."""


class Missing(Exception):
    """Something the demo needs did not come; the message says what."""


@dataclass(slots=True)
class Seen:
    """One process of the daemon."""

    pid: int
    role: str
    rss_mib: float
    """Resident memory when last seen."""
    most_mib: float
    """The most of it that was seen."""
    alive: bool = True


class Daemon:
    """A real ``scanmend run``."""

    def __init__(self, config: Path, log: Path) -> None:
        """Start it; its log goes to a file, so it writes JSON lines."""
        self.config, self.log = config, log
        self.program = Path(sys.executable).parent / "scanmend"
        self.seen: dict[int, Seen] = {}
        self.events: list[Event] = []
        self._read = 0
        environment = {**os.environ, MARK: str(config)}
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [self.program, "run", "--config", config], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=environment,
            )  # fmt: skip
        self.pid = self._process.pid

    def poll(self) -> list[Event]:
        """Return the events logged since the last call; Missing when the daemon is gone."""
        gone = self._process.poll()
        with self.log.open("rb") as file:
            file.seek(self._read)
            whole, _, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + (1 if whole else 0)
        fresh = [event for line in whole.splitlines() if (event := _parsed(line))]
        self.events += fresh
        if gone is not None:
            raise Missing(f"the daemon is gone: it ended by itself with exit code {gone}")
        return fresh

    def named(self, name: str) -> list[Event]:
        """Return every event of that name so far."""
        return [event for event in self.events if event["event"] == name]

    def look(self) -> list[Seen]:
        """Return the processes that run now, the daemon first, and remember them."""
        for seen in self.seen.values():
            seen.alive = False
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) != str(self.config) or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                role, rss = self._role(process), process.memory_info().rss / 2**20
            except psutil.Error:
                continue  # it ended meanwhile, or belongs to somebody else
            known = self.seen.setdefault(process.pid, Seen(process.pid, role, rss, rss))
            known.rss_mib, known.most_mib, known.alive, known.role = rss, max(rss, known.most_mib), True, role
        return sorted((s for s in self.seen.values() if s.alive), key=lambda s: (s.pid != self.pid, s.role, s.pid))

    def _role(self, process: psutil.Process) -> str:
        if process.pid == self.pid:
            return "daemon"
        words = {Path(word).name for word in process.cmdline()}
        return next((role for name, role in ROLES.items() if name in words), "other")

    def process_table(self) -> Table:
        """Return columns and rows: its processes by what they are for, ended ones included."""
        self.look()
        rows: list[tuple[object, ...]] = []
        for role in ("daemon", *ROLES.values()):
            seen = [s for s in self.seen.values() if s.role == role]
            now = [s for s in seen if s.alive]
            pids = ", ".join(str(s.pid) for s in now) or "none"
            most = max((s.most_mib for s in seen), default=0)
            rows.append((role, len(seen), pids, f"{sum(s.rss_mib for s in now):.0f} MiB", f"{most:.0f} MiB"))
        return ("process", "so far", "running now", "RAM now", "most RAM of one"), rows

    def model_table(self) -> Table:
        """Return columns and rows: each life of a model, in the log and in the process table."""
        rows: list[tuple[object, ...]] = []
        for loaded, ended in zip(self.named("model.loaded"), self.named("model.unloaded"), strict=True):
            seen = self.seen.get(loaded["pid"])
            process = "never seen" if seen is None else "still there" if seen.alive else "gone"
            gpu = (loaded["gpu_before_mib"], loaded["gpu_loaded_mib"], ended["gpu_after_mib"])
            shown = "no GPU found" if None in gpu else " / ".join(f"{mib:.0f}" for mib in gpu) + " MiB"
            ram = (f"{event[key] or 0:.0f} MiB" for event, key in ((loaded, "ram_mib"), (ended, "ram_freed_mib")))
            rows.append((loaded["model"], loaded["pid"], loaded["context"], *ram, shown, ended["why"], process))
        names = ("model", "pid", "context", "RAM loaded", "RAM given back", "GPU before/loaded/after", "ended because")
        return (*names, "process"), rows

    def status(self) -> dict[str, Any]:
        """Return what ``scanmend status --json`` says."""
        status: dict[str, Any] = json.loads(command("status", "--config", self.config, "--json"))
        return status

    def stop(self) -> tuple[int, float]:
        """Send SIGTERM; return the exit code and the seconds it took. Missing when it does not end."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            raise Missing(f"the daemon did not end within {STOP_S:g} s of SIGTERM") from None
        return code, time.monotonic() - began

    def kill(self) -> None:
        """End it by all means, when the demo itself ends early."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def tail(self, lines: int = 25) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


def command(*arguments: str | Path, text: str | None = None) -> str:
    """Run ``scanmend`` and return what it prints; Missing when it fails."""
    program = Path(sys.executable).parent / "scanmend"
    done = subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise Missing(f"scanmend {arguments[0]} ended with exit code {done.returncode}:\n{said}")
    return done.stdout


def spoken(event: Event) -> str:
    """What an event of the log means, in words; empty for those that need none."""
    match event["event"]:
        case "inbox.watching":
            return f"watching {event['folder']} by {event['mode']}"
        case "document.claimed":
            return f"claimed  {event['folder']}/{event['file']}: whole, {event['bytes'] / 1024:.0f} KiB"
        case "document.done":
            return (
                f"done     {event['folder']}/{event['file']}: {event['pages']} page(s), OCR {event['ocr_s']:.1f} s, "
                f"correction {event['llm_s']:.1f} s, {event['edits']} edits accepted, {event['rejected']} rejected"
            )
        case "model.loaded":
            return (
                f"model {event['model']} appears: process {event['pid']}, {event['ram_mib']:.0f} MiB of RAM, "
                f"context {event['context']}, loaded in {event['seconds']:.1f} s"
            )
        case "model.unloaded":
            freed = f"{event['ram_freed_mib']:.0f} MiB of RAM" + gpu_freed(event)
            return f"model {event['model']} is gone ({event['why']}): process {event['pid']} gave back {freed}"
    return ""


def gpu_freed(event: Event) -> str:
    """GPU memory that came back, where there is a GPU and the model used it."""
    loaded, after = event["gpu_loaded_mib"], event["gpu_after_mib"]
    return "" if None in (loaded, after) else f" and {max(0.0, loaded - after):.0f} MiB of GPU memory"


def _parsed(line: bytes) -> Event | None:
    """An event of the log; None for what else a process may write there."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
