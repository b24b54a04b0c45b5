#!/usr/bin/env python3
"""Pages read by Dask workers: what that costs beside the local pool, and how many pages one daemon can feed.

    .venv/bin/python scripts/bench/scale.py real [--pages 24] [--rounds 3] [--second off]
    .venv/bin/python scripts/bench/scale.py feed [--workers 8 32 64 128 256] [--task 0.5] [--seconds 20] [--kib 150]

``real``: a drawn page of a report (200 dpi), again and again, through a page pool of one and of two local processes,
and through one and two Dask workers of one thread each, in turn, so that what else the machine does hits all. Scheduler
and workers are processes of their own on this machine, with TLS. CPU is that of all processes, the daemon's included.

``feed``: tasks that take ``--task`` seconds of waiting and return the same page of 400 words; nothing is read. Workers
are threads of four Dask worker processes, as that many processes do not fit on this machine: for the daemon and the
scheduler a worker is an address with threads, and what is measured is what these two can do. A source of ``--kib`` KiB
goes along with each page, as with a scanner's single pages. Memory and CPU are those of the processes named.
"""

import argparse
import itertools
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import psutil

import _support  # noqa: F401 -- before what it makes importable
import render_scans
from dask_machines import Machines
from scanmend.document import Page
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.remote.cluster import ClusterSettings
from scanmend.pageworkers.remote.remote_pages import RemotePages
from scanmend.source.settings import ReadSettings, SourceLimits
from waiting import until

LIMITS = SourceLimits(100, 100, 300)
PROCESSES = 4
"""Dask worker processes that share the threads of ``feed``."""
PRELOAD = """
import json, time
from scanmend.pageworkers.remote import tasks

WORD = {{"text": "committee", "box": [10, 10, 90, 40], "confidence": 95.0, "glyphs": []}}
LINES = [{{"words": [WORD] * 10, "paragraph": 0}}] * 40
PAGE = json.dumps({{"worker": "", "page": {{"number": 1, "lines": LINES, "width": 2480, "height": 3508}}}}).encode()


def read(request, source):
    time.sleep({task})
    return PAGE


tasks.read = read
"""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = options.add_subparsers(dest="kind", required=True)
    real = kinds.add_parser("real")
    real.add_argument("--pages", type=int, default=24)
    real.add_argument("--rounds", type=int, default=3)
    real.add_argument("--second", default="off", choices=["off", "auto", "always"])
    feed = kinds.add_parser("feed")
    feed.add_argument("--workers", type=int, nargs="+", default=[8, 32, 64, 128, 256])
    feed.add_argument("--task", type=float, default=0.5, help="seconds that a task takes")
    feed.add_argument("--seconds", type=float, default=20.0, help="length of each measurement")
    feed.add_argument("--kib", type=int, default=150, help="size of a source")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanmend-scale-") as folder:
        if given.kind == "real":
            _real(Path(folder), given.pages, given.rounds, given.second)
        else:
            _feed(Path(folder), given)


def _real(root: Path, count: int, rounds: int, second: str) -> None:
    image = render_scans.report().pages[0]
    (root / "pages").mkdir()
    files = [root / "pages" / f"{n}.png" for n in range(count)]
    for file in files:
        render_scans.save_png(image, file)
    settings = ReadSettings(("eng",), LIMITS, 120.0, second=second)  # type: ignore[arg-type]
    machines = Machines(root / "machines")
    found: dict[str, list[tuple[float, float]]] = {}
    machines.start_scheduler()
    try:
        for n in range(rounds):
            for workers in (1, 2):
                with _local(root / f"local-{n}-{workers}", workers) as pool:
                    found.setdefault(f"local, {workers}", []).append(_timed(pool, files, settings))
                names = [f"r{n}{workers}{m}" for m in range(workers)]
                for name in names:
                    machines.start_worker(name)
                with _remote(root / f"remote-{n}-{workers}", machines, workers) as pool:
                    found.setdefault(f"Dask, {workers}", []).append(_timed(pool, files, settings))
                for name in names:
                    machines.kill_worker(name)
    finally:
        machines.close()
    print("| pages read by | pages/min, median | CPU s a page, median | time beside local, median |\n|---|---|---|---|")
    for name, runs in found.items():
        local = found[name.replace("Dask", "local")]
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(runs, local, strict=True))
        minute = 60 * count / statistics.median(wall for wall, _ in runs)
        cpu = statistics.median(cpu for _, cpu in runs) / count
        print(f"| {name} | {minute:.1f} | {cpu:.2f} | {ratio:.3f} |")


