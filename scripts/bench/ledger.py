#!/usr/bin/env python3
"""What a ledger of many documents costs: start of the daemon, status, lists of the web page, bytes and writes.

    .venv/bin/python scripts/bench/ledger.py [--documents 10000 100000 1000000] [--asks 9] [--keep FOLDER]

A real ledger is filled with rows as the daemon writes them; then the real daemon runs on it and
is asked over HTTP, and the real command is run. Times are medians with the slowest in brackets, in milliseconds; the
command's are of its own CPU beside the wall clock, as starting Python is most of it.
"""

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import psutil

import _support  # noqa: F401 -- before what it makes importable
from file_servers import free_port
from ledger_entries import BLANK
from scanmend.config.load import load
from scanmend.control.status import status
from scanmend.document import DocumentWarning, Fingerprint, NumberCounts
from scanmend.ledger.entry import Entry, to_row
from scanmend.ledger.ledger import Ledger
from waiting import until

FOLDERS = ("invoices", "letters", "Verträge", "contracts-archive", "delivery notes", "rare")
SHARES = (0.4, 0.25, 0.2, 0.1, 0.0499, 0.0001)
"""Which share of the documents is in each folder; ``rare`` has one in ten thousand."""
NAMES = ("scan", "Rechnung", "invoice", "Lieferschein Müller & Söhne", "契約書", "договор", "Brief an Élodie", "IMG")
FAILED, HELD, WARNED = 0.001, 20, 0.02
"""Share of documents in quarantine and with warnings, and how many wait."""
BASE = 50_000
"""Rows that are made one by one; beyond, they are copied within SQLite, each with values of its own."""
CONFIG = """\
state_dir: state
models: {{}}
web: {{listen: "127.0.0.1:{port}"}}
keep_documents: 2000000
defaults: {{strategy: "off", second_reader: "off"}}
folders:
"""


def documents(count: int, root: Path) -> Iterator[Entry]:
    """Yield documents as an office has them: some a minute over the years, the latest now."""
    rng, now = random.Random(5), time.time()  # noqa: S311 -- to be repeated
    folders = rng.choices(FOLDERS, SHARES, k=count)
    for n, folder in enumerate(folders):
        when = now - (count - n) * 20.0
        stem = f"{rng.choice(NAMES)} {n:07}" if n % 7 else f"{2018 + n % 9}/{rng.choice(NAMES)}-{n:07}"
        failed, waits = rng.random() < FAILED, n >= count - HELD
        state = "waiting" if waits else "quarantined" if failed else "done"
        home = root / folder
        warnings = (DocumentWarning("page_blank", "page 2 is blank", 2),) if rng.random() < WARNED else ()
        yield replace(
            BLANK,
            id=f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(when))}-{rng.getrandbits(32):08x}-5c1f02",
            folder=folder,
            inbox=home / "in",
            relative=Path(f"{stem}.pdf"),
            stem=Path(stem),
            outbox=home / "out",
            fingerprint=Fingerprint(1_000_000 + n, rng.randrange(50_000, 3_000_000), int(when * 1e9)),
            state=state,
            put_away=home / "archive" / f"{stem}.pdf" if state == "done" else home / "failed" / f"{stem}.pdf",
            sha256=sha256(str(n).encode()).hexdigest(),
            pages=rng.randrange(1, 6),
            error="it is encrypted; remove the password, and drop it into the inbox again" if failed else None,
            claimed=when - 15,
            changed=when,
            warnings=warnings if state == "done" else (),
            numbers=NumberCounts(agreed=rng.randrange(40), disputed=rng.randrange(2), single=1),
        )


def fill(path: Path, count: int, root: Path) -> None:
    """Write the ledger: rows as the code writes them, and copies of these with names, hashes and times of their own."""
    base = min(count, BASE)
    with closing(Ledger(path)) as ledger:
        rows = [to_row(entry) for entry in documents(base, root)]
        marks = ", ".join(f":{name}" for name in rows[0])
        with ledger.db.transaction() as db:
            db.executemany(f"INSERT INTO document ({', '.join(rows[0])}) VALUES ({marks})", rows)  # noqa: S608 -- ours
        changed = {
            "id": "printf('%s%08x-5c1f02', substr(id, 1, 16), abs(random()) % 4294967296)",
            "state": "CASE state WHEN 'waiting' THEN 'done' ELSE state END",
            "relative": "CAST(printf('%s %d.pdf', CAST(stem AS TEXT), :n) AS BLOB)",
            "stem": "CAST(printf('%s %d', CAST(stem AS TEXT), :n) AS BLOB)",
            "put_away": "CAST(printf('%s %d.pdf', CAST(put_away AS TEXT), :n) AS BLOB)",
            "inode": "inode + 1000000 * :n",
            "sha256": "lower(hex(randomblob(32)))",
            "claimed": "claimed - :back",
            "changed": "changed - :back",
        }
        columns = ", ".join(changed.get(name, name) for name in rows[0])
        copy = f"INSERT INTO document ({', '.join(rows[0])}) SELECT {columns} FROM document WHERE rowid <= {base}"  # noqa: S608 -- ours
        for n in range(1, count // base):
            with ledger.db.transaction() as db:
                db.execute(copy, {"n": n, "back": n * base * 20.0})
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def lives(path: Path, root: Path, count: int = 200) -> float:
    """Take documents through the states of a life, a transaction a step as the daemon does; documents a second."""
    with closing(Ledger(path)) as ledger:
        made = [replace(e, id=f"{e.id}x", state="claiming") for e in itertools.islice(documents(10**6, root), count)]
        began = time.monotonic()
        for entry in made:
            ledger.add(entry)
            ledger.move(entry.id, "waiting")
            ledger.move(entry.id, "working", sha256=entry.sha256, pages=1)
            ledger.move(entry.id, "published")
            ledger.move(entry.id, "published", put_away=entry.put_away)
            ledger.finish(entry.id)
        return count / (time.monotonic() - began)


def timed(ask: Callable[[], object], asks: int) -> str:
    """Return the median time and the longest, in milliseconds."""
    took = []
    for _ in range(asks):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(took):8.1f} ({max(took):.1f})"


