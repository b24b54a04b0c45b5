#!/usr/bin/env python3
"""What the web page costs: time of each view with many documents, its weight, first paint, memory, event streams.

    .venv/bin/python scripts/bench/web.py [--documents 10000] [--asks 20] [--streams 50]

The daemon is the real one, on a temporary configuration; its ledger is filled before it starts, and every document has
outputs. First paint is what Chromium says, where there is one. One table, as docs/benchmarks.md has it.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import psutil

import _support  # noqa: F401 -- before what it makes importable
from browser import ARGUMENTS, CHROMIUM
from file_servers import free_port
from ledger_entries import BLANK
from scanmend.document import NumberCounts
from scanmend.ledger.entry import Entry, to_row
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.reviews import ReviewRow
from waiting import until

CONFIG = """\
state_dir: state
models: {{}}
{web}
defaults: {{strategy: "off", second_reader: "off", outputs: [txt, pdf, json]}}
folders:
  - {{name: invoices, inbox: in/invoices, outbox: out/invoices, archive: kept/invoices}}
  - {{name: letters, inbox: in/letters, outbox: out/letters, archive: kept/letters}}
"""
FOLDERS = ("invoices", "letters")
QUEUE_DOUBT = 8.0
"""Doubt of the most doubtful document in the queue of the review, which all but the failed ones are in."""
FAILED_SHARE = 0.01
"""Share of documents that lie in quarantine."""
HEAD = '{\n  "schema": 1,\n  "timings": {"total_s": 3.2},\n  "edits": {"accepted": 9, "rejected": 2},\n  "pages": [\n'
PAGE = "x" * 20_000
"""Stands for the pages of a record, which no list reads."""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
"""Milliseconds from the request to the first paint, in the browser's words."""
IDLE_S = 30.0
"""How long the daemon is watched for its CPU, in seconds."""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--documents", type=int, default=10_000)
    options.add_argument("--asks", type=int, default=20, help="how often each view is asked for")
    options.add_argument("--streams", type=int, default=50, help="event streams that are open at a time")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanmend-web-") as folder:
        root = Path(folder)
        fill(root, given.documents)
        with daemon(root, web="") as (process, _):
            _say("memory of the idle daemon without the page", f"{_mib(process):.0f} MiB")
        port = free_port()
        with daemon(root, web=f"web: {{listen: 127.0.0.1:{port}}}") as (process, _):
            _say("memory with the page, before anybody looks", f"{_mib(process):.0f} MiB")
            views = {"now": "/", **_done_views(port, given.documents), "failed": "/failed"}
            views |= {"review": "/review", "review, in its middle": f"/review?after={QUEUE_DOUBT / 2}+x"}
            for name, path in views.items():
                _say(f"view {name}", _measured(port, path, given.asks))
            _say("memory after that", f"{_mib(process):.0f} MiB")
            _say(f"CPU with the page, {IDLE_S:.0f} s idle", f"{_cpu(process):.2f} %")
            _say_streams(process, port, given.streams)
            _say_paint(port)