@contextmanager
def _local(work: Path, workers: int) -> Iterator[PagePool]:
    pool = PagePool(workers, work)
    try:
        yield pool
    finally:
        pool.close()


@contextmanager
def _remote(work: Path, machines: Machines, threads: int) -> Iterator[PagePool]:
    tls = {key: Path(path) for key, path in machines.tls.items()}
    remote = RemotePages(ClusterSettings(machines.address, **tls))
    pool = PagePool(1, work, remote=remote)
    try:
        remote.prepare()
        until(lambda: remote.status()["threads"] == threads, "the workers", 120)
        yield pool
    finally:
        pool.close()


def _timed(pool: PagePool, files: list[Path], settings: ReadSettings) -> tuple[float, float]:
    """Wall and CPU seconds for all pages, once the processes run."""
    warm = [pool.submit(file, 1, settings) for file in files[:2]]
    for future in warm:
        future.result()
    before, began = _cpu_s(), time.monotonic()
    for future in [pool.submit(file, 1, settings) for file in files]:
        future.result()
    return time.monotonic() - began, _cpu_s() - before


def _cpu_s() -> float:
    """CPU seconds of this process and all that it started, ended ones included."""
    me = psutil.Process()
    times = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))


def _feed(root: Path, given: argparse.Namespace) -> None:
    (root / "preload.py").write_text(PRELOAD.format(task=given.task))
    sources = root / "sources"
    sources.mkdir()
    files = [sources / f"{n}.pgm" for n in range(64)]
    for file in files:
        file.write_bytes(os.urandom(given.kib * 1024))
    columns = ["workers", "pages/s", "possible"]
    for process in ("daemon's side", "scheduler"):
        columns += [f"{process}: CPU", "MiB", "CPU ms a page"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for workers in given.workers:
        machines = Machines(root / f"machines-{workers}")
        machines.start_scheduler()
        for n in range(min(PROCESSES, workers)):
            machines.start_worker(f"w{n}", workers // min(PROCESSES, workers), preload=root / "preload.py")
        try:
            with _remote(root / f"work-{workers}", machines, workers) as pool:
                _feed_once(pool, machines, files, workers, given)
        finally:
            machines.close()


def _feed_once(pool: PagePool, machines: Machines, files: list[Path], workers: int, given: argparse.Namespace) -> None:
    """Keep as many pages submitted as a daemon would, for a while, and print a row."""
    if machines.scheduler is None:
        raise SystemExit("no scheduler runs")
    settings = ReadSettings(("eng",), LIMITS, 120.0)
    here, scheduler = psutil.Process(), psutil.Process(machines.scheduler.pid)
    room, done = threading.Semaphore(2 * pool.workers), itertools.count()

    def ended(future: Future[Page]) -> None:
        room.release()
        if not future.cancelled() and future.exception() is None:
            next(done)

    def feed(seconds: float) -> tuple[float, int, float, float]:
        """Time, pages so far, and CPU of both processes after this many seconds."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            room.acquire()
            pool.submit(random.choice(files), 1, settings).add_done_callback(ended)  # noqa: S311 -- no secret
        return time.monotonic(), next(done), _own(here), _own(scheduler)

    before, after = feed(3.0), feed(given.seconds)
    wall, pages, *cpu = (now - then for now, then in zip(after, before, strict=True))
    mib = [process.memory_info().rss >> 20 for process in (here, scheduler)]
    most = workers / given.task
    row = [str(workers), f"{pages / wall:.0f}", f"{most:.0f}"]
    for used, held in zip(cpu, mib, strict=True):
        row += [f"{used / wall:.0%}", str(held), f"{1000 * used / pages:.1f}"]
    print(f"| {' | '.join(row)} |", flush=True)


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main())
