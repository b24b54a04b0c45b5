#!/usr/bin/env python3
"""How soon the first of ten letters is done that come at once, beside plain Tesseract on the same letters.

    .venv/bin/python scripts/bench/first_of_ten.py [--pages FOLDER] [--rounds 3] [--readers off auto]

In each round, one after the other, so that what else the machine does hits all of them:

- ``alone``: Tesseract on the first letter, one thread, and nothing beside it;
- ``xargs``: Tesseract on ten, as many at a time as there are cores; the time of whichever is done first;
- for each ``second_reader``, a daemon with ``strategy: off``: ten letters are moved into its inbox, first with no child
  process running (*cold*), then ten more once all are done (*warm*).

Times are in seconds: until the first output of all files of one document is there, and until those of all ten are. The
bar is 1.3 times ``xargs`` and half a second. CPU seconds are those of the daemon and all its children, from the start
of its work to the end of ten letters, and say more than the others where the machine has other work.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

import _support  # noqa: F401 -- before what it makes importable
import render_scans

LETTERS = 10
BAR, BAR_S = 1.3, 0.5
CONFIG = """\
state_dir: state
folders:
  - {{name: a, inbox: in, outbox: out, archive: done, strategy: "off", second_reader: "{reader}"}}
"""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=Path, help="folder of page images; drawn ones when not given")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--readers", nargs="+", default=["off", "auto"], choices=["off", "auto", "always"])
    given = options.parse_args()
    found: defaultdict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="scanmend-bench-") as folder:
        root = Path(folder)
        letters = _letters(given.pages, root / "letters")
        for number in range(given.rounds):
            found["alone"].append(_tesseract(letters[:1], root / f"alone-{number}"))
            found["xargs"].append(_tesseract(letters, root / f"xargs-{number}"))
            for reader in given.readers if number % 2 == 0 else reversed(given.readers):
                cold, warm = _daemon(letters, reader, root / f"{reader}-{number}")
                found[f"{reader}, cold"].append(cold)
                found[f"{reader}, warm"].append(warm)
            for way, times in found.items():
                print(f"round {number + 1}, {way}: {times[-1][0]:.2f} s", file=sys.stderr, flush=True)
    _print(found)


def _print(found: dict[str, list[tuple[float, float, float]]]) -> None:
    print("| way | first, s | to xargs | less the bar, s | all, s | CPU s |\n|---|---|---|---|---|---|")
    for way, times in found.items():
        first, last, cpu = (statistics.median(values) for values in zip(*times, strict=True))
        spread = f"{min(t[0] for t in times):.2f} to {max(t[0] for t in times):.2f}"
        both = list(zip(times, found["xargs"], strict=True))
        ratio = statistics.median(mine[0] / other[0] for mine, other in both)
        over = statistics.median(mine[0] - (BAR * other[0] + BAR_S) for mine, other in both)
        print(f"| {way} | {first:.2f} ({spread}) | {ratio:.2f} | {over:+.2f} | {last:.2f} | {cpu:.1f} |")


def _letters(source: Path | None, folder: Path) -> list[Path]:
    """Ten page images under plain names."""
    folder.mkdir()
    if source is None:
        drawn = [*render_scans.report().pages, *render_scans.minutes().pages]
        for number in range(LETTERS):
            render_scans.save_png(drawn[number % len(drawn)], folder / f"{number}.png")
    else:
        images = sorted(p for p in source.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg", ".tif", ".tiff"})
        for number in range(LETTERS):
            image = images[number % len(images)]
            shutil.copy(image, folder / f"{number}{image.suffix.lower()}")
    return sorted(folder.iterdir())


def _tesseract(letters: list[Path], work: Path) -> tuple[float, float, float]:
    """Seconds until the first and the last of the letters are read, and CPU seconds."""
    work.mkdir()
    names = "".join(f"{letter}\0{work / letter.stem}\0" for letter in letters)
    read = 'tesseract "$0" "$1" -l eng --oem 1 hocr 2>/dev/null && mv "$1.hocr" "$1.done"'
    command = ["xargs", "-0", "-n2", f"-P{len(os.sched_getaffinity(0))}", "sh", "-c", read]
    (work / "names").write_text(names)
    began = time.monotonic()
    with (work / "names").open("rb") as stdin:
        process = subprocess.Popen(command, stdin=stdin, env={**os.environ, "OMP_THREAD_LIMIT": "1"})
    first = _seconds(began, lambda: next(work.glob("*.done"), None) is not None)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return first, time.monotonic() - began, used.ru_utime + used.ru_stime


def _daemon(letters: list[Path], reader: str, root: Path) -> tuple[tuple[float, float, float], ...]:
    """As ``_tesseract``, for a daemon without child processes, and again for the one that has them."""
    root.mkdir()
    (root / "config.yaml").write_text(CONFIG.format(reader=reader))
    command = [str(Path(sys.executable).parent / "scanmend"), "run", "--config", str(root / "config.yaml")]
    times = []
    with _running(command, root / "log") as daemon:
        for state in ("cold", "warm"):
            staged = root / state
            staged.mkdir()
            copies = [Path(shutil.copy(letter, staged / f"{state}-{letter.name}")) for letter in letters]
            records = [root / "out" / f"{copy.stem}.json" for copy in copies]
            before, began = _cpu_s(daemon), time.monotonic()
            for copy in copies:
                copy.rename(root / "in" / copy.name)
            first = _seconds(began, lambda records=records: any(map(Path.exists, records)))  # type: ignore[misc]
            last = _seconds(began, lambda records=records: all(map(Path.exists, records)))  # type: ignore[misc]
            times.append((first, last, _cpu_s(daemon) - before))
    return tuple(times)


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[psutil.Process]:
    with log.open("wb") as file, subprocess.Popen(command, stderr=file) as process:
        try:
            _seconds(time.monotonic(), lambda: b"daemon.ready" in log.read_bytes())
            time.sleep(1)  # what it does once after its start
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)


def _cpu_s(daemon: psutil.Process) -> float:
    """CPU seconds of a process, its children, and theirs that have ended."""
    total = 0.0
    for process in (daemon, *daemon.children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _seconds(began: float, condition: Callable[[], bool], limit_s: float = 300.0) -> float:
    """Seconds since ``began`` when the condition holds."""
    while not condition():
        if time.monotonic() - began > limit_s:
            raise SystemExit(f"bench/first_of_ten.py: waited {limit_s:.0f} s in vain")
        time.sleep(0.005)
    return time.monotonic() - began


if __name__ == "__main__":
    os.environ.pop("NOTIFY_SOCKET", None)
    main()
