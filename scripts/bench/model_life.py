#!/usr/bin/env python3
"""What leaks or gets lost when the bundled model's process comes, goes and is killed many times over.

    .venv/bin/python scripts/bench/model_life.py cycles [--count 1000]
    .venv/bin/python scripts/bench/model_life.py chaos [--count 200] [--kills 60] [--seed 1]

``cycles`` loads the model, corrects one line and unloads it, and counts processes, file descriptors, threads,
temporary files and RAM of this process, which has the part of the daemon. ``chaos`` gives documents to a whole service
with real model processes, which get SIGSEGV, SIGKILL and SIGSTOP at random moments; only the reading of pages is a
stand-in. Exit code 1 when something leaked, or a document did not come out as without kills.
"""

import argparse
import logging
import os
import random
import resource
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from json import loads
from pathlib import Path
from typing import Any, cast

import psutil
import structlog
import yaml

from scanmend.config.load import load
from scanmend.config.schema import BUNDLED, Config
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import page_from_text
from scanmend.ledger.ledger import Ledger
from scanmend.llm.scheduler.model_process import Effects
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import Policy, policy_of
from scanmend.llm.store.store import Store
from scanmend.pageworkers.pool import PagePool
from scanmend.process.child import Child
from scanmend.service.service import Service

GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
TEXTS = (
    "The comrnittee will meet again on Thnrsday at the town hall.",
    "It was the hest of times, it was the worsl of times, said the author.",
    "Please send the goods to onr warehouse in Bristol hefore the end of May.",
)
SIGNALS = (signal.SIGSEGV, signal.SIGKILL, signal.SIGSTOP)
TASK = CorrectionSettings("rescore", "Correct OCR errors", ("eng",))
SLACK_S = 2.0
"""A stopped process is given up this many seconds beyond CALL_S; thirty would make a long afternoon of it."""
CALL_S = 3.0
MODEL = BUNDLED.model_copy(update={"threads": 1})
"""One thread, as it is the processes that count here and other tests may run beside them."""
REST_S = 1.0
"""Of a model that failed twice in a row, which is what kills in a row look like; otherwise it is a minute."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What this process and its children hold at one moment, no model loaded."""

    children: int
    descriptors: int
    threads: int
    temporary: int
    """Files in the folder for temporary files."""
    rss_mib: float
    first_page_s: float
    """From no process to the first corrected line; the first decoded token comes before that."""
    unload_s: float


@dataclass(slots=True)
class Outcome:
    """What became of the documents of one run with kills."""

    documents: int
    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """One line for each document that is not as it should be."""
    left: list[str] = field(default_factory=list)
    """Processes that are still there."""


def cycles(count: int, folder: Path) -> Iterator[Sample]:
    """Load, correct, unload, ``count`` times; yield what is held after each."""
    me = psutil.Process()
    temporary = Path(tempfile.gettempdir())
    slot = ModelSlot({"m": MODEL}, Store(folder), Policy(idle_s=0.0))
    page = page_from_text(TEXTS[0])
    try:
        for _ in range(count):
            started = time.monotonic()
            with slot.lease("m") as lease:
                lease.correct(page, TASK, 60.0)
            first = time.monotonic() - started
            slot.tick()
            unload = time.monotonic() - started - first
            files = sum(1 for _ in temporary.iterdir())
            rss = me.memory_info().rss / 2**20
            yield Sample(len(me.children()), me.num_fds(), me.num_threads(), files, rss, first, unload)
    finally:
        slot.stop()


def leaks(samples: list[Sample], mib: float = 5.0) -> list[str]:
    """What there is more of at the end than after the first cycle, in words; ``mib``: of RAM that is no leak."""
    first, last = samples[0], samples[-1]
    found = [f"{last.children} processes left"] if last.children else []
    for what in ("descriptors", "threads", "temporary"):
        before, after = getattr(first, what), getattr(last, what)
        found += [f"{what}: {before} after the first cycle, {after} after the last"] if after > before else []
    if last.rss_mib > first.rss_mib + mib:
        found.append(f"RAM: {first.rss_mib:.1f} MiB after the first cycle, {last.rss_mib:.1f} after the last")
    return found


class NameReader:
    """Stands in for a page worker: what a page says follows from the name of its file, ``7.gif``."""

    pid, alive = 4_000_000, True

    def ask(self, request: dict[str, Any], *_: Any, **_how: Any) -> dict[str, Any]:
        """Inspect a file, or read its one page."""
        path = Path(os.fsdecode(bytes.fromhex(request["path"])))
        if request["do"] == "inspect":
            return {"result": {"kind": "gif", "pages": 1, "sha256": sha256(path.name.encode()).hexdigest()}}
        text = TEXTS[int(path.stem) % len(TEXTS)]
        words = [{"text": w, "box": (1, 2, 3, 4), "confidence": 90.0, "glyphs": []} for w in text.split()]
        return {"result": {"number": 1, "lines": [{"words": words, "paragraph": 0}]}}

    def end(self, grace_s: float = 10.0) -> None:
        """See child.Child."""

    def kill(self) -> None:
        """See child.Child."""