def main() -> None:
    """Print one block for each size."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--documents", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--asks", type=int, default=9)
    options.add_argument("--keep", type=Path, help="folder in which ledgers lie that were filled before")
    given = options.parse_args()
    print(f"SQLite {sqlite3.sqlite_version}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for count in given.documents:
        with tempfile.TemporaryDirectory(prefix="scanmend-ledger-") as temporary:
            measure(Path(temporary), count, given.asks, given.keep)


def measure(root: Path, count: int, asks: int, keep: Path | None) -> None:
    """Fill, start, ask."""
    port = free_port()
    lines = [f"  - {{name: {folder}, inbox: '{folder}/in', outbox: '{folder}/out'}}\n" for folder in FOLDERS]
    lines.insert(0, CONFIG.format(port=port))
    (root / "config.yaml").write_text("".join(lines), "utf-8")
    (root / "state").mkdir()
    ledger = root / "state" / "ledger.sqlite"
    kept = keep and keep / f"ledger-{count}.sqlite"
    if kept and kept.exists():
        shutil.copyfile(kept, ledger)
    else:
        fill(ledger, count, root)
        if kept:
            shutil.copyfile(ledger, kept)
    began = time.monotonic()
    with (root / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "scanmend.cli", "run", "--config", str(root / "config.yaml")], stdout=log, stderr=log
        )
    try:
        until(lambda: b"daemon.ready" in (root / "log").read_bytes() or daemon.poll() is not None, limit_s=300)
        cpu = sum(psutil.Process(daemon.pid).cpu_times()[:2])
        print(f"{count:,} documents: ready after {time.monotonic() - began:.2f} s, {cpu:.2f} s of CPU")
        was = -1.0
        while was != (was := sum(psutil.Process(daemon.pid).cpu_times()[:2])):  # until the names are indexed
            time.sleep(1.5)
        took_s = time.monotonic() - began
        print(f"  names indexed beside it: {was - cpu:.1f} s of CPU, done {took_s:.0f} s after the start")
        ask_web(port, asks, count, psutil.Process(daemon.pid))
        rss = psutil.Process(daemon.pid).memory_info().rss / 2**20
        print(f"  daemon's RSS {rss:.0f} MiB")
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)
    config = load(root / "config.yaml")
    before_s = time.process_time()
    took = timed(lambda: status(config), asks)
    cpu_ms = (time.process_time() - before_s) / asks * 1000
    print(f"  status, the function, without a daemon {took} ms, {cpu_ms:.0f} ms of CPU")
    before = os.times()
    began = time.monotonic()
    command = [sys.executable, "-m", "scanmend.cli", "status", "--config", str(root / "config.yaml")]
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"  scanmend status, the command {(time.monotonic() - began) * 1000:.0f} ms, {cpu * 1000:.0f} ms of CPU")
    size = sum(file.stat().st_size for file in (root / "state").glob("*.sqlite*"))
    print(f"  {size / count:.0f} bytes a document, {size / 2**20:.0f} MiB")
    print(f"  {lives(ledger, root):.0f} documents/s from claim to done, six transactions each, synced")


def ask_web(port: int, asks: int, count: int, daemon: psutil.Process) -> None:
    """Ask for each view, as a browser does, and print how long the answer takes, and the daemon's CPU for each."""
    after = ""
    api = json.loads(get(port, "/api/v1/documents?limit=500&state=done"))
    for _ in range(20):
        after = api["next"] or after
        api = json.loads(get(port, f"/api/v1/documents?limit=500&state=done&after={quote(after)}"))
    middle = time.strftime("%Y-%m-%d", time.gmtime(time.time() - count * 10.0))
    digest = sha256(str(min(count, BASE) // 3).encode()).hexdigest()
    for what, path in (
        ("now", "/"),
        ("first page", "/done"),
        ("all states", "/done?state=all"),
        ("after 10,500 documents", f"/done?after={quote(after)}"),
        ("days in the middle", f"/done?since={middle}&until={middle}"),
        ("all before the middle", f"/done?until={middle}"),
        ("a folder of 40 %", "/done?folder=invoices"),
        ("a folder of 0.01 %", "/done?folder=rare"),
        ("failed", "/failed"),
        ("name, one hit", f"/done?name={min(count, BASE) // 2:07}"),
        ("name, one in eight, umlaut", f"/done?name={quote('müller')}"),
        ("name, all", "/done?name=.pdf"),
        ("name, none", "/done?name=zzyzx"),
        ("name of two characters, none", "/done?name=zz"),
        ("name, common, in a rare folder", "/done?name=scan&folder=rare"),
        ("hash", f"/done?name={digest}"),
        ("metrics", "/metrics"),
        ("status as JSON", "/api/v1/status"),
    ):
        before = sum(daemon.cpu_times()[:2])
        took = timed(lambda path=path: get(port, path), asks)
        cpu_ms = (sum(daemon.cpu_times()[:2]) - before) / asks * 1000
        print(f"  {what:32} {took} ms, {cpu_ms:.0f} ms of CPU")


def get(port: int, path: str) -> bytes:
    """Return the body of an answer."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status not in (200, 404):
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        return body


if __name__ == "__main__":
    main()
