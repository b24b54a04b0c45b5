"""Daemons that start in a fraction of the time: each is forked off one process that has imported everything already."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from daemon_process import until
from kill_points import KillPoint, arm


class ForkServer:
    """The process that they are forked off."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, arguments: list[str], log: Path, path: str, kill_point: KillPoint | None = None) -> "Forked":
        """Start ``scanmend`` with these arguments; ``path`` is its PATH, ``log`` gets what it writes."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("no pipes")
        request = {"arguments": arguments, "log": str(log), "path": path}
        request |= {"kill_point": kill_point and asdict(kill_point)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Forked(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End it; what it started goes on."""
        self._process.communicate()


class Forked:
    """What a fork server started, with as much of Popen as can be had of a grandchild: its exit code is not known."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it runs."""
        return None if Path(f"/proc/{self.pid}").exists() else 0

    def wait(self, timeout: float = 30.0) -> int:
        """Wait until it is gone."""
        until(lambda: self.poll() is not None, f"process {self.pid} to end", timeout)
        return 0

    def kill(self) -> None:
        """Send SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)


def serve() -> None:
    """Fork for each request, a line of JSON on stdin; answer with the process id."""
    import scanmend.service.service  # noqa: F401, PLC0415 -- what the daemon would import itself, once and not each time
    from scanmend import cli  # noqa: PLC0415 -- as above

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.environ["PATH"] = request["path"]
            sys.argv = ["scanmend", *request["arguments"]]
            try:
                if request["kill_point"]:
                    arm(KillPoint(**request["kill_point"]))
                cli.main()
            finally:
                os._exit(0)
        print(pid, flush=True)  # noqa: T201 -- the answer


if __name__ == "__main__":
    serve()
