"""A stack of 40 mixed pages through a real daemon, into named documents with their facts. Run by scripts/demo --stack.

Exit code 0 when every document came with its pages, and no wrong fact is without doubt; 1 when anything is missing.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import stack_paper
from demo_daemon import Daemon, Missing
from demo_show import Screen
from proof_picture import take_picture
from stack_paper import FIELDS, Expected, numbered

CONFIG = """\
# Barcode sheets say DOC- and a number, patch sheets say T: each begins a document, and is left out of it.
# No language model is asked: facts are found without one.
state_dir: state
folders:
  - name: post
    inbox: inbox
    outbox: outbox
    archive: archive
    languages: [eng, deu, fra]
    strategy: off
    outputs: [pdf, html, csv, json]
    split: {by: barcode, pattern: 'DOC-(\\d+)', codes: [T], separator: drop}
    blank_pages: drop
    output_name: "{barcode|sheet} {fields.date:%Y-%m-%d|undated} {fields.vendor|unknown}"
    fields:
      - {name: vendor, type: company}
      - {name: number, type: number}
      - {name: date, type: date, required: true}
      - {name: total, type: amount}
    fields_csv: outbox/all.csv
"""
STACK = "stack.pdf"
LIMIT_S = 1800.0
"""Longest time for the stack, in seconds: two cores that have nothing else to do take some two minutes."""
STALL_S = 0.3
"""How often the log is looked at, in seconds."""


def run(base: Path, screen: Screen, picture: Path | None) -> None:
    """Draw the stack, have it taken apart, and look at what came; Missing when something is not as it should be."""
    screen.step("A configuration, and a stack drawn as scanners deliver it: both sides of each sheet")
    config = base / "config.yaml"
    config.write_text(CONFIG, "utf-8")
    screen.block(CONFIG)
    documents = stack_paper.draw()
    for name in ("inbox", "outbox", "archive"):
        (base / name).mkdir()
    pages = stack_paper.write(documents, base / STACK)
    screen.event(f"{STACK}: {pages} pages, {(base / STACK).stat().st_size / 2**20:.1f} MiB; {_told(documents)}")
    screen.step("The daemon starts, and the stack is dropped")
    daemon = Daemon(config, base / "daemon.log")
    try:
        _wait(daemon, screen, "daemon.ready", "the daemon to be ready")
        began = time.monotonic()
        shutil.move(base / STACK, base / "inbox" / STACK)
        _wait(daemon, screen, "document.done", f"{pages} pages to be read")
        took = time.monotonic() - began
        screen.event(f"done: {len(documents)} documents after {took:.0f} s, {pages / took * 60:.0f} pages a minute")
        daemon.stop()
    finally:
        daemon.kill()
    screen.step("What came of it")
    _show(base, screen, documents)
    shown = next(path for path in sorted((base / "outbox").glob("1001*.html")))
    target = picture or base / "proof.png"
    found = take_picture(shown, target)
    screen.say(f"  A picture of the proof sheet of {shown.name}: {target}" if found else
               f"  No chromium here to take a picture of the proof sheet; open {shown}")  # fmt: skip


def _told(documents: Sequence[Expected]) -> str:
    sides = [side for document in documents for side in document.sides]
    counts = (
        (sum(side.is_separator for side in sides), "separators"),
        (sum(side.is_blank for side in sides), "blank backs"),
        (sum(side.is_upside_down for side in sides), "sides upside down"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts)


def _wait(daemon: Daemon, screen: Screen, event: str, what: str) -> None:
    """Wait for an event of the log; Missing where the stack goes into quarantine, or it takes too long."""
    began = time.monotonic()
    while not daemon.named(event):
        daemon.poll()
        if failed := daemon.named("document.quarantined"):
            raise Missing(f"the stack was put into quarantine: {failed[0]['reason']}")
        if time.monotonic() - began > LIMIT_S:
            raise Missing(f"it took more than {LIMIT_S:g} s for {what}")
        screen.progress(f"waiting for {what}")
        time.sleep(STALL_S)
    screen.rest()


def _show(base: Path, screen: Screen, documents: Sequence[Expected]) -> None:
    """Print each document with its pages and facts; Missing where one is not as it was on paper."""
    records = {record["part"]["number"]: (path, record) for path, record in _records(base / "outbox")}
    rows, wrong = list[tuple[object, ...]](), list[str]()
    right = facts = 0
    for n, (first, document) in enumerate(numbered(documents), 1):
        if n not in records:
            raise Missing(f"document {n} did not come")
        path, record = records[n]
        wrong += _misplaced(n, first, document, record)
        fields = {field["name"]: field for field in record["fields"]}
        marked = {name: _mark(document.facts.get(name), fields[name]) for name in FIELDS}
        facts += len(document.facts)
        right += sum(mark == "ok" for mark in marked.values())
        wrong += [f"{path.stem}: {name} {fields[name]['value']!r} is printed nowhere on it, and not marked doubtful"
                  for name, mark in marked.items() if mark == "wrong"]  # fmt: skip
        shown = [f"{fields[name]['value'] or '–'}{'' if mark in ('ok', '') else f' ({mark})'}"
                 for name, mark in marked.items()]  # fmt: skip
        rows.append((path.stem, " ".join(map(str, document.pages(first))), *shown))
    screen.table(("name", "pages", *FIELDS), rows)
    screen.say(f"  {right} of {facts} printed facts found exactly; growing table: outbox/all.csv")
    left = [path.name for path in (base / "inbox").iterdir() if not path.name.startswith(".")]
    if left or not (base / "archive" / STACK).exists():
        wrong.append("the stack was not put away once")
    if wrong:
        raise Missing("; ".join(wrong))


def _records(outbox: Path) -> list[tuple[Path, dict[str, Any]]]:
    return [(path, json.loads(path.read_bytes())) for path in sorted(outbox.glob("*.json"))]


def _misplaced(n: int, first: int, document: Expected, record: dict[str, Any]) -> list[str]:
    """Return what is wrong with the pages of a document."""
    pages = tuple(page["number"] for page in record["pages"])
    turned = tuple(page["number"] for page in record["pages"] if page["turned"] == 180)
    said = [f"document {n} has pages {pages}, and should have {document.pages(first)}"] * (
        pages != document.pages(first)
    )
    said += [f"document {n}: turned are {turned}, not {document.turned(first)}"] * (turned != document.turned(first))
    value = record["part"]["separator"]["value"]
    return said + [f"document {n} begins with {value}, not {document.separator}"] * (value != document.separator)


def _mark(printed: str | None, field: dict[str, Any]) -> str:
    """Return what a value is: ``ok``, ``doubtful``, ``missing`` or ``wrong``; empty where nothing is printed."""
    if printed is None or field["text"] is None:
        return "" if printed is None else "missing"
    is_right = _plain(field["text"], field["name"]) == _plain(printed, field["name"])
    return "ok" if is_right else "doubtful" if field["doubt"] else "wrong"


def _plain(text: str, name: str) -> str:
    """Return the letters and digits of a text, or only the digits of an amount."""
    return "".join(c for c in text.casefold() if (c.isdigit() if name == "total" else c.isalnum()))


def _interrupted(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str]) -> int:
    """Run the demo; whatever happens, no process of it stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the demo's folder behind")
    parser.add_argument("--picture", type=Path, help="where the picture of a proof sheet goes (the demo's folder)")
    parser.add_argument("--stack", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupted)
    base, screen, missing = Path(tempfile.mkdtemp(prefix="scanmend-stack-")), Screen(), ""
    try:
        run(base, screen, given.picture)
    except Missing as e:
        missing = str(e)
    finally:
        screen.rest()
    if missing:
        screen.say(f"\nThe demo failed after {screen.elapsed_s:.0f} s. Missing: {missing}", "bold red")
        screen.say(f"Its folder: {base}")
        return 1
    screen.say(f"\nAll as promised, in {screen.elapsed_s:.0f} s.", "bold green")
    if given.keep:
        screen.say(f"Documents, proof sheets, table and log: {base}")
    else:
        shutil.rmtree(base)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
