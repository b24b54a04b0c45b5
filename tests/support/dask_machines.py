"""A Dask scheduler and workers as processes of their own, with TLS, as on other machines: started and killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SCHEDULER = "distributed.cli.dask_scheduler"
WORKER = "distributed.cli.dask_worker"
QUIET = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def certificates(folder: Path) -> dict[str, str]:
    """Make an authority and one certificate by it; return them as ``executor: tls`` wants them."""
    folder.mkdir(parents=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for command in (
        ["req", "-x509", *key, "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"],
        ["req", *key, "-subj", "/CN=node", "-keyout", "node.key", "-out", "node.csr"],
        ["x509", "-req", "-in", "node.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-out", "node.pem"],
    ):
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    (folder / "node.key").chmod(0o600)
    return {"ca_file": f"{folder}/ca.pem", "cert_file": f"{folder}/node.pem", "key_file": f"{folder}/node.key"}


class Machines:
    """One scheduler and its workers, below ``root``."""

    def __init__(self, root: Path, environment: dict[str, str] | None = None) -> None:
        """Make certificates; nothing runs yet. ``environment``: variables of all processes."""
        self.root, self.port = root, free_port()
        self.tls = certificates(root / "tls")
        self.address = f"tls://127.0.0.1:{self.port}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {**os.environ, **(environment or {}), "DASK_CONFIG": str(root)}
        self._environment["DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL"] = "10s"

    @property
    def executor(self) -> dict[str, Any]:
        """What a daemon's configuration says."""
        return {"dask": self.address, "tls": self.tls}

    def start_scheduler(self) -> None:
        """Start it, on the same port each time."""
        self.scheduler = self._start("scheduler", SCHEDULER, ["--host", self.address])

    def start_worker(self, name: str, threads: int = 1, preload: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a worker, which tries for a while to reach the scheduler; ``preload``: a module that it begins with."""
        options = ["--nworkers", "1", "--nthreads", str(threads), "--no-nanny", "--host", "127.0.0.1"]
        options += ["--local-directory", str(self.root / f"work-{name}")]
        options += ["--preload", str(preload)] if preload else []
        self.workers[name] = self._start(name, WORKER, [self.address, *options])
        return self.workers[name]

    def kill_scheduler(self) -> None:
        """End it with SIGKILL."""
        if self.scheduler is not None:
            _kill(self.scheduler)

    def kill_worker(self, name: str) -> None:
        """End one with SIGKILL; its page processes notice."""
        _kill(self.workers.pop(name))

    def close(self) -> None:
        """End all."""
        for name in [*self.workers]:
            self.kill_worker(name)
        self.kill_scheduler()

    def _start(self, name: str, module: str, options: Sequence[str]) -> subprocess.Popen[bytes]:
        tls = self.tls
        files = ["--tls-ca-file", tls["ca_file"], "--tls-cert", tls["cert_file"], "--tls-key", tls["key_file"]]
        with (self.root / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *options, *QUIET, *files],
                stdout=log,
                stderr=log,
                env=self._environment,
            )


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.kill()
    process.wait()