def chaos(count: int, kills: int, seed: int, folder: Path, limit_s: float = 3600.0) -> Outcome:
    """Have documents corrected while the model's process is killed ``kills`` times, and look at all that came of it."""
    wild = random.Random(seed)  # noqa: S311 -- the same kills in every run
    numbers = [SIGNALS[i % len(SIGNALS)] for i in range(kills)]
    wild.shuffle(numbers)
    outcome, started = Outcome(count), time.monotonic()
    with _service(folder / "calm", len(TEXTS)) as (_, calm):
        _wait(lambda: len(_records(calm)) == len(TEXTS), 120.0)
        right = [(calm / f"{n}.txt").read_text() for n in range(len(TEXTS))]
    before = {p.pid for p in psutil.Process().children()}
    with _service(folder / "wild", count) as (service, out):
        ended = threading.Event()
        when = sorted(wild.uniform(0, 0.9 * count) for _ in numbers)
        plan = [(number, lambda at=at: len(_records(out)) >= at) for number, at in zip(numbers, when, strict=True)]
        killer = threading.Thread(target=_kill, args=(service.slot, plan, wild, ended, outcome.kills))
        killer.start()
        try:
            _wait(lambda: len(_records(out)) >= count, limit_s)
        finally:
            ended.set()
            killer.join()
        time.sleep(0.5)  # whatever came twice would come now
    outcome.wrong = list(_wrong(folder / "wild", right, count))
    outcome.left = [str(p) for p in psutil.Process().children() if p.pid not in before]
    outcome.seconds = time.monotonic() - started
    return outcome


def _kill(
    slot: ModelSlot,
    plan: list[tuple[signal.Signals, Callable[[], bool]]],
    wild: random.Random,
    ended: threading.Event,
    kills: Counter[str],
) -> None:
    """Send each signal once its time has come, to a process that corrects, after a random moment."""
    for number, time_has_come in plan:
        while not (time_has_come() and slot.state()["state"] == "correcting"):
            if ended.wait(0.005):
                return
        if ended.wait(wild.uniform(0.0, 0.2)):
            return
        if pid := slot.state()["pid"]:
            os.kill(pid, number)
            kills[number.name] += 1
            while slot.state()["pid"] == pid and not ended.wait(0.005):
                pass


@contextmanager
def _service(root: Path, count: int) -> Iterator[tuple[Service, Path]]:
    """A service that finds this many documents in its inbox."""
    for n in range(count):
        path = root / "in" / f"{n}.gif"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(GIF)
    folder = {"name": "f", "inbox": "in", "outbox": "out", "settle_s": 0, "retries": 100, "retry_delay_s": 0.1}
    bundled = {"package": MODEL.package, "file": MODEL.file, "gpu": "off", "threads": MODEL.threads}
    top = {"state_dir": "state", "models_dir": "models", "workers": 2, "models": {"bundled": bundled}}
    file = root / "scanmend.yaml"
    file.write_text(yaml.safe_dump({**top, "folders": [{**folder, "model_call_limit_s": CALL_S}]}))
    service = Service(load(file), _pool, _slot)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        yield service, root / "out"
    finally:
        service.request_stop()
        thread.join()


def _pool(config: Config) -> PagePool:
    start = cast("Callable[[], Child]", NameReader)
    return PagePool(2, config.state_dir / "work", start)


def _slot(config: Config, **wiring: Any) -> ModelSlot:
    policy = replace(policy_of(config), reply_slack_s=SLACK_S, first_rest_s=REST_S)
    return ModelSlot(config.models, Store(config.models_dir), policy, Effects(**wiring))


def _records(out: Path) -> list[Path]:
    return sorted(out.glob("*.json"))


def _wrong(root: Path, right: list[str], count: int) -> Iterator[str]:
    """One line for each thing that is not as it is without kills."""
    out = root / "out"
    names = {f"{n}.{kind}" for n in range(count) for kind in ("txt", "json")}
    found = {p.name for p in out.iterdir() if p.is_file()}
    yield from (f"{name}: missing" for name in sorted(names - found))
    yield from (f"{name}: one too many" for name in sorted(found - names))
    for n in range(count):
        if f"{n}.txt" in found and (out / f"{n}.txt").read_text() != right[n % len(right)]:
            yield f"{n}.txt: another text than without kills"
        if f"{n}.json" in found:
            record = loads((out / f"{n}.json").read_bytes())
            if record["uncorrected"] or any(page["skipped"] for page in record["pages"]):
                yield f"{n}.json: uncorrected"
    ledger = Ledger(root / "state" / "ledger.sqlite", read_only=True)
    try:
        states = {state: n for state, n in ledger.counts().items() if n}
    finally:
        ledger.close()
    if states != {"done": count}:
        yield f"the ledger says {states}"


def _wait(condition: Callable[[], bool], limit_s: float) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"bench/model_life.py: waited {limit_s:.0f} s in vain")
        time.sleep(0.02)


def main() -> int:
    """Run one of the two, and print what came of it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = options.add_subparsers(dest="kind", required=True)
    kinds.add_parser("cycles").add_argument("--count", type=int, default=1000)
    wild = kinds.add_parser("chaos")
    for name, default in (("--count", 200), ("--kills", 60), ("--seed", 1)):
        wild.add_argument(name, type=int, default=default)
    given = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="scanmend-life-") as folder:
        if given.kind == "chaos":
            outcome = chaos(given.count, given.kills, given.seed, Path(folder))
            kills = ", ".join(f"{n} {name}" for name, n in sorted(outcome.kills.items()))
            print(f"{outcome.documents} documents in {outcome.seconds:.0f} s, killed by {kills}")
            bad = [*outcome.wrong, *outcome.left]
        else:
            samples = []
            for sample in cycles(given.count, Path(folder)):
                samples.append(sample)
                if len(samples) in (1, given.count) or len(samples) % 100 == 0:
                    print(f"cycle {len(samples)}: {sample}", flush=True)
            for what in ("first_page_s", "unload_s"):
                values = [getattr(s, what) for s in samples]
                print(f"{what}: median {statistics.median(values):.3f}, most {max(values):.3f}")
            bad = leaks(samples)
    print("\n".join(bad) or "nothing leaked, nothing lost")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