def fill(root: Path, documents: int) -> None:
    """Write configuration, ledger and outputs of so many documents below ``root``."""
    chance = random.Random(1)  # noqa: S311 -- to be the same each time
    ledger = Ledger(root / "state" / "ledger.sqlite")
    now, queued = time.time(), []
    for folder in FOLDERS:
        (root / "out" / folder).mkdir(parents=True)
    with ledger.db.transaction() as db:
        for n in range(documents):
            folder, stem = FOLDERS[n % 2], Path(f"scan-{n:06}")
            failed = chance.random() < FAILED_SHARE
            numbers = NumberCounts(chance.randrange(60), chance.randrange(4))
            entry = replace(
                BLANK,
                id=f"20261128-{n:06}-aaaaaa-bbbbbb",
                folder=folder,
                inbox=root / "in" / folder,
                outbox=root / "out" / folder,
                relative=Path("2026", f"{stem}.pdf"),
                stem=stem,
                state="quarantined" if failed else "done",
                error="page 3 is damaged: no such object" if failed else None,
                pages=chance.randrange(1, 9),
                claimed=now - 60 * (documents - n),
                changed=now - 60 * (documents - n) + 30,
                numbers=numbers,
            )
            if not failed:
                queued.append(in_review(entry, chance.uniform(0, QUEUE_DOUBT), now))
            row = to_row(entry)
            marks = ", ".join(f":{name}" for name in row)
            db.execute(f"INSERT INTO document ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608 -- names are ours
            for suffix in () if failed else (".txt", ".pdf", ".json"):
                target = (root / "out" / folder / stem).with_suffix(suffix)
                target.write_text(HEAD + PAGE if suffix == ".json" else "text")
    for one in queued:
        ledger.reviews.put(one)
    ledger.close()


def in_review(entry: Entry, doubt: float, now: float) -> ReviewRow:
    """Return a document as the queue of the review has it."""
    doubt = round(doubt, 3)
    return ReviewRow(entry.id, entry.folder, entry.relative, doubt, 9, 2, "open", False, entry.changed, now + 1e6)


@contextmanager
def daemon(root: Path, web: str, config: str = CONFIG) -> Iterator[tuple[psutil.Process, Path]]:
    """Run a daemon with this line about the page; yields its process and its log."""
    (root / "config.yaml").write_text(config.format(web=web))
    log = root / "log"
    command = [sys.executable, "-m", "scanmend.cli", "run", "--config", str(root / "config.yaml")]
    with log.open("wb") as stderr, subprocess.Popen(command, stderr=stderr, env={**os.environ}) as process:
        try:
            until(lambda: b"daemon.ready" in log.read_bytes(), "the daemon")
            time.sleep(2)  # the sweep of old part files ends
            yield psutil.Process(process.pid), log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def ask(port: int, path: str) -> tuple[float, bytes]:
    """Return the seconds that an answer took, and the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    took = time.perf_counter() - began
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"bench/web: {path} answered {answer.status}")
    return took, body


def _done_views(port: int, documents: int) -> dict[str, str]:
    """The list of documents in several ways, one of them far down."""
    after = ""
    for _ in range(min(100, documents // 50 - 2)):
        answer = json.loads(ask(port, f"/api/v1/documents?state=done&limit=50{after}")[1])
        after = f"&after={answer['next']}"
    return {
        "done": "/done",
        "done, one folder": "/done?folder=letters",
        "done, by name": "/done?name=SCAN-0042",
        "done, a name that none has": "/done?name=nothing",
        "done, 5,000 documents down": f"/done?{after.lstrip('&')}",
        "done, all states": "/done?state=all",
    }


def _measured(port: int, path: str, asks: int) -> str:
    ask(port, path)
    answers = [ask(port, path) for _ in range(asks)]
    times = sorted(took * 1000 for took, _ in answers)
    size = len(answers[-1][1]) / 1024
    return f"median {statistics.median(times):.0f} ms, longest {times[-1]:.0f} ms, {size:.0f} KiB"


def _say_streams(process: psutil.Process, port: int, streams: int) -> None:
    """Open event streams, and say what they cost while nothing happens."""
    before = _mib(process)
    connections = []
    for _ in range(streams):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/api/v1/events", headers={"Accept": "text/event-stream"})
        connection.getresponse().read(1)
        connections.append(connection)
    _say(
        f"{streams} event streams",
        f"{_mib(process) - before:+.1f} MiB, {_cpu(process):.2f} % CPU while nothing happens",
    )
    for connection in connections:
        connection.close()


def _say_paint(port: int) -> None:
    """Say when Chromium painted each view first, and what it loaded for it."""
    if not CHROMIUM:
        _say("first paint", "there is no chromium here")
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- only where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, path in (("now", "/"), ("done", "/done")):
            paints, loaded = [], 0
            for _ in range(5):
                page = browser.new_page()
                page.goto(f"http://127.0.0.1:{port}{path}")
                paints.append(until(lambda page=page: page.evaluate(PAINTED), "the first paint"))
                loaded = page.evaluate(
                    "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
                    ".reduce((sum, entry) => sum + entry.transferSize, 0)"
                )
                page.close()
            _say(f"first paint of {name}", f"median {statistics.median(paints):.0f} ms, {loaded / 1024:.0f} KiB in all")
        browser.close()


def _mib(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def _cpu(process: psutil.Process) -> float:
    """Per cent of one core over ``IDLE_S``."""
    before = process.cpu_times()
    time.sleep(IDLE_S)
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / IDLE_S * 100


def _say(what: str, value: str) -> None:
    print(f"| {what} | {value} |", flush=True)


if __name__ == "__main__":
    main()
